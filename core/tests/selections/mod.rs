//! What the tests of selections share: documents with paths into them, and a client that is asked with a selection.

#![allow(dead_code, reason = "each test uses its part")]

use crate::bodies::{Path, Step, Tree, tree, written};
use crate::common::Rng;
use crate::common::generate::{self, Value};
use qmp_core::{Client, Counts, Failure, Incoming, NEVER, Part, Select, Selection};

const NAMES: [&str; 8] = ["name", "a", "b", "file", "é", "x.y", "allow-oob", "["];
const TEXTS: [&str; 6] = ["a", "device_add", "", "true", "]", "é😀"];

/// A name or a text with its quotes, some characters as escapes now and then.
fn quoted(rng: &mut Rng, text: &str) -> String {
    let escape = rng.one_in(5);
    let mut out = String::from("\"");
    for char in text.chars() {
        match (escape && rng.one_in(2), char) {
            (true, _) => {
                let mut room = [0; 2];
                char.encode_utf16(&mut room).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04X}")));
            }
            (false, '"' | '\\') => out.extend(['\\', char]),
            (false, '\n') => out.push_str("\\n"),
            (false, _) => out.push(char),
        }
    }
    out.push('"');
    out
}

/// A document in which paths find something.
fn document(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 4 } else { 10 }) {
        0 => Value::Scalar(rng.pick(&["true", "null", "false", "5", "-1.5e3", "0"]).to_string()),
        1..4 => {
            let text = rng.pick(&TEXTS);
            Value::Scalar(quoted(rng, text))
        }
        4..7 => Value::Array((0..rng.below(6)).map(|_| document(rng, depth - 1)).collect()),
        _ => {
            let mut names = NAMES.to_vec();
            let members = (0..rng.below(5)).map(|_| {
                let name = names.remove(rng.below(names.len()));
                (quoted(rng, name), document(rng, depth - 1))
            });
            Value::Object(members.collect::<Vec<_>>())
        }
    }
}

/// A path that leads somewhere in `tree`, or nearly.
fn path(rng: &mut Rng, mut tree: &Tree) -> Path {
    let mut path = vec![Step::Member("return".into())];
    while path.len() < 8 && !rng.one_in(4) {
        match tree {
            Tree::Array(elements) if !elements.is_empty() => {
                let index = rng.below(elements.len());
                tree = &elements[index];
                path.push(match (rng.below(4), tree) {
                    (0, _) => Step::Index(index + rng.below(2)),
                    (1 | 2, Tree::Object(members)) if !members.is_empty() => {
                        let (name, value) = &members[rng.below(members.len())];
                        if name.contains(['.', '[']) {
                            return path;
                        }
                        let value = match value {
                            Tree::String(text) => text.clone(),
                            Tree::Bool(value) => value.to_string(),
                            Tree::Integer(value) => value.to_string(),
                            _ => "null".into(),
                        };
                        Step::Match(name.clone(), value)
                    }
                    _ => Step::All,
                });
            }
            Tree::Object(members) if !members.is_empty() => {
                let (name, value) = &members[rng.below(members.len())];
                path.push(Step::Member(name.clone()));
                tree = value;
            }
            _ => break,
        }
    }
    path
}

