//! Runs one command on a QMP server: its return goes to standard output, everything else to standard error.
//!
//! ```text
//! execute ADDRESS COMMAND [ARGUMENTS-JSON] [--oob] [--buffer BYTES] [--timeout MS] [--select PATH]...
//! ```
//!
//! Standard output is the value of `return` as one line of JSON, white space outside strings removed. Standard error has a line
//! `event NAME DATA` for each event at the moment it arrives, and one line for anything unusual. The exit code is 0 for a
//! return, 1 for a QMP error, 2 for wrong usage, 3 when there is no reply.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use qmp_core::{Incoming, Json, Message, Select, Selection};
use qmp_std_adapter::{Address, Error, Options};

const USAGE: &str = "\
usage: execute ADDRESS COMMAND [ARGUMENTS-JSON] [--oob] [--buffer BYTES] [--timeout MS] [--select PATH]...
  ADDRESS         unix:PATH, tcp:HOST:PORT, telnet:HOST:PORT, or a path
  --oob           execute out of band
  --buffer BYTES  longest message that can be received, 512 to 1073741824, 1048576 by default
  --timeout MS    limit for connecting, greeting, negotiation and command, each; 5000 by default
  --select PATH   keep only this part of the reply, such as return[*].name; up to 8 times";

/// Exit codes beside 0.
const REFUSED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const FAILED: u8 = 3;

fn main() -> ExitCode {
    let arguments: Result<Vec<_>, _> = env::args_os().skip(1).map(OsString::into_string).collect();
    let request = match arguments.as_deref().map_or_else(not_unicode, Request::parse) {
        Ok(request) => request,
        Err(problem) => {
            report(format_args!("execute: {problem}\n{USAGE}"));
            return ExitCode::from(WRONG_USAGE);
        }
    };
    match request.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, line)) => {
            report(OneLine(&line));
            ExitCode::from(code)
        }
    }
}

fn not_unicode<T>(word: &OsString) -> Result<T, String> {
    Err(format!("an argument is not UTF-8: {}", word.display()))
}

/// What the command line asks for.
struct Request<'a> {
    address: &'a str,
    command: &'a str,
    arguments: Option<Json<'a>>,
    options: Options,
    paths: Vec<&'a str>,
}

impl<'a> Request<'a> {
    fn parse(words: &'a [String]) -> Result<Self, String> {
        let mut options = Options { events: 0, observe, ..Options::default() };
        let mut timeout = Duration::from_millis(5000);
        let mut positional = Vec::new();
        let mut paths = Vec::new();
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            match word {
                "--oob" => options.oob = true,
                "--buffer" => options.receive = number(word, words.next(), 512..=1 << 30)? as usize,
                "--timeout" => timeout = Duration::from_millis(number(word, words.next(), 1..=u64::from(u32::MAX))?),
                "--select" => paths.push(words.next().ok_or("--select needs a path")?),
                "--" => positional.extend(words.by_ref()),
                _ if word.starts_with("--") => return Err(format!("unknown option {word}")),
                _ => positional.push(word),
            }
        }
        (options.connect, options.handshake, options.command) = (timeout, timeout, timeout);
        let (address, command, arguments) = match positional[..] {
            [address, command] => (address, command, None),
            [address, command, arguments] => (address, command, Some(arguments)),
            _ => return Err("an address, a command, and perhaps its arguments are needed".into()),
        };
        address.parse::<Address>().map_err(|error| error.to_string())?;
        // The rest is the envelope.
        options.transmit = command.len() + arguments.map_or(0, str::len) + 128;
        let arguments = arguments.map(object).transpose()?;
        if options.oob && !paths.is_empty() {
            return Err("--oob and --select exclude each other: a command with a selection is alone".into());
        }
        if !paths.is_empty() {
            Selection::new(&paths).map_err(|error| format!("--select: {error}"))?;
        }
        Ok(Self { address, command, arguments, options, paths })
    }

    /// Prints the return. An error is an exit code and a line for standard error.
    fn run(self) -> Result<(), (u8, String)> {
        let failed = |error: Error| (FAILED, format!("execute: {error}"));
        let mut session = self.options.connect(self.address).map_err(failed)?;
        if self.options.oob && !session.oob() {
            return Err((FAILED, "execute: capabilities negotiation: out-of-band execution is not offered".into()));
        }
        let result = match Selection::new(&self.paths) {
            Ok(selection) => session.execute_raw_select(self.command, self.arguments, Select::new(&selection), |_| {}),
            Err(_) => session.execute_raw(self.command, self.arguments, self.options.oob),
        };
        match result {
            Ok(value) => match print(value) {
                // Whoever was to read it has gone.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                result => result.map_err(|error| (FAILED, format!("execute: writing the return: {error}"))),
            },
            Err(Error::Refused(refusal)) => Err((REFUSED, refusal.to_string())),
            Err(error) => Err(failed(error)),
        }
    }
}

fn number(option: &str, word: Option<&str>, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let value = word.and_then(|word| word.parse().ok()).filter(|value| range.contains(value));
    value.ok_or_else(|| format!("{option} needs a number from {} to {}", range.start(), range.end()))
}

fn object(text: &str) -> Result<Json<'_>, String> {
    let value = Json::parse(text.as_bytes()).map_err(|fault| format!("the arguments are not JSON: {fault}"))?;
    if value.text().starts_with(b"{") { Ok(value) } else { Err("the arguments are not a JSON object".into()) }
}

/// Writes a line to standard output.
fn print(value: Json<'_>) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", Compact(value))?;
    out.flush()
}

/// Shows what is not the reply.
fn observe(incoming: Incoming<'_>) {
    match incoming {
        Incoming::Event(event) => {
            let name = String::from_utf8_lossy(event.name().raw());
            match event.data() {
                Some(data) => report(format_args!("event {name} {}", Compact(data))),
                None => report(format_args!("event {name}")),
            }
        }
        Incoming::Discarded(discarded) => report(format_args!("discarded: {discarded}")),
        Incoming::Unmatched(Message::Error(error)) => match error.id() {
            Some(id) => report(OneLine(&format!("unmatched error with id {}: {error}", Compact(id)))),
            None => report(OneLine(&format!("unmatched error without id: {error}"))),
        },
        Incoming::Unmatched(Message::Return(reply)) => match reply.id() {
            Some(id) => report(format_args!("unmatched return with id {}", Compact(id))),
            None => report("unmatched return without id"),
        },
        Incoming::Unmatched(message) => report(format_args!("unmatched {}", message.kind())),
        _ => {}
    }
}

/// Writes a line to standard error, at once. A closed one is no reason to stop.
fn report(line: impl fmt::Display) {
    let _ = io::stderr().write_all(format!("{line}\n").as_bytes());
}

/// JSON without white space outside strings.
struct Compact<'a>(Json<'a>);

impl fmt::Display for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = std::str::from_utf8(self.0.text()).map_err(|_| fmt::Error)?;
        // Every second piece between quotes that are not escaped is inside a string.
        let mut string = false;
        let mut start = 0;
        let mut escaped = false;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' if !string => {
                    f.write_str(&text[start..at])?;
                    start = at + 1;
                }
                b'"' if !escaped => string = !string,
                _ => {}
            }
            escaped = string && byte == b'\\' && !escaped;
        }
        f.write_str(&text[start..])
    }
}

/// Text with line breaks and other control characters escaped.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for char in self.0.chars() {
            if char.is_control() { write!(f, "{}", char.escape_default())? } else { write!(f, "{char}")? }
        }
        Ok(())
    }
}
