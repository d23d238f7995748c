//! What a [`FrameReader`](qmp_core::FrameReader) has to deliver and report, computed the slow and obvious way.
//!
//! In: a whole stream, the role and the capacity. Out: the list of items. It sees all bytes at once, allocates as it likes
//! and reads JSON by recursive descent, so that it shares no idea with the code under test. The rules it follows:
//!
//! * (a) Between messages everything up to the next `{` is skipped; what is not white space is noise.
//! * (b) A byte that reveals an error is not consumed if it is a `{` in column 0, directly after a line feed.
//! * (c) After an error the rest is discarded up to such a `{`, or through 0xFF.
//! * (d) From a server, such a `{` inside an open message means that the message was cut off. From a client lines mean
//!   nothing: an error is over when the brackets balance, at a control byte that is not white space, or at 0xFF.
//! * (e) Of a message longer than the buffer, what begins in its first half, by the buffer's length, has to be of the right type. An
//!   event's name is told if it lies there, and an `id` wherever it is.
//! * (f) Deeper than 64 levels is malformed.

#![allow(dead_code, unused_imports, reason = "each test uses its part")]

pub(crate) mod client;
mod json;

pub(crate) use json::{Object, decode, valid};

use json::{Parser, Stop};
use qmp_core::{Fault, Kind};

/// Which end of the link the bytes are read at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// They come from a server.
    Client,
    /// They come from a client.
    Server,
}

