//! Checks, on an emulated Cortex-M3, that what comes out of a stream is the same however it is cut: byte by byte, where a small machine
//! takes one step at a time, and in larger pieces, where it takes larger ones. Prints how many streams it has read, and in how many of
//! them a cut made a difference.
#![no_std]
#![no_main]
#![cfg(target_arch = "arm")]

use footprint::subject::{self, BUFFER};
use footprint::{board, inputs};
use qmp_core::{Discarded, ErrorClass, Json, Message, Str};

/// Streams with names at the top level that are not written as QEMU does, come twice, or are nearly known.
const NAMES: [&[u8]; 8] = [
    b"{\"\\u0072eturn\": {}, \"i\\u0064\": 12345678}\r\n",
    b"{\"return\":{\"a\":1},\"id\":1}\r\n{\"timestamp\":{},\"event\":\"E\"}\n",
    b"{ \"return\" : [] , \"id\" : 3 }\r\n",
    b"{\"id\": 1, \"id\": 2, \"return\": {}}\r\n",
    b"{\"timestamp\": {}, \"timestamp\": {}, \"event\": \"E\"}\r\n",
    b"{\"returns\": 1, \"identity\": 2, \"timestamps\": 3, \"i\": 4, \"time\": 5, \"ret\": 6}\r\n",
    b"{\"return\": {\"id\": 1, \"return\": 2, \"timestamp\": 3}, \"id\": \"x\"}\r\n",
    b"{\"id\": {\"timestamp\": []}, \"error\": {\"class\": \"\\u0047enericError\", \"desc\": \"\"}}\r\n",
];

/// What each byte of a stream is replaced by, one after the other.
const DAMAGE: [u8; 12] = *b"\"\\{} x:,1\n\x01\xff";

/// What follows, so that it is seen whether the link is in step.
const LAST: &[u8] = b"\r\n{\"return\": {}, \"id\": 7}\r\n";

const PIECES: [usize; 7] = [2, 3, 5, 8, 13, 40, BUFFER];

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let (mut streams, mut differences) = (0, 0);
    let mut check = |stream: &[u8]| {
        let whole = digest(stream, 1);
        streams += 1;
        differences += u32::from(PIECES.iter().any(|length| digest(stream, *length) != whole));
    };
    inputs::all().chain(NAMES).for_each(&mut check);
    let mut text = [0; BUFFER];
    for input in inputs::TIMED.map(|(_, input)| input).into_iter().chain(NAMES) {
        let (stream, _) = text.split_at_mut(input.len() + LAST.len());
        for at in 0..input.len() {
            for byte in DAMAGE {
                let (start, end) = stream.split_at_mut(input.len());
                start.copy_from_slice(input);
                end.copy_from_slice(LAST);
                stream[at] = byte;
                check(stream);
            }
        }
    }
    board::print("streams", streams);
    board::print("differences", differences);
    board::exit()
}

/// A number for all that comes out of `stream` in pieces of `length` bytes.
fn digest(stream: &[u8], length: usize) -> u32 {
    let mut reader = subject::reader();
    let mut sum = Sum(0x811c_9dc5);
    let mut rest = stream;
    while !rest.is_empty() {
        let window = reader.window();
        let (piece, after) = rest.split_at(length.min(window.len()).min(rest.len()));
        window[..piece.len()].copy_from_slice(piece);
        if reader.commit(piece.len()).is_err() {
            sum.number(0);
        }
        rest = after;
        while let Some(item) = reader.poll() {
            match item {
                Ok(message) => sum.message(message),
                Err(discarded) => sum.discarded(discarded),
            }
        }
    }
    sum.number(reader.pending());
    if let Some(discarded) = reader.finish() {
        sum.discarded(discarded);
    }
    sum.0
}

/// FNV-1a (Fowler, Noll, Vo), of 32 bits.
struct Sum(u32);

impl Sum {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
        // So that two texts are not taken for one.
        self.0 = (self.0 ^ 0x100).wrapping_mul(0x0100_0193);
    }

    fn number(&mut self, number: u64) {
        self.bytes(&number.to_le_bytes());
    }

    fn json(&mut self, value: Option<Json<'_>>) {
        self.bytes(value.map_or(b"", Json::text));
    }

    fn message(&mut self, message: Message<'_>) {
        self.number(message.kind() as u64);
        match message {
            Message::Return(reply) => {
                self.json(Some(reply.value()));
                self.json(reply.id());
            }
            Message::Error(reply) => {
                self.json(Some(reply.error()));
                self.json(reply.id());
                self.number(matches!(reply.class(), ErrorClass::GenericError).into());
            }
            Message::Event(event) => {
                self.bytes(event.name().raw());
                self.json(event.data());
                self.json(event.raw_timestamp());
            }
            Message::Greeting(greeting) => self.json(Some(greeting.qmp())),
            Message::Request(request) => self.json(Some(request.text())),
            Message::Unknown(text) => self.json(Some(text)),
            _ => {}
        }
    }

    fn discarded(&mut self, discarded: Discarded<'_>) {
        match discarded {
            Discarded::Noise { bytes } => self.number(bytes),
            Discarded::Truncated { bytes } => self.number(!bytes),
            Discarded::Malformed { bytes, at, fault } => {
                self.number(bytes);
                self.number(at);
                self.number(fault as u64);
            }
            Discarded::Oversized(message) => {
                self.number(message.bytes());
                self.number(message.kind() as u64);
                self.number(message.id().unwrap_or(u64::MAX));
                self.bytes(message.event().map_or(b"", Str::raw));
            }
            _ => {}
        }
    }
}
