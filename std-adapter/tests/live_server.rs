//! The server end beside a real QEMU: the same input to both, and the answers compared byte for byte.
//!
//! What may differ is listed, each with its reason: the words for offences against the grammar, how many errors a malformed
//! message costs, and numbers in an `id`.

mod common;

#[path = "live_server/ends.rs"]
mod ends;

use common::qemu;
use ends::{Ours, Real, both};
use qmp_core::Json;

const NEGOTIATE: &[u8] = b"{\"execute\":\"qmp_capabilities\"}\n";

const NEGOTIATE_OOB: &[u8] = b"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}\n";

/// Members of a request, in every mixture: good ones, mistyped ones, unknown ones, none.
fn requests() -> Vec<String> {
    let execute = [
        "",
        r#""execute":"query-name""#,
        r#""execute":"nope""#,
        r#""execute":"""#,
        r#""execute":1"#,
        r#""execute":null"#,
        r#""exec-oob":"query-yank""#,
        r#""exec-oob":1"#,
        r#""exec-oob":"query-name""#,
        r#""exec-oob":"nope""#,
        r#""execute":"query-yank","exec-oob":"query-yank""#,
        r#""exec-oob":[],"execute":"query-name""#,
        r#""exec-oob":"x","execute":{}"#,
    ];
    let arguments = ["", r#""arguments":{}"#, r#""arguments":[]"#, r#""arguments":null"#, r#""arguments":{"q":1}"#];
    let others = [
        "",
        r#""x":1"#,
        r#""zz":{}"#,
        r#""__downstream":"é""#,
        r#""return":1,"event":"E""#,
        r#""control":{"run-oob":true}"#,
        r#""\u0065\"\n":1"#,
    ];
    let ids = ["", r#""id":1"#, r#""id":"é\u20ac""#];
    let mut all = Vec::new();
    for (number, execute) in execute.iter().enumerate() {
        for (place, arguments) in arguments.iter().enumerate() {
            for other in others {
                let id = ids[(number + place) % 3];
                let mut members: Vec<&str> =
                    [id, *execute, *arguments, other].into_iter().filter(|it| !it.is_empty()).collect();
                let length = members.len().max(1);
                members.rotate_left((number + place) % length);
                all.push(format!("{{{}}}", members.join(",")));
            }
        }
    }
    all
}

/// Arguments, each good or bad in its own way.
fn invocations() -> Vec<String> {
    let values =
        ["1", "-1", "1.5", "1e0", "null", "true", "[]", "{}", r#""x""#, r#""\u0000é""#, "18446744073709551616"];
    let mut all = Vec::new();
    for value in values {
        all.push(format!(r#"{{"execute":"device_del","arguments":{{"id":{value}}}}}"#));
        all.push(format!(r#"{{"execute":"device_del","arguments":{{"id":{value},"y":1}},"id":{value}}}"#));
        all.push(format!(r#"{{"execute":"set_link","arguments":{{"up":{value}}}}}"#));
        all.push(format!(r#"{{"execute":"set_link","arguments":{{"name":{value},"up":1}}}}"#));
        all.push(format!(r#"{{"execute":"human-monitor-command","arguments":{{"cpu-index":{value}}}}}"#));
        all.push(format!(r#"{{"execute":"query-name","arguments":{{"{}":1}}}}"#, value.replace('"', "")));
    }
    // A number in an id comes back as it was sent; QEMU prints it anew. A NUL ends a string in QEMU.
    let differs = |text: &String| {
        text.contains("1.5,")
            || text.contains(r#""id":1.5}"#)
            || text.contains("1e0}")
            || text.contains("1616}")
            || text.contains("u0000")
    };
    all.retain(|text| !differs(text));
    all
}

/// Ids that come back the same from both.
fn ids() -> Vec<String> {
    let ids = [
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "true",
        "false",
        "null",
        r#""""#,
        r#""a b""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""\u0000\u001f\u007f\u0080\u00e9\u20ac\ud83d\ude00""#,
        "\"é€😀\"",
        "\"\u{7f}\"",
        "[]",
        "{}",
        "[[],{}]",
        r#"{"a":[1,{"b":null}]}"#,
        "[ 1 ,\t2 ,\r\n3 ]",
        r#""%s%p""#,
        "\"'\"",
    ];
    ids.iter().map(|id| format!(r#"{{"execute":"query-name","id":{id}}}"#)).collect()
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn requests_are_answered_as_by_qemu_to_the_byte() {
    let qemu = qemu::Server::system(false, &[]);
    let mut compared = 0;
    for negotiation in [NEGOTIATE, NEGOTIATE_OOB] {
        let (mut real, mut ours) = both(&qemu, negotiation);
        for request in requests().into_iter().chain(invocations()).chain(ids()) {
            assert_eq!(ours.ask(request.as_bytes()), real.ask(request.as_bytes()), "{request}");
            compared += 1;
        }
    }
    assert!(compared > 1000, "{compared}");
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn before_the_negotiation_requests_are_answered_as_by_qemu_to_the_byte() {
    let qemu = qemu::Server::system(false, &[]);
    let capabilities = [
        "{}",
        r#"{"enable":[]}"#,
        r#"{"enable":["oob"]}"#,
        r#"{"enable":["oob","oob"]}"#,
        r#"{"enable":["bogus"]}"#,
        r#"{"enable":["oob","b"]}"#,
        r#"{"enable":"oob"}"#,
        r#"{"enable":null}"#,
        r#"{"enable":{}}"#,
        r#"{"enable":[1]}"#,
        r#"{"enable":["oob",null]}"#,
        r#"{"enable":[["oob"]]}"#,
        r#"{"foo":1}"#,
        r#"{"enable":[],"foo":1}"#,
        "[]",
        "null",
        r#"{"enable":["\u0000é"]}"#,
    ];
    let mut inputs: Vec<_> =
        capabilities.iter().map(|it| format!(r#"{{"execute":"qmp_capabilities","id":7,"arguments":{it}}}"#)).collect();
    inputs.push(r#"{"exec-oob":"qmp_capabilities"}"#.into());
    inputs.push(r#"{"execute":"qmp_capabilities","x":1}"#.into());
    inputs.push(r#"{"execute":"qmp_capabilities","arguments":{"\u0065nable":["oo\u0062"]}}"#.into());
    inputs.extend(requests().into_iter().step_by(11));
    for input in &inputs {
        // The NUL ends QEMU's text.
        if input.contains("u0000") {
            continue;
        }
        let (mut real, greeting) = Real::connect(&qemu);
        let mut ours = Ours::new(&greeting);
        assert_eq!(ours.ask(b""), greeting);
        assert_eq!(ours.ask(input.as_bytes()), real.ask(input.as_bytes()), "{input}");
        // Whether it was accepted shows in what comes next.
        let probe = ours.ask(b"{\"execute\":\"qmp_capabilities\"}");
        assert!(probe.lines().count() == 1);
        // One by one: what is out of band may overtake what was sent before it.
        for next in [&br#"{"execute":"query-name","id":8}"#[..], br#"{"exec-oob":"query-yank","id":9}"#] {
            assert_eq!(ours.ask(next), real.ask(next), "after {input}");
        }
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn malformed_input_is_an_error_for_both_and_both_go_on() {
    let qemu = qemu::Server::system(false, &[]);
    let inputs: &[&[u8]] = &[
        b"{]",
        b"{}}",
        b"}",
        b"]",
        b",",
        b":",
        b"{\"execute\":}",
        b"{\"execute\":\"query-name\",}",
        b"{,}",
        b"{\"a\" \"b\"}",
        b"{1:2}",
        b"{null:2}",
        b"{\"a\":1 \"b\":2}",
        b"[1,]",
        b"[,]",
        b"[1 2]",
        b"foo",
        b"truer",
        b"nan",
        b"NaN",
        b"-",
        b"+1",
        b".5",
        b"1.",
        b"01",
        b"1e",
        b"0x1",
        b"\xff",
        b"\xff\xff",
        b"\x01",
        b"\x1b",
        b"\x7f",
        b"{\"a\":\x01}",
        b"{\"a\":\"\x01\"}",
        b"{\"execute\":\"ab\ncd\"}",
        b"{\"execute\":\"ab\tcd\"}",
        b"{/* c */\"execute\":\"x\"}",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"%p",
        b"@",
        b"#",
        b"\xef\xbb\xbf",
        b"{\"a\":\"\\x41\"}",
        b"{\"a\":\"\\u12\"}",
        b"{\"a\":\"\\ud800\"}",
        b"{\"a\":\"\\udc00\"}",
        b"{\"a\":\"\\ud800\\u0041\"}",
        b"{\"a\":\"\\uffff\"}",
        b"{\"a\":\"\\ufdd0\"}",
        b"{\"a\":\"\\ud83f\\udffe\"}",
        b"{\"a\":\"\xc3\"}",
        b"{\"a\":\"\xc0\xaf\"}",
        b"{\"a\":\"\xed\xa0\x80\"}",
        b"{\"a\":\"\xf4\x90\x80\x80\"}",
        b"{\"a\":\"\xf8\"}",
        b"{\"a\":\"\xef\xbf\xbf\"}",
        b"{\"a\":1,\"a\":2}",
        b"{\"x\":{\"a\":1,\"\\u0061\":2}}",
        b"{\"id\":1,\"id\":1}",
        b"{\"a\":tru}",
        b"{\"a\":nul}",
        b"{\"a\":True}",
        b"{\"a\":-}",
        b"{\"a\":1.e5}",
        b"{\"a\":1e+}",
        b"{\"a\":00}",
        b"null",
        b"true",
        b"12",
        b"-1.5e3",
        b"\"abc\"",
        b"\"a{b\"",
        b"[]",
        b"[{}]",
        b"[{\"execute\":\"quit\"}]",
        b"[[[1]]]",
        b"[{\"execute\":\"query-name\"},{\"execute\":\"query-name\"}]",
    ];
    for input in inputs {
        let shown = input.escape_ascii();
        let (mut real, mut ours) = both(&qemu, NEGOTIATE);
        let (theirs, mine) = (real.ask(input), ours.ask(&[input, &b"\n"[..]].concat()));
        for (who, said) in [("QEMU", &theirs), ("the server", &mine)] {
            assert!(!said.is_empty(), "{who} on {shown}");
            let generic = |line: &str| line.starts_with("{\"error\": {\"class\": \"GenericError\", \"desc\": \"");
            assert!(said.lines().all(generic), "{who} on {shown}: {said}");
        }
        assert!(mine.lines().count() <= theirs.lines().count(), "{shown}: {mine}{theirs}");
        let object = "QMP input must be a JSON object";
        if Json::parse(input).is_ok() && theirs.lines().count() == 1 {
            assert_eq!(mine.contains(object), theirs.contains(object), "{shown}: {mine}{theirs}");
        }
        let probe = br#"{"execute":"query-name","id":8}"#;
        assert_eq!(ours.ask(probe), real.ask(probe), "after {shown}");
    }
    assert!(inputs.len() > 70);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn what_is_accepted_otherwise_than_by_qemu_is_known() {
    let qemu = qemu::Server::system(false, &[]);
    let name = |id: &str| format!(r#"{{"execute":"query-name","id":{id}}}"#);
    let returned = |id: &str| format!("{{\"return\": {{}}, \"id\": {id}}}\r\n");
    let (mut real, mut ours) = both(&qemu, NEGOTIATE);
    // Numbers in an id are QEMU's own after it has read them.
    for (sent, theirs) in [("1.50", "1.5"), ("1e5", "100000"), ("-0", "0"), ("1e999", "inf")] {
        assert_eq!(real.ask(name(sent).as_bytes()), returned(theirs));
        assert_eq!(ours.ask(name(sent).as_bytes()), returned(sent));
    }
    // Members of an id come back in the order of QEMU's hash table.
    assert_eq!(real.ask(name(r#"{"z":1,"a":2}"#).as_bytes()), returned(r#"{"a": 2, "z": 1}"#));
    assert_eq!(ours.ask(name(r#"{"z":1,"a":2}"#).as_bytes()), returned(r#"{"z": 1, "a": 2}"#));
    // A zero with an exponent is JSON.
    assert!(real.ask(name("0e5").as_bytes()).contains("JSON parse error"));
    assert_eq!(ours.ask(name("0e5").as_bytes()), returned("0e5"));
    // Single quotes, and their escape, are not.
    let quoted = b"{'execute':'query-name'}";
    assert_eq!(real.ask(quoted), "{\"return\": {}}\r\n");
    assert!(ours.ask(quoted).contains("JSON parse error"));
    // QEMU nests as deep as 1024.
    let deep = name(&("[".repeat(64) + &"]".repeat(64)));
    assert!(real.ask(deep.as_bytes()).starts_with("{\"return\": {}"));
    assert!(ours.ask(deep.as_bytes()).contains("JSON nesting depth limit exceeded"));
}
