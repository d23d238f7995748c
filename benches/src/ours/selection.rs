//! A selection of a large reply, out of the same streams that the parsers read.

use crate::{Chunks, Corpus};
use qmp_core::{FrameReader, Message, Select, Selection, selection};
use serde_json::Value;
use std::hint::black_box;

const MEMBER: &str = "return[*].name";
const MATCH: &str = "return[name=device_add]";
const NOTHING: &str = "return[*].nothing";

/// What is selected of a list of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// One member of each element.
    Member,
    /// The elements with a certain value.
    Match,
    /// Nothing.
    Nothing,
}

impl Case {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Member, Self::Match, Self::Nothing];

    /// The case that `name` stands for on the command line.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|case| case.name() == name)
    }

    /// Its name on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::Match => "match",
            Self::Nothing => "nothing",
        }
    }

    /// Its only path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Member => MEMBER,
            Self::Match => MATCH,
            Self::Nothing => NOTHING,
        }
    }

    fn selection(self) -> &'static Selection<'static> {
        match self {
            Self::Member => const { &selection![MEMBER] },
            Self::Match => const { &selection![MATCH] },
            Self::Nothing => const { &selection![NOTHING] },
        }
    }

    /// What is to be left of an element, by another parser.
    fn left(self, element: &Value) -> Option<Value> {
        let name = element.get("name")?;
        match self {
            Self::Member => Some(serde_json::json!({ "name": name })),
            Self::Match => (name == "device_add").then(|| element.clone()),
            Self::Nothing => None,
        }
    }

    /// Reads all of `corpus` and hands out what is left of each list.
    pub(crate) fn run(
        self,
        reader: &mut FrameReader<Box<[u8]>>,
        corpus: &Corpus,
        chunk: usize,
        mut on: impl FnMut(&[u8]),
    ) {
        let mut stream = Chunks::new(black_box(&corpus.bytes), chunk);
        let mut select = Select::new(self.selection());
        loop {
            let n = stream.fill(reader.window());
            if n == 0 {
                return;
            }
            reader.commit(n).expect("the window has room for what was put there");
            while let Some(item) = reader.poll_select(&mut select) {
                if let Ok(Message::Return(reply)) = item {
                    on(reply.value().text());
                }
            }
        }
    }

    /// Reads all of `corpus` once and compares what is left with what another parser leaves.
    pub(crate) fn check(self, corpus: &Corpus, chunk: usize) -> Result<(), String> {
        let replies = serde_json::Deserializer::from_slice(&corpus.bytes).into_iter::<Value>();
        let mut expected = replies.filter_map(|message| {
            let Value::Array(elements) = message.ok()?.get("return")?.clone() else { return None };
            Some(Value::Array(elements.iter().filter_map(|element| self.left(element)).collect()))
        });
        let mut wrong = 0;
        self.run(&mut reader(corpus), corpus, chunk, |text| {
            wrong += u32::from(serde_json::from_slice(text).ok() != expected.next());
        });
        if wrong == 0 && expected.next().is_none() { Ok(()) } else { Err(format!("{self:?}: {wrong} lists are wrong")) }
    }
}

/// A reader with room for the longest message.
pub(crate) fn reader(corpus: &Corpus) -> FrameReader<Box<[u8]>> {
    FrameReader::new(vec![0; corpus.longest + 65_536].into_boxed_slice())
}
