//! The three byte streams that every parser reads.
//!
//! *small* is what a management program sees all day: replies, events and errors of 93 bytes on average. *schema* is the longest reply most
//! programs ever ask for. *pretty* is *small* as a monitor with `pretty=on` prints it. All three come from the same captured QEMU output and a
//! seeded generator, so they are the same bytes on every machine.

mod pretty;
mod vary;

use crate::Answer;
use std::sync::OnceLock;
use vary::Varier;

const SESSION: &[u8] = include_bytes!("../corpus/session_events.bin");
const OTHERS: [&[u8]; 3] = [
    include_bytes!("../corpus/events.bin"),
    include_bytes!("../corpus/errors.bin"),
    include_bytes!("../corpus/session_oob.bin"),
];
const SCHEMA: &[u8] = include_bytes!("../corpus/schema.bin");

/// How often the captured lines are gone through for *small*: about 370 KB.
const ROUNDS: usize = 16;
/// How often the schema is repeated: 828 KB.
const SCHEMAS: usize = 4;

/// A stream of messages, and what is in it.
#[derive(Debug, Clone)]
pub struct Corpus {
    /// `small`, `schema` or `pretty`.
    pub name: &'static str,
    /// The stream, as it came from the socket.
    pub bytes: Vec<u8>,
    /// Bytes of the longest message, line end included.
    pub longest: usize,
    /// Lines, which is messages only where messages are not broken over several.
    pub lines: u64,
    /// Whether messages are broken over several lines.
    pub pretty: bool,
    /// The same messages, each on one line.
    compact: Vec<u8>,
    manifest: OnceLock<Answer>,
}

impl Corpus {
    /// Mixed messages, all different, mean 93 bytes.
    pub fn small() -> Self {
        let bytes = small_bytes();
        let longest = bytes.split_inclusive(|&b| b == b'\n').map(<[u8]>::len).max().unwrap_or_default();
        Self::new("small", bytes.clone(), longest, bytes)
    }

    /// The reply to `query-qmp-schema`, several times.
    pub fn schema() -> Self {
        let bytes = SCHEMA.repeat(SCHEMAS);
        Self::new("schema", bytes.clone(), SCHEMA.len(), bytes)
    }

    /// [`Corpus::small`], pretty-printed as QEMU does.
    pub fn pretty() -> Self {
        let compact = small_bytes();
        let mut bytes = vec![];
        let mut longest = 0;
        for line in compact.split_inclusive(|&b| b == b'\n') {
            let start = bytes.len();
            pretty::print(line, &mut bytes);
            longest = longest.max(bytes.len() - start);
        }
        Self::new("pretty", bytes, longest, compact)
    }

    /// All three, in the order of the table.
    pub fn all() -> [Self; 3] {
        [Self::small(), Self::schema(), Self::pretty()]
    }

    /// The corpus of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "small" => Some(Self::small()),
            "schema" => Some(Self::schema()),
            "pretty" => Some(Self::pretty()),
            _ => None,
        }
    }

    /// A stream of about `total` bytes made of `return` replies of about `message` bytes each, for plots over message size.
    pub fn of_size(message: usize, total: usize) -> Self {
        const HEAD: &str = r#"{"return": ["#;
        // Innermost objects of the schema, short enough for the shortest message.
        let mut entries = SCHEMA
            .split(|&b| b == b'}')
            .filter_map(|piece| piece.rsplit(|&b| b == b'{').next())
            .filter(|entry| entry.starts_with(b"\"") && entry.len() < 60)
            .cycle();
        let mut varier = Varier::new();
        let mut bytes = vec![];
        let mut longest = 0;
        while bytes.len() < total.max(1) {
            let start = bytes.len();
            bytes.extend_from_slice(HEAD.as_bytes());
            let tail = format!(r#"], "id": {}}}"#, varier.next_id());
            let mut separator: &[u8] = b"";
            while let Some(entry) = entries.next()
                && (separator.is_empty() || bytes.len() - start + entry.len() + tail.len() + 6 <= message)
            {
                bytes.extend_from_slice(separator);
                bytes.push(b'{');
                bytes.extend_from_slice(entry);
                bytes.push(b'}');
                separator = b", ";
            }
            bytes.extend_from_slice(tail.as_bytes());
            bytes.extend_from_slice(b"\r\n");
            longest = longest.max(bytes.len() - start);
        }
        Self::new("sized", bytes.clone(), longest, bytes)
    }

    /// The right answer.
    pub fn manifest(&self) -> &Answer {
        self.manifest.get_or_init(|| Answer::by_value(&self.compact))
    }

    /// `bytes` is `compact` in another layout.
    fn new(name: &'static str, bytes: Vec<u8>, longest: usize, compact: Vec<u8>) -> Self {
        let lines = bytes.iter().filter(|&&b| b == b'\n').count() as u64;
        let pretty = bytes.len() != compact.len();
        Self { name, longest, lines, pretty, bytes, compact, manifest: OnceLock::new() }
    }
}

/// The captured lines, gone through [`ROUNDS`] times, each time with other names and numbers. One greeting, at the start.
fn small_bytes() -> Vec<u8> {
    let lines = |stream: &'static [u8]| stream.split_inclusive(|&b| b == b'\n');
    let is_greeting = |line: &[u8]| line.starts_with(br#"{"QMP""#);

    let mut bytes: Vec<u8> = lines(SESSION).take(1).flatten().copied().collect();
    let mut varier = Varier::new();
    for _ in 0..ROUNDS {
        for line in lines(SESSION).chain(OTHERS.into_iter().flat_map(lines)) {
            if !is_greeting(line) {
                varier.vary(line, &mut bytes);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_two_small_messages_are_equal() {
        let small = Corpus::small();
        let mut seen = HashSet::new();
        for line in small.bytes.split_inclusive(|&b| b == b'\n') {
            assert!(seen.insert(line), "twice: {}", String::from_utf8_lossy(line));
        }
        assert_eq!(seen.len() as u64, small.manifest().messages);
    }

    #[test]
    fn small_messages_have_93_bytes_on_average() {
        let small = Corpus::small();
        let mean = small.bytes.len() as f64 / small.manifest().messages as f64;
        assert!((92.0..95.0).contains(&mean), "{mean}");
        assert!((300_000..500_000).contains(&small.bytes.len()), "{}", small.bytes.len());
        assert!(small.manifest().events > 1000 && small.manifest().errors[0] > 100 && small.manifest().ids > 1000);
    }

    #[test]
    fn sized_messages_have_about_the_size_asked_for() {
        for size in [100, 1_000, 10_000, 100_000, 1_000_000] {
            let corpus = Corpus::of_size(size, 2 * size);
            assert!(corpus.longest <= size && corpus.longest * 10 > size * 8, "{} of {size}", corpus.longest);
        }
    }
}
