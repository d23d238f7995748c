//! What can go wrong, sorted by who must act.
//!
//! * The peer sent bytes that are no message: [`Discarded`], [`Fault`]. The link lives on.
//! * The caller asked for what cannot be done now: [`Overrun`], `ExecuteError`. Nothing has changed.
//! * A reply does not fit the caller's type: `DecodeError`. The reply is still there to be walked.
//! * The transport failed: see `io`.

use core::fmt;

use crate::message::Kind;

/// Why bytes that began like a message are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// Not JSON (RFC 8259).
    Syntax,
    /// A byte below 0x20 inside a string.
    ControlCharacter,
    /// Not UTF-8 inside a string: an invalid, overlong or surrogate sequence.
    InvalidUtf8,
    /// Nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    TooDeep,
    /// A member that the protocol gives a meaning came twice.
    DuplicateMember,
    /// Two of `QMP`, `event`, `return`, `error`, `execute`, `exec-oob` in one object.
    AmbiguousKind,
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
        })
    }
}

impl core::error::Error for Fault {}

/// Bytes that were read and are not delivered as a message. Each run of them is reported once, in order.
///
/// All lengths are in bytes and count what was on the wire, whatever the size of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    Oversized {
        /// Its length.
        bytes: u64,
        /// What it was, seen while it was discarded.
        kind: Kind,
        /// Its `id`, if that is an integer from 0 to 2^64 - 1 without fraction or exponent.
        id: Option<u64>,
        /// An event's name, cut after 32 bytes. Empty for other kinds.
        event: &'a str,
    },
}

impl fmt::Display for Discarded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise { bytes } => write!(f, "{bytes} bytes of noise between messages"),
            Self::Truncated { bytes } => write!(f, "message cut off after {bytes} bytes"),
            Self::Malformed { bytes, at, fault } => {
                write!(f, "malformed message of {bytes} bytes: {fault} at byte {at}")
            }
            Self::Oversized { bytes, kind, id, event } => {
                write!(f, "oversized {kind} of {bytes} bytes")?;
                if !event.is_empty() {
                    write!(f, ", {event}")?;
                }
                match id {
                    Some(id) => write!(f, ", id {id}"),
                    None => Ok(()),
                }
            }
        }
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
