//! Commands, written into the caller's slice.
//!
//! In: a name, an id, arguments as a serde type or as checked JSON. Out: one line of JSON, or a typed error and nothing that
//! counts.

use crate::client::CommandId;
use crate::command::Command;
use crate::error::ExecuteError;
use crate::json::Json;
use crate::ser::serialize;

/// What of a command stands on the wire beside its id.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) name: &'a str,
    pub(crate) oob: bool,
    pub(crate) id: CommandId,
}

/// Writes a command whose arguments are serialized from `command`. Returns its length.
pub(crate) fn command<C: Command>(out: &mut [u8], head: Head<'_>, command: &C) -> Result<usize, ExecuteError> {
    let mut writer = Writer::new(out);
    writer.open(head)?;
    let before = writer.length;
    // There is no room for arguments; without any the command may fit.
    let tight = writer.out.len().saturating_sub(before) < const { ARGUMENTS.len() + b"{}}\n".len() };
    if !tight {
        writer.push(ARGUMENTS)?;
    }
    let start = writer.length;
    serialize(&mut writer, command)?;
    match writer.out.get(start..writer.length).unwrap_or_default() {
        b"{}" => writer.length = before,
        _ if tight => return Err(ExecuteError::OutputTooSmall),
        // A type may write more than one value, or none, and anything as a map's name.
        arguments => check(arguments)?,
    }
    writer.finish()
}

/// Writes a command whose arguments are JSON already, or none. Returns its length.
pub(crate) fn raw_command(out: &mut [u8], head: Head<'_>, arguments: Option<Json<'_>>) -> Result<usize, ExecuteError> {
    let mut writer = Writer::new(out);
    writer.open(head)?;
    if let Some(arguments) = arguments {
        if arguments.text().first() != Some(&b'{') {
            return Err(ExecuteError::InvalidArguments);
        }
        writer.push(ARGUMENTS)?;
        writer.push(arguments.text())?;
    }
    writer.finish()
}

/// Writes `qmp_capabilities` without serde: every client sends it, also those that need no types.
pub(crate) fn negotiation(out: &mut [u8], head: Head<'_>, enable: &[&str]) -> Result<usize, ExecuteError> {
    let mut writer = Writer::new(out);
    writer.open(head)?;
    if let [first, rest @ ..] = enable {
        writer.push(b",\"arguments\":{\"enable\":[")?;
        writer.string(first)?;
        for name in rest {
            writer.push(b",")?;
            writer.string(name)?;
        }
        writer.push(b"]}")?;
    }
    writer.finish()
}

/// Writes the byte 0xFF and `guest-sync-delimited`.
pub(crate) fn synchronisation(out: &mut [u8], id: CommandId) -> Result<usize, ExecuteError> {
    let mut writer = Writer::new(out);
    writer.push(b"\xff")?;
    writer.open(Head { name: "guest-sync-delimited", oob: false, id })?;
    writer.push(b",\"arguments\":{\"id\":")?;
    writer.id(id)?;
    writer.push(b"}")?;
    writer.finish()
}

const ARGUMENTS: &[u8] = b",\"arguments\":";

/// Whether these bytes are an object.
fn check(arguments: &[u8]) -> Result<(), ExecuteError> {
    if arguments.first() == Some(&b'{') && Json::parse(arguments).is_ok() {
        Ok(())
    } else {
        Err(ExecuteError::InvalidArguments)
    }
}

/// Bytes into a slice.
pub(crate) struct Writer<'o> {
    out: &'o mut [u8],
    length: usize,
}

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// Name and id, without the closing brace.
    fn open(&mut self, head: Head<'_>) -> Result<(), ExecuteError> {
        self.push(if head.oob { b"{\"exec-oob\":\"" } else { b"{\"execute\":\"" })?;
        self.characters(head.name)?;
        self.push(b"\",\"id\":")?;
        self.id(head.id)
    }

    /// The closing brace and the line end.
    fn finish(mut self) -> Result<usize, ExecuteError> {
        self.push(b"}\n")?;
        Ok(self.length)
    }

    /// Bytes written so far.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Whether what was written from `start` on is a string.
    pub(crate) fn starts_a_string(&self, start: usize) -> bool {
        self.out.get(start..self.length).is_some_and(|text| text.first() == Some(&b'"'))
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), ExecuteError> {
        let end = self.length.saturating_add(bytes.len());
        let place = self.out.get_mut(self.length..end).ok_or(ExecuteError::OutputTooSmall)?;
        crate::bytes::copy(place, bytes);
        self.length = end;
        Ok(())
    }

    /// A JSON string.
    pub(crate) fn string(&mut self, text: &str) -> Result<(), ExecuteError> {
        self.push(b"\"")?;
        self.characters(text)?;
        self.push(b"\"")
    }

    /// What stands between a string's quotes, with what must be escaped escaped.
    pub(crate) fn characters(&mut self, text: &str) -> Result<(), ExecuteError> {
        // Without a branch for each byte: this is made in steps of a register.
        let special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        if !text.bytes().fold(false, |any, byte| any | special(byte)) {
            return self.push(text.as_bytes());
        }
        for byte in text.bytes() {
            if byte < 0x20 {
                let digit = |value: u8| b"0123456789abcdef".get(usize::from(value)).copied().unwrap_or(b'0');
                self.push(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)])?;
            } else if special(byte) {
                self.push(&[b'\\', byte])?;
            } else {
                self.push(&[byte])?;
            }
        }
        Ok(())
    }

    /// An id: the counter, then the session with six digits.
    fn id(&mut self, id: CommandId) -> Result<(), ExecuteError> {
        let mut digits = [b'0'; 16];
        let mut rest = id.session;
        let mut used = 0usize;
        for (place, digit) in digits.iter_mut().rev().enumerate() {
            if place == 6 {
                rest = id.counter;
            }
            if place >= 6 && rest == 0 {
                break;
            }
            *digit = b'0'.wrapping_add((rest % 10) as u8);
            rest /= 10;
            used = place.wrapping_add(1);
        }
        self.push(digits.get(digits.len().wrapping_sub(used)..).unwrap_or_default())
    }
}

/// Text as it stands, for numbers.
impl core::fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.push(text.as_bytes()).map_err(|_| core::fmt::Error)
    }
}
