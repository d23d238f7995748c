//! What the tests share: seeded random numbers, a reader fed in pieces, and a way to make a failing stream small.

#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod caller;
#[cfg(feature = "embedded-io")]
pub(crate) mod driver;
pub(crate) mod generate;
#[cfg(feature = "embedded-io")]
pub(crate) mod script;
pub(crate) mod session;

use crate::model::Item;
use crate::model::Role;
use crate::model::client::Said;
use qmp_core::{Discarded, FrameReader, Incoming, Message, Select, Source};

/// xorshift64*: the same numbers for the same seed, on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d | 1);
        for _ in 0..8 {
            rng.next();
        }
        rng
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    /// From 0 to `below` - 1.
    pub(crate) fn below(&mut self, below: usize) -> usize {
        (self.next() % below.max(1) as u64) as usize
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// What a reader's answer says, in the model's terms.
pub(crate) fn item(answer: Result<Message<'_>, Discarded<'_>>) -> Item {
    let text = |name: &'static str, value: qmp_core::Json<'_>| Some((name, value.to_string()));
    let message = match answer {
        Ok(message) => message,
        Err(discarded) => return report(discarded),
    };
    let fields = match message {
        Message::Greeting(greeting) => vec![text("QMP", greeting.qmp())],
        Message::Return(reply) => vec![text("return", reply.value()), reply.id().and_then(|id| text("id", id))],
        Message::Error(reply) => vec![text("error", reply.error()), reply.id().and_then(|id| text("id", id))],
        Message::Event(event) => vec![
            Some(("event", raw(event.name()))),
            event.data().and_then(|data| text("data", data)),
            event.timestamp().map(|time| ("timestamp", format!("{} {}", time.seconds, time.microseconds))),
        ],
        Message::Request(request) => vec![
            Some((if request.is_oob() { "exec-oob" } else { "execute" }, raw(request.name()))),
            request.arguments().and_then(|arguments| text("arguments", arguments)),
            request.id().and_then(|id| text("id", id)),
            text("text", request.text()),
        ],
        Message::Unknown(object) => vec![text("text", object)],
        _ => panic!("a kind of message the tests do not know"),
    };
    Item::Message(message.kind(), fields.into_iter().flatten().collect())
}

/// What stands between the quotes.
fn raw(string: qmp_core::Str<'_>) -> String {
    String::from_utf8(string.raw().to_vec()).unwrap()
}

fn report(discarded: Discarded<'_>) -> Item {
    match discarded {
        Discarded::Noise { bytes } => Item::Noise { bytes },
        Discarded::Truncated { bytes } => Item::Truncated { bytes },
        Discarded::Malformed { bytes, at, fault } => Item::Malformed { bytes, at, fault },
        Discarded::Oversized(message) => Item::Oversized {
            bytes: message.bytes(),
            kind: message.kind(),
            id: message.id(),
            event: message.event().map_or(String::new(), raw),
        },
        _ => panic!("a report the tests do not know"),
    }
}

/// What the client says, in the model's terms.
pub(crate) fn said(incoming: Incoming<'_>) -> Said {
    match incoming {
        Incoming::Greeting(greeting) => Said::Greeting(item(Ok(Message::Greeting(greeting)))),
        Incoming::Ready { oob } => Said::Ready(oob),
        Incoming::Refused(error) => Said::Refused(item(Ok(Message::Error(error)))),
        Incoming::Event(event) => Said::Event(item(Ok(Message::Event(event)))),
        Incoming::Reply(reply) => match reply.result() {
            Ok(value) => Said::Reply(reply.id().get(), true, value.to_string()),
            Err(error) => Said::Reply(reply.id().get(), false, error.error().to_string()),
        },
        Incoming::Failed { id, failure } => Said::Failed(id.get(), failure),
        Incoming::Unmatched(message) => Said::Unmatched(item(Ok(message))),
        Incoming::Discarded(report) => Said::Discarded(item(Err(report))),
        Incoming::TimedOut(phase) => Said::TimedOut(phase),
        other => panic!("{other:?} is new"),
    }
}

/// All that a reader of `capacity` bytes makes of `stream` when it comes in pieces of the sizes that `chunk` tells. What a
/// reader must never do on the way is checked here.
pub(crate) fn read(stream: &[u8], role: Role, capacity: usize, chunk: impl FnMut() -> usize) -> Vec<Item> {
    read_with(stream, role, capacity, chunk, None)
}

/// As [`read`], with a selection if there is one.
pub(crate) fn read_with(
    stream: &[u8],
    role: Role,
    capacity: usize,
    chunk: impl FnMut() -> usize,
    select: Option<&mut Select<'_>>,
) -> Vec<Item> {
    // Old bytes in the buffer must not matter: they look like messages.
    let buffer: Vec<u8> = LITTER.iter().copied().cycle().take(capacity).collect();
    match role {
        Role::Client => read_from(FrameReader::new(buffer), stream, chunk, select),
        Role::Server => read_from(FrameReader::of_client(buffer), stream, chunk, select),
    }
}

/// What is in the buffer where nothing was read yet.
const LITTER: &[u8] = b"\"}]\n{\"id\": 1}{\"event\": \"";

fn read_from<S: Source>(
    mut reader: FrameReader<Vec<u8>, S>,
    stream: &[u8],
    mut chunk: impl FnMut() -> usize,
    mut select: Option<&mut Select<'_>>,
) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = stream;
    while !rest.is_empty() {
        let window = reader.window();
        assert!(!window.is_empty(), "no room for byte {} of the stream", stream.len() - rest.len());
        let room = window.len();
        let length = chunk().clamp(1, room.min(rest.len()));
        window[..length].copy_from_slice(&rest[..length]);
        for (place, byte) in window[length..].iter_mut().zip(LITTER) {
            *place = *byte;
        }
        assert!(reader.commit(room + 1).is_err(), "more than the window was taken");
        reader.commit(length).unwrap();
        rest = &rest[length..];
        loop {
            let answer = match &mut select {
                Some(select) => reader.poll_select(select),
                None => reader.poll(),
            };
            let Some(item) = answer.map(item) else { break };
            items.push(item);
            assert!(items.len() <= stream.len(), "more items than bytes");
            // Bytes that were read too early and are not committed must not matter.
            for (place, byte) in reader.window().iter_mut().zip(LITTER) {
                *place = *byte;
            }
        }
    }
    let pending = reader.pending();
    let last = reader.finish().map(report);
    let reported = match last {
        Some(Item::Noise { bytes } | Item::Truncated { bytes } | Item::Malformed { bytes, .. }) => bytes,
        None => 0,
        Some(other) => panic!("{other:?} at the end of the stream"),
    };
    assert_eq!(pending, reported, "pending and the report at the end differ");
    assert_eq!(reader.pending(), 0, "something is left after the end");
    assert!(reader.poll().is_none(), "something comes after the end");
    items.extend(last);
    items
}

/// The shortest stream, or list of steps, found for which `fails` still holds: pieces are left out for as long as that works.
pub(crate) fn shrink<T: Clone>(stream: &[T], fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut stream = stream.to_vec();
    let mut piece = stream.len() / 2;
    let mut tries = 3000;
    while piece > 0 {
        let mut at = 0;
        let before = stream.len();
        while at < stream.len() && tries > 0 {
            tries -= 1;
            let shorter = [&stream[..at], &stream[stream.len().min(at + piece)..]].concat();
            if fails(&shorter) {
                stream = shorter;
            } else {
                at += piece;
            }
        }
        if stream.len() == before || piece > 1 {
            piece /= 2;
        }
    }
    stream
}

/// Whether `f` panics, quietly.
pub(crate) fn panics(f: impl FnOnce()) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err()
}
