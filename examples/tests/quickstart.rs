//! The example `quickstart`, by itself and against servers that do not play along.

#[path = "../../std-adapter/tests/common/mod.rs"]
mod common;
mod program;

use common::script::{GREETING, Script};
use program::{Run, run};

/// Without what differs from run to run: the numbers of ports and time stamps.
fn masked(text: &str) -> String {
    let mut masked = String::new();
    for line in text.lines() {
        let end = [" at tcp:127.0.0.1:", " at "].iter().find_map(|mark| line.find(mark).map(|at| at + mark.len()));
        masked.push_str(&line[..end.unwrap_or(line.len())]);
        masked.push('\n');
    }
    masked
}

#[test]
fn without_an_address_it_shows_a_session_with_the_demo_vm() {
    let run = run("quickstart", &[]);
    let expected = "\
no address: starting a demo VM in this program, at tcp:127.0.0.1:
greeting: QEMU 7.2.0 (demo), offers nothing
query-version: 7.2.0
query-status: running
stop: done
  event STOP at \ncont: done
  event RESUME at \ninfo status: VM status: running
make-coffee: refused with CommandNotFound: The command make-coffee has not been found
query-status: running
";
    assert_eq!((run.code, masked(&run.stdout).as_str(), run.stderr.as_str()), (Some(0), expected, ""));
}

#[track_caller]
fn check(run: &Run, stderr: &str) {
    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.starts_with("quickstart: ") && run.stderr.contains(stderr), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1, "{run:?}");
}

#[test]
fn a_server_that_is_not_there_is_one_line() {
    check(&run("quickstart", &["unix:/no/such/socket"]), "connecting to unix:/no/such/socket: ");
}

#[test]
fn a_silent_server_is_one_line() {
    let script = Script::once(|peer| assert_eq!(peer.receive(), None));
    check(&run("quickstart", &[&script.address]), "another client may hold this monitor");
    script.join();
}

#[test]
fn a_server_that_is_not_qmp_is_one_line() {
    let script = Script::once(|peer| {
        peer.send("220 mail.example.org ESMTP\r\n");
        assert_eq!(peer.receive(), None);
    });
    check(&run("quickstart", &[&script.address]), "is this a QMP server?");
    script.join();
}

#[test]
fn a_server_that_closes_is_one_line() {
    let script = Script::many(2, |index, peer| {
        if index == 1 {
            peer.send(GREETING);
            peer.receive();
        }
    });
    check(&run("quickstart", &[&script.address]), "waiting for the greeting: connection lost");
    check(&run("quickstart", &[&script.address]), "capabilities negotiation: connection lost");
    script.join();
}

#[test]
fn wrong_usage_is_exit_code_2() {
    for arguments in [&["--help"][..], &["a", "b"], &["-"]] {
        let run = run("quickstart", arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
        assert!(run.stderr.starts_with("usage: quickstart"), "{run:?}");
    }
}

#[test]
#[cfg(unix)]
fn an_argument_that_is_not_utf8_is_wrong_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let word = OsStr::from_bytes(b"unix:/tmp/\xff");
    for (name, usage) in
        [("quickstart", "usage: quickstart"), ("demo-vm", "usage: demo-vm"), ("execute", "usage: execute")]
    {
        let run: Run = program::command(name).arg(word).arg("query-status").output().unwrap().into();
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{run:?}");
        assert!(run.stderr.contains(usage), "{run:?}");
    }
    // quickstart takes one argument: by itself too.
    let run: Run = program::command("quickstart").arg(word).output().unwrap().into();
    assert_eq!(run.code, Some(2), "{run:?}");
}
