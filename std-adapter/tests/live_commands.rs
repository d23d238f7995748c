//! Commands of a real QEMU: all queries, waits, out-of-band execution, what happens when time runs out or the server ends.

#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use common::LONG;
use common::qemu::{self, Server};
use qmp_core::{Command, Cont, Empty, ExecuteError, Json, Named, Phase, QueryCommands, QueryStatus, Stop};
use qmp_std_adapter::{Error, Notice, Options, Session};

#[derive(serde::Serialize)]
struct DeviceDel<'a> {
    id: &'a str,
}

impl Command for DeviceDel<'_> {
    const NAME: &'static str = "device_del";
    type Return<'r> = Empty;
}

/// Bytes of the `return` of every query that needs no argument; those that the machine refuses are left out.
fn lengths(session: &mut Session) -> BTreeMap<String, u64> {
    let list = session.execute(&QueryCommands {}).unwrap();
    let names = list.elements().filter_map(|command| command.member("name")?.as_str().map(|name| name.to_string()));
    let queries: Vec<String> = names.filter(|name| name.starts_with("query-")).collect();
    let mut lengths = BTreeMap::new();
    for name in queries {
        match session.execute_raw(&name, None, false) {
            Ok(value) => {
                lengths.insert(name, value.text().len() as u64);
            }
            Err(Error::Refused(_)) => {}
            Err(error) => panic!("{name}: {error}"),
        }
    }
    lengths
}

/// Bytes that a reply has beside its value, at most: `{"return": , "id": 9007199254740991}` and the line end.
const ENVELOPE: u64 = 48;

