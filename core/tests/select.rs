//! Selections: random documents against a filter over whole trees, in all three deliveries; and whose reply it was.

mod bodies;
mod common;
mod model;

use bodies::{Path, Step, Tree, filtered, tree, written};
use common::Rng;
use common::generate::{self, Style, Value};
use qmp_core::{
    Client, Counts, Discarded, ExecuteError, Failure, FrameReader, Incoming, Message, NEVER, Part, Phase, Role, Select,
    Selection, SelectionError, selection,
};

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
fn ready(capacity: usize) -> Client<Vec<u8>> {
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

fn feed(client: &mut Client<Vec<u8>>, bytes: &[u8]) {
    client.window()[..bytes.len()].copy_from_slice(bytes);
    client.commit(bytes.len()).unwrap();
}

/// What a client says, owned.
#[derive(Clone, Debug, PartialEq)]
enum Told {
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

fn told(incoming: Incoming<'_>) -> Told {
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
fn hear(
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
        while let Some(incoming) = client.poll_select(select) {
            all.push(told(incoming));
        }
    }
    all
}

fn ask(client: &mut Client<Vec<u8>>, select: &mut Select<'_>) -> u64 {
    client.execute_raw_select("query", None, select, NEVER, &mut [0; 128]).unwrap().1.get()
}

/// Calls `check` with random documents, selections made for them, and what arrives.
fn random(seeds: u64, mut check: impl FnMut(&mut Rng, &Selection<'_>, &[&[Step]], &Tree, &str, String)) {
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

fn sizes(rng: &mut Rng) -> impl FnMut() -> usize {
    let most = rng.pick(&[1, 3, 20, 100, 10_000]);
    let mut rng = Rng::new(rng.next());
    move || 1 + rng.below(most)
}

#[test]
fn what_is_left_is_what_a_filter_over_the_whole_tree_leaves() {
    let (mut smaller, mut fitting) = (0, 0);
    random(30_000, |rng, selection, steps, whole, text, label| {
        let keeps = steps.iter().any(|path| path.is_empty()) || !matches!(whole, Tree::Array(_) | Tree::Object(_));
        let expected = if keeps { whole.clone() } else { filtered(whole, steps).0 };
        smaller += u32::from(format!("{expected:?}").len() < format!("{whole:?}").len());
        for capacity in [text.len() + 1, 64 + rng.below(text.len())] {
            let mut client = ready(capacity.max(64));
            let mut select = Select::new(selection);
            ask(&mut client, &mut select);
            let heard = hear(&mut client, &mut select, text.as_bytes(), sizes(rng));
            match &heard[..] {
                [Told::Failed(Failure::Oversized { bytes, error: false })] if capacity <= text.len() => {
                    assert_eq!(*bytes, text.len() as u64, "{label}");
                }
                _ => {
                    fitting += u32::from(capacity <= text.len());
                    assert_eq!(heard, [Told::Return(expected.clone())], "capacity {capacity}, {label}");
                }
            }
            assert_eq!(client.phase(), Phase::Command, "{label}");
        }
    });
    assert!(smaller > 4_000 && fitting > 2_000, "{smaller} were smaller, {fitting} fitted a small buffer");
}

/// The elements at the end of the members that `paths` have in common, each with what is selected of it.
fn elements(mut value: Tree, paths: &[&[Step]]) -> Option<Vec<(u32, Option<Tree>)>> {
    let members = paths[0].iter().take_while(|step| matches!(step, Step::Member(_))).count();
    for step in &paths[0][..members] {
        let Step::Member(name) = step else { unreachable!() };
        value = value.get(name)?.clone();
    }
    let Tree::Array(all) = value else { return None };
    let paths: Vec<&[Step]> = paths.iter().map(|path| &path[members..]).collect();
    Some(
        (0..all.len())
            .map(|index| {
                // All others are such as nothing fits.
                let alone: Vec<Tree> = all
                    .iter()
                    .enumerate()
                    .map(|(at, one)| if at == index { one.clone() } else { Tree::Null })
                    .collect();
                let only = filtered(&Tree::Array(alone), &paths).0;
                let kept =
                    only.elements().iter().find(|left| **left != Tree::Null || all[index] == Tree::Null).cloned();
                (index as u32, kept)
            })
            .collect(),
    )
}

#[test]
fn elements_come_one_by_one_and_are_counted() {
    let (mut delivered, mut oversized, mut arrays) = (0, 0, 0);
    random(60_000, |rng, selection, steps, whole, text, label| {
        let Ok(select) = Select::elements(selection) else { return };
        // What a null among the others would be is not to be told apart here.
        if text.contains("null") {
            return;
        }
        let expected = elements(whole.clone(), steps);
        arrays += u32::from(expected.is_some());
        for capacity in [text.len() + 1, 64 + rng.below(text.len())] {
            let mut client = ready(capacity.max(64));
            let mut select = select.clone();
            ask(&mut client, &mut select);
            let mut heard = hear(&mut client, &mut select, text.as_bytes(), sizes(rng));
            let fits = capacity > text.len();
            if !fits && matches!(heard.last(), Some(Told::Failed(Failure::Oversized { .. }))) {
                continue;
            }
            assert!(matches!(heard.pop(), Some(Told::Return(_))), "{label}: {heard:?}");
            let Some(expected) = &expected else {
                assert_eq!(heard, [], "{label}");
                continue;
            };
            let mut counts = Counts::default();
            let mut told = heard.iter();
            assert_eq!(told.next(), Some(&Told::Begin), "{label}");
            for (index, element) in expected {
                let Some(element) = element else {
                    // Of one that had to be held back nobody knows what the rest of the path leads to.
                    let held =
                        !fits && steps.iter().flat_map(|path| path.iter()).any(|step| matches!(step, Step::Match(..)));
                    if held && told.as_slice().first() == Some(&Told::Oversized(*index)) {
                        counts.oversized += 1;
                        told.next();
                    } else {
                        counts.dropped += 1;
                    }
                    continue;
                };
                match told.next() {
                    Some(Told::Oversized(at)) if !fits && at == index => counts.oversized += 1,
                    found => {
                        counts.delivered += 1;
                        assert_eq!(
                            found,
                            Some(&Told::Element(*index, element.clone())),
                            "capacity {capacity}, {label}"
                        );
                    }
                }
            }
            assert_eq!(told.as_slice(), [Told::End(counts)], "capacity {capacity}, {label}");
            (delivered, oversized) = (delivered + counts.delivered, oversized + counts.oversized);
        }
    });
    assert!(arrays > 2000 && delivered > 5000 && oversized > 100, "{arrays}, {delivered}, {oversized}");
}

#[test]
fn string_comes_piece_by_piece() {
    const PATHS: [&[&str]; 2] = [&["return"], &["return.text"]];
    for seed in 0..4000 {
        let mut rng = Rng::new(seed);
        let string = generate::string(&mut rng, 400);
        let Ok(expected) = serde_json::from_str::<String>(&string) else { continue };
        let within = rng.one_in(2);
        let value = if within { format!("{{\"a\": [1], \"text\": {string}, \"b\": 7}}") } else { string.clone() };
        let text = format!("{{\"return\": {value}, \"id\": 2000005}}\r\n");
        let capacity = rng.pick(&[64, 65, 80, 100, 512]);
        let selection = Selection::new(PATHS[usize::from(within)]).unwrap();
        let mut select = Select::pieces(&selection).unwrap();
        let mut client = ready(capacity);
        ask(&mut client, &mut select);
        let heard = hear(&mut client, &mut select, text.as_bytes(), sizes(&mut rng));
        let label = format!("seed {seed}, capacity {capacity}, {text}");
        let [Told::Begin, pieces @ .., Told::End(counts), Told::Return(left)] = &heard[..] else {
            panic!("{label}: {heard:?}")
        };
        let mut all = Vec::new();
        for piece in pieces {
            let Told::Piece(piece) = piece else { panic!("{label}: {piece:?}") };
            assert!(!piece.is_empty() && std::str::from_utf8(piece).is_ok(), "{label}");
            all.extend(piece);
        }
        assert_eq!(String::from_utf8_lossy(&all), expected, "{label}");
        assert_eq!(*counts, Counts { delivered: expected.len() as u32, ..Counts::default() }, "{label}");
        let empty = Tree::String(String::new());
        let rest = if within { Tree::Object(vec![("text".into(), empty)]) } else { empty };
        assert_eq!(*left, rest, "{label}");
    }
}

#[test]
fn envelope_is_kept_and_events_pass_whole() {
    const STATUS: Selection<'_> = selection!["return.status"];
    let stream = b"{\"QMP\": {\"version\": {}}, \"x\": 1}\r\n\
        {\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"x\": [], \"event\": \"STOP\", \"data\": {\"a\": 1}}\r\n\
        {\"id\": 5, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n\
        {\"re\\u0074urn\": {\"running\": true, \"st\\u0061tus\": \"paused\"}, \"id\": [1, {\"a\": 2}], \"x\": null}\r\n\
        {\"return\": 7}\r\n{\"return\": [1, {\"status\": 2}]}\r\n{\"return\": {\"running\": true}}\r\n";
    let mut reader = FrameReader::new(Role::Client, vec![0; 1024]);
    let mut select = Select::new(&STATUS);
    reader.window()[..stream.len()].copy_from_slice(stream);
    reader.commit(stream.len()).unwrap();
    let Some(Ok(Message::Greeting(greeting))) = reader.poll_select(&mut select) else { panic!() };
    assert_eq!(greeting.qmp().text(), b"{\"version\": {}}");
    let Some(Ok(Message::Event(event))) = reader.poll_select(&mut select) else { panic!() };
    assert_eq!(event.data().unwrap().text(), b"{\"a\": 1}");
    assert_eq!(event.timestamp().unwrap().microseconds, 2);
    let Some(Ok(Message::Error(error))) = reader.poll_select(&mut select) else { panic!() };
    assert_eq!(error.error().text(), b"{\"class\": \"GenericError\", \"desc\": \"no\"}");
    for expected in [&b"{\"st\\u0061tus\":\"paused\"}"[..], b"7", b"[]", b"{}"] {
        let Some(Ok(Message::Return(reply))) = reader.poll_select(&mut select) else { panic!() };
        assert_eq!(reply.value().text().escape_ascii().to_string(), expected.escape_ascii().to_string());
        if expected.len() > 10 {
            assert_eq!(reply.id().unwrap().text(), b"[1, {\"a\": 2}]");
        }
    }
    assert!(reader.poll_select(&mut select).is_none());
}

#[test]
fn poll_in_the_middle_of_a_selected_message_makes_it_oversized() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut reader = FrameReader::new(Role::Client, [0; 256]);
    let mut select = Select::new(&NAMES);
    let stream = b"{\"return\": [{\"name\": \"a\", \"b\": 1}, {\"b\": 2}], \"id\": 3}\r\n{\"return\": {}}\r\n";
    let (first, second) = stream.split_at(30);
    reader.window()[..first.len()].copy_from_slice(first);
    reader.commit(first.len()).unwrap();
    assert!(reader.poll_select(&mut select).is_none());
    assert!(reader.poll().is_none());
    reader.window()[..second.len()].copy_from_slice(second);
    reader.commit(second.len()).unwrap();
    let found = reader.poll();
    assert!(matches!(found, Some(Err(Discarded::Oversized { bytes: 54, id: Some(3), .. }))), "{found:?}");
    assert!(matches!(reader.poll_select(&mut select), Some(Ok(Message::Return(_)))));
}

#[test]
fn command_with_a_selection_is_alone() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut client = ready(256);
    let mut select = Select::new(&NAMES);
    let mut out = [0; 128];
    let (_, first) = client.execute_raw("stop", None, false, 10, &mut out).unwrap();
    assert_eq!(client.execute_raw_select("query", None, &mut select, 20, &mut out), Err(ExecuteError::NotAlone));
    assert!(client.cancel(first));
    let (_, id) = client.execute_raw_select("query", None, &mut select, 20, &mut out).unwrap();
    let refused = Err(ExecuteError::Phase(Phase::Selecting));
    for oob in [false, true] {
        assert_eq!(client.execute_raw("yank", None, oob, NEVER, &mut out), refused);
    }
    assert_eq!(client.execute_raw_select("query", None, &mut select, NEVER, &mut out), Err(ExecuteError::NotAlone));
    assert_eq!(client.attach(NEVER, &mut out), Err(ExecuteError::Phase(Phase::Selecting)));
    // A deadline, a cancelled command, a reply and an error end it.
    assert_eq!(client.next_deadline(), Some(20));
    client.handle_timeout(20);
    let failed = client.poll_select(&mut select).map(told);
    assert_eq!(failed, Some(Told::Failed(Failure::TimedOut)));
    assert_eq!(client.phase(), Phase::Command);
    let late = format!("{{\"return\": [{{\"name\": \"a\", \"x\": 1}}], \"id\": {}}}\r\n", id.get());
    feed(&mut client, late.as_bytes());
    assert!(client.poll().is_none());
    assert_eq!(client.late_replies(), 1);
    let (_, id) = client.execute_raw_select("query", None, &mut select, 20, &mut out).unwrap();
    assert!(client.cancel(id));
    assert_eq!(client.phase(), Phase::Command);
    let id = ask(&mut client, &mut select);
    let error = format!("{{\"id\": {id}, \"error\": {{\"class\": \"GenericError\", \"desc\": \"no\"}}}}\r\n");
    assert_eq!(hear(&mut client, &mut select, error.as_bytes(), || 7), [Told::Error("GenericError: no".into())]);
    client.execute_raw("stop", None, false, 10, &mut out).unwrap();
}

#[test]
fn stale_reply_is_abandoned_and_the_wait_goes_on() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let array = |id: &str| format!("{{\"return\": [{{\"name\": \"a\"}}, {{\"b\": 1}}, {{\"name\": 2}}]{id}}}\r\n");
    for chunk in [1, 5, 1000] {
        let mut client = ready(128);
        let mut select = Select::elements(&NAMES).unwrap();
        let id = ask(&mut client, &mut select);
        let stream = [
            array(", \"id\": 1000004"),
            "{\"event\": \"STOP\"}\r\n".into(),
            array(""),
            array(", \"id\": nul"),
            "{\"return\": [{\"name\": \"cut\"\n".into(),
            array(", \"return\": 1"),
            "{\"event\": \"RESUME\"}\r\n".into(),
            array(&format!(", \"id\": {id}")),
        ]
        .concat();
        let name = |text: &str| tree(&format!("{{\"name\": {text}}}"));
        let elements = [Told::Begin, Told::Element(0, name("\"a\"")), Told::Element(2, name("2"))];
        let mut expected = elements.to_vec();
        expected.extend([Told::Abandoned, Told::Unmatched, Told::Event("STOP".into())]);
        expected.extend(elements.clone());
        expected.extend([Told::Abandoned, Told::Unmatched]);
        expected.extend(elements.clone());
        expected.extend([
            Told::Abandoned,
            Told::Discarded("malformed message of 63 bytes: not JSON at byte 60".into()),
            Told::Begin,
            Told::Abandoned,
            Told::Discarded("message cut off after 27 bytes".into()),
        ]);
        expected.extend(elements.clone());
        expected.extend([
            Told::Abandoned,
            Told::Discarded("malformed message of 63 bytes: duplicate member at byte 63".into()),
            Told::Event("RESUME".into()),
        ]);
        expected.extend(elements);
        expected
            .extend([Told::End(Counts { delivered: 2, dropped: 1, oversized: 0 }), Told::Return(Tree::Array(vec![]))]);
        let heard = hear(&mut client, &mut select, stream.as_bytes(), || chunk);
        assert_eq!(heard, expected, "in pieces of {chunk}");
        assert_eq!(client.phase(), Phase::Command);
    }
}

#[test]
fn end_of_the_connection_abandons_what_has_begun() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut client = ready(128);
    let mut select = Select::elements(&NAMES).unwrap();
    ask(&mut client, &mut select);
    let heard = hear(&mut client, &mut select, b"{\"return\": [{\"name\": 1}, {\"name", || 4);
    assert_eq!(heard, [Told::Begin, Told::Element(0, tree("{\"name\": 1}"))]);
    client.close();
    let rest: Vec<Told> = std::iter::from_fn(|| client.poll_select(&mut select).map(told)).collect();
    let cut = Told::Discarded("message cut off after 31 bytes".into());
    assert_eq!(rest, [Told::Abandoned, cut, Told::Failed(Failure::ConnectionLost)]);
    assert_eq!(client.phase(), Phase::Closed);
}

