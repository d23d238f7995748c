//! What a message says, whatever the order and spelling of its members, and what captures say after they were damaged.

mod common;
mod model;

use common::{Rng, generate, panics, read, shrink};
use model::Role;
use model::{Item, expect};
use qmp_core::{ErrorClass, Fault, FrameReader, Kind, Message, Source, Timestamp};

/// Looks at the one message that `text` is.
fn look<T>(role: Role, text: &str, at: impl FnOnce(Message<'_>) -> T) -> T {
    match role {
        Role::Client => look_from(FrameReader::new(vec![0; 1024]), text, at),
        Role::Server => look_from(FrameReader::of_client(vec![0; 1024]), text, at),
    }
}

fn look_from<S: Source, T>(mut reader: FrameReader<Vec<u8>, S>, text: &str, at: impl FnOnce(Message<'_>) -> T) -> T {
    reader.window()[..text.len()].copy_from_slice(text.as_bytes());
    reader.commit(text.len()).unwrap();
    match reader.poll() {
        Some(Ok(message)) => at(message),
        other => panic!("{text}: {other:?}"),
    }
}

/// Every order of `members`, as an object.
fn orders(members: &[&str]) -> Vec<String> {
    fn permute(rest: &[&str], chosen: &mut Vec<String>, out: &mut Vec<String>) {
        if rest.is_empty() {
            out.push(format!("{{{}}}", chosen.join(", ")));
        }
        for index in 0..rest.len() {
            let mut others = rest.to_vec();
            chosen.push(others.remove(index).to_string());
            permute(&others, chosen, out);
            chosen.pop();
        }
    }
    let mut out = Vec::new();
    permute(members, &mut Vec::new(), &mut out);
    out
}

fn kind(text: &str) -> Kind {
    look(Role::Client, text, |message| message.kind())
}

fn fault(text: &str) -> Fault {
    let items = read(text.as_bytes(), Role::Client, 1024, || 1);
    assert_eq!(items, expect(text.as_bytes(), Role::Client, 1024));
    let bytes = text.len() as u64;
    match items[..] {
        [Item::Malformed { bytes: length, at, fault }] if length == bytes && at == bytes => fault,
        _ => panic!("{text}: {items:?}"),
    }
}

#[test]
fn members_of_an_event_may_come_in_any_order() {
    let members = [
        r#""event": "SHUTDOWN""#,
        r#""data": {"guest": false}"#,
        r#""timestamp": {"seconds": 1, "microseconds": 20}"#,
        r#""x-extra": {"event": "STOP", "data": 1, "id": 2}"#,
    ];
    for text in orders(&members) {
        look(Role::Client, &text, |message| {
            let Message::Event(event) = message else { panic!("{text}") };
            assert!(event.name() == "SHUTDOWN");
            assert_eq!(event.data().unwrap().to_string(), "{\"guest\": false}");
            assert_eq!(event.timestamp(), Some(Timestamp { seconds: 1, microseconds: 20 }));
        });
    }
}

#[test]
fn members_of_a_reply_and_of_a_request_may_come_in_any_order() {
    for text in orders(&[r#""return": [1]"#, r#""id": "a""#, r#""x": {"id": 1, "return": 2}"#]) {
        look(Role::Client, &text, |message| {
            let Message::Return(reply) = message else { panic!("{text}") };
            assert_eq!(
                (reply.value().to_string().as_str(), reply.id().unwrap().to_string().as_str()),
                ("[1]", "\"a\"")
            );
        });
    }
    for text in orders(&[r#""desc": "no such thing""#, r#""class": "DeviceNotFound""#, r#""more": 1"#]) {
        for text in orders(&[&format!("\"error\": {text}"), "\"id\": null"]) {
            look(Role::Client, &text, |message| {
                let Message::Error(error) = message else { panic!("{text}") };
                assert_eq!(error.class(), ErrorClass::DeviceNotFound);
                assert!(error.desc() == "no such thing");
                assert_eq!(error.id().unwrap().to_string(), "null");
                assert_eq!(error.to_string(), "DeviceNotFound: no such thing");
            });
        }
    }
    for text in orders(&[r#""execute": "stop""#, r#""id": 1"#, r#""arguments": {}"#, r#""control": 0"#]) {
        look(Role::Server, &text, |message| {
            let Message::Request(request) = message else { panic!("{text}") };
            assert!(request.name() == "stop" && !request.is_oob());
            assert_eq!(request.text().to_string(), text);
            assert_eq!(request.arguments().unwrap().to_string(), "{}");
            assert_eq!(request.id().unwrap().to_string(), "1");
        });
    }
    assert!(look(Role::Server, r#"{"exec-oob": "yank"}"#, |message| matches!(message,
        Message::Request(request) if request.is_oob() && request.name() == "yank")));
}

#[test]
fn member_names_written_with_escapes_mean_the_same() {
    let spell = |name: &str, upper: bool| -> String {
        let digits = |char| if upper { format!("{:04X}", char as u32) } else { format!("{:04x}", char as u32) };
        name.chars().map(|char| format!("\\u{}", digits(char))).collect()
    };
    for upper in [false, true] {
        let text = format!("{{\"{}\": 1, \"{}\": 7}}", spell("return", upper), spell("id", upper));
        let seven = |message: Message<'_>| {
            matches!(message,
            Message::Return(reply) if reply.id().and_then(|id| id.as_u64()) == Some(7))
        };
        assert!(look(Role::Client, &text, seven), "{text}");
        for (name, value, expected) in [
            ("QMP", "{}", Kind::Greeting),
            ("error", "{}", Kind::Error),
            ("event", "\"X\"", Kind::Event),
            ("execute", "\"x\"", Kind::Request),
            ("exec-oob", "\"x\"", Kind::Request),
        ] {
            assert_eq!(kind(&format!("{{\"{}\": {value}}}", spell(name, upper))), expected);
        }
    }
    let text = r#"{"event": "X", "\u0064ata": 5, "time\u0073tamp": {"second\u0073": 1, "\u006dicroseconds": 2}}"#;
    look(Role::Client, text, |message| {
        let Message::Event(event) = message else { panic!() };
        assert_eq!(event.data().unwrap().as_u64(), Some(5));
        assert_eq!(event.timestamp(), Some(Timestamp { seconds: 1, microseconds: 2 }));
    });
    // An escaped backslash is no escape of a letter.
    assert_eq!(kind(r#"{"\\u0072eturn": 1}"#), Kind::Unknown);
    assert_eq!(kind(r#"{"return\u0000": 1}"#), Kind::Unknown);
    assert_eq!(kind(r#"{"Return": 1}"#), Kind::Unknown);
}

#[test]
fn member_with_a_meaning_that_comes_twice_is_malformed() {
    for (name, value) in [
        ("return", "1"),
        ("error", "{}"),
        ("event", "\"X\""),
        ("execute", "\"x\""),
        ("exec-oob", "\"x\""),
        ("QMP", "{}"),
        ("id", "1"),
        ("timestamp", "{}"),
        ("data", "{}"),
        ("arguments", "{}"),
    ] {
        let escaped = format!("\\u{:04x}{}", name.as_bytes()[0], &name[1..]);
        for second in [name, &escaped] {
            let text = format!("{{\"{name}\": {value}, \"x\": 1, \"{second}\": {value}}}");
            assert_eq!(fault(&text), Fault::DuplicateMember, "{text}");
        }
    }
    // Others may, and so may those further down.
    assert_eq!(kind(r#"{"x": 1, "return": {"id": 1, "id": 2}, "x": 2}"#), Kind::Return);
}

#[test]
fn two_kinds_in_one_object_are_malformed() {
    let kinds = ["return", "error", "event", "execute", "exec-oob", "QMP"];
    for first in kinds {
        for second in kinds.into_iter().filter(|second| *second != first) {
            let text = format!("{{\"{first}\": {{}}, \"id\": 1, \"{second}\": \"x\"}}");
            assert_eq!(fault(&text), Fault::AmbiguousKind, "{text}");
        }
    }
}

#[test]
fn id_may_be_any_value() {
    let ids = [
        "null",
        "true",
        "-0",
        "1.5e300",
        "18446744073709551616",
        "\"\"",
        r#""\ud83d\ude00""#,
        "[]",
        "{\"id\": [1, {}]}",
    ];
    for id in ids {
        for text in [format!("{{\"return\": {{}}, \"id\": {id}}}"), format!("{{\"id\" :\t{id} , \"error\": {{}}}}")] {
            look(Role::Client, &text, |message| {
                let found = match message {
                    Message::Return(reply) => reply.id(),
                    Message::Error(error) => error.id(),
                    _ => panic!("{text}"),
                };
                assert_eq!(found.unwrap().to_string(), id);
            });
        }
    }
}

#[test]
fn timestamp_is_told_if_it_is_one_and_may_be_minus_one() {
    let time = |text: &str| {
        let text = format!("{{\"event\": \"X\", \"timestamp\": {text}}}");
        look(Role::Client, &text, |message| match message {
            Message::Event(event) => event.timestamp(),
            _ => panic!("{text}"),
        })
    };
    let at = |seconds, microseconds| Some(Timestamp { seconds, microseconds });
    assert_eq!(time(r#"{"seconds": -1, "microseconds": -1}"#), at(-1, -1));
    assert_eq!(time(r#"{"microseconds": 999999, "x": [], "seconds": 9223372036854775807}"#), at(i64::MAX, 999_999));
    for none in ["{}", "[]", "1", "null", "\"now\"", r#"{"seconds": 1}"#, r#"{"seconds": 1.5, "microseconds": 0}"#] {
        assert_eq!(time(none), None, "{none}");
    }
    assert_eq!(time(r#"{"seconds": 1, "microseconds": 9223372036854775808}"#), None);
    assert_eq!(at(-1, -1).unwrap().to_string(), "unknown time");
    assert_eq!(at(1_795_332_766, 32_468).unwrap().to_string(), "1795332766.032468");
}

#[test]
fn unknown_class_event_and_capability_are_kept_as_text() {
    look(Role::Client, r#"{"error": {"class": "Brand\u004eew", "desc": "caf\u00e9"}}"#, |message| {
        let Message::Error(error) = message else { panic!() };
        assert!(matches!(error.class(), ErrorClass::Other(name) if name == "BrandNew"));
        assert_eq!(error.to_string(), "BrandNew: café");
    });
    for (class, expected) in [
        ("GenericError", ErrorClass::GenericError),
        ("CommandNotFound", ErrorClass::CommandNotFound),
        ("DeviceNotActive", ErrorClass::DeviceNotActive),
        ("DeviceNotFound", ErrorClass::DeviceNotFound),
        ("KVMMissingCap", ErrorClass::KvmMissingCap),
    ] {
        let text = format!("{{\"error\": {{\"class\": \"{class}\"}}}}");
        look(Role::Client, &text, |message| match message {
            Message::Error(error) => {
                assert_eq!((error.class(), error.class().to_string().as_str()), (expected, class));
                assert!(error.desc().is_empty());
            }
            _ => panic!("{text}"),
        });
    }
    assert!(look(Role::Client, r#"{"event": "X_\u0059"}"#, |message| matches!(message,
        Message::Event(event) if event.name() == "X_Y" && event.data().is_none() && event.timestamp().is_none())));
    let text = r#"{"QMP": {"capabilities": ["x-new", 7, "oob"], "version": {"package": "p", "qemu": {"major": 11}}}}"#;
    look(Role::Client, text, |message| {
        let Message::Greeting(greeting) = message else { panic!() };
        let capabilities: Vec<String> = greeting.capabilities().map(|name| name.to_string()).collect();
        assert_eq!(capabilities, ["x-new", "oob"]);
        assert!(greeting.offers_oob() && greeting.package().unwrap() == "p" && greeting.version().is_none());
    });
}

#[test]
fn error_whose_value_is_no_object_is_still_an_error() {
    for value in [
        "null",
        "\"text\"",
        "[]",
        r#"{"class": 1, "desc": {}}"#,
        // The first member counts.
        r#"{"class": 1, "class": "GenericError"}"#,
        r#"{"class": [1, "GenericError"], "class": "GenericError"}"#,
        r#"{"class": {"desc": 1, "class": "GenericError"}}"#,
    ] {
        look(Role::Client, &format!("{{\"error\": {value}}}"), |message| {
            let Message::Error(error) = message else { panic!("{value}") };
            assert!(matches!(error.class(), ErrorClass::Other(name) if name.is_empty()));
            assert!(error.desc().is_empty());
            assert_eq!(error.error().to_string(), value);
        });
    }
    let text = r#"{"error": {"x": ["class", "class"], "y": {"class": "GenericError"}, "class": "DeviceNotFound"}}"#;
    look(Role::Client, text, |message| match message {
        Message::Error(error) => assert_eq!(error.class(), ErrorClass::DeviceNotFound),
        _ => panic!("{text}"),
    });
}

#[test]
fn object_of_no_known_kind_or_with_a_kind_of_the_wrong_type_is_unknown() {
    for text in [
        "{}",
        "{\"id\": 1}",
        "{\"result\": {}}",
        "{\"data\": 1, \"timestamp\": 2, \"arguments\": 3}",
        "{\"event\": 1}",
        "{\"event\": null}",
        "{\"execute\": [\"x\"]}",
        "{\"exec-oob\": {}}",
        "{\"QMP\": \"x\"}",
        "{\"QMP\": []}",
    ] {
        look(Role::Client, text, |message| {
            assert!(matches!(message, Message::Unknown(object) if object.to_string() == text), "{text}: {message:?}");
            assert_eq!(message.kind(), Kind::Unknown);
        });
    }
}

const CAPTURES: [&[u8]; 7] = [
    include_bytes!("server/captures/error_replies_x86_64.bin"),
    include_bytes!("server/captures/id_echo_x86_64.bin"),
    include_bytes!("server/captures/session_pretty.bin"),
    include_bytes!("captures/events_one_of_each.bin"),
    include_bytes!("captures/readme_session_pretty.bin"),
    include_bytes!("captures/session_oob.bin"),
    include_bytes!("captures/session_telnet.bin"),
];

#[test]
fn damaged_captures_are_read_as_the_model_reads_them() {
    for seed in 0..20_000 {
        let mut rng = Rng::new(seed);
        let mut stream = rng.pick(&CAPTURES).to_vec();
        // A part of it, so that one damage does not hide another.
        let start = rng.below(stream.len());
        stream.drain(..start);
        stream.truncate(1 + rng.below(700));
        generate::mutate(&mut rng, &mut stream);
        let (role, capacity) = (rng.pick(&[Role::Client, Role::Client, Role::Server]), rng.pick(&[128, 256, 4096]));
        let length = rng.pick(&[1, 2, 5, 16, 100, usize::MAX]);
        let differs = |stream: &[u8]| {
            let mut got = Vec::new();
            panics(|| got = read(stream, role, capacity, || length)) || got != expect(stream, role, capacity)
        };
        if differs(&stream) {
            let small = shrink(&stream, differs);
            panic!("seed {seed}, {role:?}, capacity {capacity}, pieces of {length}: b\"{}\"", small.escape_ascii());
        }
    }
}

#[test]
fn short_streams_are_read_alike_however_they_are_cut_in_three() {
    let streams: [&[u8]; 9] = [
        b"\xff{\"return\": 42}\n{\"event\": \"A\"}\r\n",
        b"{\"a\": \"\\ud83d\\ude00\", \"i\\u0064\": [1]}",
        b"{\"return\": \"\xf0\x9f\x98\x80\xc3\xa9\"}{}",
        b"{\"return\": tru\n{\"return\": true}",
        b"{\"return\": -1.5e+3, \"id\": 10}\n",
        b"{\"return\": {\r\n    }\r\n}\r\n{\"QMP\": {",
        b"{\"return\": \"a\n{\"return\": nul\xff{}",
        b"{\"id\": 1, \"id\": 2} x {\"event\": 1}",
        b"{\"return\": \"\xed\xa0\x80\"\n{\"execute\": \"\\",
    ];
    for stream in streams {
        for role in [Role::Client, Role::Server] {
            let whole = expect(stream, role, 128);
            for first in 1..stream.len() {
                for second in first..stream.len() {
                    let mut pieces = [first, second - first, usize::MAX].into_iter().filter(|length| *length > 0);
                    let got = read(stream, role, 128, || pieces.next().unwrap());
                    assert_eq!(got, whole, "b\"{}\" cut at {first} and {second}", stream.escape_ascii());
                }
            }
        }
    }
}
