//! A bad link: a proxy between a session and a real server that does to the bytes what a [`Plan`] says.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Random;

/// What happens to one connection. The rest is as a good link would do it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Where the proxy's own dice start.
    pub seed: u64,
    /// The longest piece that is passed on at once, in both directions. 0: as it comes.
    pub fragment: u64,
    /// One piece in so many waits a millisecond. 0: none.
    pub delay: u64,
    /// One line from the server in so many has something before it that is no message. 0: none.
    pub junk: u64,
    /// One line from the server in so many has an old reply before it. 0: none.
    pub stale: u64,
    /// The server's byte before which a wrong one is put.
    pub damage: Option<u64>,
    /// The server's byte at which the link ends.
    pub drop_reply: Option<u64>,
    /// The client's byte at which the link ends.
    pub drop_request: Option<u64>,
}

/// What is put between two lines. None of it may cost the line after it.
const JUNK: &[&[u8]] = &[
    b"\xff\xfb\x01\xff\xfd\x03",
    b"qemu-system-x86_64: warning: {junk}\r\n",
    b"\x1b[0m\0\0\r\n",
    b"[1, 2]\r\n",
    b"{\"return\": {\r\n",
    b"{\"return\": inf, \"id\": 1}\r\n",
    b"{\"return\": \"\x80\"}\n",
    b"\"}{\r\n",
    b"{\"a\": {\"b\": [\r\n}\r\n",
    b"\xef\xbb\xbf",
];

/// Wrong bytes: none of them can stand in a string, where JSON would not show that something was added.
const WRONG: &[u8] = b"\0\x1b\x80\xff\n";

pub struct Proxy {
    /// Where it listens.
    pub address: String,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    server: PathBuf,
    plan: Mutex<Plan>,
    /// Replies that were seen, of all connections; each is as good as a late one.
    old: Mutex<Vec<Vec<u8>>>,
    stop: AtomicBool,
}

impl Proxy {
    /// In front of the server at this unix socket.
    pub fn new(server: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp:{}", listener.local_addr().unwrap());
        let shared =
            Arc::new(Shared { server, plan: Mutex::default(), old: Mutex::default(), stop: AtomicBool::new(false) });
        let thread = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                for client in listener.incoming() {
                    if shared.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    shared.serve(client.unwrap());
                }
            }
        });
        Self { address, shared, thread: Some(thread) }
    }

    /// What is done to the connections from now on.
    pub fn set(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap() = plan;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        // Wakes it.
        let _ = TcpStream::connect(self.address.trim_start_matches("tcp:"));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// One connection, to its end: the server takes no second one before.
    fn serve(&self, client: TcpStream) {
        client.set_nodelay(true).unwrap();
        let server = UnixStream::connect(&self.server).unwrap();
        let plan = self.plan.lock().unwrap().clone();
        thread::scope(|scope| {
            scope.spawn(|| {
                up(&plan, &client, &server);
                let _ = server.shutdown(Shutdown::Both);
                let _ = client.shutdown(Shutdown::Both);
            });
            self.down(&plan, &server, &client);
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        });
    }

    /// From the server to the client.
    fn down(&self, plan: &Plan, mut server: impl Read, mut client: impl Write) {
        let mut dice = Random(plan.seed);
        let (mut count, mut line) = (0, Vec::new());
        let mut chunk = [0; 4096];
        while let Ok(read @ 1..) = server.read(&mut chunk) {
            let mut out = Vec::new();
            for &byte in &chunk[..read] {
                if line.is_empty() {
                    self.between(plan, &mut dice, &mut out);
                }
                if plan.damage == Some(count) {
                    out.push(WRONG[dice.below(WRONG.len() as u64) as usize]);
                }
                if plan.drop_reply == Some(count) {
                    let _ = pass(plan, &mut dice, &out, &mut client);
                    return;
                }
                count += 1;
                out.push(byte);
                line.push(byte);
                if byte == b'\n' {
                    self.keep(std::mem::take(&mut line));
                }
            }
            if pass(plan, &mut dice, &out, &mut client).is_err() {
                return;
            }
        }
    }

    /// What comes before a line.
    fn between(&self, plan: &Plan, dice: &mut Random, out: &mut Vec<u8>) {
        if plan.junk != 0 && dice.one_in(plan.junk) {
            out.extend_from_slice(JUNK[dice.below(JUNK.len() as u64) as usize]);
        }
        if plan.stale != 0 && dice.one_in(plan.stale) {
            let old = self.old.lock().unwrap();
            if !old.is_empty() {
                out.extend_from_slice(&old[dice.below(old.len() as u64) as usize]);
            }
        }
    }

    /// Remembers some replies.
    fn keep(&self, line: Vec<u8>) {
        let mut old = self.old.lock().unwrap();
        if line.starts_with(b"{\"return\"") || line.starts_with(b"{\"id\"") {
            if old.len() == 64 {
                old.remove(0);
            }
            old.push(line);
        }
    }
}

/// From the client to the server.
fn up(plan: &Plan, mut client: impl Read, mut server: impl Write) {
    let mut dice = Random(!plan.seed);
    let mut left = plan.drop_request.unwrap_or(u64::MAX);
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = client.read(&mut chunk) {
        let taken = left.min(read as u64);
        left -= taken;
        if pass(plan, &mut dice, &chunk[..taken as usize], &mut server).is_err() || left == 0 {
            return;
        }
    }
}

/// Writes `bytes` in pieces.
fn pass(plan: &Plan, dice: &mut Random, mut bytes: &[u8], to: &mut impl Write) -> std::io::Result<()> {
    while !bytes.is_empty() {
        let most = if plan.fragment == 0 { bytes.len() } else { 1 + dice.below(plan.fragment) as usize };
        let (piece, rest) = bytes.split_at(most.min(bytes.len()));
        if plan.delay != 0 && dice.one_in(plan.delay) {
            thread::sleep(Duration::from_millis(1));
        }
        to.write_all(piece)?;
        bytes = rest;
    }
    Ok(())
}