#[test]
fn element_that_may_be_wanted_and_does_not_fit_is_told() {
    const ADD: Selection<'_> = selection!["return[name=device_add]"];
    let big = |name: &str| format!("{{\"x\": \"{}\", \"name\": \"{name}\"}}", "y".repeat(300));
    let text = |id: u64| {
        let elements = [big("a"), "{\"name\": \"device_add\"}".into(), big("device_add"), big("b")].join(", ");
        format!("{{\"return\": [{elements}], \"id\": {id}}}\r\n")
    };
    let mut client = ready(128);
    let mut select = Select::elements(&ADD).unwrap();
    let id = ask(&mut client, &mut select);
    let counts = Counts { delivered: 1, dropped: 2, oversized: 1 };
    let wanted = Told::Element(1, tree("{\"name\": \"device_add\"}"));
    let expected = [Told::Begin, wanted, Told::Oversized(2), Told::End(counts), Told::Return(Tree::Array(vec![]))];
    assert_eq!(hear(&mut client, &mut select, text(id).as_bytes(), || 50), expected);
    // A message from which it is missing is no reply.
    let mut select = Select::new(&ADD);
    let id = ask(&mut client, &mut select);
    let bytes = text(id).len() as u64 - 2;
    let heard = hear(&mut client, &mut select, text(id).as_bytes(), || 50);
    assert_eq!(heard, [Told::Failed(Failure::Oversized { bytes, error: false })]);
}