/// One delivery or report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// Its kind, and the text of what its accessors show.
    Message(Kind, Vec<(&'static str, String)>),
    Noise {
        bytes: u64,
    },
    Truncated {
        bytes: u64,
    },
    Malformed {
        bytes: u64,
        at: u64,
        fault: Fault,
    },
    Oversized {
        bytes: u64,
        kind: Kind,
        id: Option<u64>,
        event: String,
    },
}

impl Item {
    /// The member `id` of a message as it stands on the wire; empty if there is none.
    pub(crate) fn id(&self) -> &str {
        let Self::Message(_, fields) = self else { panic!("{self:?} is no message") };
        fields.iter().find(|(name, _)| *name == "id").map_or("", |(_, text)| text)
    }
}

/// The members that the protocol gives a meaning; the first six say what a message is.
const KNOWN: [&str; 10] =
    ["QMP", "event", "return", "error", "execute", "exec-oob", "id", "timestamp", "data", "arguments"];

/// Everything `stream` holds for a reader of `capacity` bytes, the report at its end included.
pub(crate) fn expect(stream: &[u8], role: Role, capacity: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut rest = stream;
    while let Some(found) = first(rest, role, capacity) {
        items.push(found.item);
        rest = &rest[found.end..];
    }
    items
}

/// One item of a stream.
pub(crate) struct Found {
    pub(crate) item: Item,
    /// Where it ends.
    pub(crate) end: usize,
    /// Whether it is over, whatever comes after it. If not, it is what is reported when nothing does.
    pub(crate) over: bool,
}

/// The first item in `stream`, which begins between two messages; `None` if that is white space.
pub(crate) fn first(stream: &[u8], role: Role, capacity: usize) -> Option<Found> {
    let skipped = stream.iter().position(|&byte| byte == b'{').unwrap_or(stream.len());
    let noise = stream[..skipped].iter().filter(|byte| !b" \t\r\n".contains(byte)).count();
    if noise > 0 {
        return Some(Found { item: Item::Noise { bytes: noise as u64 }, end: skipped, over: skipped < stream.len() });
    }
    if skipped == stream.len() {
        return None;
    }
    let found = message(&stream[skipped..], role, capacity);
    Some(Found { end: skipped + found.end, ..found })
}

/// What comes of the message that `text` starts with.
fn message(text: &[u8], role: Role, capacity: usize) -> Found {
    let mut parser = Parser::new(text, role == Role::Client);
    match parser.object() {
        Ok(object) => {
            let end = parser.at;
            Found { item: complete(&text[..end], &object, capacity), end, over: true }
        }
        Err(Stop::End) => Found { item: Item::Truncated { bytes: text.len() as u64 }, end: text.len(), over: false },
        Err(Stop::Cut) => Found { item: Item::Truncated { bytes: parser.at as u64 }, end: parser.at, over: true },
        Err(Stop::Fault(fault)) => {
            let over = end_of_error(text, &parser, role);
            let end = over.unwrap_or(text.len());
            let item = Item::Malformed { bytes: end as u64, at: parser.at as u64, fault };
            Found { item, end, over: over.is_some() }
        }
    }
}

/// Where the message whose error `parser` stands at is over; `None` if not in `text`.
fn end_of_error(text: &[u8], parser: &Parser<'_>, role: Role) -> Option<usize> {
    let (mut open, mut string, mut escaped) = (parser.depth, parser.string, false);
    for (at, &byte) in text.iter().enumerate().skip(parser.at) {
        let column_0 = text[at - 1] == b'\n';
        if byte == b'{' && column_0 && (role == Role::Client || at == parser.at) {
            return Some(at);
        }
        if byte == 0xff || role == Role::Server && byte < 0x20 && !b"\t\r\n".contains(&byte) {
            return Some(at + 1);
        }
        if string {
            string = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b'"' => string = true,
            b'{' | b'[' => open += 1,
            b'}' | b']' => open -= 1,
            _ => {}
        }
        if role == Role::Server && open == 0 {
            return Some(at + 1);
        }
        open = open.max(0);
    }
    None
}

/// What a valid object is.
fn complete(text: &[u8], object: &Object<'_>, capacity: usize) -> Item {
    let bytes = text.len() as u64;
    let count = |name: &str| object.iter().filter(|(key, _)| key == name).count();
    let malformed = |fault| Item::Malformed { bytes, at: bytes, fault };
    if KNOWN.iter().any(|name| count(name) > 1) {
        return malformed(Fault::DuplicateMember);
    }
    if KNOWN[..6].iter().map(|name| count(name)).sum::<usize>() > 1 {
        return malformed(Fault::AmbiguousKind);
    }
    let member = |name: &'static str| {
        let value = object.iter().find(|(key, _)| key == name)?.1;
        Some((name, String::from_utf8(value.to_vec()).unwrap()))
    };
    // Where the value ends. Of an oversized message what lies in its head is looked at.
    let fits = text.len() <= capacity;
    let head = (capacity - 1) / 2;
    let place = |name| {
        let value: &[u8] = object.iter().find(|(key, _)| key == name).map_or(&text[..0], |(_, value)| value);
        let start = value.as_ptr() as usize - text.as_ptr() as usize;
        (start, start + value.len(), value.first().is_some_and(|byte| !b"{[\"".contains(byte)))
    };
    let shown = |name| fits || place(name).1 <= head;
    // A number as long as half of the buffer is not looked at.
    let begins =
        |name| fits || matches!(place(name), (start, end, is_bare) if start < head && !(is_bare && end >= capacity));
    let starts = |name, first: &str| member(name).filter(|(_, value)| value.starts_with(first) || !begins(name));
    let string = |name| {
        starts(name, "\"").map(|(name, value)| (name, value.get(1..value.len() - 1).unwrap_or_default().to_owned()))
    };
    let whole = || Some(("text", String::from_utf8(text.to_vec()).unwrap()));
    let (kind, fields) = if member("return").is_some() {
        (Kind::Return, vec![member("return"), member("id")])
    } else if let Some(name) = string("event") {
        (Kind::Event, vec![Some(name), member("data"), timestamp(object)])
    } else if member("error").is_some() {
        (Kind::Error, vec![member("error"), member("id")])
    } else if let Some(greeting) = starts("QMP", "{") {
        (Kind::Greeting, vec![Some(greeting)])
    } else if let Some(name) = string("execute").or_else(|| string("exec-oob")) {
        (Kind::Request, vec![Some(name), member("arguments"), member("id"), whole()])
    } else {
        (Kind::Unknown, vec![whole()])
    };
    if fits {
        return Item::Message(kind, fields.into_iter().flatten().collect());
    }
    let id = member("id").and_then(|(_, id)| id.parse().ok());
    let event = string("event").filter(|_| kind == Kind::Event && shown("event"));
    let event = event.map_or(String::new(), |(_, name)| name);
    Item::Oversized { bytes, kind, id, event }
}

/// The event's time if it is told in integers.
fn timestamp(object: &Object<'_>) -> Option<(&'static str, String)> {
    let value = object.iter().find(|(key, _)| key == "timestamp")?.1;
    let members = Parser::new(value, false).object().ok()?;
    let part = |name| {
        let text = members.iter().find(|(key, _)| key == name)?.1;
        std::str::from_utf8(text).unwrap().parse::<i64>().ok()
    };
    Some(("timestamp", format!("{} {}", part("seconds")?, part("microseconds")?)))
}
