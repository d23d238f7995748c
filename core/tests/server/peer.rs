//! A server with a few commands, and its client's end of the line.

#![allow(dead_code, reason = "each test uses its part")]

use qmp_core::{
    Argument, ArgumentType, Call, CommandEntry, ErrorClass, Invocation, Profile, Server, Timestamp, VersionTriple,
};

/// What the captures were made with.
pub(crate) const QEMU: Profile = Profile {
    oob: true,
    ..Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 22 }, "Debian 1:7.2+dfsg-7+deb12u18+b3")
};

/// What the commands work on.
#[derive(Default)]
pub(crate) struct Vm {
    pub(crate) stopped: bool,
    /// Time stamps of the events to come.
    pub(crate) times: Vec<(i64, i64)>,
    /// The commands that wait to be answered, oldest first.
    pub(crate) waiting: Vec<Call>,
    /// The names of those that were run.
    pub(crate) ran: Vec<String>,
}

impl Vm {
    pub(crate) fn time(&mut self) -> Timestamp {
        let (seconds, microseconds) = if self.times.is_empty() { (1, 2) } else { self.times.remove(0) };
        Timestamp { seconds, microseconds }
    }
}

fn query_name(vm: &mut Vm, call: &mut Invocation<'_>) {
    vm.ran.push(call.name().to_string());
}

fn query_status(vm: &mut Vm, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.object().name("status").string(if vm.stopped { "paused" } else { "running" });
        w.name("singlestep").bool(false).name("running").bool(!vm.stopped).end();
    });
}

fn query_yank(_: &mut Vm, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.array().object().name("type").string("chardev").name("id").string("c0").end().end();
    });
}

fn query_chardev(_: &mut Vm, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.array().object().name("frontend-open").bool(true);
        w.name("filename").string("unix:/srv/images/run/pretty.sock,server=on").name("label").string("c0").end().end();
    });
}

fn switch(vm: &mut Vm, call: &mut Invocation<'_>) {
    let stop = call.name() == "stop";
    if std::mem::replace(&mut vm.stopped, stop) != stop {
        let time = vm.time();
        call.event(if stop { "STOP" } else { "RESUME" }, time, |_| {}).unwrap();
    }
}

fn quit(vm: &mut Vm, call: &mut Invocation<'_>) {
    let time = vm.time();
    let data = |w: &mut qmp_core::Writer<'_>| {
        w.object().name("guest").bool(false).name("reason").string("host-qmp-quit").end();
    };
    call.event("SHUTDOWN", time, data).unwrap();
}

fn device_del(_: &mut Vm, call: &mut Invocation<'_>) {
    let id = call.argument("id").unwrap().as_str().unwrap();
    call.error_format(ErrorClass::DeviceNotFound, format_args!("Device '{id}' not found")).unwrap();
}

fn query_balloon(_: &mut Vm, call: &mut Invocation<'_>) {
    call.error(ErrorClass::DeviceNotActive, "No balloon device has been activated").unwrap();
}

fn human_monitor_command(_: &mut Vm, call: &mut Invocation<'_>) {
    let line = call.argument("command-line").unwrap();
    call.reply(|w| _ = w.json(line)).unwrap();
}

fn wait(vm: &mut Vm, call: &mut Invocation<'_>) {
    vm.waiting.push(call.defer());
}

/// Replies with a string of the length that is asked for.
fn large(_: &mut Vm, call: &mut Invocation<'_>) {
    let length = call.argument("length").unwrap().as_u64().unwrap() as usize;
    let _ = call.reply(|w| _ = w.string(&"x".repeat(length)));
}

pub(crate) const COMMANDS: &[CommandEntry<Vm>] = &[
    CommandEntry::new("query-name", &[], query_name),
    CommandEntry::new("query-status", &[], query_status),
    CommandEntry::new("query-yank", &[], query_yank).allow_oob(),
    CommandEntry::new("query-chardev", &[], query_chardev),
    CommandEntry::new("stop", &[], switch),
    CommandEntry::new("cont", &[], switch),
    CommandEntry::new("quit", &[], quit),
    CommandEntry::new("device_del", &[Argument::required("id", ArgumentType::String)], device_del),
    CommandEntry::new("query-balloon", &[], query_balloon),
    CommandEntry::new(
        "human-monitor-command",
        &[
            Argument::required("command-line", ArgumentType::String),
            Argument::optional("cpu-index", ArgumentType::Integer),
        ],
        human_monitor_command,
    ),
    CommandEntry::new("wait", &[], wait).allow_oob(),
    CommandEntry::new("large", &[Argument::required("length", ArgumentType::Size)], large).allow_oob(),
];

/// A server and what its application holds.
pub(crate) struct Peer {
    pub(crate) server: Server<Vec<u8>, Vec<u8>, Vec<u8>>,
    pub(crate) vm: Vm,
}

impl Peer {
    pub(crate) fn new(profile: Profile) -> Self {
        Self::sized(profile, 4096, 4096, 1024)
    }

    pub(crate) fn sized(profile: Profile, rx: usize, tx: usize, store: usize) -> Self {
        Self { server: Server::new(profile, vec![0; rx], vec![0; tx], vec![0; store]), vm: Vm::default() }
    }

    /// A server in command mode.
    pub(crate) fn ready(profile: Profile) -> Self {
        Self::new(profile).negotiated("")
    }

    /// A server in command mode, with out-of-band execution.
    pub(crate) fn with_oob() -> Self {
        Self::new(QEMU).negotiated(r#","arguments":{"enable":["oob"]}"#)
    }

    pub(crate) fn negotiated(mut self, arguments: &str) -> Self {
        let said = self.say(format!(r#"{{"execute":"qmp_capabilities"{arguments}}}"#).as_bytes());
        assert!(said.ends_with("{\"return\": {}}\r\n"), "{said}");
        self
    }

    /// Sends `input` in pieces of `piece` bytes, and returns all that comes back.
    pub(crate) fn say_in_pieces(&mut self, input: &[u8], piece: usize) -> String {
        let mut rest = input;
        let mut output = String::new();
        loop {
            output.push_str(&self.hear());
            let window = self.server.window();
            let length = rest.len().min(piece).min(window.len());
            if length == 0 {
                return output;
            }
            window[..length].copy_from_slice(&rest[..length]);
            self.server.commit(length).unwrap();
            rest = &rest[length..];
        }
    }

    /// Sends `input` and returns all that comes back.
    pub(crate) fn say(&mut self, input: &[u8]) -> String {
        self.say_in_pieces(input, usize::MAX)
    }

    /// Runs what is there to be run and returns what is sent.
    pub(crate) fn hear(&mut self) -> String {
        let mut output = Vec::new();
        loop {
            self.server.dispatch(COMMANDS, &mut self.vm);
            let unsent = self.server.unsent();
            if unsent.is_empty() {
                return output.iter().map(|byte: &u8| char::from(*byte)).collect();
            }
            output.extend_from_slice(unsent);
            let length = unsent.len();
            self.server.sent(length);
        }
    }

    /// Answers the command that waits longest with `{}`.
    pub(crate) fn finish(&mut self) -> String {
        let call = self.vm.waiting.remove(0);
        self.server.reply(call, |_| {}).unwrap();
        self.hear()
    }
}
