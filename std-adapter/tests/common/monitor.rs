//! A monitor in a thread of its own, and clients that see its bytes.

use std::io::Write;
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use qmp_core::{Argument, ArgumentType, Call, CommandEntry, ErrorClass, Invocation, Profile, Timestamp, VersionTriple};
use qmp_std_adapter::{Address, Limits, Monitor, Waker};

use super::{LONG, read};

pub const PROFILE: Profile =
    Profile { oob: true, ..Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "test") };

pub const NEGOTIATE: &[u8] = b"{\"execute\":\"qmp_capabilities\"}";

pub const STOP: Timestamp = Timestamp { seconds: 1, microseconds: 2 };

/// What the commands work on.
#[derive(Default)]
pub struct Vm {
    pub stopped: bool,
    /// The connection that stopped it last.
    pub stopped_by: Option<u32>,
    /// The commands that wait to be ended, and whether they were.
    pub waiting: Vec<Call>,
    pub ended: bool,
    pub commands: u64,
}

fn query_status(vm: &mut Vm, call: &mut Invocation<'_>) {
    vm.commands += 1;
    let status = if vm.stopped { "paused" } else { "running" };
    call.reply(|w| _ = w.object().name("status").string(status).name("running").bool(!vm.stopped).end()).unwrap();
}

fn stop(vm: &mut Vm, call: &mut Invocation<'_>) {
    vm.stopped = true;
    vm.stopped_by = Some(call.connection());
    call.event("STOP", STOP, |_| {}).unwrap();
}

fn echo(vm: &mut Vm, call: &mut Invocation<'_>) {
    vm.commands += 1;
    let value = call.argument("value").unwrap();
    call.reply(|w| _ = w.json(value)).unwrap();
}

fn wait(vm: &mut Vm, call: &mut Invocation<'_>) {
    vm.waiting.push(call.defer());
}

fn shut_down(vm: &mut Vm, _: &mut Invocation<'_>) {
    vm.stopped = true;
}

fn yank(vm: &mut Vm, _: &mut Invocation<'_>) {
    vm.ended = true;
}

pub const COMMANDS: &[CommandEntry<Vm>] = &[
    CommandEntry::new("query-status", &[], query_status),
    CommandEntry::new("stop", &[], stop),
    CommandEntry::new("echo", &[Argument::required("value", ArgumentType::Any)], echo),
    CommandEntry::new("wait", &[], wait).allow_oob(),
    CommandEntry::new("yank", &[], yank).allow_oob(),
    CommandEntry::new("guest-shutdown", &[], shut_down).without_reply(),
];

/// What a loop around the monitor does between two turns.
pub fn work(monitor: &mut Monitor, vm: &mut Vm) {
    if let Some(connection) = vm.stopped_by.take() {
        monitor.event_to_others(connection, "STOP", STOP, |_| {}).unwrap();
    }
    if std::mem::take(&mut vm.ended) {
        for call in vm.waiting.drain(..) {
            if let Some(server) = monitor.server(call) {
                server.error(call, ErrorClass::GenericError, "yanked").unwrap();
            }
        }
    }
}

type Job = Box<dyn FnOnce(&mut Monitor, &mut Vm) + Send>;

/// A monitor that is served until it is dropped.
pub struct Running {
    pub address: Address,
    jobs: Option<Sender<Job>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    pub fn new(address: &str, profile: Profile, limits: Limits) -> Self {
        let mut monitor = Monitor::bind(address, profile, limits).unwrap();
        let address = monitor.address().clone();
        let waker = monitor.waker();
        let (jobs, todo): (Sender<Job>, Receiver<Job>) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut vm = Vm::default();
            loop {
                monitor.turn(COMMANDS, &mut vm, None).unwrap();
                work(&mut monitor, &mut vm);
                match todo.try_recv() {
                    Ok(job) => job(&mut monitor, &mut vm),
                    Err(mpsc::TryRecvError::Empty) => {}
                    Err(mpsc::TryRecvError::Disconnected) => break,
                }
            }
            monitor.finish(Duration::from_secs(1)).unwrap();
        });
        Self { address, jobs: Some(jobs), waker, thread: Some(thread) }
    }

    /// Does `job` between two turns, and returns what it does.
    pub fn with<R: Send + 'static>(&self, job: impl FnOnce(&mut Monitor, &mut Vm) -> R + Send + 'static) -> R {
        let (sender, result) = mpsc::channel();
        let job: Job = Box::new(move |monitor, vm| sender.send(job(monitor, vm)).unwrap());
        self.jobs.as_ref().unwrap().send(job).unwrap();
        self.waker.wake().unwrap();
        result.recv_timeout(LONG).unwrap()
    }

    pub fn connect(&self) -> Wire {
        Wire::connect(&self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.jobs = None;
        let _ = self.waker.wake();
        let ended = self.thread.take().unwrap().join();
        assert!(ended.is_ok() || thread::panicking());
    }
}

/// A client's end of a connection, without a protocol.
pub enum Wire {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Wire {
    pub fn connect(address: &Address) -> Self {
        match address {
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).unwrap();
                stream.set_read_timeout(Some(LONG)).unwrap();
                Self::Tcp(stream)
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).unwrap();
                stream.set_read_timeout(Some(LONG)).unwrap();
                Self::Unix(stream)
            }
            other => panic!("{other}"),
        }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write_all(bytes),
        }
        .unwrap();
    }

    /// Sends without waiting. How much was taken.
    pub fn try_send(&mut self, bytes: &[u8]) -> usize {
        let sent = match self {
            Self::Tcp(stream) => stream.set_nonblocking(true).and_then(|()| stream.write(bytes)),
            #[cfg(unix)]
            Self::Unix(stream) => stream.set_nonblocking(true).and_then(|()| stream.write(bytes)),
        };
        match sent {
            Ok(sent) => sent,
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
                0
            }
        }
    }

    /// Nothing more is sent.
    pub fn end(&mut self) {
        match self {
            Self::Tcp(stream) => stream.shutdown(std::net::Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(std::net::Shutdown::Write),
        }
        .unwrap();
    }

    /// What comes next, empty at the end.
    pub fn receive(&mut self) -> String {
        let mut buffer = [0; 65_536];
        let received = match self {
            Self::Tcp(stream) => read(stream, &mut buffer),
            #[cfg(unix)]
            Self::Unix(stream) => read(stream, &mut buffer),
        };
        let length = received.unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// What comes up to a line that contains `last`.
    pub fn until(&mut self, last: &str) -> String {
        let mut text = String::new();
        loop {
            let more = self.receive();
            assert!(!more.is_empty(), "the connection has ended after {text}");
            text += &more;
            if text.ends_with("\r\n") && text.lines().next_back().is_some_and(|line| line.contains(last)) {
                return text;
            }
        }
    }

    /// All that comes until the end.
    pub fn rest(&mut self) -> String {
        let mut text = String::new();
        loop {
            match self.receive() {
                more if more.is_empty() => return text,
                more => text += &more,
            }
        }
    }

    /// A whole exchange: the answer to a request with an id.
    pub fn ask(&mut self, request: &str, id: u32) -> String {
        self.send(format!("{{{request},\"id\":{id}}}").as_bytes());
        self.until(&format!("\"id\": {id}"))
    }

    pub fn negotiate(&mut self) {
        self.until("\"QMP\"");
        self.send(NEGOTIATE);
        assert_eq!(self.until("return"), "{\"return\": {}}\r\n");
    }
}
