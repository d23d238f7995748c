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
//! * (e) Deeper than 64 levels is malformed; there the brackets outside strings are counted on to zero, or (c).

#![allow(dead_code, unused_imports, reason = "each test uses its part")]

mod json;

pub(crate) use json::{Object, decode, valid};

use json::{Parser, Stop};
use qmp_core::{Fault, Kind, Role};

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

/// The members that the protocol gives a meaning; the first six say what a message is.
const KNOWN: [&str; 10] =
    ["QMP", "event", "return", "error", "execute", "exec-oob", "id", "timestamp", "data", "arguments"];

/// Everything `stream` holds for a reader of `capacity` bytes, the report at its end included.
pub(crate) fn expect(stream: &[u8], role: Role, capacity: usize) -> Vec<Item> {
    let mut items = Vec::new();
    let mut at = 0;
    loop {
        let skipped = stream[at..].iter().position(|&byte| byte == b'{').unwrap_or(stream.len() - at);
        let noise = stream[at..at + skipped].iter().filter(|byte| !b" \t\r\n".contains(byte)).count();
        if noise > 0 {
            items.push(Item::Noise { bytes: noise as u64 });
        }
        at += skipped;
        if at == stream.len() {
            return items;
        }
        let (item, length) = message(&stream[at..], role, capacity);
        items.push(item);
        at += length;
    }
}

/// What comes of the message that `text` starts with, and how many bytes it takes up.
fn message(text: &[u8], role: Role, capacity: usize) -> (Item, usize) {
    let mut parser = Parser::new(text, role == Role::Client);
    match parser.object() {
        Ok(object) => {
            let length = parser.at;
            (complete(&text[..length], &object, capacity), length)
        }
        Err(Stop::End) => (Item::Truncated { bytes: text.len() as u64 }, text.len()),
        Err(Stop::Cut) => (Item::Truncated { bytes: parser.at as u64 }, parser.at),
        Err(Stop::Fault(fault)) => {
            let end = end_of_error(text, &parser, fault, role);
            (Item::Malformed { bytes: end as u64, at: parser.at as u64, fault }, end)
        }
    }
}

/// Where the message whose error `parser` stands at is over.
fn end_of_error(text: &[u8], parser: &Parser<'_>, fault: Fault, role: Role) -> usize {
    let counts = fault == Fault::TooDeep || role == Role::Server;
    let (mut open, mut string, mut escaped) = (parser.depth, parser.string, false);
    for (at, &byte) in text.iter().enumerate().skip(parser.at) {
        let column_0 = text[at - 1] == b'\n';
        if byte == b'{' && column_0 && (role == Role::Client || at == parser.at) {
            return at;
        }
        if byte == 0xff || role == Role::Server && byte < 0x20 && !b"\t\r\n".contains(&byte) {
            return at + 1;
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
        if counts && open == 0 {
            return at + 1;
        }
        open = open.max(0);
    }
    text.len()
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
    let starts = |name, first: &str| member(name).filter(|(_, value)| value.starts_with(first));
    let string = |name| starts(name, "\"").map(|(name, value)| (name, value[1..value.len() - 1].to_string()));
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
    if text.len() <= capacity {
        return Item::Message(kind, fields.into_iter().flatten().collect());
    }
    let id = member("id").and_then(|(_, id)| id.parse().ok());
    let plain = |char: &char| char.is_ascii_graphic() && *char != '\\';
    let event = string("event").map_or(String::new(), |(_, name)| name.chars().take(32).take_while(plain).collect());
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
