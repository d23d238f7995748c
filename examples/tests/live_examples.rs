//! The examples against a real QEMU.

#[path = "../../std-adapter/tests/common/mod.rs"]
mod common;
mod program;

#[cfg(unix)]
use std::os::unix::net::UnixStream;

use common::qemu::Server;
use program::{Run, run};

/// A tour of a machine that stands still.
#[track_caller]
fn check_tour(run: &Run) {
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    let expected = [
        "greeting: QEMU ",
        "query-version: ",
        "query-status: prelaunch",
        "cont: done",
        "  event RESUME at ",
        "stop: done",
        "  event STOP at ",
        "info status: VM status: paused",
        "make-coffee: refused with CommandNotFound: The command make-coffee has not been found",
        "query-status: paused",
    ];
    assert_eq!(lines.len(), expected.len(), "{run:?}");
    for (line, start) in lines.iter().zip(expected) {
        assert!(line.starts_with(start), "{line:?} does not begin with {start:?}");
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn quickstart_tours_a_machine_over_a_unix_socket() {
    let server = Server::system(false, &[]);
    drop(server.connect());
    check_tour(&run("quickstart", &[&server.address()]));
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn quickstart_tours_a_machine_that_prints_prettily() {
    let server = Server::system(true, &[]);
    drop(server.connect());
    check_tour(&run("quickstart", &[&server.address()]));
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn quickstart_tours_a_machine_over_tcp() {
    let (_server, port) = Server::with_tcp("");
    check_tour(&run("quickstart", &[&format!("tcp:127.0.0.1:{port}")]));
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn execute_prints_what_a_machine_returns() {
    for pretty in [false, true] {
        let server = Server::system(pretty, &[]);
        drop(server.connect());
        let address = server.address();
        let execute = |words: &[&str]| run("execute", &[&[address.as_str()], words].concat());

        let run = execute(&["query-status"]);
        assert_eq!(
            (run.code, run.stdout.as_str(), run.stderr.as_str()),
            (Some(0), "{\"status\":\"prelaunch\",\"singlestep\":false,\"running\":false}\n", "")
        );
        let run = execute(&["qom-get", "{\"path\": \"/machine\", \"property\": \"type\"}"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), "\"pc-q35-7.2-machine\"\n"));
        let run = execute(&["human-monitor-command", "{\"command-line\": \"info status\"}"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), "\"VM status: paused (prelaunch)\\r\\n\"\n"));
        let run = execute(&["cont"]);
        assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "{}\n", "event RESUME\n"));
        let run = execute(&["--oob", "query-yank"]);
        assert_eq!(run.code, Some(0), "{run:?}");
        let run = execute(&["device_del", "{\"id\": \"nothing\"}"]);
        assert_eq!((run.code, run.stderr.as_str()), (Some(1), "DeviceNotFound: Device 'nothing' not found\n"));
        let run = execute(&["query-qmp-schema", "--buffer", "512"]);
        assert_eq!(run.code, Some(3));
        assert!(run.stderr.contains("larger than the receive buffer"), "{run:?}");
        let run = execute(&["query-qmp-schema"]);
        assert_eq!((run.code, run.stdout.lines().count()), (Some(0), 1));
        assert!(run.stdout.len() > 150_000);
        let run = execute(&["quit"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), "{}\n"), "{run:?}");
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn execute_selects_parts_of_a_reply_far_larger_than_its_buffer() {
    for pretty in [false, true] {
        let server = Server::system(pretty, &[]);
        drop(server.connect());
        let address = server.address();
        let execute = |words: &[&str]| run("execute", &[&[address.as_str()], words].concat());

        let whole = execute(&["query-qmp-schema"]);
        let whole: serde_json::Value = serde_json::from_str(&whole.stdout).unwrap();
        let whole = whole.as_array().unwrap();
        let select = |paths: &[&str], buffer: &str| {
            let mut words = vec!["query-qmp-schema", "--buffer", buffer];
            paths.iter().for_each(|path| words.extend(["--select", *path]));
            let run = execute(&words);
            assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{paths:?}: {run:?}");
            serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()
        };

        let add = select(&["return[name=device_add]"], "512");
        let expected: Vec<_> = whole.iter().filter(|one| one["name"] == "device_add").cloned().collect();
        assert_eq!(expected.len(), 1);
        assert_eq!(add, serde_json::Value::Array(expected));

        let oob = select(&["return[name=migrate-pause].allow-oob"], "512");
        assert_eq!(oob, serde_json::json!([{ "allow-oob": true }]));

        let names = select(&["return[*].name", "return[*].meta-type"], "100000");
        let both = |one: &serde_json::Value| serde_json::json!({ "name": one["name"], "meta-type": one["meta-type"] });
        assert_eq!(names, serde_json::Value::Array(whole.iter().map(both).collect()));

        let run = execute(&["query-qmp-schema", "--buffer", "512", "--select", "return[*].name"]);
        assert_eq!(run.code, Some(3), "{run:?}");
        assert!(run.stderr.contains("larger than the receive buffer"), "{run:?}");
        let run = execute(&["query-status", "--select", "return.status"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), "{\"status\":\"prelaunch\"}\n"), "{run:?}");
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn execute_works_with_the_storage_daemon() {
    let server = Server::storage_daemon(false);
    drop(server.connect());
    let run = run("execute", &[&server.address(), "query-commands"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert!(run.stdout.contains("{\"name\":\"blockdev-add\"}"));
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn execute_says_that_another_client_may_hold_the_monitor() {
    let server = Server::system(false, &[]);
    let _held = server.connect();
    let run = run("execute", &[&server.address(), "query-status", "--timeout", "300"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(3), ""));
    assert!(run.stderr.contains("another client may hold this monitor"), "{run:?}");
}

#[cfg(unix)]
#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn execute_waits_for_its_turn_though_it_is_stopped_for_a_while() {
    let server = Server::system(false, &[]);
    let held = server.connect();
    // QEMU takes one client, and the system keeps as many more as its queue has places.
    let (first, second) = (UnixStream::connect(server.path()).unwrap(), UnixStream::connect(server.path()).unwrap());
    let mut child = program::command("execute")
        .args([&server.address(), "query-status", "--timeout", "20000"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    (0..10).for_each(|_| program::stop_for_a_while(&child));
    assert_eq!(child.try_wait().unwrap(), None);
    drop((held, first, second));
    assert!(child.wait().unwrap().success());
}
