//! The server end with clients that know nothing of it.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use common::Folder;
use qmp_core::{
    Argument, ArgumentType, Call, CommandEntry, ErrorClass, Invocation, Profile, Server, Timestamp, VersionTriple,
};

const PROFILE: Profile = Profile { oob: true, ..Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "demo") };

/// What there is to be asked for.
#[derive(Default)]
struct Machine {
    stopped: bool,
    over: bool,
    /// A command that waits to be ended, and whether it was.
    waiting: Option<Call>,
    ended: bool,
}

fn query_status(machine: &mut Machine, call: &mut Invocation<'_>) {
    let status = if machine.stopped { "paused" } else { "running" };
    call.reply(|w| _ = w.object().name("status").string(status).name("running").bool(!machine.stopped).end()).unwrap();
}

fn stop(machine: &mut Machine, call: &mut Invocation<'_>) {
    machine.stopped = true;
    call.event("STOP", Timestamp { seconds: 1, microseconds: 2 }, |_| {}).unwrap();
}

fn echo(_: &mut Machine, call: &mut Invocation<'_>) {
    let value = call.argument("value").unwrap();
    call.reply(|w| _ = w.json(value)).unwrap();
}

fn wait(machine: &mut Machine, call: &mut Invocation<'_>) {
    machine.waiting = Some(call.defer());
}

fn yank(machine: &mut Machine, _: &mut Invocation<'_>) {
    machine.ended = true;
}

fn quit(machine: &mut Machine, _: &mut Invocation<'_>) {
    machine.over = true;
}

const COMMANDS: &[CommandEntry<Machine>] = &[
    CommandEntry::new("query-status", &[], query_status),
    CommandEntry::new("stop", &[], stop),
    CommandEntry::new("echo", &[Argument::required("value", ArgumentType::Any)], echo),
    CommandEntry::new("wait", &[], wait),
    CommandEntry::new("yank", &[], yank).allow_oob(),
    CommandEntry::new("quit", &[], quit),
];

/// One connection.
struct Connection {
    server: Server<Vec<u8>, Vec<u8>, Vec<u8>>,
    machine: Machine,
    stream: UnixStream,
}

impl Connection {
    fn new(stream: UnixStream, bytes: usize) -> Self {
        let server = Server::new(PROFILE, vec![0; bytes], vec![0; bytes], vec![0; bytes]);
        Self { server, machine: Machine::default(), stream }
    }

