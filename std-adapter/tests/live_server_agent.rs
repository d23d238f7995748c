//! The client beside a real guest agent, over a unix socket and in whatever state it was left.

mod common;

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use common::{Folder, LONG};
use qmp_core::{Client, Empty, Incoming, NEVER, Named};

/// A running `qemu-ga`, ended when dropped.
struct Agent {
    child: Child,
    folder: Folder,
}

impl Agent {
    fn start() -> Self {
        let folder = Folder::new();
        let program = if std::path::Path::new("/usr/sbin/qemu-ga").exists() { "/usr/sbin/qemu-ga" } else { "qemu-ga" };
        let child = Command::new(program)
            .args(["-m", "unix-listen", "-p"])
            .arg(folder.file("qga"))
            .arg("-t")
            .arg(folder.file(""))
            .spawn()
            .expect("qemu-ga is not there: apt-get install qemu-guest-agent");
        Self { child, folder }
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
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
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
        let read = stream.read(client.window()).unwrap();
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
        let mut stream = agent.connect();
        stream.write_all(left).unwrap();
        drop(stream);

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
