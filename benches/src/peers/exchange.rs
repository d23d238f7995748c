//! Clients made of a JSON library: a line assembly, one typed message with everything in it that may come, an id that has to be the one
//! that was sent.

use super::lines::Lines;
use crate::exchange::{Exchange, Exchanger, Moment, Status};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

pub(super) const SERDE_JSON: Exchanger = Exchanger {
    name: "serde_json",
    what: "typed, one command in flight",
    tells_time: true,
    open: |_| Box::new(Typed::<SerdeJson>::new()),
};
pub(super) const SERDE_JSON_CORE: Exchanger = Exchanger {
    name: "serde-json-core",
    what: "typed, one command in flight",
    tells_time: true,
    open: |_| Box::new(Typed::<SerdeJsonCore>::new()),
};
pub(super) const SONIC: Exchanger = Exchanger {
    name: "sonic-rs",
    what: "typed, one command in flight",
    tells_time: true,
    open: |_| Box::new(Typed::<Sonic>::new()),
};

#[derive(Serialize)]
struct Command {
    execute: &'static str,
    id: u64,
}

/// All that a client waiting for the status may be sent.
#[derive(Deserialize)]
struct Incoming<'a> {
    #[serde(rename = "return", borrow)]
    success: Option<StatusInfo<'a>>,
    id: Option<u64>,
    #[serde(borrow)]
    error: Option<Failure<'a>>,
    event: Option<&'a str>,
    timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
struct StatusInfo<'a> {
    status: &'a str,
    running: bool,
}

/// Decoded, never looked at: no command fails here.
#[derive(Deserialize)]
#[expect(dead_code, reason = "a client has to be ready for an error")]
struct Failure<'a> {
    class: &'a str,
    desc: &'a str,
}

#[derive(Deserialize)]
struct Timestamp {
    seconds: i64,
    microseconds: i64,
}

/// What the libraries differ in.
trait Library {
    /// Writes `command` into `out`, whose capacity is enough, and lends it.
    fn encode<'o>(command: &Command, out: &'o mut Vec<u8>) -> &'o [u8];
    fn decode(message: &[u8]) -> Incoming<'_>;
}

struct SerdeJson;

impl Library for SerdeJson {
    fn encode<'o>(command: &Command, out: &'o mut Vec<u8>) -> &'o [u8] {
        out.clear();
        serde_json::to_writer(&mut *out, command).expect("a vector grows");
        out.push(b'\n');
        out
    }

    fn decode(message: &[u8]) -> Incoming<'_> {
        serde_json::from_slice(message).expect("valid")
    }
}

struct SerdeJsonCore;

impl Library for SerdeJsonCore {
    fn encode<'o>(command: &Command, out: &'o mut Vec<u8>) -> &'o [u8] {
        out.resize(out.capacity(), 0);
        let end = serde_json_core::to_slice(command, out).expect("room");
        out[end] = b'\n';
        &out[..=end]
    }

    fn decode(message: &[u8]) -> Incoming<'_> {
        serde_json_core::from_slice(message).expect("valid").0
    }
}

struct Sonic;

impl Library for Sonic {
    fn encode<'o>(command: &Command, out: &'o mut Vec<u8>) -> &'o [u8] {
        out.clear();
        sonic_rs::to_writer(&mut *out, command).expect("a vector grows");
        out.push(b'\n');
        out
    }

    fn decode(message: &[u8]) -> Incoming<'_> {
        sonic_rs::from_slice(message).expect("valid")
    }
}

struct Typed<L> {
    lines: Lines,
    out: Vec<u8>,
    sent: u64,
    done: u64,
    status: Status,
    library: PhantomData<L>,
}

impl<L: Library> Typed<L> {
    fn new() -> Self {
        Self {
            lines: Lines::of_lines(4096),
            out: Vec::with_capacity(256),
            sent: 1000,
            done: 1000,
            status: Status::default(),
            library: PhantomData,
        }
    }
}

impl<L: Library> Exchange for Typed<L> {
    fn command(&mut self) -> &[u8] {
        self.sent += 1;
        L::encode(&Command { execute: "query-status", id: self.sent }, &mut self.out)
    }

    fn receive(&mut self, bytes: &[u8]) -> usize {
        let Self { lines, done, sent, status, .. } = self;
        let before = *done;
        lines.feed(bytes, |message| {
            let incoming = L::decode(message);
            // Replies come in the order of the commands.
            if let (Some(info), None, true) =
                (incoming.success, incoming.error, *done < *sent && incoming.id == Some(*done + 1))
            {
                *done += 1;
                *status = Status { in_run_state: info.status == "running", running: info.running };
            }
        });
        (*done - before) as usize
    }

    fn status(&self) -> Status {
        self.status
    }

    fn event(&mut self, bytes: &[u8]) -> Moment {
        let mut moment = Moment::default();
        self.lines.feed(bytes, |message| {
            let incoming = L::decode(message);
            if let (Some(name), Some(at)) = (incoming.event, incoming.timestamp) {
                moment = Moment { name: name.len(), seconds: at.seconds, microseconds: at.microseconds };
            }
        });
        moment
    }
}
