//! Commands with a selection: replies in elements and in pieces, against whole trees; whose reply it was; how a wait ends.

mod bodies;
mod common;
mod model;
mod selections;

use bodies::{Step, Tree, filtered, tree};
use common::Rng;
use common::generate;
use qmp_core::{Counts, Failure, Phase, Select, Selection, selection};
use selections::{Told, ask, feed, hear, random, ready, sizes, told};

/// The elements at the end of the members that `paths` have in common, each with what is selected of it.
fn elements(mut value: Tree, paths: &[&[Step]]) -> Option<Vec<(u32, Option<Tree>)>> {
    let members = paths[0].iter().take_while(|step| matches!(step, Step::Member(_))).count();
    for step in &paths[0][..members] {
        let Step::Member(name) = step else { unreachable!() };
        value = value.get(name)?.clone();
    }
    let Tree::Array(all) = value else { return None };
    let other = Tree::String("another element".into());
    let paths: Vec<&[Step]> = paths.iter().map(|path| &path[members..]).collect();
    Some(
        (0..all.len())
            .map(|index| {
                // In place of all others stands what no document has.
                let alone: Vec<Tree> = all
                    .iter()
                    .enumerate()
                    .map(|(at, one)| if at == index { one.clone() } else { other.clone() })
                    .collect();
                let only = filtered(&Tree::Array(alone), &paths).0;
                let kept = only.elements().iter().find(|left| **left != other).cloned();
                (index as u32, kept)
            })
            .collect(),
    )
}

#[test]
fn elements_come_one_by_one_and_are_counted() {
    let (mut delivered, mut oversized, mut arrays) = (0, 0, 0);
    random(60_000, |rng, selection, steps, whole, text, label| {
        let Ok(selection) = selection.elements() else { return };
        let select = Select::new(&selection);
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
        let selection = Selection::new(PATHS[usize::from(within)]).unwrap().pieces().unwrap();
        let mut select = Select::new(&selection);
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
fn element_that_may_be_wanted_and_does_not_fit_is_told() {
    const ADD: Selection<'_> = selection!["return[name=device_add]"];
    const EACH: Selection<'_> = selection![elements: "return[name=device_add]"];
    let big = |name: &str| format!("{{\"x\": \"{}\", \"name\": \"{name}\"}}", "y".repeat(300));
    let text = |id: u64| {
        let elements = [big("a"), "{\"name\": \"device_add\"}".into(), big("device_add"), big("b")].join(", ");
        format!("{{\"return\": [{elements}], \"id\": {id}}}\r\n")
    };
    let mut client = ready(128);
    let mut select = Select::new(&EACH);
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

const ALL: Selection<'_> = selection![elements: "return[*]"];

#[test]
fn stale_reply_is_abandoned_and_the_wait_goes_on() {
    const NAMES: Selection<'_> = selection![elements: "return[*].name"];
    let array = |id: &str| format!("{{\"return\": [{{\"name\": \"a\"}}, {{\"b\": 1}}, {{\"name\": 2}}]{id}}}\r\n");
    for chunk in [1, 5, 1000] {
        let mut client = ready(128);
        let mut select = Select::new(&NAMES);
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
    const NAMES: Selection<'_> = selection![elements: "return[*].name"];
    let mut client = ready(128);
    let mut select = Select::new(&NAMES);
    ask(&mut client, &mut select);
    let heard = hear(&mut client, &mut select, b"{\"return\": [{\"name\": 1}, {\"name", || 4);
    assert_eq!(heard, [Told::Begin, Told::Element(0, tree("{\"name\": 1}"))]);
    client.close();
    let rest: Vec<Told> = std::iter::from_fn(|| client.poll_select(Some(&mut select)).map(told)).collect();
    let cut = Told::Discarded("message cut off after 31 bytes".into());
    assert_eq!(rest, [Told::Abandoned, cut, Told::Failed(Failure::ConnectionLost)]);
    assert_eq!(client.phase(), Phase::Closed);
}

#[test]
fn poll_without_the_selection_abandons_what_has_begun_in_a_full_buffer_too() {
    let name = "n".repeat(44);
    let path = format!("return.{name}[*].x");
    let paths = [path.as_str()];
    let selection = Selection::new(&paths).unwrap().elements().unwrap();
    let head = format!("{{\"return\": {{\"{name}\": [");
    for room in [0, 1, 64] {
        let mut client = ready(head.len() + room);
        let mut select = Select::new(&selection);
        ask(&mut client, &mut select);
        feed(&mut client, head.as_bytes());
        assert_eq!(client.poll_select(Some(&mut select)).map(told), Some(Told::Begin));
        assert!(client.poll().is_none());
        let rest = b"{\"x\": 1}, {\"x\": 2}]}, \"id\": 2000005}\r\n";
        let heard = hear(&mut client, &mut select, rest, || 7);
        let [Told::Abandoned, Told::Failed(Failure::Oversized { .. })] = heard[..] else { panic!("{room}: {heard:?}") };
    }
}

#[test]
fn delivery_whose_message_ends_without_the_selection_is_abandoned_before_anything_else_is_told() {
    let event = b"{\"event\": \"STOP\"}\r\n";
    let oversized = Told::Failed(Failure::Oversized { bytes: 33, error: false });
    let cut = Told::Discarded("message cut off after 14 bytes".into());
    for (rest, ended) in [(", 2], \"id\": 2000005}\r\n", oversized), ("\n{\"return\": 1}\r\n", cut)] {
        let mut client = ready(128);
        let mut select = Select::new(&ALL);
        ask(&mut client, &mut select);
        let heard = hear(&mut client, &mut select, b"{\"return\": [1", || 4);
        assert_eq!(heard, [Told::Begin]);
        feed(&mut client, rest.as_bytes());
        assert_eq!(client.poll().map(told), Some(ended));
        while client.poll().is_some() {}
        let heard = hear(&mut client, &mut select, event, || 50);
        assert_eq!(heard, [Told::Abandoned, Told::Event("STOP".into())]);
        // Once.
        assert_eq!(hear(&mut client, &mut select, event, || 50), [Told::Event("STOP".into())]);
    }
}

#[test]
fn reset_abandons_what_has_begun() {
    let mut client = ready(128);
    let mut select = Select::new(&ALL);
    ask(&mut client, &mut select);
    assert_eq!(
        hear(&mut client, &mut select, b"{\"return\": [1, 2", || 50),
        [Told::Begin, Told::Element(0, tree("1"))]
    );
    client.reset();
    let rest: Vec<Told> = std::iter::from_fn(|| client.poll_select(Some(&mut select)).map(told)).collect();
    assert_eq!(rest, [Told::Failed(Failure::ConnectionLost), Told::Abandoned]);
}
