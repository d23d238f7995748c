//! The client with a real guest agent, over a unix socket and a serial line, in whatever state it was left.

mod common;

use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use common::{Folder, LONG, unix};
use qmp_core::{Client, Dialect, Empty, Incoming, NEVER, Named, Phase};
use qmp_std_adapter::{Error, Options, Session};

/// What the tests must not have run on the machine that they run on, should they ever ask for it.
const BLOCKED: &str = "guest-shutdown,guest-suspend-disk,guest-suspend-ram,guest-suspend-hybrid,guest-fsfreeze-freeze,guest-exec,guest-set-time";

/// A running `qemu-ga`, ended when dropped.
struct Agent {
    child: Child,
    folder: Folder,
}

impl Agent {
    fn start() -> Self {
        let folder = Folder::new();
        Self { child: spawn("unix-listen", &folder.file("qga"), &folder), folder }
    }

    fn connect(&self) -> UnixStream {
        let start = Instant::now();
        loop {
            match UnixStream::connect(self.folder.file("qga")) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(LONG)).unwrap();
                    return stream;
                }
                Err(error) => assert!(start.elapsed() < LONG, "{error}"),
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Lets a client go that said no more than `left`, once the agent has read it and has let it go too: an agent
    /// ends if somebody goes before a reply to them is read.
    fn leave(&self, left: &[u8]) {
        let mut stream = self.connect();
        stream.write_all(left).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        while common::read(&mut stream, &mut [0; 4096]).unwrap() != 0 {}
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn spawn(method: &str, path: &Path, folder: &Folder) -> Child {
    let program = if Path::new("/usr/sbin/qemu-ga").exists() { "/usr/sbin/qemu-ga" } else { "qemu-ga" };
    let mut command = Command::new(program);
    command.args(["-m", method, "-b", BLOCKED, "-p"]).arg(path).arg("-t").arg(folder.file(""));
    command.spawn().expect("qemu-ga is not there: apt-get install qemu-guest-agent")
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Reads until `found` finds what it looks for.
fn until<R>(
    client: &mut Client<Vec<u8>>,
    stream: &mut UnixStream,
    mut found: impl FnMut(&Incoming<'_>) -> Option<R>,
) -> R {
    loop {
        while let Some(incoming) = client.poll() {
            if let Some(result) = found(&incoming) {
                return result;
            }
        }
        let read = common::read(stream, client.window()).unwrap();
        assert_ne!(read, 0);
        client.commit(read).unwrap();
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_client_comes_into_step_with_a_real_agent_whatever_was_left_there() {
    let agent = Agent::start();
    for (session, left) in (1..).zip([
        &b""[..],
        b"{\"execute\":\"guest-pi",
        b"{\"execute\":\"guest-ping\",\"id\":\"",
        b"[[",
        b"{\"execute\":\"guest-info\"}\n",
        b"\xff\xff{\"execute\":\"guest-info\",\"id\":1}{\"execute\":",
    ]) {
        // The agent keeps what a client leaves unfinished.
        agent.leave(left);
        let mut stream = agent.connect();
        let (mut client, mut out) = (Client::new(session, vec![0; 65_536]), [0; 256]);
        let length = client.synchronise(NEVER, &mut out).unwrap();
        stream.write_all(&out[..length]).unwrap();
        until(&mut client, &mut stream, |incoming| {
            matches!(incoming, Incoming::Ready { oob: Some(false) }).then_some(())
        });

        let info = Named { name: "guest-info", arguments: Empty {} };
        let (length, ticket) = client.execute(&info, NEVER, &mut out).unwrap();
        stream.write_all(&out[..length]).unwrap();
        let commands = until(&mut client, &mut stream, |incoming| match incoming {
            Incoming::Reply(reply) => {
                let info = reply.decode(ticket).unwrap().unwrap().unwrap();
                Some(info.member("supported_commands").unwrap().elements().count())
            }
            _ => None,
        });
        assert!(commands > 30, "{commands}");
    }
}

const OPTIONS: fn() -> Options = || Options { dialect: Dialect::Agent, ..Options::default() };

/// Without arguments.
fn command(name: &'static str) -> Named<'static, Empty> {
    Named { name, arguments: Empty {} }
}

#[track_caller]
fn check(session: &mut Session) {
    let info = session.execute(&command("guest-info")).unwrap();
    assert!(info.member("supported_commands").unwrap().elements().count() > 30);
    assert!(session.execute(&command("guest-get-time")).unwrap().as_u64().unwrap() > 1_700_000_000_000_000_000);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn a_session_with_a_real_agent_is_in_step_whatever_was_left_there() {
    let agent = Agent::start();
    drop(agent.connect());
    let address = unix(&agent.folder.file("qga"));
    for left in [&b""[..], b"{\"execute\":\"guest-pi", b"[[\"", b"{\"execute\":\"guest-info\"}\n", b"\xff\xfe{]"] {
        agent.leave(left);
        let mut session = OPTIONS().connect(&address).unwrap();
        assert_eq!((session.phase(), session.oob()), (Phase::Command, false));
        check(&mut session);
        session.synchronise().unwrap();
        check(&mut session);
        let Err(Error::Refused(refusal)) = session.execute(&command("nope")) else { panic!() };
        assert_eq!(refusal.class(), "CommandNotFound");
        // One of those that have no reply where they succeed: it does not, here.
        let Err(Error::Refused(refusal)) = session.execute_unanswered(&command("guest-suspend-ram"), LONG) else {
            panic!()
        };
        assert_eq!(refusal.class(), "CommandNotFound");
        session.reconnect(LONG).unwrap();
        check(&mut session);
    }
}

#[test]
#[ignore = "needs QEMU and socat: run by cargo xtask test"]
fn on_a_serial_line_the_agent_may_come_late_and_go_and_leave_half_a_reply() {
    let folder = Folder::new();
    let (line, socket) = (folder.file("line"), folder.file("host"));
    // The guest's end of the line, and the host's as QEMU shows it.
    let mut bridge = Command::new("socat");
    bridge.arg(format!("PTY,raw,echo=0,link={}", line.display())).arg(format!("UNIX-LISTEN:{}", socket.display()));
    let mut bridge = bridge.spawn().expect("socat is not there: apt-get install socat");
    let start = Instant::now();
    while !socket.exists() {
        assert!(start.elapsed() < LONG);
        thread::sleep(Duration::from_millis(10));
    }
    // Somebody holds the line, or it would break when the agent ends.
    let mut held = std::fs::File::options().read(true).write(true).open(&line).unwrap();
    held.write_all(b"[    0.1] Linux version 6.1 {console}\n{\"return\": {\"half\": \"").unwrap();

    // It is asked, and asked again, before it is there; what it finds in the line when it starts it forgets.
    let delay = Duration::from_millis(700);
    let mut agent = thread::scope(|scope| {
        let late = scope.spawn(|| {
            thread::sleep(delay);
            spawn("isa-serial", &line, &folder)
        });
        let asked = Instant::now();
        let options = Options { handshake: LONG, command: Duration::from_millis(300), ..OPTIONS() };
        let mut session = options.connect(&unix(&socket)).unwrap();
        assert!(asked.elapsed() >= delay);
        session.set_command_timeout(LONG);
        check(&mut session);

        // The agent is killed, half a reply stays behind, and nobody answers.
        let mut agent = late.join().unwrap();
        end(&mut agent);
        session.set_command_timeout(Duration::from_millis(200));
        assert!(matches!(session.execute(&command("guest-info")), Err(Error::TimedOut { .. })));
        held.write_all(b"{\"return\": {\"version\": \"7.2").unwrap();
        // Another is there.
        let agent = spawn("isa-serial", &line, &folder);
        session.synchronise().unwrap();
        session.set_command_timeout(LONG);
        check(&mut session);
        agent
    });
    end(&mut agent);
    end(&mut bridge);
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn what_is_no_agent_is_told_apart() {
    // A monitor greets.
    let server = common::qemu::Server::storage_daemon(false);
    drop(server.connect());
    assert!(matches!(OPTIONS().connect(&server.address()), Err(Error::NoAgent)));
    let mut session = server.connect();
    assert!(matches!(session.synchronise(), Err(Error::NoAgent)));
    drop(session);
    let agent = Agent::start();
    drop(agent.connect());
    let options = Options { handshake: Duration::from_millis(200), ..Options::default() };
    let address = unix(&agent.folder.file("qga"));
    let Err(Error::TimedOut { phase: Phase::Greeting, received: 0 }) = options.connect(&address) else { panic!() };
    // While somebody else holds it, it is silent.
    let _held = agent.connect();
    let error = Options { dialect: Dialect::Agent, ..options }.connect(&address).unwrap_err();
    assert!(matches!(error, Error::AgentSilent { received: 0 }), "{error}");
    assert!(error.to_string().starts_with("the guest agent did not answer, 0 bytes had come"), "{error}");
}
