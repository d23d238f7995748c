//! The example `execute` against servers that do what real ones would not.

#[path = "../../std-adapter/tests/common/mod.rs"]
mod common;
mod program;

use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use common::script::{GREETING, Peer, Script, event, id, reply};
use program::Run;

/// Runs `execute ADDRESS COMMAND…` with a script on the other side.
fn execute(words: &[&str], script: impl FnOnce(&mut Peer) + Send + 'static) -> Run {
    let script = Script::once(script);
    let mut arguments = vec![script.address.as_str()];
    arguments.extend(words);
    let run = program::run("execute", &arguments);
    script.join();
    run
}

/// As [`execute`], with a server that negotiates and hands the command to `script`.
fn answer(words: &[&str], script: impl FnOnce(&mut Peer, &str) + Send + 'static) -> Run {
    execute(words, |peer| {
        peer.negotiate();
        let request = peer.receive().expect("no command");
        script(peer, &request);
    })
}

#[track_caller]
fn check(run: &Run, code: i32, stdout: &str, stderr: &str) {
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(code), stdout, stderr));
}

/// The same, with standard error by what it contains.
#[track_caller]
fn check_part(run: &Run, code: i32, stdout: &str, stderr: &[&str]) {
    assert_eq!((run.code, run.stdout.as_str()), (Some(code), stdout), "{run:?}");
    for part in stderr {
        assert!(run.stderr.contains(part), "{part:?} is not in {run:?}");
    }
    assert!(run.stderr.ends_with('\n'), "{run:?}");
}

#[test]
fn the_return_is_one_line_without_white_space_outside_strings() {
    let run = answer(&["query"], |peer, request| {
        assert!(request.starts_with("{\"execute\":\"query\",\"id\":"), "{request}");
        let value =
            "{\r\n    \"a b\": [ 1.50,\t-0, 1e5, \"x \\\" y\\\\\", \"\\u00E9 \" ],\r\n    \"c\": {\r\n    }\r\n}";
        peer.send(reply(request, value));
    });
    check(&run, 0, "{\"a b\":[1.50,-0,1e5,\"x \\\" y\\\\\",\"\\u00E9 \"],\"c\":{}}\n", "");
}

#[test]
fn arguments_are_sent_as_they_are() {
    let run = answer(&["query", "{\"a\": [1.50, \"\\u00e9\"]}"], |peer, request| {
        assert!(request.contains(",\"arguments\":{\"a\": [1.50, \"\\u00e9\"]}}"), "{request}");
        peer.send(reply(request, "\"text\""));
    });
    check(&run, 0, "\"text\"\n", "");
}

#[test]
fn a_command_and_arguments_of_any_size_are_sent() {
    let long = format!("{{\"a\": \"{}\"}}", "x".repeat(100_000));
    let run = answer(&["query", &long], |peer, request| {
        assert!(request.contains(&"x".repeat(100_000)));
        peer.send(reply(request, "0"));
    });
    check(&run, 0, "0\n", "");
}

#[test]
fn a_name_that_no_command_can_have_is_not_sent() {
    let run = execute(&["say \"hi\""], |peer| {
        peer.negotiate();
        assert_eq!(peer.receive(), None);
    });
    check(&run, 3, "", "execute: cannot execute: not the name of a command\n");
}

#[test]
fn each_event_is_a_line_on_standard_error() {
    let run = answer(&["query"], |peer, request| {
        peer.send(event("STOP"));
        peer.send("{\"event\": \"X_Y\", \"data\": {\"a\":  [1, \"b c\"]}}\r\n");
        peer.send(reply(request, "[]"));
    });
    check(&run, 0, "[]\n", "event STOP\nevent X_Y {\"a\":[1,\"b c\"]}\n");
}

