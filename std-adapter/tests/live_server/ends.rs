//! Two ends to be asked the same: a real QEMU, and the server end with QEMU's identity.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use qmp_core::{
    Argument, ArgumentType, CommandEntry, ErrorClass, FrameReader, Greeting, Invocation, Message, Profile, Server,
    VersionTriple, Writer,
};

use crate::common::{LONG, qemu};

/// A connection to QEMU's monitor, by lines.
pub(crate) struct Real {
    lines: BufReader<UnixStream>,
}

impl Real {
    /// A new connection and its greeting.
    pub(crate) fn connect(server: &qemu::Server) -> (Self, String) {
        let start = Instant::now();
        let stream = loop {
            match UnixStream::connect(server.path()) {
                Ok(stream) => break stream,
                Err(error) => assert!(start.elapsed() < LONG, "{error}"),
            }
            thread::sleep(Duration::from_millis(10));
        };
        stream.set_read_timeout(Some(LONG)).unwrap();
        let mut real = Self { lines: BufReader::new(stream) };
        let greeting = real.line();
        (real, greeting)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line
    }

    /// What comes back for `input`: everything before the answer to a probe that follows it.
    pub(crate) fn ask(&mut self, input: &[u8]) -> String {
        let stream = self.lines.get_mut();
        stream.write_all(input).unwrap();
        stream.write_all(b"\n{\"execute\":\"qmp_capabilities\",\"id\":\"probe\"}\n").unwrap();
        let mut output = String::new();
        loop {
            let line = self.line();
            if line.contains("\"id\": \"probe\"") {
                return output;
            }
            output.push_str(&line);
        }
    }
}

/// The server end, with QEMU's identity.
pub(crate) struct Ours {
    server: Server<Vec<u8>, Vec<u8>, Vec<u8>>,
}

fn nothing(_: &mut (), _: &mut Invocation<'_>) {}

fn query_yank(_: &mut (), call: &mut Invocation<'_>) {
    let chardev = |w: &mut Writer<'_>| {
        w.array().object().name("type").string("chardev").name("id").string("monitor").end().end();
    };
    call.reply(chardev).unwrap();
}

fn device_del(_: &mut (), call: &mut Invocation<'_>) {
    let desc = format!("Device '{}' not found", call.argument("id").unwrap().as_str().unwrap());
    call.error(ErrorClass::DeviceNotFound, &desc).unwrap();
}

const COMMANDS: &[CommandEntry<()>] = &[
    CommandEntry::new("query-name", &[], nothing),
    CommandEntry::new("device_del", &[Argument::required("id", ArgumentType::String)], device_del),
    CommandEntry::new(
        "human-monitor-command",
        &[
            Argument::required("command-line", ArgumentType::String),
            Argument::optional("cpu-index", ArgumentType::Integer),
        ],
        nothing,
    ),
    CommandEntry::new(
        "set_link",
        &[Argument::required("name", ArgumentType::String), Argument::required("up", ArgumentType::Boolean)],
        nothing,
    ),
    CommandEntry::new("migrate_recover", &[], nothing),
    CommandEntry::new("query-yank", &[], query_yank).allow_oob(),
];

impl Ours {
    /// A server that greets as `greeting` does.
    pub(crate) fn new(greeting: &str) -> Self {
        let text = greeting.trim_end().as_bytes();
        let mut reader = FrameReader::new(vec![0; 512]);
        reader.window()[..text.len()].copy_from_slice(text);
        reader.commit(text.len()).unwrap();
        let Some(Ok(Message::Greeting(said))) = reader.poll() else { panic!("{greeting}") };
        let (version, package) = identity(said);
        let profile = Profile { oob: true, ..Profile::qmp(version, package) };
        Self { server: Server::new(profile, vec![0; 65_536], vec![0; 65_536], vec![0; 65_536]) }
    }

    pub(crate) fn ask(&mut self, input: &[u8]) -> String {
        let mut output = self.run();
        for part in input.chunks(1000) {
            self.server.window()[..part.len()].copy_from_slice(part);
            self.server.commit(part.len()).unwrap();
            output += &self.run();
        }
        output
    }

    fn run(&mut self) -> String {
        let mut output = String::new();
        loop {
            self.server.dispatch(COMMANDS, &mut ());
            let unsent = self.server.unsent();
            if unsent.is_empty() {
                return output;
            }
            output.push_str(std::str::from_utf8(unsent).unwrap());
            let length = unsent.len();
            self.server.sent(length);
        }
    }
}

fn identity(greeting: Greeting<'_>) -> (VersionTriple, &'static str) {
    let (major, minor, micro) = greeting.version().unwrap();
    let package = greeting.package().unwrap().to_string();
    (VersionTriple { major, minor, micro }, Box::leak(package.into_boxed_str()))
}

/// Both ends in command mode.
pub(crate) fn both(server: &qemu::Server, negotiation: &[u8]) -> (Real, Ours) {
    let (mut real, greeting) = Real::connect(server);
    let mut ours = Ours::new(&greeting);
    assert_eq!(ours.ask(b""), greeting);
    assert_eq!(real.ask(negotiation), ours.ask(negotiation));
    (real, ours)
}
