//! What can go wrong, naming what was being done and how much of an answer there was.

use std::error;
use std::fmt;
use std::io;

use qmp_core::{DecodeError, ErrorReply, ExecuteError, Failure, Phase};

use crate::address::{Address, AddressError};

/// Why a call on a session has no result.
///
/// After any of them the session is still good for [`reconnect`](crate::Session::reconnect). After an error of a command it is good for the
/// next one, unless that was [`ConnectionLost`](Self::ConnectionLost) or [`NotConnected`](Self::NotConnected); after one of `reconnect` or
/// [`synchronise`](crate::Session::synchronise) it is not: [`Session::phase`](crate::Session::phase) tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The text is no address, or one of a kind that is not supported.
    Address(AddressError),
    /// No connection could be made.
    Connect {
        /// To where.
        address: Address,
        /// What the system says; [`TimedOut`](io::ErrorKind::TimedOut) where time ran out.
        source: io::Error,
    },
    /// The address cannot be listened at.
    Listen {
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The process could not be started.
    Spawn(io::Error),
    /// Time ran out in this phase: for the greeting, for the negotiation, or, in command mode, for a reply or an event. A
    /// command may still be executed by the server.
    TimedOut {
        /// What was waited for.
        phase: Phase,
        /// Bytes that had arrived since the connection was made, or the call.
        received: u64,
    },
    /// The server ended the connection, or was restarted. Whether the command that was under way has been executed is not known.
    ConnectionLost {
        /// When.
        phase: Phase,
        /// Bytes that had arrived since the connection was made, or the call.
        received: u64,
        /// What the system says, if it was not an orderly end.
        source: Option<io::Error>,
    },
    /// The session has no connection any more: it ended in an earlier call.
    NotConnected,
    /// The session is with a child process, to which there is no second connection.
    NoAddress,
    /// The guest agent has not answered in time: it may not be up. [`Session::synchronise`](crate::Session::synchronise) asks again.
    AgentSilent {
        /// Bytes that had arrived.
        received: u64,
    },
    /// The session is with a QMP server, not with a guest agent.
    NoAgent,
    /// The server refused the negotiation, or to synchronise.
    NegotiationRefused(Refusal),
    /// The server refused the command.
    Refused(Refusal),
    /// The reply is larger than the receive buffer ([`Options::receive`](crate::Options::receive)). The command was executed.
    Oversized {
        /// The reply's length.
        bytes: u64,
        /// Whether it was an error.
        error: bool,
    },
    /// The command cannot be sent; nothing was.
    Execute(ExecuteError),
    /// The reply does not fit the command's return type.
    Decode(DecodeError),
}

impl Error {
    /// What the driver's error means here; `received` bytes had come in this phase.
    pub(crate) fn new(error: qmp_core::Error<io::Error>, phase: Phase, received: u64) -> Self {
        use qmp_core::Error as E;
        match error {
            E::TimedOut(phase) => Self::TimedOut { phase, received },
            E::Failed(Failure::TimedOut) => Self::TimedOut { phase, received },
            E::Failed(Failure::Oversized { bytes, error }) => Self::Oversized { bytes, error },
            E::Execute(ExecuteError::Phase(_)) => Self::NotConnected,
            E::Execute(error) => Self::Execute(error),
            E::Decode(error) => Self::Decode(error),
            E::Transport(source) => Self::ConnectionLost { phase, received, source: Some(source) },
            E::WriteZero => Self::ConnectionLost { phase, received, source: Some(io::ErrorKind::WriteZero.into()) },
            _ => Self::ConnectionLost { phase, received, source: None },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(error) => fmt::Display::fmt(error, f),
            Self::Connect { address, source } => write!(f, "connecting to {address}: {source}"),
            Self::Listen { address, source } => write!(f, "listening at {address}: {source}"),
            Self::Spawn(source) => write!(f, "starting the process: {source}"),
            Self::TimedOut { phase: phase @ Phase::Greeting, received: 0 } => write!(
                f,
                "{phase}: timed out before a byte had come; another client may hold this monitor, which serves one at a time"
            ),
            Self::TimedOut { phase: phase @ Phase::Greeting, received } => {
                write!(
                    f,
                    "{phase}: timed out, and none was in the {received} bytes that had come; is this a QMP server?"
                )
            }
            Self::TimedOut { phase, received } => write!(f, "{phase}: timed out, {received} bytes had come"),
            Self::ConnectionLost { phase, received, source } => {
                write!(f, "{phase}: connection lost, {received} bytes had come")?;
                source.as_ref().map_or(Ok(()), |source| write!(f, ": {source}"))
            }
            Self::NotConnected => f.write_str("not connected"),
            Self::NoAddress => f.write_str("a child process cannot be connected to again"),
            Self::AgentSilent { received } => write!(
                f,
                "the guest agent did not answer, {received} bytes had come; is it running in the guest, and the only client here?"
            ),
            Self::NoAgent => f.write_str("a QMP server, not a guest agent"),
            Self::NegotiationRefused(refusal) => write!(f, "{}: refused: {refusal}", Phase::Negotiating),
            Self::Refused(refusal) => fmt::Display::fmt(refusal, f),
            Self::Oversized { bytes, .. } => {
                write!(f, "{}: the reply of {bytes} bytes is larger than the receive buffer", Phase::Command)
            }
            Self::Execute(error) => write!(f, "cannot execute: {error}"),
            Self::Decode(error) => write!(f, "unexpected return value: {error}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Address(error) => Some(error),
            Self::Connect { source, .. } | Self::Listen { source, .. } | Self::Spawn(source) => Some(source),
            Self::ConnectionLost { source: Some(source), .. } => Some(source),
            Self::NegotiationRefused(refusal) | Self::Refused(refusal) => Some(refusal),
            Self::Execute(error) => Some(error),
            Self::Decode(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AddressError> for Error {
    fn from(error: AddressError) -> Self {
        Self::Address(error)
    }
}

/// A server's error reply, kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    class: Box<str>,
    desc: Box<str>,
}

impl Refusal {
    /// The error's class, such as `GenericError`, `CommandNotFound` or `DeviceNotFound`.
    pub fn class(&self) -> &str {
        &self.class
    }

    /// The human-readable text. Not to be parsed: it is no interface.
    pub fn desc(&self) -> &str {
        &self.desc
    }
}

impl From<ErrorReply<'_>> for Refusal {
    fn from(reply: ErrorReply<'_>) -> Self {
        Self { class: reply.class().to_string().into(), desc: reply.desc().to_string().into() }
    }
}

/// `CLASS: DESC`
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.desc)
    }
}

impl error::Error for Refusal {}
