//! The frame reader against a whole-buffer model, for every way of cutting a stream into pieces.

mod common;
mod model;

use common::{Rng, generate, panics, read, shrink};
use model::Role;
use model::expect;

const CAPACITIES: [usize; 9] = [128, 129, 131, 160, 200, 256, 512, 1024, 4096];

/// Reads `stream` in pieces of `chunk` bytes and compares with the model. `seed` tells where the stream came from.
fn check(seed: u64, stream: &[u8], role: Role, capacity: usize, chunk: impl Fn() -> Box<dyn FnMut() -> usize>) {
    let differs = |stream: &[u8]| {
        let mut got = Vec::new();
        panics(|| got = read(stream, role, capacity, chunk())) || got != expect(stream, role, capacity)
    };
    if !differs(stream) {
        return;
    }
    let small = shrink(stream, differs);
    let mut got = None;
    panics(|| got = Some(read(&small, role, capacity, chunk())));
    panic!(
        "seed {seed}, {role:?}, capacity {capacity}, shortest stream b\"{}\"\nexpected {:#?}\ngot {:#?}",
        small.escape_ascii(),
        expect(&small, role, capacity),
        got
    );
}

fn steady(length: usize) -> Box<dyn FnMut() -> usize> {
    Box::new(move || length)
}

/// Pieces of changing length, mostly short ones.
fn ragged(seed: u64) -> Box<dyn FnMut() -> usize> {
    let mut rng = Rng::new(seed);
    Box::new(move || match rng.below(4) {
        0 => 1,
        1 => 1 + rng.below(8),
        2 => 1 + rng.below(100),
        _ => 1 + rng.below(2000),
    })
}

fn random_streams(role: Role, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut rng = Rng::new(seed);
        let capacity = rng.pick(&CAPACITIES);
        let stream = generate::stream(&mut rng, role, capacity);
        check(seed, &stream, role, capacity, || steady(1));
        check(seed, &stream, role, capacity, || steady(usize::MAX));
        check(seed, &stream, role, capacity, || ragged(seed));
    }
}

#[test]
fn reader_in_client_role_does_what_the_model_does() {
    random_streams(Role::Client, 0..4000);
}

#[test]
fn reader_in_server_role_does_what_the_model_does() {
    random_streams(Role::Server, 0..4000);
}

/// What QEMU writes, on one line and indented: the layouts that have a way of their own.
const USUAL: [&str; 6] = [
    r#"{"timestamp": {"seconds": 1795332766, "microseconds": 532468}, "event": "RESUME"}"#,
    r#"{"timestamp": {"seconds": 1795332743, "microseconds": 54}, "event": "JOB_STATUS_CHANGE", "data": {"status": "created", "id": "a"}}"#,
    r#"{"return": {}, "id": 1000001}"#,
    r#"{"return": {"status": "running", "running": true, "list": [{"a": [], "b": 1}, {"a": "b"}]}, "id": 2}"#,
    r#"{"id": 1, "error": {"class": "GenericError", "desc": "Device 'a' not found"}}"#,
    "{\r\n    \"return\": {\r\n        \"a\": [\r\n            {\r\n                \"b\": 0,\r\n                \"c\": \"d\"\r\n            },\r\n            {\r\n            }\r\n        ]\r\n    },\r\n    \"id\": 3\r\n}",
];

/// As QEMU writes an object where it is told to indent, four spaces a level.
fn indented(message: &str) -> String {
    let mut text = String::new();
    let mut level = 0;
    let mut quoted = false;
    for (at, character) in message.char_indices() {
        quoted ^= character == '"';
        let line = |level: usize| format!("\r\n{}", "    ".repeat(level));
        match character {
            '{' | '[' if !quoted => {
                level += 1;
                text.push(character);
                if !matches!(message.as_bytes().get(at + 1), Some(b']' | b'}')) {
                    text += &line(level);
                }
            }
            '}' | ']' if !quoted => {
                level -= 1;
                text += &line(level);
                text.push(character);
            }
            ',' if !quoted => {
                text.push(',');
                text += &line(level);
            }
            ' ' if !quoted && text.ends_with(' ') => {}
            _ => text.push(character),
        }
    }
    text
}

#[test]
fn usual_messages_with_any_one_byte_changed_are_what_the_model_says() {
    let mut messages: Vec<String> = USUAL.iter().map(|message| message.to_string()).collect();
    messages.extend(USUAL[..5].iter().map(|message| indented(message)));
    let bytes = b"\"\\{}[],: \r\n\t019aet.-\x00\x1f\x7f\x80\xc3\xff";
    for message in &messages {
        for place in 0..message.len() {
            for &byte in bytes {
                for how in 0..3 {
                    // Changed, put in, left out; another message follows.
                    let mut stream = message.clone().into_bytes();
                    match how {
                        0 => stream[place] = byte,
                        1 => stream.insert(place, byte),
                        _ => drop(stream.remove(place)),
                    }
                    stream.extend_from_slice(b"\r\n");
                    stream.extend_from_slice(USUAL[0].as_bytes());
                    stream.extend_from_slice(b"\r\n");
                    check(place as u64, &stream, Role::Client, 1024, || steady(usize::MAX));
                    if how == 2 {
                        break;
                    }
                }
            }
        }
    }
}
