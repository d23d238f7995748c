//! What a real QEMU has sent, cut in every way: the same messages and reports each time, and those that the table names.

mod common;
mod model;

use common::{Rng, read};
use model::Role;
use model::{Item, expect};
use qmp_core::Kind;

/// Bytes. Captures up to this size are cut at every position.
const SMALL: usize = 16 * 1024;

macro_rules! captures {
    ($($name:literal $path:literal)*) => { [$(($name, include_bytes!($path).as_slice())),*] };
}

const SERVER: [(&str, &[u8]); 23] = captures! {
    "error_replies_x86_64" "server/captures/error_replies_x86_64.bin"
    "event_before_greeting" "captures/event_before_greeting.bin"
    "events_one_of_each" "captures/events_one_of_each.bin"
    "greeting_x86_64_compact" "captures/greeting_x86_64_compact.bin"
    "greeting_x86_64_pretty" "captures/greeting_x86_64_pretty.bin"
    "id_echo_x86_64" "server/captures/id_echo_x86_64.bin"
    "qga_resync_after_partial" "captures/qga_resync_after_partial.bin"
    "qga_session" "server/captures/qga_session.bin"
    "query-commands_qsd" "captures/query-commands_qsd.bin"
    "query-commands_x86_64" "captures/query-commands_x86_64.bin"
    "query-qmp-schema_qsd" "captures/query-qmp-schema_qsd.bin"
    "query-qmp-schema_x86_64" "../../benches/corpus/schema.bin"
    "quit_session" "captures/quit_session.bin"
    "readme_session_pretty" "captures/readme_session_pretty.bin"
    "session_events_x86_64_compact" "captures/session_events_x86_64_compact.bin"
    "session_oob" "captures/session_oob.bin"
    "session_pretty" "server/captures/session_pretty.bin"
    "session_qsd_pretty_off" "captures/session_qsd_pretty_off.bin"
    "session_qsd_pretty_on" "captures/session_qsd_pretty_on.bin"
    "session_stdio" "captures/session_stdio.bin"
    "session_telnet" "captures/session_telnet.bin"
    "sigterm_shutdown" "captures/sigterm_shutdown.bin"
    "stale_reply_after_reconnect" "captures/stale_reply_after_reconnect.bin"
};

const CLIENT: [(&str, &[u8]); 7] = captures! {
    "error_replies_x86_64" "server/captures/error_replies_x86_64.client.bin"
    "id_echo_x86_64" "server/captures/id_echo_x86_64.client.bin"
    "qga_session" "server/captures/qga_session.client.bin"
    "session_events_x86_64_compact" "captures/session_events_x86_64_compact.client.bin"
    "session_oob" "captures/session_oob.client.bin"
    "session_pretty" "server/captures/session_pretty.client.bin"
    "session_telnet" "captures/session_telnet.client.bin"
};

/// What a reader with room for any message makes of `stream`, cut at these positions.
fn cut(stream: &[u8], role: Role, capacity: usize, cuts: &[usize]) -> Vec<Item> {
    let mut at = 0;
    let mut ends = cuts.iter().copied().chain([stream.len()]);
    read(stream, role, capacity, || {
        let end = ends.next().unwrap_or(stream.len());
        let length = end - at;
        at = end;
        length
    })
}

/// A line of the table.
fn line(item: &Item) -> String {
    let Item::Message(kind, fields) = item else {
        return match item {
            Item::Noise { bytes } => format!("noise {bytes}"),
            Item::Malformed { bytes, at, fault } => format!("malformed {bytes} at {at} {fault:?}"),
            other => format!("{other:?}"),
        };
    };
    let field = |name| fields.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_str());
    let json = |name| serde_json::from_str::<serde_json::Value>(field(name).unwrap()).unwrap();
    let id = field("id").map_or(String::new(), |id| format!(" id {}", id.split_whitespace().collect::<String>()));
    match kind {
        Kind::Greeting => {
            let qmp = json("QMP");
            let version = &qmp["version"]["qemu"];
            let capabilities: Vec<&str> =
                qmp["capabilities"].as_array().unwrap().iter().map(|capability| capability.as_str().unwrap()).collect();
            let capabilities = if capabilities.is_empty() { "-".to_string() } else { capabilities.join(",") };
            format!("greeting {}.{}.{} {capabilities}", version["major"], version["minor"], version["micro"])
        }
        Kind::Return => format!("return {}{id}", field("return").unwrap().len()),
        Kind::Error => {
            let class = json("error")["class"].as_str().unwrap().to_string();
            format!("error {class} {}{id}", field("error").unwrap().len())
        }
        Kind::Event => {
            let (seconds, microseconds) = field("timestamp").unwrap().split_once(' ').unwrap();
            let data = field("data").map_or("-".to_string(), |data| data.len().to_string());
            format!("event {} {seconds}.{microseconds:0>6} {data}", field("event").unwrap())
        }
        other => format!("{other:?}"),
    }
}

