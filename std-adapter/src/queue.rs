//! Events that wait to be asked for, in storage of a fixed size.
//!
//! In: events as they arrive. Out: the same in order, with a mark where some were dropped because the queue was full, or came
//! between two connections. An event is kept as text and read again by the core's own stages.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::mem;

use qmp_core::{Event, FrameReader, Message};

/// What a session tells beside the replies to its commands.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// An event.
    Event(Event<'a>),
    /// So many events came here and were dropped, since the queue was full or they were too large.
    Lost(u64),
    /// A new connection was made here: what happened between the two is not known.
    Reconnected,
}

/// The length that stands before a mark instead of an event: a count of lost events follows.
const LOST: u32 = u32::MAX;
/// The same for a new connection; nothing follows.
const RECONNECTED: u32 = u32::MAX - 1;

/// Bytes of a length.
const LENGTH: usize = size_of::<u32>();
/// Bytes of a mark of lost events.
const LOST_MARK: usize = LENGTH + size_of::<u64>();

/// A ring of records: a length, then an event's text or a mark's count.
#[derive(Debug)]
pub(crate) struct Queue {
    ring: VecDeque<u8>,
    capacity: usize,
    /// Dropped since the last record.
    lost: u64,
    /// A new connection since the last record, and since what was dropped.
    reconnected: bool,
    /// Holds the event that was handed out last.
    reader: FrameReader<Box<[u8]>>,
}

