//! The rules of finding and losing sync, one by one, on the shortest streams that show them.

mod common;
mod model;

use common::read;
use model::Role;
use model::{Item, expect};
use qmp_core::{Fault, FrameReader, Json, Kind, Overrun};

/// What both the reader, byte by byte and in one piece, and the model make of `stream`.
fn items(stream: &[u8], role: Role, capacity: usize) -> Vec<Item> {
    let items = read(stream, role, capacity, || usize::MAX);
    assert_eq!(read(stream, role, capacity, || 1), items, "one byte at a time");
    assert_eq!(expect(stream, role, capacity), items, "the model");
    items
}

fn from_server(stream: &[u8]) -> Vec<Item> {
    items(stream, Role::Client, 128)
}

fn from_client(stream: &[u8]) -> Vec<Item> {
    items(stream, Role::Server, 128)
}

fn oversized(bytes: u64, kind: Kind, id: Option<u64>, event: &str) -> Item {
    Item::Oversized { bytes, kind, id, event: event.to_string() }
}

fn malformed(bytes: u64, at: u64, fault: Fault) -> Item {
    Item::Malformed { bytes, at, fault }
}

fn reply(value: &str) -> Item {
    Item::Message(Kind::Return, vec![("return", value.to_string())])
}

#[test]
fn bytes_between_messages_are_noise_and_white_space_is_not() {
    assert_eq!(from_server(b" \r\n\t"), []);
    assert_eq!(from_server(b"ab \n\xff{\"return\": 1}"), [Item::Noise { bytes: 3 }, reply("1")]);
    assert_eq!(from_server(b"{\"return\": 1}x\n"), [reply("1"), Item::Noise { bytes: 1 }]);
}

#[test]
fn message_cut_off_at_a_line_end_is_truncated_and_the_next_is_delivered() {
    let stream = b"{\"return\": {\"a\":\r\n{\"return\": 2}";
    assert_eq!(from_server(stream), [Item::Truncated { bytes: 18 }, reply("2")]);
}

#[test]
fn line_feed_in_a_string_is_malformed_and_the_next_line_is_delivered() {
    let stream = b"{\"return\": \"ab\n{\"return\": 2}";
    assert_eq!(from_server(stream), [malformed(15, 14, Fault::ControlCharacter), reply("2")]);
}

#[test]
fn error_costs_the_rest_of_its_line() {
    let stream = b"{\"return\": +1}{\"return\": 1}\r\n{\"return\": 2}";
    assert_eq!(from_server(stream), [malformed(29, 11, Fault::Syntax), reply("2")]);
}

#[test]
fn error_is_over_after_0xff() {
    let stream = b"{\"return\": +1\xff{\"return\": 2}";
    assert_eq!(from_server(stream), [malformed(14, 11, Fault::Syntax), reply("2")]);
    let stream = b"{\"return\": \xff{\"return\": 2}";
    assert_eq!(from_server(stream), [malformed(12, 11, Fault::Syntax), reply("2")]);
}

#[test]
fn too_deep_message_costs_itself_however_it_is_laid_out() {
    let deep = |end: &str| ["{\"return\": ", &"[".repeat(70), "\"]\"", &"]".repeat(70), "}", end].concat();
    let stream = deep("\r\n{\"return\": 2}");
    assert_eq!(from_server(stream.as_bytes()), [malformed(157, 74, Fault::TooDeep), reply("2")]);
    let stream = deep("{\"execute\": \"stop\"}");
    let request = |text: &str| vec![("execute", "stop".to_owned()), ("text", text.to_owned())];
    let stop = Item::Message(Kind::Request, request("{\"execute\": \"stop\"}"));
    assert_eq!(from_client(stream.as_bytes()), [malformed(155, 74, Fault::TooDeep), stop]);
}

#[test]
fn sixty_four_levels_are_delivered() {
    let value = ["[".repeat(63), "]".repeat(63)].concat();
    assert_eq!(items(format!("{{\"return\":{value}}}").as_bytes(), Role::Client, 256), [reply(&value)]);
}

#[test]
fn error_from_a_client_is_over_when_the_brackets_balance() {
    let stream = b"{\"execute\": +, \"id\": [\"}\"]}{\"return\": 2}";
    assert_eq!(from_client(stream), [malformed(27, 12, Fault::Syntax), reply("2")]);
}

#[test]
fn error_from_a_client_is_over_at_a_control_byte() {
    let stream = b"{\"execute\": \"st\x01{\"return\": 2}";
    assert_eq!(from_client(stream), [malformed(16, 15, Fault::ControlCharacter), reply("2")]);
}

#[test]
fn brace_at_the_start_of_a_line_that_shows_an_error_of_a_client_begins_a_message() {
    let stream = b"{\"execute\": 1\n{\"return\": 2}";
    assert_eq!(from_client(stream), [malformed(14, 14, Fault::Syntax), reply("2")]);
}

#[test]
fn message_as_long_as_the_buffer_fits_and_one_byte_more_does_not() {
    for length in [128, 129] {
        let value = format!("\"{}\"", "x".repeat(length - 14));
        let expected = if length == 128 { reply(&value) } else { oversized(129, Kind::Return, None, "") };
        assert_eq!(from_server(format!("{{\"return\": {value}}}").as_bytes()), [expected]);
    }
}

#[test]
fn string_much_longer_than_the_buffer_is_counted_exactly() {
    let stream = format!("{{\"return\": \"{}\", \"id\": 7}}\r\n{{\"return\": 2}}", "x".repeat(1000));
    assert_eq!(from_server(stream.as_bytes()), [oversized(1023, Kind::Return, Some(7), ""), reply("2")]);
}

