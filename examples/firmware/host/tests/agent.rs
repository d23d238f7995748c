//! The program `agent` is a guest agent behind a board's serial port, which answers the client for guest agents.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use firmware_tests::{Board, Folder, LONG, Model};
use qmp_core::Dialect;
use qmp_std_adapter::{Error, Options, Session};

#[test]
fn a_cortex_m3_is_a_guest_agent() {
    is_a_guest_agent(Model::Lm3s6965);
}

#[test]
fn a_risc_v_is_a_guest_agent() {
    is_a_guest_agent(Model::Virt);
}

fn is_a_guest_agent(model: Model) {
    let folder = Folder::new();
    let uart = folder.file("uart");
    let board = Board::listening(model, "agent", &uart);
    let mut session = connect(&uart);
    let time = nanoseconds(&mut session);
    let info = session.execute_raw("guest-info", None, false).unwrap();
    let commands = info.member("supported_commands").unwrap().elements();
    let names: Vec<String> = commands.filter_map(|it| it.member("name")?.as_str().map(|it| it.to_string())).collect();
    for name in ["guest-ping", "guest-sync-delimited", "guest-get-host-name", "guest-get-time", "guest-shutdown"] {
        assert!(names.iter().any(|it| it == name), "{name} is not in {names:?}");
    }
    drop(session);

    // The next client finds half a command in the line, and the reply to another.
    let mut before = UnixStream::connect(&uart).unwrap();
    before.write_all(b"{\"execute\": \"guest-ping\", \"id\": 1}{\"execute\": \"guest-pi").unwrap();
    drop(before);
    let mut session = connect(&uart);
    let host_name = session.execute_raw("guest-get-host-name", None, false).unwrap();
    assert_eq!(host_name.text(), br#"{"host-name": "board"}"#);
    let refused = session.execute_raw("guest-exec", None, false).unwrap_err();
    assert!(refused.to_string().contains("The command guest-exec has not been found"), "{refused}");
    assert!(nanoseconds(&mut session) > time);

    // That has no reply, and the board ends with it.
    session.set_command_timeout(Duration::from_millis(200));
    assert!(session.execute_raw("guest-shutdown", None, false).is_err());
    assert_eq!(board.end(), (Vec::new(), Some(0)));
}

fn nanoseconds(agent: &mut Session) -> u64 {
    agent.execute_raw("guest-get-time", None, false).unwrap().as_u64().unwrap()
}

/// The board's emulator may not listen yet, and serves one client after the other.
fn connect(uart: &Path) -> Session {
    let options = Options { dialect: Dialect::Agent, handshake: LONG, ..Options::default() };
    let address = format!("unix:{}", uart.display());
    loop {
        match options.connect(&address) {
            Err(Error::Connect { .. }) => std::thread::sleep(Duration::from_millis(10)),
            session => return session.unwrap(),
        }
    }
}
