//! Sessions that begin on a line that has had others, and arguments that no JSON can hold.

use std::collections::BTreeMap;

use qmp_core::{
    Client, CommandId, ExecuteError, Failure, Incoming, NEVER, Named, Part, Phase, Select, Selection, Slot, selection,
};
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

const GREETING: &str = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n";

fn hear(client: &mut Client<[u8; 512]>, text: &str) {
    client.window()[..text.len()].copy_from_slice(text.as_bytes());
    client.commit(text.len()).unwrap();
}

#[test]
fn greeting_that_was_in_the_line_before_attaching_does_not_keep_it_from_succeeding() {
    let mut out = [0; 96];
    let mut client = Client::new(5, [0; 512]);
    client.attach(NEVER, &mut out).unwrap();
    hear(&mut client, GREETING);
    assert!(matches!(client.poll(), Some(Incoming::Greeting(_))));
    client.negotiate(true, NEVER, &mut out).unwrap();
    // The server had taken the first one: to the second it says that it is in command mode.
    hear(&mut client, "{\"return\": {}, \"id\": 1000005}\r\n");
    assert!(client.poll().is_none());
    hear(&mut client, "{\"id\": 2000005, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"complete\"}}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Ready { oob: None })));
    assert_eq!((client.phase(), client.late_replies()), (Phase::Command, 1));
}

#[test]
fn later_negotiation_is_not_an_attachment() {
    let mut out = [0; 96];
    let mut client = Client::new(5, [0; 512]);
    client.attach(NEVER, &mut out).unwrap();
    hear(&mut client, "{\"return\": {}, \"id\": 1000005}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Ready { oob: Some(false) })));
    hear(&mut client, GREETING);
    assert!(matches!(client.poll(), Some(Incoming::Greeting(_))));
    client.negotiate(false, NEVER, &mut out).unwrap();
    hear(&mut client, "{\"id\": 2000005, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"\"}}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Refused(_))));
}

/// Attached, in command mode.
fn attached() -> Client<[u8; 512]> {
    let mut client = Client::new(5, [0; 512]);
    client.attach(NEVER, &mut [0; 96]).unwrap();
    hear(&mut client, "{\"return\": {}, \"id\": 1000005}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Ready { .. })));
    client
}

fn is_lost(incoming: Option<Incoming<'_>>, whose: CommandId) -> bool {
    matches!(incoming, Some(Incoming::Failed { id, failure: Failure::ConnectionLost }) if id == whose)
}

#[test]
fn synchronising_ends_what_was_open() {
    const NAMES: Selection<'_> = selection![elements: "return[*].name"];
    let mut out = [0; 128];
    for (selects, closes) in [(false, false), (true, false), (false, true), (true, true)] {
        let mut client = attached();
        let mut select = Select::new(&NAMES);
        let with = selects.then_some(&mut select);
        let (_, first) = client.execute_raw_select("guest-info", None, false, with, NEVER, &mut out).unwrap();
        if closes {
            client.close();
        }
        assert_eq!(client.synchronise(NEVER, &mut out[..20]), Err(ExecuteError::OutputTooSmall));
        client.synchronise(9, &mut out).unwrap();
        assert_eq!((client.phase(), client.next_deadline()), (Phase::Negotiating, Some(9)));
        assert!(is_lost(client.poll(), first));
        // The agent was not idle.
        hear(&mut client, "{\"return\": [{\"name\": 1}], \"id\": 2000005}\n");
        assert!(client.poll().is_none());
        assert_eq!(client.late_replies(), 1);
        // An attempt later, which ends nothing more, the first one is answered.
        client.synchronise(NEVER, &mut out).unwrap();
        hear(&mut client, "{\"return\": 3000005, \"id\": 3000005}\n");
        assert!(matches!(client.poll(), Some(Incoming::Ready { oob: Some(false) })));
        assert_eq!(client.phase(), Phase::Command);
        client.execute_raw_select("guest-info", None, false, Some(&mut select), NEVER, &mut out).unwrap();
    }
}

#[test]
fn event_that_an_abandoned_delivery_holds_back_is_told_after_what_synchronising_ends() {
    const ALL: Selection<'_> = selection![elements: "return[*]"];
    let mut out = [0; 128];
    let mut client = attached();
    let mut select = Select::new(&ALL);
    let (_, id) = client.execute_raw_select("x", None, false, Some(&mut select), NEVER, &mut out).unwrap();
    hear(&mut client, "{\"return\": [1, 2]}\n");
    let mut parts = 0;
    while !matches!(client.poll_select(Some(&mut select)), Some(Incoming::Part(Part::Abandoned))) {
        parts += 1;
    }
    assert_eq!(parts, 3);
    client.synchronise(NEVER, &mut out).unwrap();
    assert!(is_lost(client.poll(), id));
    assert!(matches!(client.poll(), Some(Incoming::Unmatched(_))));
    assert!(client.poll().is_none());
}

#[test]
fn session_that_begins_anew_before_its_end_was_told_goes_on() {
    for synchronises in [false, true] {
        let mut out = [0; 128];
        let mut client = Client::new(5, [0; 512]);
        client.attach(NEVER, &mut out).unwrap();
        hear(&mut client, "{\"event\": \"STO");
        assert!(client.poll().is_none());
        client.close();
        let begun = if synchronises { client.synchronise(7, &mut out) } else { client.attach(7, &mut out) };
        begun.unwrap();
        assert!(client.poll().is_none());
        assert_eq!((client.phase(), client.next_deadline()), (Phase::Negotiating, Some(7)));
        // The line has not ended either.
        hear(&mut client, "P\"}\r\n{\"return\": {}, \"id\": 2000005}\r\n");
        assert!(matches!(client.poll(), Some(Incoming::Event(event)) if event.name() == "STOP"));
        assert!(matches!(client.poll(), Some(Incoming::Ready { .. })));
        assert_eq!(client.phase(), Phase::Command);
    }
}

/// What is written of a command with these arguments.
fn written(arguments: impl Serialize) -> Result<String, ExecuteError> {
    let mut out = [0; 256];
    let mut client = Client::with_slots(5, [0; 512], [Slot::FREE; 1]);
    for text in [GREETING, "{\"return\": {}, \"id\": 1000005}\r\n"] {
        client.window()[..text.len()].copy_from_slice(text.as_bytes());
        client.commit(text.len()).unwrap();
        client.poll().unwrap();
        let _ = client.negotiate(false, NEVER, &mut out);
    }
    let (length, _) = client.execute(&Named { name: "x", arguments }, NEVER, &mut out)?;
    let line = String::from_utf8(out[..length].to_vec()).unwrap();
    let value: serde_json::Value = serde_json::from_str(&line).expect("a command is JSON");
    Ok(value.get("arguments").map(|arguments| arguments.to_string()).unwrap_or_default())
}

#[derive(Serialize)]
struct Of<T> {
    a: T,
}

#[derive(Serialize)]
enum Variant {
    Unit,
    Newtype(u8),
    Tuple(u8, bool),
    Struct { b: u8 },
}

struct Unwilling;

impl Serialize for Unwilling {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom("no"))
    }
}

/// Writes a map's names (`k`) and values (`v`) in an order of its own.
struct Turns(&'static str);

impl Serialize for Turns {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for turn in self.0.chars() {
            if turn == 'k' { map.serialize_key("a")? } else { map.serialize_value("b")? }
        }
        map.end()
    }
}

#[test]
fn arguments_of_every_shape_are_written_as_serde_json_would() {
    fn same(arguments: impl Serialize) {
        let expected = serde_json::to_value(&arguments).unwrap().to_string();
        assert_eq!(written(&arguments).as_deref(), Ok(&*expected));
    }
    same(Of { a: 'x' });
    same(Of { a: "quote \" backslash \\ control \u{1} line\n 😀" });
    same(Of { a: (i64::MIN, u64::MAX, -1i8) });
    same(Of { a: [Some(true), None] });
    same(Of { a: [1.5, -0.25, 1e300, 1e-7, 123.456] });
    same(Of { a: [Variant::Unit, Variant::Newtype(1), Variant::Tuple(1, true), Variant::Struct { b: 2 }] });
    same(BTreeMap::from([("b", 1), ("a", 2)]));
    same(Of { a: Of { a: Vec::<u8>::new() } });
    same(BTreeMap::from([('c', Variant::Unit)]));
    same(Turns("kv"));
    assert_eq!(written(Of { a: 100.0 }).as_deref(), Ok("{\"a\":100}"));
    assert_eq!(written(Of { a: i128::from(i64::MAX) + 1 }).as_deref(), Ok("{\"a\":9223372036854775808}"));
}

#[test]
fn arguments_that_no_json_object_can_hold_are_refused_and_never_panic() {
    for refused in [
        written(Of { a: f64::NAN }),
        written(Of { a: f32::INFINITY }),
        written(Of { a: Unwilling }),
        written(Unwilling),
        written(BTreeMap::from([(1, 1)])),
        written(BTreeMap::from([([1], 1)])),
        written(Turns("k")),
        written(Turns("v")),
        written(Turns("kvk")),
        written(Turns("kkv")),
        written(Turns("kvv")),
        written(Of { a: Turns("kkvv") }),
        written([1]),
        written("x"),
        written(()),
    ] {
        assert_eq!(refused, Err(ExecuteError::InvalidArguments));
    }
    assert_eq!(written(Of { a: "x".repeat(300) }), Err(ExecuteError::OutputTooSmall));
}

/// Keeps to itself what becomes of its parts.
enum Careless {
    Element,
    Key,
    KeyInTurn,
    Entry,
    Open,
}

impl Serialize for Careless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Self::Element | Self::Open = self {
            let mut list = serializer.serialize_seq(None)?;
            list.serialize_element(&1)?;
            let _ = if let Self::Element = self {
                list.serialize_element(&f64::NAN)
            } else {
                list.serialize_element(&HalfDone)
            };
            return list.end();
        }
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Key => {
                let _ = map.serialize_key(&5);
                map.serialize_value(&1)?;
            }
            Self::KeyInTurn => {
                let _ = map.serialize_value(&1);
                map.serialize_entry("a", &1)?;
            }
            _ => {
                let _ = map.serialize_entry("a", &f64::NAN);
            }
        }
        map.end()
    }
}