/// In command mode; 1000005 was the negotiation's id.
pub(crate) fn ready(capacity: usize) -> Client<Vec<u8>> {
    let mut client = Client::new(5, vec![b'"'; capacity]);
    let mut out = [0; 128];
    feed(&mut client, b"{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Greeting(_))));
    assert!(client.poll().is_none());
    client.negotiate(true, NEVER, &mut out).unwrap();
    feed(&mut client, b"{\"return\": {}, \"id\": 1000005}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Ready { .. })));
    assert!(client.poll().is_none());
    client
}

pub(crate) fn feed(client: &mut Client<Vec<u8>>, bytes: &[u8]) {
    client.window()[..bytes.len()].copy_from_slice(bytes);
    client.commit(bytes.len()).unwrap();
}

/// What a client says, owned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    Begin,
    Element(u32, Tree),
    Oversized(u32),
    Piece(Vec<u8>),
    End(Counts),
    Abandoned,
    Return(Tree),
    Error(String),
    Event(String),
    Failed(Failure),
    Unmatched,
    Discarded(String),
}

pub(crate) fn told(incoming: Incoming<'_>) -> Told {
    let value = |value: qmp_core::Json<'_>| tree(&value.to_string());
    match incoming {
        Incoming::Part(Part::Begin) => Told::Begin,
        Incoming::Part(Part::Element { index, value: element }) => Told::Element(index, value(element)),
        Incoming::Part(Part::Oversized { index }) => Told::Oversized(index),
        Incoming::Part(Part::Piece(piece)) => Told::Piece(piece.to_vec()),
        Incoming::Part(Part::End(counts)) => Told::End(counts),
        Incoming::Part(Part::Abandoned) => Told::Abandoned,
        Incoming::Reply(reply) => match reply.result() {
            Ok(result) => Told::Return(value(result)),
            Err(error) => Told::Error(error.to_string()),
        },
        Incoming::Event(event) => Told::Event(event.name().to_string()),
        Incoming::Failed { failure, .. } => Told::Failed(failure),
        Incoming::Unmatched(_) => Told::Unmatched,
        Incoming::Discarded(report) => Told::Discarded(report.to_string()),
        other => panic!("{other:?}"),
    }
}

/// What a client says to these bytes in pieces of those sizes.
pub(crate) fn hear(
    client: &mut Client<Vec<u8>>,
    select: &mut Select<'_>,
    mut bytes: &[u8],
    mut chunk: impl FnMut() -> usize,
) -> Vec<Told> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let window = client.window();
        let length = chunk().clamp(1, window.len().min(bytes.len()));
        assert!(length > 0, "no room");
        window[..length].copy_from_slice(&bytes[..length]);
        client.commit(length).unwrap();
        bytes = &bytes[length..];
        while let Some(incoming) = client.poll_select(Some(select)) {
            all.push(told(incoming));
        }
    }
    all
}

pub(crate) fn ask(client: &mut Client<Vec<u8>>, select: &mut Select<'_>) -> u64 {
    client.execute_raw_select("query", None, false, Some(select), NEVER, &mut [0; 128]).unwrap().1.get()
}

/// Calls `check` with random documents, selections made for them, and what arrives.
pub(crate) fn random(seeds: u64, mut check: impl FnMut(&mut Rng, &Selection<'_>, &[&[Step]], &Tree, &str, String)) {
    for seed in 0..seeds {
        let mut rng = Rng::new(seed);
        let document = document(&mut rng, 5);
        let style = generate::style(&mut rng);
        let text =
            Value::Object(vec![("\"return\"".into(), document), ("\"id\"".into(), Value::Scalar("2000005".into()))])
                .write(style, "\r\n", &mut rng);
        let Tree::Object(message) = tree(&text) else { unreachable!() };
        let paths: Vec<Path> = (0..1 + rng.below(3)).map(|_| path(&mut rng, &message[0].1)).collect();
        let texts: Vec<String> = paths.iter().map(|path| written(path, rng.one_in(2))).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let selection = Selection::new(&texts).unwrap_or_else(|error| panic!("seed {seed}: {error}: {texts:?}"));
        let steps: Vec<&[Step]> = paths.iter().map(|path| &path[1..]).collect();
        let label = format!("seed {seed}, {texts:?}, {style:?} of {text}");
        check(&mut rng, &selection, &steps, &message[0].1, &text, label);
    }
}

pub(crate) fn sizes(rng: &mut Rng) -> impl FnMut() -> usize {
    let most = rng.pick(&[1, 3, 20, 100, 10_000]);
    let mut rng = Rng::new(rng.next());
    move || 1 + rng.below(most)
}