#[test]
fn an_event_is_printed_the_moment_it_arrives() {
    let (told, wait) = std::sync::mpsc::channel();
    let script = Script::once(move |peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(event("STOP"));
        // Not before the line was seen on the other side.
        wait.recv_timeout(common::LONG).expect("the event was not printed before the reply");
        peer.send(reply(&request, "{}"));
    });
    let mut child = program::command("execute")
        .args([&script.address, "query", "--timeout", "20000"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = [0; 11];
    child.stderr.take().unwrap().read_exact(&mut line).unwrap();
    assert_eq!(&line, b"event STOP\n");
    told.send(()).unwrap();
    script.join();
    assert!(child.wait().unwrap().success());
}

/// Waits on a socket that have a time limit come back early then, which is nothing to tell anybody.
#[cfg(unix)]
#[test]
fn being_stopped_for_a_while_changes_nothing() {
    let (told, wait) = std::sync::mpsc::channel();
    let script = Script::once(move |peer| {
        for text in [GREETING, "{\"return\": {}, \"id\": ID}\r\n", "{\"return\": [1], \"id\": ID}\r\n"] {
            let request = if text == GREETING { String::new() } else { peer.receive().unwrap() };
            wait.recv_timeout(common::LONG).unwrap();
            let id = if request.is_empty() { "" } else { id(&request) };
            peer.send(text.replace("ID", id));
        }
    });
    let child = program::command("execute")
        .args([&script.address, "query", "--timeout", "20000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    for _ in 0..3 {
        (0..10).for_each(|_| program::stop_for_a_while(&child));
        told.send(()).unwrap();
    }
    script.join();
    check(&child.wait_with_output().unwrap().into(), 0, "[1]\n", "");
}

#[test]
fn an_error_reply_is_exit_code_1() {
    let run = answer(&["query"], |peer, request| {
        let error = "{\"class\": \"NewClass\", \"desc\": \"two\\r\\nlines \\u00E9\"}";
        peer.send(format!("{{\"id\": {}, \"error\": {error}}}\r\n", id(request)));
    });
    check(&run, 1, "", "NewClass: two\\r\\nlines é\n");
}

#[test]
fn wrong_usage_is_exit_code_2() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "an address, a command"),
        (&["unix:/x"], "an address, a command"),
        (&["unix:/x", "query", "{}", "more"], "an address, a command"),
        (&["unix:/x", "query", "[]"], "not a JSON object"),
        (&["unix:/x", "query", "{"], "not JSON"),
        (&["unix:/x", "query", "{'a': 1}"], "not JSON"),
        (&["unix:/x", "query", "--buffer", "511"], "--buffer needs a number from 512"),
        (&["unix:/x", "query", "--buffer"], "--buffer needs a number"),
        (&["unix:/x", "query", "--timeout", "0"], "--timeout needs a number from 1"),
        (&["unix:/x", "query", "--timeout", "soon"], "--timeout needs a number"),
        (&["unix:/x", "query", "--select"], "--select needs a path"),
        (&["unix:/x", "query", "--select", "return["], "--select: path 0 is not one"),
        (&["unix:/x", "query", "--select", "return.a", "--oob"], "--oob and --select exclude each other"),
        (&["unix:/x", "query", "--verbose"], "unknown option --verbose"),
        (&["tls:host:1", "query"], "tls is not supported"),
        (&["tcp:host", "query"], "no port"),
    ];
    for (arguments, expected) in cases {
        check_part(&program::run("execute", arguments), 2, "", &[expected, "usage: execute ADDRESS"]);
    }
}