#[test]
fn paths_that_are_none_are_refused() {
    let syntax = |path: &'static str, at: usize| {
        let found = Selection::new(&["return", path]).err();
        assert_eq!(found, Some(SelectionError::Syntax { path: 1, at }), "{path}");
    };
    syntax("", 0);
    syntax(".return", 0);
    syntax("[*]", 0);
    syntax("return.", 6);
    syntax("return..a", 6);
    syntax("return[", 6);
    syntax("return[*", 6);
    syntax("return[]", 6);
    syntax("return[-1]", 6);
    syntax("return[4294967296]", 6);
    syntax("return[*]a", 9);
    syntax("return[name]", 6);
    syntax("return[name=]", 6);
    syntax("return[=a]", 6);
    syntax("return[name=\"a]", 6);
    syntax("return[\"a]", 6);
    syntax("return]", 6);
    syntax("return.a=b", 8);
    let nine = ["a"; 9].join(".");
    assert_eq!(Selection::new(&[&nine]).err(), Some(SelectionError::TooDeep { path: 0 }));
    assert!(Selection::new(&[&nine[2..]]).is_ok());
    let long = "a".repeat(256);
    assert_eq!(Selection::new(&["a", &long]).err(), Some(SelectionError::TooLong { path: 1 }));
    assert!(Selection::new(&[&long[1..]]).is_ok());
    assert_eq!(Selection::new(&[]).err(), Some(SelectionError::Paths));
    assert_eq!(Selection::new(&["a"; 9]).err(), Some(SelectionError::Paths));
    assert!(Selection::new(&["return[4294967295]", "a[name=\"\"]", "a[b=c d][\"x.y\"].z", "return[*][*]"]).is_ok());
    for (paths, whole) in
        [(&["return[*].a", "return[3]"][..], true), (&["return.a", "return[*]"], false), (&["return"], false)]
    {
        let selection = Selection::new(paths).unwrap();
        assert_eq!(Select::elements(&selection).is_ok(), whole, "{paths:?}");
        assert_eq!(Select::pieces(&selection).is_ok(), paths == ["return"], "{paths:?}");
    }
}

