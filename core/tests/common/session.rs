//! Seeded sessions: what a caller does with a client, and what a server and a bad line do to it.

use super::{Rng, generate};
use crate::model::Role;

/// One thing that happens. Ids are told by their place, so that a list of steps makes sense with any of them left out.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// The server greets; the package's name has `size` bytes.
    Greet {
        oob: bool,
        size: usize,
    },
    Reply {
        to: To,
        answer: Answer,
        size: usize,
        layout: Layout,
        cut: Option<usize>,
    },
    Event {
        size: usize,
        cut: Option<usize>,
    },
    /// Bytes that no server of QEMU's sends.
    Junk(Bytes),
    /// So many bytes arrive, at most.
    Read(usize),
    /// So many polls, at most.
    Poll(usize),
    Await {
        wait: Option<u64>,
    },
    Negotiate {
        oob: bool,
        wait: Option<u64>,
        room: usize,
    },
    Attach {
        wait: Option<u64>,
        room: usize,
    },
    Execute {
        oob: bool,
        raw: bool,
        wait: Option<u64>,
        room: usize,
    },
    /// The command that was issued so many before the last.
    Cancel(usize),
    Withdraw(usize),
    /// Time passes, and the client is told.
    Tick(u64),
    Close,
    Reset,
}

/// Bytes, shown as text.
#[derive(Clone)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Whom a reply is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    /// The id that was issued so many before the last.
    Recent(usize),
    /// The command that is open so many before the last.
    Open(usize),
    Negotiation,
    /// The member `id` as it stands on the wire, or none.
    Other(&'static str),
    /// The id that will be issued so many after the last.
    Coming(u64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Return,
    Error,
    NotFound,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout {
    /// As QEMU writes.
    Compact,
    Pretty,
    IdFirst,
}

/// Bytes. Room for any command here.
const ENOUGH: usize = 128;

/// Ids that this client never gave out.
const OTHER: [&str; 12] = [
    "",
    "\"id\": \"old-session\"",
    "\"id\": null",
    "\"id\": -1",
    "\"id\": 0",
    "\"id\": 1000007.0",
    "\"id\": 7e9",
    "\"id\": {\"id\": 2000007}",
    "\"id\": [2000007]",
    "\"id\": 8000000001",
    "\"id\": 10000070000000000000000",
    "\"id\": \"2000007\"",
];

/// A session of some length on a client with a buffer of `capacity` bytes.
pub(crate) fn plan(rng: &mut Rng, capacity: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..1 + rng.below(3) {
        if !rng.one_in(8) {
            handshake(rng, &mut steps);
        }
        for _ in 0..rng.below(60) {
            steps.push(step(rng, capacity));
            match rng.below(6) {
                0..3 => steps.extend([Step::Read(usize::MAX), Step::Poll(usize::MAX)]),
                3 => steps.extend([Step::Read(usize::MAX), Step::Poll(1), Step::Read(usize::MAX)]),
                _ => {}
            }
        }
        if rng.one_in(2) {
            steps.extend([Step::Close, Step::Poll(rng.below(9)), Step::Reset]);
        }
    }
    steps
}

fn handshake(rng: &mut Rng, steps: &mut Vec<Step>) {
    let oob = rng.one_in(2);
    let read = [Step::Read(usize::MAX), Step::Poll(usize::MAX)];
    if rng.one_in(4) {
        steps.push(Step::Attach { wait: wait(rng), room: ENOUGH });
    } else {
        steps.extend([Step::Await { wait: wait(rng) }, Step::Greet { oob: true, size: rng.below(40) }]);
        steps.extend(read.clone());
        steps.push(Step::Negotiate { oob, wait: wait(rng), room: ENOUGH });
    }
    let answer =
        if rng.one_in(6) { Answer::Error } else { rng.pick(&[Answer::Return, Answer::Return, Answer::NotFound]) };
    steps.push(Step::Reply { to: To::Negotiation, answer, size: 0, layout: layout(rng), cut: None });
    steps.extend(read);
}

fn wait(rng: &mut Rng) -> Option<u64> {
    (!rng.one_in(4)).then(|| rng.below(60) as u64)
}

fn room(rng: &mut Rng) -> usize {
    if rng.one_in(10) { rng.below(24) } else { ENOUGH }
}

fn layout(rng: &mut Rng) -> Layout {
    rng.pick(&[Layout::Compact, Layout::Compact, Layout::Pretty, Layout::IdFirst])
}

fn size(rng: &mut Rng, capacity: usize) -> usize {
    match rng.below(8) {
        0 => capacity + rng.below(3 * capacity),
        1 => rng.below(capacity),
        _ => rng.below(10),
    }
}

fn cut(rng: &mut Rng) -> Option<usize> {
    rng.one_in(12).then(|| 1 + rng.below(200))
}

fn step(rng: &mut Rng, capacity: usize) -> Step {
    match rng.below(60) {
        0..14 => Step::Execute { oob: rng.one_in(4), raw: rng.one_in(2), wait: wait(rng), room: room(rng) },
        14..30 => Step::Reply {
            to: if rng.one_in(3) { To::Recent(rng.below(6)) } else { To::Open(rng.below(4)) },
            answer: rng.pick(&[Answer::Return, Answer::Return, Answer::Error, Answer::NotFound]),
            size: size(rng, capacity),
            layout: layout(rng),
            cut: cut(rng),
        },
        30..33 => Step::Reply {
            to: if rng.one_in(3) { To::Coming(1 + rng.below(3) as u64) } else { To::Other(rng.pick(&OTHER)) },
            answer: rng.pick(&[Answer::Return, Answer::Error]),
            size: size(rng, capacity),
            layout: layout(rng),
            cut: cut(rng),
        },
        33..37 => Step::Event { size: size(rng, capacity), cut: cut(rng) },
        37 => Step::Greet { oob: rng.one_in(2), size: size(rng, capacity) },
        38 => Step::Junk(Bytes(generate::stream(rng, Role::Client, capacity))),
        39..41 => Step::Junk(Bytes(junk(rng))),
        41..44 => Step::Read(1 + rng.below(300)),
        44..47 => Step::Poll(1 + rng.below(3)),
        47..49 => Step::Cancel(rng.below(6)),
        49 => Step::Withdraw(rng.below(3)),
        50..54 => Step::Tick(rng.below(20) as u64),
        54 => Step::Negotiate { oob: rng.one_in(2), wait: wait(rng), room: room(rng) },
        55 => Step::Attach { wait: wait(rng), room: room(rng) },
        56 | 57 => rng.pick(&[To::Negotiation, To::Recent(0)]).answered(),
        _ => match rng.below(12) {
            0 => Step::Close,
            1 => Step::Reset,
            _ => Step::Await { wait: wait(rng) },
        },
    }
}

impl To {
    fn answered(self) -> Step {
        Step::Reply { to: self, answer: Answer::Return, size: 0, layout: Layout::Compact, cut: None }
    }
}

fn junk(rng: &mut Rng) -> Vec<u8> {
    rng.pick(&[
        &b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00"[..],
        b"\xff",
        b"\r\n",
        b"SeaBIOS (version 1.16)\r\n",
        b"{\"QMP\": 1}\r\n",
        b"{\"QMP\": [{}]}\r\n",
        b"{\"event\": {\"STOP\": 1}}\r\n",
        b"{\"execute\": \"stop\", \"id\": 2000007}\r\n",
        b"{\"return\": 1, \"error\": {}, \"id\": 2000007}\r\n",
        b"{\"return\": 1, \"id\": 2000007, \"id\": 2000007}\r\n",
        b"{\"result\": 1, \"id\": 2000007}\r\n",
        b"{}",
        b"{",
        b"}",
    ])
    .to_vec()
}

impl Layout {
    /// A message with these members, the last of which may be empty.
    pub(crate) fn write(self, first: &str, second: &str) -> String {
        match (self, second) {
            (Self::Pretty, "") => format!("{{\r\n    {first}\r\n}}\r\n"),
            (_, "") => format!("{{{first}}}\r\n"),
            (Self::Compact, _) => format!("{{{first}, {second}}}\r\n"),
            (Self::Pretty, _) => format!("{{\r\n    {first},\r\n    {second}\r\n}}\r\n"),
            (Self::IdFirst, _) => format!("{{{second}, {first}}}\r\n"),
        }
    }
}