/// The table's lines for a capture.
fn expected(name: &str) -> Vec<&'static str> {
    let table = include_str!("captures/EXPECTED.txt");
    let heading = format!("# {name}");
    let lines = table.lines().skip_while(|line| *line != heading).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    assert!(!lines.is_empty(), "{name} is not in the table");
    lines
}

#[test]
fn captures_hold_what_the_table_says() {
    for (name, stream) in SERVER {
        let items = cut(stream, Role::Client, stream.len() + 1, &[]);
        assert_eq!(items.iter().map(line).collect::<Vec<_>>(), expected(name), "{name}");
        assert_eq!(items, expect(stream, Role::Client, stream.len() + 1), "{name} and the model");
    }
    let headings = include_str!("captures/EXPECTED.txt").lines().filter(|line| line.starts_with('#'));
    assert_eq!(headings.count(), SERVER.len(), "captures that nothing replays");
}

#[test]
fn captures_cut_at_any_byte_hold_the_same() {
    for (name, stream) in SERVER {
        if stream.len() > SMALL {
            continue;
        }
        let capacity = stream.len() + 1;
        let whole = expect(stream, Role::Client, capacity);
        for at in 1..stream.len() {
            assert!(cut(stream, Role::Client, capacity, &[at]) == whole, "{name} cut at {at}");
        }
        assert!(read(stream, Role::Client, capacity, || 1) == whole, "{name} byte by byte");
    }
}

#[test]
fn captures_in_pieces_of_any_length_hold_the_same_for_a_small_buffer() {
    for (name, stream) in SERVER {
        let whole = expect(stream, Role::Client, 128);
        for length in (1..=128).filter(|_| stream.len() <= SMALL) {
            assert!(read(stream, Role::Client, 128, || length) == whole, "{name} in pieces of {length}");
        }
    }
}

#[test]
fn large_captures_cut_anywhere_hold_the_same() {
    let large = SERVER.into_iter().filter(|(_, stream)| stream.len() > SMALL);
    let mut count = 0;
    for (name, stream) in large {
        count += 1;
        let capacity = stream.len() + 1;
        let whole = expect(stream, Role::Client, capacity);
        let boundary = |at: &usize| b"{}[]:,\"".contains(&stream[at - 1]) || b"{}[]:,\"".contains(&stream[*at]);
        let boundaries: Vec<usize> = (1..stream.len()).filter(boundary).collect();
        assert!(boundaries.len() > 10_000);
        // Each boundary is a cut once per stride, with whole tokens between it and the next: the strides differ in how many.
        for stride in [1, 2, 7, 61] {
            for first in 0..stride {
                let cuts: Vec<usize> = boundaries.iter().skip(first).step_by(stride).copied().collect();
                assert!(
                    cut(stream, Role::Client, capacity, &cuts) == whole,
                    "{name}, boundaries from {first} by {stride}"
                );
            }
        }
        let mut rng = Rng::new(1);
        for _ in 0..1000 {
            let at = 1 + rng.below(stream.len() - 1);
            assert!(cut(stream, Role::Client, capacity, &[at]) == whole, "{name} cut at {at}");
        }
        let oversized = expect(stream, Role::Client, 1024);
        assert!(matches!(oversized[..], [Item::Oversized { kind: Kind::Return, .. }]));
        for length in [1, 7, 100, 1460] {
            assert!(read(stream, Role::Client, 1024, || length) == oversized, "{name} in pieces of {length}");
        }
    }
    assert_eq!(count, 2);
}

#[test]
fn what_clients_sent_is_read_as_the_model_reads_it() {
    for (name, stream) in CLIENT {
        let whole = expect(stream, Role::Server, 1024);
        let requests = whole.iter().filter(|item| matches!(item, Item::Message(Kind::Request, _))).count();
        assert!(requests >= 3, "{name}: {whole:?}");
        for at in 1..stream.len() {
            assert!(cut(stream, Role::Server, 1024, &[at]) == whole, "{name} cut at {at}");
        }
        assert!(read(stream, Role::Server, 1024, || 1) == whole, "{name} byte by byte");
    }
}