#[test]
fn id_of_an_oversized_message_is_not_taken_from_the_message_before() {
    let first = r#"{"id": 7, "return": 1}"#;
    let second = format!(r#"{{"ab": 5, "id": [{}], "return": 1}}"#, "1,".repeat(100) + "1");
    let got = from_server(format!("{first}\r\n{second}").as_bytes());
    assert_eq!(got[1..], [oversized(second.len() as u64, Kind::Return, None, "")]);
}

#[test]
fn name_of_an_oversized_event_is_its_own_and_known_where_it_lies_in_the_first_half_of_the_buffer() {
    let first = r#"{"event": "RESET", "data": 1}"#;
    let long = "x".repeat(105);
    for (second, name) in [
        (format!(r#"{{"data": "{long}", "event": "STOP"}}"#), ""),
        (format!(r#"{{"event": "STOP", "data": "{long}"}}"#), "STOP"),
        // The buffer has 128 bytes, the first half 63.
        (format!(r#"{{"event": "{}", "data": "{long}"}}"#, "N".repeat(51)), &"N".repeat(51)[..]),
        (format!(r#"{{"event": "{}", "data": "{long}"}}"#, "N".repeat(52)), ""),
    ] {
        let got = from_server(format!("{first}\r\n{second}").as_bytes());
        assert_eq!(got[1..], [oversized(second.len() as u64, Kind::Event, None, name)]);
    }
}

#[test]
fn name_of_which_the_start_is_lost_is_no_other_name() {
    let stream = br#"{"retuQQQQQQ":1111,"abcdrn":2}"#;
    for capacity in 2..28 {
        let got = read(stream, Role::Client, capacity, || usize::MAX);
        assert_eq!(got, [oversized(30, Kind::Unknown, None, "")], "capacity {capacity}");
    }
    for capacity in 2..7 {
        let got = read(br#"{"aid":5}"#, Role::Client, capacity, || usize::MAX);
        assert_eq!(got, [oversized(9, Kind::Unknown, None, "")], "capacity {capacity}");
    }
}

#[test]
fn oversized_message_has_the_kind_that_it_would_have_in_a_larger_buffer() {
    for text in [r#""event": 12345"#, r#""execute": {}"#, r#""QMP": 1"#, r#""event": ["STOP"]"#] {
        let stream = format!("{{{text}, \"data\": \"{}\"}}", "x".repeat(200));
        assert_eq!(from_server(stream.as_bytes()), [oversized(stream.len() as u64, Kind::Unknown, None, "")], "{text}");
    }
}

#[test]
fn oversized_message_with_a_fault_is_malformed() {
    let long = "x".repeat(300);
    let stream = format!(r#"{{"id": 1, "return": "{long}", "i\u0064": 2}}"#);
    let bytes = stream.len() as u64;
    assert_eq!(from_server(stream.as_bytes()), [malformed(bytes, bytes, Fault::DuplicateMember)]);
    let stream = format!(r#"{{"id": 1, "return": "{long}", "event": "X"}}"#);
    let bytes = stream.len() as u64;
    assert_eq!(from_server(stream.as_bytes()), [malformed(bytes, bytes, Fault::AmbiguousKind)]);
}

#[test]
fn long_member_name_that_ends_like_a_known_one_is_another_one() {
    for length in 50..200 {
        let stream = format!("{{\"{}id\": 5, \"return\": \"{}\"}}", "x".repeat(length), "x".repeat(200));
        assert_eq!(from_server(stream.as_bytes()), [oversized(stream.len() as u64, Kind::Return, None, "")]);
    }
}

#[test]
fn window_has_room_in_the_smallest_buffers_too() {
    for capacity in 2..32 {
        let long = "x".repeat(100);
        let stream = format!("{{\"{long}\": \"{long}\", \"{long}\": {{\"{long}\": 1234567890}}}}{{}}");
        let got = read(stream.as_bytes(), Role::Client, capacity, || usize::MAX);
        assert!(matches!(got[0], Item::Oversized { bytes: 430, .. }), "capacity {capacity}: {got:?}");
        assert_eq!(got.len(), 2, "capacity {capacity}");
    }
}

#[test]
fn commit_of_more_than_the_window_is_an_error_that_changes_nothing() {
    let mut reader = FrameReader::new([0; 128]);
    reader.window()[..8].copy_from_slice(b"{\"return");
    assert_eq!(reader.commit(129), Err(Overrun));
    assert_eq!(reader.commit(usize::MAX), Err(Overrun));
    reader.commit(8).unwrap();
    assert!(reader.poll().is_none());
    assert_eq!(reader.pending(), 8);
    let window = reader.window();
    assert_eq!(window.len(), 120);
    window[..5].copy_from_slice(b"\": 2}");
    assert_eq!(reader.commit(121), Err(Overrun));
    reader.commit(5).unwrap();
    assert_eq!(reader.poll().map(common::item), Some(reply("2")));
}

#[test]
fn form_feed_is_no_white_space() {
    assert!(Json::parse(b"\x0c1").is_err());
    assert!(Json::parse(b"1\x0c").is_err());
    assert_eq!(from_server(b"{\x0c\"return\": 2}"), [malformed(14, 1, Fault::Syntax)]);
}

#[test]
fn bytes_in_the_window_that_are_not_committed_are_not_read() {
    let stream = b"{\"return\": 1}\r\n{\"return\": \"a long enough piece of text";
    let mut reader = FrameReader::new([0; 128]);
    reader.window()[..stream.len()].copy_from_slice(stream);
    reader.commit(stream.len()).unwrap();
    assert_eq!(reader.poll().map(common::item), Some(reply("1")));
    reader.window()[..3].copy_from_slice(b"\"} ");
    assert_eq!(reader.poll().map(common::item), None);
    assert_eq!(reader.pending(), stream.len() as u64 - 15);
}