impl Queue {
    /// A queue in twice `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        let reader = FrameReader::new(vec![0; capacity].into());
        Self { ring: VecDeque::with_capacity(capacity), capacity, lost: 0, reconnected: false, reader }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ring.is_empty() && self.lost == 0 && !self.reconnected
    }

    /// Keeps an event, or counts it as lost.
    pub(crate) fn push(&mut self, event: Event<'_>) {
        let mut stamp = [0; 96];
        let unused = event.timestamp().map_or(stamp.len(), |at| {
            let mut rest = &mut stamp[..];
            // Room for any two integers: nothing is cut off.
            let (seconds, micros) = (at.seconds, at.microseconds);
            let _ = write!(rest, r#","timestamp":{{"seconds":{seconds},"microseconds":{micros}}}"#);
            rest.len()
        });
        let stamp = &stamp[..stamp.len() - unused];
        let (before_data, data) = event.data().map_or((&b""[..], &b""[..]), |data| (b",\"data\":", data.text()));
        self.record(&[b"{\"event\":\"", event.name().raw(), b"\"", before_data, data, stamp, b"}"]);
    }

    /// An event was lost before it came here.
    pub(crate) fn lose(&mut self) {
        self.lost += 1;
    }

    /// Marks a new connection.
    pub(crate) fn reconnected(&mut self) {
        self.reconnected = true;
        self.reserve(0);
    }

    fn record(&mut self, parts: &[&[u8]]) {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        match u32::try_from(length) {
            Ok(short) if short < RECONNECTED && length <= self.capacity && self.reserve(LENGTH + length) => {
                self.ring.extend(short.to_le_bytes());
                for part in parts {
                    self.ring.extend(*part);
                }
            }
            _ => self.lost += 1,
        }
    }

    /// Whether a record of `bytes` fits; if so, what is to be marked before it is.
    fn reserve(&mut self, bytes: usize) -> bool {
        let lost_mark = if self.lost == 0 { 0 } else { LOST_MARK };
        let reconnected_mark = if self.reconnected { LENGTH } else { 0 };
        if self.ring.len() + lost_mark + reconnected_mark + bytes > self.capacity {
            return false;
        }
        if lost_mark != 0 {
            self.ring.extend(LOST.to_le_bytes());
            self.ring.extend(mem::take(&mut self.lost).to_le_bytes());
        }
        if mem::take(&mut self.reconnected) {
            self.ring.extend(RECONNECTED.to_le_bytes());
        }
        true
    }

    /// The oldest entry, lent until the next call.
    pub(crate) fn pop(&mut self) -> Option<Notice<'_>> {
        let Some(length) = self.take().map(u32::from_le_bytes) else {
            return match mem::take(&mut self.lost) {
                0 => mem::take(&mut self.reconnected).then_some(Notice::Reconnected),
                lost => Some(Notice::Lost(lost)),
            };
        };
        match length {
            LOST => self.take().map(|count| Notice::Lost(u64::from_le_bytes(count))),
            RECONNECTED => Some(Notice::Reconnected),
            length => {
                let length = length as usize;
                self.ring.read_exact(&mut self.reader.window()[..length]).ok()?;
                self.reader.commit(length).ok()?;
                match self.reader.poll() {
                    Some(Ok(Message::Event(event))) => Some(Notice::Event(event)),
                    // What was an event once is one again: this is not reached.
                    _ => Some(Notice::Lost(1)),
                }
            }
        }
    }

    /// The next `N` bytes of the ring.
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        if self.ring.len() < N {
            return None;
        }
        self.ring.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes what `text` holds.
    fn push(queue: &mut Queue, text: &str) {
        let mut reader = FrameReader::new(text.as_bytes().to_vec());
        reader.commit(text.len()).unwrap();
        let Some(Ok(Message::Event(event))) = reader.poll() else { panic!("no event: {text}") };
        queue.push(event);
    }

    fn pop(queue: &mut Queue) -> String {
        match queue.pop() {
            Some(Notice::Event(event)) => format!("{} {:?} {:?}", event.name(), event.data(), event.timestamp()),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_event_comes_out_as_it_went_in() {
        let mut queue = Queue::new(512);
        let cases = [
            (r#"{"event": "STOP"}"#, "STOP None None"),
            (r#"{"event": "A\"\u00e9", "data": {"a":  [1, "\\"]}}"#, r#"A"é Some({"a":  [1, "\\"]}) None"#),
            (
                r#"{"timestamp": {"seconds": -1, "microseconds": -1}, "event": "X", "data": {}}"#,
                "X Some({}) Some(Timestamp { seconds: -1, microseconds: -1 })",
            ),
            (
                r#"{"timestamp": {"seconds": -9223372036854775808, "microseconds": -9223372036854775808}, "event": "X"}"#,
                "X None Some(Timestamp { seconds: -9223372036854775808, microseconds: -9223372036854775808 })",
            ),
        ];
        for _ in 0..20 {
            cases.iter().for_each(|(text, _)| push(&mut queue, text));
            cases.iter().for_each(|(_, expected)| assert_eq!(pop(&mut queue), *expected));
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn a_full_queue_says_how_many_were_lost_and_where() {
        let mut queue = Queue::new(60);
        for name in ["A", "B", "C", "D", "E"] {
            push(&mut queue, &format!(r#"{{"event": "{name}"}}"#));
        }
        assert_eq!(pop(&mut queue), "A None None");
        push(&mut queue, r#"{"event": "F"}"#);
        assert_eq!(pop(&mut queue), "B None None");
        assert_eq!(pop(&mut queue), "C None None");
        push(&mut queue, r#"{"event": "G"}"#);
        for expected in ["Some(Lost(3))", "G None None", "None"] {
            assert_eq!(pop(&mut queue), expected);
        }
    }

    #[test]
    fn an_event_that_never_fits_is_lost_and_costs_no_other() {
        let mut queue = Queue::new(64);
        push(&mut queue, r#"{"event": "A"}"#);
        push(&mut queue, &format!(r#"{{"event": "{}"}}"#, "X".repeat(60)));
        assert_eq!(pop(&mut queue), "A None None");
        push(&mut queue, r#"{"event": "B"}"#);
        for expected in ["Some(Lost(1))", "B None None", "None"] {
            assert_eq!(pop(&mut queue), expected);
        }
    }

    #[test]
    fn a_new_connection_is_marked_in_its_place() {
        let mut queue = Queue::new(128);
        push(&mut queue, r#"{"event": "A"}"#);
        queue.lose();
        queue.reconnected();
        push(&mut queue, r#"{"event": "B"}"#);
        for expected in ["A None None", "Some(Lost(1))", "Some(Reconnected)", "B None None", "None"] {
            assert_eq!(pop(&mut queue), expected);
        }
    }

    #[test]
    fn a_queue_without_room_still_tells_what_it_lost() {
        let mut queue = Queue::new(0);
        push(&mut queue, r#"{"event": "A"}"#);
        push(&mut queue, r#"{"event": "B"}"#);
        queue.reconnected();
        for expected in ["Some(Lost(2))", "Some(Reconnected)", "None"] {
            assert_eq!(pop(&mut queue), expected);
        }
    }
}
