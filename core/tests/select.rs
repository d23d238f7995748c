//! Selections: random documents against a filter over whole trees, captures, and which paths there are.

mod bodies;
mod common;
mod model;
mod selections;

use bodies::{Path, Step, Tree, filtered, tree};
use common::{Rng, generate};
use model::Role;
use qmp_core::{Discarded, Failure, FrameReader, Json, Message, Phase, Select, Selection, SelectionError, selection};
use selections::{Told, ask, hear, random, ready, sizes};

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

#[test]
fn style_does_not_matter() {
    const FILES: Selection<'_> = selection!["return[*].device", "return[*].inserted.file"];
    let text = "[{\"device\": \"a\", \"x\": [{}], \"inserted\": {\"ro\": false, \"file\": \"f\"}}, {\"x\": 1}, {\"inserted\": {}}]";
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
            let mut reader = FrameReader::new(vec![0; 300_000]);
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
fn envelope_is_kept_and_events_pass_whole() {
    const STATUS: Selection<'_> = selection!["return.status"];
    let stream = b"{\"QMP\": {\"version\": {}}, \"x\": 1}\r\n\
        {\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"x\": [], \"event\": \"STOP\", \"data\": {\"a\": 1}}\r\n\
        {\"id\": 5, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n\
        {\"re\\u0074urn\": {\"running\": true, \"st\\u0061tus\": \"paused\"}, \"id\": [1, {\"a\": 2}], \"x\": null}\r\n\
        {\"return\": 7}\r\n{\"return\": [1, {\"status\": 2}]}\r\n{\"return\": {\"running\": true}}\r\n";
    let mut reader = FrameReader::new(vec![0; 1024]);
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
fn name_or_value_that_looks_like_the_rest_of_a_path_is_none() {
    let cases: [(&[&str], &str, &str); 5] = [
        (&["return.a[0][*]", "x[1]"], "{\"a[0][*]\": 1, \"a[0]\": 2, \"a\": 3}", "{}"),
        (&["return.a.b"], "{\"a.b\": 1, \"a\": {\"b\": 2}}", "{\"a\":{\"b\":2}}"),
        (&["return[\"a\"]"], "{\"a\\\"]\": 1, \"a\": 2}", "{\"a\":2}"),
        (&["return[n=v]"], "[{\"n\": \"v]\"}, {\"n=v]\": 1}, {\"n\": \"v\"}]", "[{\"n\": \"v\"}]"),
        (&["return[n=v].a"], "[{\"n\": \"v].a\", \"a\": 1}, {\"n\": \"v\", \"a\": 2}]", "[{\"a\":2}]"),
    ];
    for (paths, value, expected) in cases {
        for chunk in [1, 1000] {
            let selection = Selection::new(paths).unwrap();
            let mut client = ready(512);
            let mut select = Select::new(&selection);
            let id = ask(&mut client, &mut select);
            let stream = format!("{{\"return\": {value}, \"id\": {id}}}\r\n");
            let heard = hear(&mut client, &mut select, stream.as_bytes(), || chunk);
            assert_eq!(heard, [Told::Return(tree(expected))], "{paths:?} in pieces of {chunk}");
        }
    }
}

#[test]
fn poll_in_the_middle_of_a_selected_message_makes_it_oversized() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut reader = FrameReader::new([0; 256]);
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
    assert!(
        matches!(found, Some(Err(Discarded::Oversized(message))) if (message.bytes(), message.id()) == (54, Some(3))),
        "{found:?}"
    );
    assert!(matches!(reader.poll_select(&mut select), Some(Ok(Message::Return(_)))));
}

#[test]
fn message_that_a_plain_poll_finds_too_long_is_not_filtered_after_one_that_was() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    for chunk in 1..30 {
        let mut reader = FrameReader::new([0; 64]);
        let mut select = Select::new(&NAMES);
        let long = format!("{{\"return\": \"{}\"}}\r\n", "a".repeat(103));
        let stream = format!("{{\"return\": [{{\"name\": \"a\"}}]}}\r\n{long}{{\"return\": {{}}}}\r\n");
        let (first, second) = stream.split_at(stream.len() - long.len() - 16);
        let (second, third) = second.split_at(90);
        let mut found = Vec::new();
        for (number, part) in [first, second, third].into_iter().enumerate() {
            let mut rest = part.as_bytes();
            while !rest.is_empty() {
                let window = reader.window();
                let (bytes, after) = rest.split_at(chunk.min(window.len()).min(rest.len()));
                window[..bytes.len()].copy_from_slice(bytes);
                reader.commit(bytes.len()).unwrap();
                rest = after;
                while let Some(item) = match number {
                    // Once the filtered message has been told, and in the middle of the next one.
                    0 if !found.is_empty() => reader.poll(),
                    1 => reader.poll(),
                    _ => reader.poll_select(&mut select),
                } {
                    found.push(match item {
                        Ok(message) => (matches!(message, Message::Return(_)), 0),
                        Err(Discarded::Oversized(message)) => (true, message.bytes()),
                        Err(other) => panic!("{other:?} in pieces of {chunk}"),
                    });
                }
            }
        }
        assert_eq!(found, [(true, 0), (true, long.len() as u64 - 2), (true, 0)], "in pieces of {chunk}");
    }
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
        assert_eq!(selection.elements().is_ok(), whole, "{paths:?}");
        assert_eq!(selection.pieces().is_ok(), paths == ["return"], "{paths:?}");
    }
}

/// What is said of a message is JSON, whatever was left out.
fn check(message: Message<'_>, label: u64) {
    let value = match message {
        Message::Return(reply) => Some(reply.value()),
        Message::Event(event) => event.data(),
        _ => None,
    };
    if let Some(value) = value {
        assert!(Json::parse(value.text()).is_ok(), "seed {label}: {value}");
    }
}

#[test]
fn selections_that_are_changed_within_a_message_leave_the_link_in_step() {
    let wanted = [selection!["return[*].a", "data.x"], selection!["return.b", "return[a=b]", "data"]];
    for seed in 0..6000 {
        let mut rng = Rng::new(seed);
        let capacity = rng.pick(&[64, 128, 512]);
        // Two streams, and two selections for both.
        let mut streams = [(); 2].map(|()| generate::stream(&mut rng, Role::Client, 128));
        let mut readers = [(); 2].map(|()| FrameReader::new(vec![b'{'; capacity]));
        let mut selects = wanted.each_ref().map(Select::new);
        let mut earlier = selects[0].clone();
        while streams.iter().any(|stream| !stream.is_empty()) {
            let place = rng.below(2);
            let (reader, stream) = (&mut readers[place], &mut streams[place]);
            let window = reader.window();
            assert!(!window.is_empty(), "seed {seed}");
            let length = window.len().min(stream.len()).min(1 + rng.below(40));
            window[..length].copy_from_slice(&stream[..length]);
            stream.drain(..length);
            reader.commit(length).unwrap();
            // They go elsewhere, and one is what the other was.
            match rng.below(12) {
                0 => selects.swap(0, 1),
                1 => selects[0] = selects[1].clone(),
                2 => earlier = selects[0].clone(),
                3 => core::mem::swap(&mut earlier, &mut selects[1]),
                _ => {}
            }
            while let Some(told) = match rng.below(8) {
                0 => reader.poll(),
                _ => reader.poll_select(&mut selects[rng.below(2)]),
            } {
                if let Ok(message) = told {
                    check(message, seed);
                }
            }
        }
    }
}
