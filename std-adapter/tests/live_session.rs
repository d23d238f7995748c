//! A session with real servers, over every transport.

mod common;

use std::time::Duration;

use common::LONG;
use common::qemu::{self, Server};
use qmp_core::{Cont, HumanMonitorCommand, Named, Phase, QueryCommands, QueryStatus, QueryVersion, Quit, Stop};
use qmp_std_adapter::{Error, Notice, Options, Session};

/// The next event's name.
fn event(session: &mut Session) -> String {
    match session.next_event(LONG).unwrap() {
        Some(Notice::Event(event)) => {
            assert!(event.timestamp().is_some_and(|at| at.seconds > 1_000_000_000));
            event.name().to_string()
        }
        other => panic!("no event: {other:?}"),
    }
}

/// What every VM must do, whatever the link, until it is gone.
fn drive(mut session: Session) {
    assert_eq!(session.execute(&QueryVersion {}).unwrap().qemu.major, 7);
    assert!(!session.execute(&QueryStatus {}).unwrap().running);

    session.execute(&Cont {}).unwrap();
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    session.execute(&Stop {}).unwrap();
    assert_eq!(event(&mut session), "RESUME");
    assert_eq!(event(&mut session), "STOP");

    let text = session.execute(&HumanMonitorCommand { command_line: "info status" }).unwrap();
    assert_eq!(text, "VM status: paused\r\n");

    let refusal = session.execute(&Named { name: "no-such-command", arguments: qmp_core::Empty {} });
    let Err(Error::Refused(refusal)) = refusal else { panic!("{refusal:?}") };
    assert_eq!(refusal.class(), "CommandNotFound");
    assert_eq!(refusal.to_string(), "CommandNotFound: The command no-such-command has not been found");

    assert!(session.next_event(Duration::from_millis(50)).unwrap().is_none());
    session.execute(&Quit {}).unwrap();
    assert_eq!(event(&mut session), "SHUTDOWN");
    assert!(matches!(session.next_event(LONG), Err(Error::ConnectionLost { .. })));
    assert_eq!(session.phase(), Phase::Closed);
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::NotConnected)));
    assert_eq!(session.counters().discarded, 0);
    assert_eq!(session.counters().unmatched, 0);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_over_a_unix_socket() {
    let server = Server::system(false, &[]);
    drive(server.connect());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_with_pretty_printing() {
    let server = Server::system(true, &[]);
    drive(server.connect());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_over_tcp() {
    let (_server, port) = Server::with_tcp("");
    drive(Options::default().connect(&format!("tcp:127.0.0.1:{port}")).unwrap());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_host_with_several_addresses_is_reached_at_the_one_that_listens() {
    let (_server, port) = Server::with_tcp("");
    drive(Options::default().connect(&format!("tcp:localhost:{port}")).unwrap());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_over_telnet() {
    let (_server, port) = Server::with_tcp(",telnet=on");
    drive(Options::default().connect(&format!("telnet:127.0.0.1:{port}")).unwrap());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn telnet_negotiation_is_noise_to_a_session_that_does_not_know_of_it() {
    let (_server, port) = Server::with_tcp(",telnet=on");
    let mut session = Options::default().connect(&format!("tcp:127.0.0.1:{port}")).unwrap();
    session.execute(&QueryStatus {}).unwrap();
    assert_eq!(session.counters().discarded, 1);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_over_a_childs_stdio() {
    let (session, mut child) = Options::default().spawn(qemu::command(&["-qmp", "stdio"])).unwrap();
    drive(session);
    assert!(child.wait().unwrap().success());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_child_that_does_not_start_properly_is_a_lost_connection() {
    let result = Options::default().spawn(qemu::command(&["-no-such-option", "-qmp", "stdio"]));
    assert!(matches!(result, Err(Error::ConnectionLost { phase: Phase::Greeting, received: 0, .. })));
}

/// What a storage daemon has.
fn drive_storage_daemon(mut session: Session) {
    let commands = session.execute(&QueryCommands {}).unwrap().elements().count();
    assert!(commands > 50, "{commands}");
    let schema = session.execute_raw("query-qmp-schema", None, false).unwrap();
    assert!(schema.elements().count() > 300);
    let refusal = session.execute(&Stop {});
    assert!(matches!(refusal, Err(Error::Refused(refusal)) if refusal.class() == "CommandNotFound"));
    session.execute(&Quit {}).unwrap();
    assert!(matches!(session.next_event(LONG), Err(Error::ConnectionLost { .. })));
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_with_the_storage_daemon() {
    let server = Server::storage_daemon(false);
    drive_storage_daemon(server.connect());
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_works_with_the_storage_daemon_and_pretty_printing() {
    let server = Server::storage_daemon(true);
    drive_storage_daemon(server.connect());
}