    /// Does what can be done now; whether the client is still there.
    fn turn(&mut self) -> bool {
        loop {
            self.server.dispatch(COMMANDS, &mut self.machine);
            if std::mem::take(&mut self.machine.ended)
                && let Some(call) = self.machine.waiting.take()
            {
                self.server.error(call, ErrorClass::GenericError, "yanked").unwrap();
            }
            if self.server.unsent().is_empty() {
                break;
            }
            match self.stream.write(self.server.unsent()) {
                Ok(sent) => self.server.sent(sent),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        match self.stream.read(self.server.window()) {
            Ok(0) => false,
            Ok(read) => {
                self.server.commit(read).unwrap();
                true
            }
            Err(error) => error.kind() == ErrorKind::WouldBlock,
        }
    }
}

/// What the Python library is to be good for: `argv[1]` is the socket.
const PYTHON: &str = r#"
import asyncio, sys
from qemu.qmp import QMPClient, ExecuteError

async def main():
    qmp = QMPClient("test")
    await qmp.connect(sys.argv[1])
    assert (await qmp.execute("query-status"))["status"] == "running"
    with qmp.listener("STOP") as listener:
        await qmp.execute("stop")
        event = await listener.get()
        assert event["timestamp"] == {"seconds": 1, "microseconds": 2}, event
    for value in ["é€😀\x00\"\\/", {"a": [1, None, True, {}]}, "x" * 20000, [], -1.5e300]:
        assert await qmp.execute("echo", {"value": value}) == value, value
    for command, arguments, text in [
        ("nope", None, "The command nope has not been found"),
        ("echo", {}, "Parameter 'value' is missing"),
        ("stop", {"x": 1}, "Parameter 'x' is unexpected"),
    ]:
        try:
            await qmp.execute(command, arguments)
            raise AssertionError(command)
        except ExecuteError as error:
            assert str(error) == text, error
    waiting = asyncio.create_task(qmp.execute("wait"))
    behind = asyncio.create_task(qmp.execute("query-status"))
    await asyncio.sleep(0.1)
    assert not waiting.done() and not behind.done()
    await qmp.execute("yank", oob=True)
    try:
        await waiting
        raise AssertionError("yanked")
    except ExecuteError as error:
        assert str(error) == "yanked", error
    assert (await behind)["running"] is False
    await qmp.disconnect()

asyncio.run(main())
print("done")
"#;

#[test]
#[ignore = "needs Python: run by cargo xtask test"]
fn qemus_own_python_client_gets_along_with_the_server() {
    let folder = Folder::new();
    let listener = UnixListener::bind(folder.file("qmp")).unwrap();
    let server = thread::spawn(move || {
        let mut connection = Connection::new(listener.accept().unwrap().0, 65_536);
        while connection.turn() {}
    });
    let output = Command::new("python3").args(["-c", PYTHON]).arg(folder.file("qmp")).output();
    let output = output.expect("python3 is not there: apt-get install python3");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("No module named"), "qemu.qmp is not there: pip install qemu.qmp");
    assert!(output.status.success() && output.stdout == b"done\n", "{errors}");
    server.join().unwrap();
}

#[test]
#[ignore = "needs many sockets: run by cargo xtask test"]
fn a_thousand_clients_in_one_thread_are_all_served_in_fixed_memory() {
    const CLIENTS: usize = 1000;
    const ROUNDS: usize = 20;
    let mut servers = Vec::new();
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        servers.push(Connection::new(ours, 256));
        clients.push(theirs);
    }
    let server = thread::spawn(move || {
        while !servers.is_empty() {
            servers.retain_mut(Connection::turn);
        }
    });
    // Some clients ask until nothing more is taken in, and never read. They hold up nobody but themselves.
    let flood = b"{\"execute\":\"query-status\"}".repeat(1000);
    for client in clients.iter_mut().step_by(200) {
        client.write_all(b"{\"execute\":\"qmp_capabilities\"}").unwrap();
        client.set_nonblocking(true).unwrap();
        let mut refused = 0;
        while refused < 3 {
            // A request that is cut in two is of no matter here.
            match client.write_all(&flood) {
                Ok(()) => refused = 0,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    refused += 1;
                    thread::sleep(Duration::from_millis(50));
                }
            }
        }
    }
    let mut buffer = [0; 512];
    let mut hear = |client: &mut UnixStream| {
        let mut heard = String::new();
        while !heard.ends_with("\r\n") {
            let read = client.read(&mut buffer).unwrap();
            assert_ne!(read, 0);
            heard.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        heard
    };
    let mut talking: Vec<_> = clients.iter_mut().enumerate().filter(|(number, _)| number % 200 != 0).collect();
    for (_, client) in &mut talking {
        assert!(hear(client).starts_with("{\"QMP\": "));
        client.write_all(b"{\"execute\":\"qmp_capabilities\"}").unwrap();
        assert_eq!(hear(client), "{\"return\": {}}\r\n");
    }
    for round in 0..ROUNDS {
        for (number, client) in &mut talking {
            let request = format!("{{\"execute\":\"echo\",\"arguments\":{{\"value\":{number}}},\"id\":{round}}}");
            client.write_all(request.as_bytes()).unwrap();
        }
        for (number, client) in &mut talking {
            assert_eq!(hear(client), format!("{{\"return\": {number}, \"id\": {round}}}\r\n"));
        }
    }
    drop(clients);
    server.join().unwrap();
}
