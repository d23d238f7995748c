//! A first session: who is there, is it running, stop, go on, and what the server says to that.
//!
//! ```text
//! quickstart [ADDRESS]
//! ```
//!
//! Without an address it starts a demo VM inside this program and talks to that over a loopback socket. With one, such as
//! `unix:/run/vm.qmp` or `tcp:127.0.0.1:4444`, it does the same with a real QEMU. The exit code is 0 if all went well, 1 if the
//! session failed and 2 for wrong usage.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use qmp_core::{Cont, Empty, HumanMonitorCommand, Incoming, Named, QueryStatus, QueryVersion, Stop};
use qmp_examples::demo_vm::DemoVm;
use qmp_std_adapter::{Error, Notice, Options, Session};

fn main() -> ExitCode {
    let words: Result<Vec<_>, _> = env::args_os().skip(1).map(OsString::into_string).collect();
    let result = match words.as_deref() {
        Ok([]) => demo(),
        Ok([word]) if !word.starts_with('-') => tour(word),
        _ => {
            let _ = writeln!(io::stderr(), "usage: quickstart [unix:PATH | tcp:HOST:PORT | telnet:HOST:PORT]");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody reads on.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The tour of a VM that this program brings with it.
fn demo() -> Result<(), Failure> {
    let vm = DemoVm::start()?;
    say(format_args!("no address: starting a demo VM in this program, at {}", vm.address()))?;
    tour(vm.address())
}

fn tour(address: &str) -> Result<(), Failure> {
    // The greeting and the negotiation are part of connecting; the observer shows them as they happen.
    let options = Options { observe: show, ..Options::default() };
    let mut vm = options.connect(address)?;

    // A command is a struct, and so is what it returns.
    let version = vm.execute(&QueryVersion {})?;
    say(format_args!("query-version: {}.{}.{}", version.qemu.major, version.qemu.minor, version.qemu.micro))?;
    let status = vm.execute(&QueryStatus {})?;
    let was_running = status.running;
    say(format_args!("query-status: {}", status.status))?;

    // Stop and go on, or the other way round: the VM is left as it was.
    for stop in [was_running, !was_running] {
        if stop {
            vm.execute(&Stop {})?
        } else {
            vm.execute(&Cont {})?
        };
        say(if stop { "stop: done" } else { "cont: done" })?;
        // Events that came in the meantime wait to be asked for.
        events(&mut vm)?;
    }

    let text = vm.execute(&HumanMonitorCommand { command_line: "info status" })?;
    say(format_args!("info status: {}", text.to_string().trim_end()))?;

    // An error reply is an answer, and the session goes on.
    match vm.execute(&Named { name: "make-coffee", arguments: Empty {} }) {
        Err(Error::Refused(refusal)) => say(format_args!("make-coffee: refused with {refusal}"))?,
        result => say(format_args!("make-coffee: {}", result?))?,
    }
    let status = vm.execute(&QueryStatus {})?;
    say(format_args!("query-status: {}", status.status))
}

/// Prints the events that are there.
fn events(vm: &mut Session) -> Result<(), Failure> {
    while let Some(notice) = vm.next_event(Duration::ZERO)? {
        match notice {
            Notice::Event(event) => match event.timestamp() {
                Some(at) => say(format_args!("  event {} at {at}", event.name()))?,
                None => say(format_args!("  event {}", event.name()))?,
            },
            other => say(format_args!("  {other:?}"))?,
        }
    }
    Ok(())
}

/// Shows the greeting.
fn show(incoming: Incoming<'_>) {
    // A closed standard output shows at the next line.
    let _ = match incoming {
        Incoming::Greeting(greeting) => {
            let (major, minor, micro) = greeting.version().unwrap_or_default();
            let package = greeting.package().filter(|package| !package.is_empty());
            let package = package.map(|package| format!(" ({package})")).unwrap_or_default();
            let capabilities: Vec<String> = greeting.capabilities().map(|one| one.to_string()).collect();
            let offers = if capabilities.is_empty() { "nothing".into() } else { capabilities.join(", ") };
            say(format_args!("greeting: QEMU {major}.{minor}.{micro}{package}, offers {offers}"))
        }
        _ => Ok(()),
    };
}

/// Prints a line.
fn say(line: impl fmt::Display) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::Output)
}

/// Why there is no more to be told.
enum Failure {
    /// The session.
    Session(Error),
    /// Standard output, or the demo VM's socket.
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(error) => error.fmt(f),
            Self::Output(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
