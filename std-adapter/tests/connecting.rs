//! How a session is made, and made again, with servers that do what they are told to.

mod common;

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::Duration;

use common::script::{GREETING, Script, event, id, reply};
use common::{LONG, notices};
use qmp_core::{Phase, QueryStatus};
use qmp_std_adapter::{AddressError, Error, Options, Session};

const STATUS: &str = "{\"status\": \"running\", \"running\": true}";

fn connect(script: &Script) -> Session {
    Options::default().connect(&script.address).unwrap()
}

#[test]
fn a_new_connection_gets_no_reply_of_the_old_one() {
    let (old, stale) = mpsc::channel();
    let script = Script::many(3, move |index, peer| match index {
        0 => {
            peer.negotiate();
            peer.send(event("BEFORE"));
            old.send(peer.receive().unwrap()).unwrap();
        }
        // A server that is not up yet.
        1 => {}
        _ => {
            let old = stale.recv().unwrap();
            peer.send(event("AFTER") + GREETING + &reply(&old, "{\"status\": \"stale\", \"running\": false}"));
            let request = peer.receive().unwrap();
            peer.send(reply(&request, "{}"));
            let request = peer.receive().unwrap();
            assert_ne!(id(&request), id(&old));
            peer.send(reply(&old, "{\"status\": \"stale\", \"running\": false}") + &reply(&request, STATUS));
            peer.receive();
        }
    });
    let mut session = connect(&script);
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::ConnectionLost { .. })));
    session.reconnect(LONG).unwrap();
    assert_eq!(session.execute(&QueryStatus {}).unwrap().status, "running");
    assert_eq!(notices(&mut session), ["BEFORE", "reconnected", "AFTER"]);
    assert_eq!(session.counters().late_replies, 2);
    drop(session);
    script.join();
}

#[test]
fn reconnecting_gives_up_when_its_time_is_over() {
    let script = Script::once(|peer| {
        peer.negotiate();
        peer.receive();
    });
    let mut session = connect(&script);
    assert!(session.execute(&QueryStatus {}).is_err());
    script.join();
    let error = session.reconnect(Duration::from_millis(100)).unwrap_err();
    assert!(
        matches!(&error, Error::Connect { source, .. } if source.kind() == ErrorKind::ConnectionRefused),
        "{error:?}"
    );
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::NotConnected)));
}

#[test]
fn a_restart_in_the_middle_of_a_connection_is_a_lost_connection() {
    let script = Script::once(|peer| {
        peer.negotiate();
        peer.receive();
        peer.send(GREETING);
        peer.receive();
    });
    let mut session = connect(&script);
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::ConnectionLost { source: None, .. })));
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::NotConnected)));
    drop(session);
    script.join();
}

#[test]
fn reconnecting_to_a_server_that_greets_late_and_does_not_negotiate_ends() {
    let script = Script::many(2, |index, peer| match index {
        0 => peer.negotiate(),
        _ => {
            std::thread::sleep(Duration::from_millis(200));
            peer.send(GREETING);
            assert!(peer.receive().unwrap().contains("qmp_capabilities"));
            // Not a word, until the client has gone.
            assert_eq!(peer.receive(), None);
        }
    });
    // By itself, the handshake would have longer than the test.
    let mut session = Options { handshake: LONG * 10, ..Options::default() }.connect(&script.address).unwrap();
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::ConnectionLost { .. })));
    let error = session.reconnect(Duration::from_millis(1500)).unwrap_err();
    let greeting = GREETING.len() as u64;
    assert!(
        matches!(error, Error::TimedOut { phase: Phase::Negotiating, received } if received == greeting),
        "{error:?}"
    );
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::NotConnected)));
    drop(session);
    script.join();
}

#[test]
fn telnet_is_taken_out_of_what_is_received_and_put_into_what_is_sent() {
    let script = Script::once(|peer| {
        peer.send(b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00");
        peer.negotiate();
        let request = peer.receive().unwrap();
        // In the middle of a string, cut in the middle of a sequence.
        peer.send(b"{\"return\": {\"status\": \"run\xff");
        peer.send(format!("qning\", \"running\": true}}, \"id\": {}}}\r\n", id(&request)));
        peer.receive();
    });
    let address = script.address.replace("tcp:", "telnet:");
    let mut session = Options::default().connect(&address).unwrap();
    assert_eq!(session.execute(&QueryStatus {}).unwrap().status, "running");
    assert_eq!(session.counters().discarded, 0);
    drop(session);
    script.join();
}

#[test]
fn an_address_that_nobody_listens_at_and_one_that_is_none_are_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("tcp:127.0.0.1:{port}");
    let error = qmp_std_adapter::connect(&address).unwrap_err();
    assert!(error.to_string().starts_with(&format!("connecting to {address}: ")), "{error}");
    let error = qmp_std_adapter::connect("wss:host:1").unwrap_err();
    assert!(matches!(error, Error::Address(AddressError::Unsupported(_))), "{error:?}");
}

#[test]
#[cfg(unix)]
fn a_program_that_is_not_there_cannot_be_started() {
    let error = Options::default().spawn(std::process::Command::new("/no/such/program")).unwrap_err();
    assert!(matches!(&error, Error::Spawn(source) if source.kind() == ErrorKind::NotFound), "{error:?}");
}
