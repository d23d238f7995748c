//! A server that does what it is told to, on a loopback socket or a unix socket.

use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use super::{LONG, read};

/// What QEMU sends first.
pub const GREETING: &str = "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"\"}, \"capabilities\": [\"oob\"]}}\r\n";

/// One connection, seen from the server.
pub struct Peer {
    socket: TcpStream,
    /// Received and not used.
    pending: Vec<u8>,
}

impl Peer {
    pub fn send(&mut self, text: impl AsRef<[u8]>) {
        // The client may be gone: that is for the client's side of the test to judge.
        let _ = self.socket.write_all(text.as_ref());
    }

    /// The next command, a line; `None` at the end of the stream.
    pub fn receive(&mut self) -> Option<String> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.pending[looked..].iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=looked + end).collect();
                return Some(String::from_utf8(line).unwrap());
            }
            looked = self.pending.len();
            let mut chunk = [0; 4096];
            match read(&mut self.socket, &mut chunk) {
                Ok(0) => return None,
                Ok(read) => self.pending.extend_from_slice(&chunk[..read]),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return None,
                Err(error) => panic!("the scripted server waited in vain: {error}"),
            }
        }
    }

    /// Greets and takes part in the negotiation.
    pub fn negotiate(&mut self) {
        self.send(GREETING);
        let request = self.receive().expect("no qmp_capabilities");
        assert!(request.contains("qmp_capabilities"), "{request}");
        self.send(reply(&request, "{}"));
    }
}

/// The integer `id` of a command as this library writes it.
pub fn id(request: &str) -> &str {
    let (_, rest) = request.split_once("\"id\":").expect("no id");
    &rest[..rest.find(|c: char| !c.is_ascii_digit()).expect("no end")]
}

/// A return with this value, for this command.
pub fn reply(request: &str, value: &str) -> String {
    format!("{{\"return\": {value}, \"id\": {}}}\r\n", id(request))
}

/// An event without data.
pub fn event(name: &str) -> String {
    format!("{{\"timestamp\": {{\"seconds\": 1, \"microseconds\": 2}}, \"event\": \"{name}\"}}\r\n")
}

/// A script that runs, one connection after the other.
pub struct Script {
    /// Where it listens.
    pub address: String,
    thread: JoinHandle<()>,
}

impl Script {
    /// Serves one connection.
    pub fn once(script: impl FnOnce(&mut Peer) + Send + 'static) -> Self {
        let mut script = Some(script);
        Self::many(1, move |_, peer| script.take().expect("one connection")(peer))
    }

    /// Serves so many connections; the script is told which one it is.
    pub fn many(connections: u32, mut script: impl FnMut(u32, &mut Peer) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp:{}", listener.local_addr().unwrap());
        let thread = thread::spawn(move || {
            for index in 0..connections {
                let (socket, _) = listener.accept().unwrap();
                socket.set_read_timeout(Some(LONG)).unwrap();
                socket.set_nodelay(true).unwrap();
                script(index, &mut Peer { socket, pending: Vec::new() });
            }
        });
        Self { address, thread }
    }

    /// Waits until it has come to its end, and passes on its panic.
    pub fn join(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}
