//! A server answers as QEMU does: its greeting, its negotiation, its errors, its ids.

#[path = "server/peer.rs"]
mod peer;

use peer::{Peer, QEMU};
use qmp_core::Profile;

const COMPACT_GREETING: &str = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \"package\": \
                                \"Debian 1:7.2+dfsg-7+deb12u18+b3\"}, \"capabilities\": [\"oob\"]}}\r\n";

fn error(class: &str, desc: &str) -> String {
    format!("{{\"error\": {{\"class\": \"{class}\", \"desc\": \"{desc}\"}}}}\r\n")
}

fn error_with(id: &str, class: &str, desc: &str) -> String {
    format!("{{\"id\": {id}, \"error\": {{\"class\": \"{class}\", \"desc\": \"{desc}\"}}}}\r\n")
}

#[test]
fn greeting_is_qemus_to_the_byte() {
    assert_eq!(Peer::new(QEMU).hear(), COMPACT_GREETING);
    assert_eq!(Peer::new(QEMU).hear().len(), 142);
}

#[test]
fn a_whole_pretty_session_is_qemus_to_the_byte_however_it_is_cut() {
    let expected = String::from_utf8(include_bytes!("server/captures/session_pretty.bin").to_vec()).unwrap();
    // QEMU echoes the members of an id in the order of its hash table; here they come back as they were sent.
    let sent = String::from_utf8(include_bytes!("server/captures/session_pretty.client.bin").to_vec()).unwrap();
    let ordered = sent.replace(r#"{"a":[],"b":{},"c":[1,[2]],"d":""}"#, r#"{"d":"","a":[],"b":{},"c":[1,[2]]}"#);
    assert_ne!(sent, ordered);
    for piece in [1, 2, 3, 7, 64, usize::MAX] {
        let mut peer = Peer::new(Profile { pretty: true, ..QEMU });
        peer.vm.times = vec![(1_795_332_676, 681_052), (1_795_332_677, 82_345), (1_795_332_677, 483_397)];
        assert_eq!(peer.say_in_pieces(ordered.as_bytes(), piece), expected, "pieces of {piece}");
    }
}

#[test]
fn bad_requests_are_refused_as_by_qemu() {
    let sent = include_bytes!("server/captures/error_replies_x86_64.client.bin").split(|byte| *byte == b'\n');
    let answers = include_str!("server/captures/error_replies_x86_64.bin").lines();
    let mut peer = Peer::ready(QEMU);
    let mut equal = 0;
    for (sent, expected) in sent.zip(answers) {
        let line = [sent, b"\n"].concat();
        let answer = peer.say(&line);
        // How the grammar was offended is told in other words.
        if expected.contains("JSON parse error, ") && !expected.contains("duplicate key") {
            assert!(
                answer.starts_with("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, "),
                "{answer}"
            );
            assert_eq!(answer.lines().count(), 1);
        } else {
            assert_eq!(answer, format!("{expected}\r\n"), "{}", line.escape_ascii());
            equal += 1;
        }
    }
    assert_eq!(equal, 15);
}

#[test]
fn ids_come_back_as_they_were_sent_in_ascii() {
    let mut peer = Peer::ready(QEMU);
    for (sent, echoed) in [
        ("0", "0"),
        ("-0.0", "-0.0"),
        ("1.50", "1.50"),
        ("1e999", "1e999"),
        ("18446744073709551616", "18446744073709551616"),
        ("null", "null"),
        ("\"\"", "\"\""),
        (r#""\u0000\u001f\u007f\u0080é€😀\/'""#, r#""\u0000\u001F\u007F\u0080\u00E9\u20AC\uD83D\uDE00/'""#),
        (r#"{"z":1,"a":[ {} ,[ ]]}"#, r#"{"z": 1, "a": [{}, []]}"#),
    ] {
        let answer = peer.say(format!(r#"{{"execute":"query-name","id":{sent}}}"#).as_bytes());
        assert_eq!(answer, format!("{{\"return\": {{}}, \"id\": {echoed}}}\r\n"));
    }
}

#[test]
fn before_the_negotiation_nothing_but_the_negotiation_is_a_command() {
    let mut peer = Peer::new(QEMU);
    peer.hear();
    let expecting = "Expecting capabilities negotiation with 'qmp_capabilities'";
    assert_eq!(peer.say(br#"{"execute":"query-status"}"#), error("CommandNotFound", expecting));
    assert_eq!(peer.say(br#"{"execute":"nope","id":[1]}"#), error_with("[1]", "CommandNotFound", expecting));
    let oob = "QMP input member 'exec-oob' is unexpected";
    assert_eq!(peer.say(br#"{"exec-oob":"qmp_capabilities","id":1}"#), error_with("1", "GenericError", oob));
    assert!(!peer.server.is_ready());
    assert_eq!(peer.say(br#"{"execute":"qmp_capabilities","id":2}"#), "{\"return\": {}, \"id\": 2}\r\n");
    assert!(peer.server.is_ready());
    let complete = "Capabilities negotiation is already complete, command ignored";
    assert_eq!(peer.say(br#"{"execute":"qmp_capabilities"}"#), error("CommandNotFound", complete));
}

#[test]
fn a_negotiation_that_fails_can_be_repeated() {
    let mut peer = Peer::new(QEMU);
    peer.hear();
    for (arguments, desc) in [
        (r#"{"enable":["bogus"]}"#, "Parameter 'null' does not accept value 'bogus'"),
        (r#"{"enable":"oob"}"#, "Invalid parameter type for 'enable', expected: array"),
        (r#"{"enable":null}"#, "Invalid parameter type for 'enable', expected: array"),
        (r#"{"enable":["oob",1]}"#, "Invalid parameter type for 'enable[1]', expected: string"),
        (r#"{"foo":1}"#, "Parameter 'foo' is unexpected"),
        ("[]", "QMP input member 'arguments' must be an object"),
    ] {
        let request = format!(r#"{{"execute":"qmp_capabilities","arguments":{arguments}}}"#);
        assert_eq!(peer.say(request.as_bytes()), error("GenericError", desc));
    }
    let request = br#"{"execute":"qmp_capabilities","arguments":{"enable":["oob","oob"]}}"#;
    assert_eq!(peer.say(request), "{\"return\": {}}\r\n");
}

#[test]
fn out_of_band_execution_that_is_not_offered_cannot_be_enabled() {
    let mut peer = Peer::new(Profile { oob: false, ..QEMU });
    assert!(peer.hear().contains("\"capabilities\": []"));
    let request = br#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#;
    assert_eq!(peer.say(request), error("GenericError", "Capability oob not available"));
}

#[test]
fn of_several_faults_the_one_is_reported_that_qemu_comes_to_first() {
    let mut peer = Peer::ready(QEMU);
    for (request, desc) in [
        (r#"{"execute":1,"arguments":1,"x":1}"#, "QMP input member 'x' is unexpected"),
        (r#"{"zz":1,"arguments":1,"execute":1,"foo":1}"#, "QMP input member 'execute' must be a string"),
        (r#"{"arguments":1,"execute":"query-name","exec-oob":"x"}"#, "QMP input member 'exec-oob' is unexpected"),
        (r#"{"return":1,"execute":"query-name"}"#, "QMP input member 'return' is unexpected"),
    ] {
        assert_eq!(peer.say(request.as_bytes()), error("GenericError", desc));
    }
}

#[test]
fn malformed_input_costs_one_error_and_the_next_request_is_answered() {
    for (input, class_of_next) in [
        (&b"{\"execute\":\"ab\ncd\"}"[..], ""),
        (b"\xff", ""),
        (b"\x01", ""),
        (b"foo\n", ""),
        (b"12\n", ""),
        (b"\"abc{\"", ""),
        (b"[]", ""),
        (b"[{\"execute\":\"quit\"}]", ""),
        (b"}", ""),
        (b"{\"execute\":\"query-name\",}", ""),
        (b"{\"execute\":\"query-name\" \x1b", ""),
        (b"{'execute':'query-name'}", ""),
        (b"{\"execute\":\"query-name\",\"id\":\"\\ud800\"}", ""),
        (b"{\"execute\":\"query-name\",\"id\":\"\\ud83d\\ud83d\"}", ""),
        (b"{\"execute\":\"query-name\",\"id\":\"\xff\"}", ""),
        (b"{\"execute\":\"query-name\",\"id\":\"\xef\xbf\xbf\"}", ""),
        (b"{\"execute\":\"query-name\",\"id\":{\"a\":1,\"\\u0061\":2}}", ""),
        (b"{\"execute\":\"query-name\",\"execute\":\"query-name\"}", ""),
        (b"\xef\xbb\xbf", "\n"),
        (b"{\"execute\": \x01 \"quit\"}", ""),
        (b"\xff garbage", ""),
    ] {
        for piece in [1, usize::MAX] {
            let mut peer = Peer::ready(QEMU);
            let mut answer = peer.say_in_pieces(input, piece);
            answer += &peer.say(class_of_next.as_bytes());
            assert!(answer.starts_with("{\"error\": {\"class\": \"GenericError\", \"desc\": \""), "{answer}");
            assert_eq!(answer.lines().count(), 1, "{} {answer}", input.escape_ascii());
            assert_eq!(
                peer.say_in_pieces(br#"{"execute":"query-name","id":7}"#, piece),
                "{\"return\": {}, \"id\": 7}\r\n"
            );
        }
    }
}

#[test]
fn white_space_is_not_answered() {
    assert_eq!(Peer::ready(QEMU).say(b" \t\r\n\r\n  "), "");
}

#[test]
fn requests_need_nothing_between_them() {
    let twice = br#"{"execute":"query-name","id":1}{"execute":"query-name","id":2}"#;
    assert_eq!(Peer::ready(QEMU).say(twice), "{\"return\": {}, \"id\": 1}\r\n{\"return\": {}, \"id\": 2}\r\n");
}

#[test]
fn a_request_larger_than_the_buffer_is_refused_with_its_id() {
    let mut peer = Peer::sized(QEMU, 128, 512, 64).negotiated("");
    let long = format!(r#"{{"id":5,"execute":"query-name","x":"{}"}}"#, "x".repeat(200));
    let desc = format!("QMP input of {} bytes is too large", long.len());
    assert_eq!(peer.say(long.as_bytes()), error_with("5", "GenericError", &desc));
    assert_eq!(peer.say(br#"{"execute":"query-name"}"#), "{\"return\": {}}\r\n");
    assert_eq!(peer.vm.ran, ["query-name"]);
}

#[test]
fn an_id_that_cannot_be_kept_is_refused_before_anything_runs() {
    let mut peer = Peer::sized(QEMU, 512, 512, 36).negotiated("");
    let id = format!("\"{}\"", "i".repeat(30));
    let fits = format!(r#"{{"execute":"query-name","id":{id}}}"#);
    assert_eq!(peer.say(fits.as_bytes()), format!("{{\"return\": {{}}, \"id\": {id}}}\r\n"));
    let id = format!("\"{}\"", "i".repeat(31));
    let long = format!(r#"{{"execute":"query-name","id":{id}}}"#);
    let desc = "QMP input member 'id' is too long";
    assert_eq!(peer.say(long.as_bytes()), error_with(&id, "GenericError", desc));
    assert_eq!(peer.vm.ran.len(), 1);
}

#[test]
fn a_reply_that_is_too_large_becomes_an_error() {
    let mut peer = Peer::sized(QEMU, 256, 256, 64).negotiated("");
    let most = 256 - "{\"return\": \"\"}\r\n".len();
    let ask = |length: usize| format!(r#"{{"execute":"large","arguments":{{"length":{length}}}}}"#);
    assert_eq!(peer.say(ask(most).as_bytes()).len(), 256);
    assert_eq!(peer.say(ask(most + 1).as_bytes()), error("GenericError", "The reply is too large"));
}

#[test]
fn arguments_are_checked_before_a_command_runs() {
    let mut peer = Peer::ready(QEMU);
    for (arguments, desc) in [
        ("{}", "Parameter 'command-line' is missing"),
        (r#"{"command-line":1}"#, "Invalid parameter type for 'command-line', expected: string"),
        (r#"{"command-line":"x","cpu-index":"0"}"#, "Invalid parameter type for 'cpu-index', expected: integer"),
        (r#"{"command-line":"x","cpu-index":1.0}"#, "Invalid parameter type for 'cpu-index', expected: integer"),
        (r#"{"command-line":"x","y":0}"#, "Parameter 'y' is unexpected"),
    ] {
        let request = format!(r#"{{"execute":"human-monitor-command","arguments":{arguments}}}"#);
        assert_eq!(peer.say(request.as_bytes()), error("GenericError", desc));
    }
    let request = br#"{"execute":"human-monitor-command","arguments":{"command-line":"\u00e9\n"}}"#;
    assert_eq!(peer.say(request), "{\"return\": \"\\u00E9\\n\"}\r\n");
}

#[test]
fn the_table_is_what_query_commands_lists() {
    let answer = Peer::ready(QEMU).say(br#"{"execute":"query-commands"}"#);
    assert!(answer.starts_with("{\"return\": [{\"name\": \"query-name\"}, {\"name\": \"query-status\"}, "));
    for own in ["query-commands", "query-version", "qmp_capabilities"] {
        assert_eq!(answer.matches(&format!("{{\"name\": \"{own}\"}}")).count(), 1);
    }
}

#[test]
fn another_connection_starts_from_the_greeting() {
    let mut peer = Peer::with_oob();
    peer.say(br#"{"execute":"wait","id":1}{"execute":"query-name","id":2}{"execute":"#);
    peer.server.reset();
    assert_eq!(peer.hear(), COMPACT_GREETING);
    let call = peer.vm.waiting.remove(0);
    assert_eq!(peer.server.reply(call, |_| {}), Err(qmp_core::ReplyError::Closed));
    let refused = peer.say(br#"{"exec-oob":"query-yank"}"#);
    assert_eq!(refused, error("GenericError", "QMP input member 'exec-oob' is unexpected"));
    assert!(peer.vm.ran.is_empty());
}

#[test]
fn a_call_of_another_connection_is_refused() {
    let waits = |number| {
        let mut peer = Peer::with_oob();
        peer.server.set_connection(number);
        assert_eq!(peer.say(br#"{"execute":"wait","id":1}"#), "");
        let call = peer.vm.waiting.remove(0);
        assert_eq!(call.connection(), number);
        (peer, call)
    };
    let ((mut first, call), (mut second, other)) = (waits(7), waits(8));
    assert_eq!(first.server.reply(other, |_| {}), Err(qmp_core::ReplyError::Closed));
    assert_eq!(second.server.error(call, qmp_core::ErrorClass::GenericError, "x"), Err(qmp_core::ReplyError::Closed));
    let what = "disk \"\u{e9}\"";
    first.server.error_format(call, qmp_core::ErrorClass::DeviceNotActive, format_args!("{what} is {}%", 7)).unwrap();
    let expected =
        "{\"id\": 1, \"error\": {\"class\": \"DeviceNotActive\", \"desc\": \"disk \\\"\\u00E9\\\" is 7%\"}}\r\n";
    assert_eq!(first.hear(), expected);
    assert_eq!(
        first.server.error_format(call, qmp_core::ErrorClass::GenericError, format_args!("")),
        Err(qmp_core::ReplyError::Closed)
    );
}

/// A request with arguments of these names.
fn with_arguments(names: &[String]) -> String {
    let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":[{{\"in\":0}}]")).collect();
    format!("{{\"execute\":\"query-name\",\"arguments\":{{{}}},\"id\":9}}", members.join(","))
}

#[test]
fn a_name_that_comes_twice_in_an_object_is_found_wherever_it_stands() {
    let twice = error("GenericError", "JSON parse error, duplicate key");
    let mut peer = Peer::sized(QEMU, 8192, 4096, 64).negotiated("");
    let names: Vec<String> = (0..70).map(|number| format!("n{number}")).collect();
    assert!(peer.say(with_arguments(&names).as_bytes()).contains("Parameter 'n0' is unexpected"));
    for first in 0..70 {
        for second in first + 1..70 {
            let mut names = names.clone();
            // The same, written otherwise.
            names[second] = format!("\\u006E{first}");
            assert_eq!(peer.say(with_arguments(&names).as_bytes()), twice, "{first} and {second}");
        }
    }
}

#[test]
fn an_object_may_have_256_members_and_no_more() {
    let mut peer = Peer::sized(QEMU, 1 << 16, 4096, 64).negotiated("");
    let names = |count| (0..count).map(|number| format!("n{number}")).collect::<Vec<_>>();
    let most = peer.say(with_arguments(&names(256)).as_bytes());
    assert!(most.contains("Parameter 'n0' is unexpected"), "{most}");
    for count in [257, 2000] {
        let refused = error_with("9", "GenericError", "QMP object has more than 256 members");
        assert_eq!(peer.say(with_arguments(&names(count)).as_bytes()), refused, "{count}");
    }
    // Each object is counted by itself.
    let many =
        format!("{{\"execute\":\"query-name\",\"arguments\":{{\"x\":[{}0]}}}}", "{\"a\":1,\"b\":2},".repeat(1000));
    assert!(peer.say(many.as_bytes()).contains("Parameter 'x' is unexpected"));
}