struct HalfDone;

impl Serialize for HalfDone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        list.serialize_element(&1)?;
        Err(S::Error::custom("no"))
    }
}

#[test]
fn arguments_of_a_type_that_swallows_an_error_are_refused() {
    for careless in [Careless::Element, Careless::Key, Careless::KeyInTurn, Careless::Entry, Careless::Open] {
        assert_eq!(written(Of { a: &careless }), Err(ExecuteError::InvalidArguments));
    }
    assert_eq!(written(Careless::Entry), Err(ExecuteError::InvalidArguments));
    assert_eq!(written(Of { a: ("x".repeat(300), Careless::Entry) }), Err(ExecuteError::InvalidArguments));
}

#[test]
fn client_lives_in_a_static_and_in_any_storage() {
    static IDLE: Client<[u8; 64]> = Client::new(1, [0; 64]);
    let mut bytes = [0u8; 512];
    let mut slots = [Slot::FREE; 2];
    let mut borrowed = Client::with_slots(1, &mut bytes[..], &mut slots[..]);
    let mut boxed = Client::new(1, vec![0u8; 512].into_boxed_slice());
    let mut vector = Client::new(1, heapless::Vec::<u8, 512>::from_slice(&[0; 512]).unwrap());
    assert_eq!(IDLE.phase(), Phase::Greeting);
    for window in [borrowed.window(), boxed.window(), vector.window()] {
        assert_eq!(window.len(), 512);
        window[..GREETING.len()].copy_from_slice(GREETING.as_bytes());
    }
    borrowed.commit(GREETING.len()).unwrap();
    boxed.commit(GREETING.len()).unwrap();
    vector.commit(GREETING.len()).unwrap();
    assert!(matches!(borrowed.poll(), Some(Incoming::Greeting(_))));
    assert!(matches!(boxed.poll(), Some(Incoming::Greeting(_))));
    assert!(matches!(vector.poll(), Some(Incoming::Greeting(_))));
}