#[test]
fn a_socket_that_is_not_there_is_exit_code_3() {
    let run = program::run("execute", &["unix:/no/such/socket", "query"]);
    check_part(&run, 3, "", &["connecting to unix:/no/such/socket: "]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = program::run("execute", &[&format!("tcp:127.0.0.1:{port}"), "query"]);
    check_part(&run, 3, "", &["connecting to tcp:127.0.0.1:"]);
}

#[test]
fn a_silent_server_may_be_held_by_another_client() {
    let run = execute(&["query", "--timeout", "500"], |peer| assert_eq!(peer.receive(), None));
    check_part(&run, 3, "", &["waiting for the greeting", "another client may hold this monitor"]);
}

#[test]
fn a_server_that_is_not_qmp_is_doubted() {
    let run = execute(&["query", "--timeout", "500"], |peer| {
        peer.send("SSH-2.0-OpenSSH_9.2p1\r\n");
        assert_eq!(peer.receive(), None);
    });
    check_part(&run, 3, "", &["waiting for the greeting", "23 bytes", "is this a QMP server?"]);
}

#[test]
fn a_server_that_closes_is_named_with_the_phase() {
    let run = execute(&["query"], |_| {});
    check_part(&run, 3, "", &["waiting for the greeting: connection lost, 0 bytes had come"]);
    let run = execute(&["query"], |peer| {
        peer.send(GREETING);
        peer.receive();
    });
    check_part(&run, 3, "", &["capabilities negotiation: connection lost"]);
    let run = answer(&["query"], |_, _| {});
    check_part(&run, 3, "", &["command mode: connection lost, 0 bytes had come"]);
}

#[test]
fn a_refused_negotiation_is_exit_code_3() {
    let run = execute(&["query"], |peer| {
        peer.send(GREETING);
        let request = peer.receive().unwrap();
        let error = "{\"class\": \"GenericError\", \"desc\": \"no\"}";
        peer.send(format!("{{\"error\": {error}, \"id\": {}}}\r\n", id(&request)));
        peer.receive();
    });
    check_part(&run, 3, "", &["capabilities negotiation", "GenericError: no"]);
}

#[test]
fn a_negotiation_and_a_command_without_reply_time_out_in_their_phase() {
    let run = execute(&["query", "--timeout", "500"], |peer| {
        peer.send(GREETING);
        while peer.receive().is_some() {}
    });
    check_part(&run, 3, "", &["capabilities negotiation: timed out"]);
    let run = answer(&["query", "--timeout", "500"], |peer, _| {
        peer.send("{\"return\": {");
        while peer.receive().is_some() {}
    });
    check_part(&run, 3, "", &["command mode: timed out, 12 bytes had come"]);
}

#[test]
fn a_reply_before_the_end_of_the_stream_counts() {
    let run = answer(&["quit"], |peer, request| peer.send(reply(request, "{}")));
    check(&run, 0, "{}\n", "");
}

#[test]
fn a_reply_larger_than_the_buffer_is_measured() {
    let run = answer(&["query", "--buffer", "512"], |peer, request| {
        peer.send(event("STOP"));
        peer.send(reply(request, &format!("\"{}\"", "x".repeat(300_000))));
    });
    check_part(&run, 3, "", &["event STOP\n", "command mode: the reply of 3000", "larger than the receive buffer"]);
}

#[test]
fn an_event_larger_than_the_buffer_is_reported_and_the_reply_arrives() {
    let run = answer(&["query", "--buffer", "512"], |peer, request| {
        peer.send(format!("{{\"event\": \"BIG\", \"data\": {{\"a\": \"{}\"}}}}\r\n", "x".repeat(1000)));
        peer.send(reply(request, "{}"));
    });
    check(&run, 0, "{}\n", "discarded: oversized event of 1035 bytes, BIG\n");
}

#[test]
fn a_malformed_message_is_reported_and_the_next_one_arrives() {
    let run = answer(&["query"], |peer, request| {
        peer.send("{\"return\": inf, \"id\": 5}\r\n");
        peer.send(reply(request, "{}"));
    });
    check(&run, 0, "{}\n", "discarded: malformed message of 26 bytes: not JSON at byte 11\n");
}

#[test]
fn a_reply_that_is_malformed_is_missed_in_time() {
    let run = answer(&["query", "--timeout", "500"], |peer, request| {
        peer.send(reply(request, "inf"));
        peer.send(event("STOP"));
        while peer.receive().is_some() {}
    });
    check_part(&run, 3, "", &["discarded: malformed message", "event STOP\n", "command mode: timed out"]);
}

#[test]
fn replies_to_others_are_reported_and_the_wait_goes_on() {
    let run = answer(&["query"], |peer, request| {
        peer.send("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n");
        peer.send(
            "{\"return\": {}, \"id\": \"a b\"}\r\n{\"return\": [1]}\r\n{\"id\": 1, \"error\": {}}\r\n{\"x\": 1}\r\n",
        );
        peer.send(reply(request, "7"));
    });
    let expected = "unmatched error without id: GenericError: JSON parse error\n\
        unmatched return with id \"a b\"\n\
        unmatched return without id\n\
        unmatched error with id 1: : \n\
        unmatched message\n";
    check(&run, 0, "7\n", expected);
}

#[test]
fn noise_before_the_greeting_is_reported() {
    let run = execute(&["query"], |peer| {
        peer.send("booting\r\n");
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(reply(&request, "{}"));
    });
    check(&run, 0, "{}\n", "discarded: 7 bytes of noise between messages\n");
}

#[test]
fn out_of_band_execution_that_is_not_offered_is_exit_code_3() {
    let run = execute(&["query", "--oob"], |peer| {
        peer.send(GREETING.replace("\"oob\"", "\"new\""));
        let request = peer.receive().unwrap();
        peer.send(reply(&request, "{}"));
        assert_eq!(peer.receive(), None);
    });
    check_part(&run, 3, "", &["out-of-band execution is not offered"]);
}

#[test]
fn a_command_goes_out_of_band() {
    let run = execute(&["--oob", "query"], |peer| {
        peer.send(GREETING);
        let request = peer.receive().unwrap();
        assert!(request.contains("\"enable\":[\"oob\"]"), "{request}");
        peer.send(reply(&request, "{}"));
        let request = peer.receive().unwrap();
        assert!(request.starts_with("{\"exec-oob\":\"query\""), "{request}");
        peer.send(reply(&request, "{}"));
    });
    check(&run, 0, "{}\n", "");
}

#[test]
fn a_closed_standard_output_ends_it_quietly() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        thread::sleep(Duration::from_millis(50));
        peer.send(reply(&request, &format!("\"{}\"", "x".repeat(300_000))));
    });
    let mut child = program::command("execute")
        .args([&script.address, "query"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let run = Run::from(child.wait_with_output().unwrap());
    script.join();
    check(&run, 0, "", "");
}

#[test]
#[cfg(target_os = "linux")]
fn a_standard_output_that_takes_nothing_is_exit_code_3() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(reply(&request, "{}"));
    });
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program::command("execute").args([&script.address, "query"]).stdout(full).output().unwrap();
    script.join();
    check_part(&Run::from(output), 3, "", &["writing the return: "]);
}
