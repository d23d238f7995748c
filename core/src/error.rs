//! What can go wrong, sorted by who must act.
//!
//! * The peer sent bytes that are no message: [`Discarded`], [`Fault`]. The link lives on.
//! * The caller asked for what cannot be done now: [`Overrun`], [`ExecuteError`]. Nothing has changed.
//! * A reply does not fit the caller's type: [`DecodeError`]. The reply is still there to be walked.
//! * The transport failed: see `Error` of the drivers.

use core::fmt;

use crate::client::Phase;
use crate::message::Oversized;

/// Why bytes that began like a message are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// Not JSON (RFC 8259).
    Syntax,
    /// A byte below 0x20 where a character of a string could start.
    ControlCharacter,
    /// Not UTF-8 inside a string: an invalid, overlong or surrogate sequence.
    InvalidUtf8,
    /// Nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    TooDeep,
    /// A member that the protocol gives a meaning came twice. Where two kinds meet too, this is what is said.
    DuplicateMember,
    /// Two of `QMP`, `event`, `return`, `error`, `execute`, `exec-oob` in one object.
    AmbiguousKind,
    /// JSON, but no object. Only a server reports it, since it owes an answer.
    NotObject,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "not JSON",
            Self::ControlCharacter => "control character in a string",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::TooDeep => "nested too deeply",
            Self::DuplicateMember => "duplicate member",
            Self::AmbiguousKind => "two kinds of message in one object",
            Self::NotObject => "no JSON object",
        })
    }
}

impl core::error::Error for Fault {}

/// Bytes that were read and are not delivered as a message. Each run of them is reported once, in order.
///
/// All lengths are in bytes and count what was on the wire, whatever the size of the buffer; they count no further than
/// `usize::MAX`.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Discarded<'a> {
    /// Bytes between two messages that are not white space: telnet negotiation, boot chatter, a byte-order mark.
    Noise {
        /// How many, white space not counted.
        bytes: u64,
    },
    /// A message was cut off: the next one began at the start of a line, or the stream ended.
    Truncated {
        /// How much of it had arrived.
        bytes: u64,
    },
    /// A message that is not valid.
    Malformed {
        /// How much was discarded, the resynchronisation included.
        bytes: u64,
        /// The offset of the first byte that cannot stand there; `bytes` where only the whole message shows the fault.
        at: u64,
        /// What is wrong.
        fault: Fault,
    },
    /// A valid message that is longer than the buffer.
    Oversized(Oversized<'a>),
}

impl fmt::Display for Discarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise { bytes } => write!(f, "{bytes} bytes of noise between messages"),
            Self::Truncated { bytes } => write!(f, "message cut off after {bytes} bytes"),
            Self::Malformed { bytes, at, fault } => {
                write!(f, "malformed message of {bytes} bytes: {fault} at byte {at}")
            }
            Self::Oversized(message) => fmt::Display::fmt(message, f),
        }
    }
}

/// Why a value does not fit the type asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Mismatch {
    /// Another type of value, such as a string for a number, or a number with a fraction for an integer.
    WrongType,
    /// A number outside the type's range.
    OutOfRange,
    /// A string, array or object too long for the type.
    TooLong,
    /// A string with escapes that do not fit the scratch slice; decode with a larger one, or into [`Str`](crate::Str).
    Escaped,
    /// A member that the type needs is not there.
    MissingMember,
    /// A member came twice.
    DuplicateMember,
    /// A string that is none of the enum's variants, or a member that the type forbids.
    UnknownName,
    /// The type's own `Deserialize` refused it.
    Custom,
}

/// A value that does not fit the type asked for. The message is unchanged and can be decoded otherwise, or walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DecodeError {
    /// What is wrong.
    pub mismatch: Mismatch,
    /// The innermost struct member it is wrong with; empty if there is none.
    pub member: &'static str,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.mismatch {
            Mismatch::WrongType => "wrong type",
            Mismatch::OutOfRange => "number out of range",
            Mismatch::TooLong => "too long",
            Mismatch::Escaped => "string with escapes and no room to decode them",
            Mismatch::MissingMember => "missing member",
            Mismatch::DuplicateMember => "duplicate member",
            Mismatch::UnknownName => "unknown name",
            Mismatch::Custom => "refused by its type",
        })?;
        if self.member.is_empty() { Ok(()) } else { write!(f, ": {}", self.member) }
    }
}

impl core::error::Error for DecodeError {}

impl From<Mismatch> for DecodeError {
    fn from(mismatch: Mismatch) -> Self {
        Self { mismatch, member: "" }
    }
}

/// More bytes were committed than the window has. Nothing was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Overrun;

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("more bytes committed than the window has")
    }
}

impl core::error::Error for Overrun {}

/// A command cannot be executed now. Nothing was written that counts, and the client is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ExecuteError {
    /// Not in this phase.
    Phase(Phase),
    /// As many commands are open as there are slots; with out-of-band execution the last is kept for an out-of-band one.
    /// Poll until one has ended, or give the client more slots.
    TableFull,
    /// The server would not take it in before it has answered another, and out-of-band commands would have to wait too.
    ServerQueueFull,
    /// Out-of-band execution was not negotiated.
    OobDisabled,
    /// A command with a selection has to be the only one that is open, and another is.
    NotAlone,
    /// The command's name is not ASCII, or has a control character, a quote or a backslash: no name has.
    InvalidName,
    /// The output slice is too small for the command.
    OutputTooSmall,
    /// The arguments are no JSON object: a serde type that does not serialize to one, or a number that is not finite.
    InvalidArguments,
}

impl fmt::Display for ExecuteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phase(phase) => write!(f, "not in this phase: {phase}"),
            Self::TableFull => f.write_str("too many open commands"),
            Self::ServerQueueFull => f.write_str("the server's queue is full"),
            Self::OobDisabled => f.write_str("out-of-band execution is not enabled"),
            Self::NotAlone => f.write_str("a command with a selection has to be the only one"),
            Self::InvalidName => f.write_str("not the name of a command"),
            Self::OutputTooSmall => f.write_str("command too large for the output buffer"),
            Self::InvalidArguments => f.write_str("arguments are not a JSON object"),
        }
    }
}

impl core::error::Error for ExecuteError {}