#[test]
fn every_capture_is_filtered_alike_however_it_is_cut() {
    const PATHS: [&str; 5] =
        ["return[*].name", "return[2]", "return[name=device_add].arg-type", "return.qemu.major", "data.action"];
    let steps: [Path; 5] = {
        let member = |name: &str| Step::Member(name.into());
        [
            vec![Step::All, member("name")],
            vec![Step::Index(2)],
            vec![Step::Match("name".into(), "device_add".into()), member("arg-type")],
            vec![member("qemu"), member("major")],
            vec![member("action")],
        ]
    };
    let into: Vec<&[Step]> = steps[..4].iter().map(Vec::as_slice).collect();
    let selection = Selection::new(&PATHS).unwrap();
    let mut returns = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures")).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|extension| extension != "bin") || file.to_string_lossy().contains(".client.") {
            continue;
        }
        let stream = std::fs::read(&file).unwrap();
        let read = |chunk: usize, select: Option<&mut Select<'_>>| {
            let mut reader = FrameReader::new(Role::Client, vec![0; 300_000]);
            let mut all = Vec::new();
            let mut select = select;
            for bytes in stream.chunks(chunk) {
                reader.window()[..bytes.len()].copy_from_slice(bytes);
                reader.commit(bytes.len()).unwrap();
                while let Some(item) = match &mut select {
                    Some(select) => reader.poll_select(select),
                    None => reader.poll(),
                } {
                    all.push(match item {
                        Ok(Message::Return(reply)) => {
                            Ok((tree(&reply.value().to_string()), reply.id().map(|id| id.to_string())))
                        }
                        other => Err(format!("{other:?}")),
                    });
                }
            }
            all
        };
        let mut expected = read(stream.len(), None);
        for (value, _) in expected.iter_mut().flatten() {
            returns += 1;
            if matches!(value, Tree::Array(_) | Tree::Object(_)) {
                *value = filtered(value, &into).0;
            }
        }
        for chunk in [1, 7, 1460, stream.len()] {
            let got = read(chunk, Some(&mut Select::new(&selection)));
            // What is left of the data of an event is for another test.
            let returns =
                |items: &[Result<_, String>]| items.iter().filter(|item| item.is_ok()).cloned().collect::<Vec<_>>();
            assert_eq!(returns(&got), returns(&expected), "{} in pieces of {chunk}", file.display());
            assert_eq!(got.len(), expected.len());
        }
    }
    assert!(returns > 50, "{returns} returns");
}

#[test]
fn style_does_not_matter() {
    const FILES: Selection<'_> = selection!["return[*].device", "return[*].inserted.file"];
    let text = "[{\"device\": \"a\", \"x\": [{}], \"inserted\": {\"ro\": false, \"file\": \"f\"}}, {\"x\": 1}, {\"inserted\": {}}]";
    let value: Value = Value::Scalar(text.into());
    let mut rng = Rng::new(1);
    let _ = value.write(Style::Compact, "\n", &mut rng);
    let pretty = text.replace("{\"", "{\r\n        \"").replace(", ", ",\r\n        ");
    for text in [text, &pretty] {
        let mut client = ready(128);
        let mut select = Select::new(&FILES);
        let id = ask(&mut client, &mut select);
        let stream = format!("{{\"return\": {text}, \"id\": {id}}}\r\n");
        let heard = hear(&mut client, &mut select, stream.as_bytes(), || 9);
        let left = tree("[{\"device\": \"a\", \"inserted\": {\"file\": \"f\"}}]");
        assert_eq!(heard, [Told::Return(left)]);
    }
}
