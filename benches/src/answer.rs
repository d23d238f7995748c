//! What a parser found in a stream, and what it should have found.

use serde_json::Value;

/// The error classes of QMP, in the order in which [`Answer::errors`] counts them; one more slot is for any other.
pub const CLASSES: [&str; 5] =
    ["GenericError", "CommandNotFound", "DeviceNotActive", "DeviceNotFound", "KVMMissingCap"];

/// Everything a parser is asked to find out about a stream, boiled down to a few numbers.
///
/// Adding a message costs a handful of instructions, the same for every parser, so what is measured is the parser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answer {
    /// Messages of any kind.
    pub messages: u64,
    /// Greetings.
    pub greetings: u64,
    /// `return` replies.
    pub returns: u64,
    /// `error` replies by class, see [`CLASSES`].
    pub errors: [u64; 6],
    /// Replies with an integer id.
    pub ids: u64,
    /// Sum of those ids.
    pub id_sum: u64,
    /// Events.
    pub events: u64,
    /// Fingerprint of the event names in their order.
    pub event_names: u64,
}

impl Answer {
    /// A greeting was found.
    #[inline]
    pub fn greeting(&mut self) {
        self.messages += 1;
        self.greetings += 1;
    }

    /// A `return` reply was found.
    #[inline]
    pub fn success(&mut self, id: Option<u64>) {
        self.messages += 1;
        self.returns += 1;
        self.id(id);
    }

    /// An `error` reply was found; `class` indexes [`CLASSES`].
    #[inline]
    pub fn error(&mut self, id: Option<u64>, class: usize) {
        self.messages += 1;
        self.errors[class.min(5)] += 1;
        self.id(id);
    }

    /// An event was found.
    #[inline]
    pub fn event(&mut self, name: &[u8]) {
        self.messages += 1;
        self.events += 1;
        let ends = match name {
            [] => 0,
            [only] => u64::from(*only),
            [first, .., last] => u64::from(*first) << 8 | u64::from(*last),
        };
        self.event_names = self.event_names.rotate_left(7) ^ ((name.len() as u64) << 16 | ends);
    }

    /// A message was found, and nothing is known about it.
    #[inline]
    pub fn message(&mut self) {
        self.messages += 1;
    }

    #[inline]
    fn id(&mut self, id: Option<u64>) {
        if let Some(id) = id {
            self.ids += 1;
            self.id_sum = self.id_sum.wrapping_add(id);
        }
    }

    /// The right answer, found the slow way: one `serde_json::Value` for each line of a compact stream.
    ///
    /// Panics if the stream is not QMP, one message a line.
    pub fn by_value(stream: &[u8]) -> Self {
        let mut answer = Self::default();
        for line in stream.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let message: Value = serde_json::from_slice(line).expect("the corpus is JSON");
            let id = message.get("id").and_then(Value::as_u64);
            if let Some(name) = message.get("event") {
                answer.event(name.as_str().expect("an event's name is a string").as_bytes());
            } else if let Some(error) = message.get("error") {
                answer.error(id, class_index(error["class"].as_str().expect("a class is a string")));
            } else if message.get("return").is_some() {
                answer.success(id);
            } else {
                assert!(message.get("QMP").is_some(), "the corpus is QMP");
                answer.greeting();
            }
        }
        answer
    }
}

/// Where `class` stands in [`CLASSES`]; 5 if it does not.
pub fn class_index(class: &str) -> usize {
    CLASSES.iter().position(|&known| known == class).unwrap_or(CLASSES.len())
}