fn every_query_is_answered(pretty: bool) {
    let server = Server::system(pretty, &[]);
    let mut session = server.connect();
    let lengths = lengths(&mut session);
    assert!(lengths.len() >= 50, "only {} queries were answered", lengths.len());
    assert!(lengths["query-qmp-schema"] > 200_000);
    drop(session);

    for buffer in [512, 4096, 65_536] {
        let mut session = server.connect_with(&Options { receive: buffer, ..Options::default() });
        for (name, &length) in &lengths {
            let result = session.execute_raw(name, None, false);
            match result {
                Ok(value) => assert!(value.text().len() <= buffer, "{name}"),
                Err(Error::Oversized { bytes, error: false }) => {
                    assert!(bytes > buffer as u64, "{name}: {bytes} bytes would have fitted");
                    // Not all replies are the same each time, but nearly.
                    assert!(bytes.abs_diff(length) <= ENVELOPE + 16, "{name}: {bytes} bytes after {length}");
                }
                Err(error) => panic!("{name} into {buffer} bytes: {error}"),
            }
        }
        assert_eq!(session.counters(), Default::default(), "with {buffer} bytes");
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn every_query_is_answered_up_to_the_size_of_the_buffer() {
    every_query_is_answered(false);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn every_query_is_answered_up_to_the_size_of_the_buffer_with_pretty_printing() {
    every_query_is_answered(true);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn device_del_is_over_when_the_device_is_deleted() {
    let server = Server::system(false, &[]);
    let mut session = server.connect();
    session.execute(&Cont {}).unwrap();
    let path = session.execute_until(&DeviceDel { id: "kbd0" }, LONG, |event| {
        let device = event.data()?.member("device")?.as_str()?;
        (event.name() == "DEVICE_DELETED" && device == "kbd0").then(|| event.data().unwrap().to_string())
    });
    assert!(path.unwrap().contains("/machine/peripheral/kbd0"));

    // What was not waited for is still there: RESUME, and the deletion of the device's own path.
    let mut names = Vec::new();
    while let Some(notice) = session.next_event(Duration::from_millis(100)).unwrap() {
        let Notice::Event(event) = notice else { panic!("{notice:?}") };
        names.push(event.name().to_string());
    }
    assert_eq!(names.first().map(String::as_str), Some("RESUME"), "{names:?}");
    assert_eq!(session.counters().events, 1 + names.len() as u64);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn an_error_reply_ends_the_wait_for_an_event() {
    let server = Server::system(false, &[]);
    let mut session = server.connect();
    let result = session.execute_until(&DeviceDel { id: "nothing" }, LONG, |_| Some(()));
    assert!(matches!(result, Err(Error::Refused(refusal)) if refusal.class() == "DeviceNotFound"));
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_wait_for_an_event_that_does_not_come_ends_with_its_time() {
    let server = Server::system(false, &[]);
    let mut session = server.connect();
    // It is paused already: no event.
    let result = session.execute_until(&Stop {}, Duration::from_millis(100), |_| Some(()));
    assert!(matches!(result, Err(Error::TimedOut { phase: Phase::Command, .. })), "{result:?}");
    assert!(session.next_event(Duration::ZERO).unwrap().is_none());
    session.execute(&QueryStatus {}).unwrap();
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn the_late_reply_to_a_command_that_timed_out_reaches_nobody() {
    let server = Server::system(false, &[]);
    let mut session = server.connect();
    for round in 1..=10 {
        // It cannot answer.
        server.signal("STOP");
        session.set_command_timeout(Duration::from_millis(5));
        let result = session.execute_raw("query-qmp-schema", None, false);
        assert!(matches!(result, Err(Error::TimedOut { phase: Phase::Command, .. })), "{result:?}");
        server.signal("CONT");
        session.set_command_timeout(LONG);
        assert_eq!(session.execute(&QueryStatus {}).unwrap().status, "prelaunch");
        assert_eq!(session.counters().late_replies, round);
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_command_can_be_executed_out_of_band() {
    let server = Server::system(false, &[]);
    let yank = Named { name: "query-yank", arguments: Empty {} };

    let mut session = server.connect();
    assert!(!session.oob());
    assert!(matches!(session.exec_oob(&yank), Err(Error::Execute(ExecuteError::OobDisabled))));
    drop(session);

    let mut session = server.connect_with(&Options { oob: true, ..Options::default() });
    assert!(session.oob());
    let instances = session.exec_oob(&yank).unwrap();
    assert!(instances.elements().any(|one| one.member("id").and_then(Json::as_str).is_some_and(|id| id == "monitor")));
    let result = session.execute_raw("query-status", None, true);
    assert!(matches!(result, Err(Error::Refused(refusal)) if refusal.desc().contains("does not support OOB")));
    session.execute(&QueryStatus {}).unwrap();
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_second_client_is_told_that_another_may_hold_the_monitor() {
    let server = Server::system(false, &[]);
    let first = server.connect();
    let options = Options { handshake: Duration::from_millis(200), ..Options::default() };
    let error = options.connect(&server.address()).unwrap_err();
    assert!(matches!(error, Error::TimedOut { phase: Phase::Greeting, received: 0 }), "{error:?}");
    assert!(error.to_string().contains("another client may hold this monitor"), "{error}");
    drop(first);
    server.connect();
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_full_queue_of_clients_is_a_timeout_of_the_connect() {
    let server = Server::system(false, &[]);
    let _first = server.connect();
    let options =
        Options { connect: Duration::from_millis(100), handshake: Duration::from_millis(100), ..Options::default() };
    let waiting: Vec<_> =
        (0..16).map_while(|_| std::os::unix::net::UnixStream::connect(server.path()).ok()).take(2).collect();
    assert_eq!(waiting.len(), 2);
    let error = options.connect(&server.address()).unwrap_err();
    assert!(
        matches!(&error, Error::Connect { source, .. } if source.kind() == std::io::ErrorKind::TimedOut),
        "{error:?}"
    );
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_goes_on_with_a_server_that_was_restarted() {
    let mut server = Server::system(false, &[]);
    let mut session = server.connect();
    session.execute(&Cont {}).unwrap();
    server.kill();
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::ConnectionLost { phase: Phase::Command, .. })));
    assert!(matches!(session.reconnect(Duration::from_millis(50)), Err(Error::Connect { .. })));

    let restart = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        server.restart();
        server
    });
    session.reconnect(LONG).unwrap();
    assert!(!session.execute(&QueryStatus {}).unwrap().running);
    session.execute(&Cont {}).unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(match session.next_event(LONG).unwrap() {
            Some(Notice::Event(event)) => event.name().to_string(),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(seen, ["RESUME", "Some(Reconnected)", "RESUME"]);
    drop(restart.join().unwrap());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_child_process_cannot_be_connected_to_again() {
    let (mut session, mut child) = Options::default().spawn(qemu::command(&["-qmp", "stdio"])).unwrap();
    assert!(matches!(session.reconnect(LONG), Err(Error::NoAddress)));
    session.execute(&qmp_core::Quit {}).unwrap();
    child.wait().unwrap();
}
