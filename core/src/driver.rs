//! What the blocking and the async driver share: what a connection is told, what it says, and the engine that both run. No IO.

mod call;
mod engine;

pub(crate) use call::{Goal, Stop, Turn, Wait};
pub(crate) use engine::Engine;

use core::fmt;

use crate::client::{Failure, Incoming, NEVER, Phase};
use crate::command::Command;
use crate::error::{DecodeError, ExecuteError, Overrun};
use crate::message::{ErrorReply, Event};

/// What a connection is to do, and how long it waits. Times are ticks of the connection's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// How long the greeting, and then the negotiation, may take. [`NEVER`] for ever.
    pub handshake: u64,
    /// How long a command may take. [`NEVER`] for ever.
    pub command: u64,
    /// Whether out-of-band execution is to be enabled where the server offers it.
    pub oob: bool,
}

impl Settings {
    /// No deadlines, no out-of-band execution.
    pub const NONE: Self = Self { handshake: NEVER, command: NEVER, oob: false };
}

impl Default for Settings {
    fn default() -> Self {
        Self::NONE
    }
}

/// Where the ticks come from: they never go back. Any `FnMut() -> u64` is one.
pub trait Clock {
    /// The time now.
    fn now(&mut self) -> u64;
}

impl<F: FnMut() -> u64> Clock for F {
    fn now(&mut self) -> u64 {
        self()
    }
}

/// A clock that stands still: no deadline is ever reached.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoClock;

impl Clock for NoClock {
    fn now(&mut self) -> u64 {
        0
    }
}

/// Why a driver could not do what was asked. `E` is the transport's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The transport failed. The session is as it was, and goes on if the transport does.
    Transport(E),
    /// The transport takes no more bytes: `write` returned 0. What was not sent is sent first by the next call.
    WriteZero,
    /// `read` claims to have read more than it was given room for. Nothing of it was taken.
    Overrun,
    /// The server ended the connection; every open command has failed. Call `reset` with a new connection.
    Closed,
    /// Time ran out in this phase: for the greeting or the negotiation, after which the session is closed, or, in command mode,
    /// for an event or for sending. The session goes on then.
    TimedOut(Phase),
    /// The server refused the negotiation, or greeted where a guest agent was expected; the handler was given what it said.
    Refused,
    /// The command ended without a reply. The session goes on.
    Failed(Failure),
    /// The command could not be started; nothing was sent.
    Execute(ExecuteError),
    /// The reply does not fit the command's return type. The session goes on.
    Decode(DecodeError),
}

impl<E> From<ExecuteError> for Error<E> {
    fn from(error: ExecuteError) -> Self {
        Self::Execute(error)
    }
}

impl<E> From<Overrun> for Error<E> {
    fn from(_: Overrun) -> Self {
        Self::Overrun
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "transport: {error}"),
            Self::WriteZero => f.write_str("the transport takes no more bytes"),
            Self::Overrun => fmt::Display::fmt(&Overrun, f),
            Self::Closed => f.write_str("connection closed by the server"),
            Self::TimedOut(phase) => write!(f, "timed out: {phase}"),
            Self::Refused => f.write_str("the server refused the negotiation"),
            Self::Failed(failure) => fmt::Display::fmt(failure, f),
            Self::Execute(error) => fmt::Display::fmt(error, f),
            Self::Decode(error) => write!(f, "unexpected return value: {error}"),
        }
    }
}

impl<E: core::error::Error + 'static> core::error::Error for Error<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Transport(error) => Some(error),
            Self::Execute(error) => Some(error),
            Self::Decode(error) => Some(error),
            _ => None,
        }
    }
}

/// A command's outcome as the server sees it: the typed return, or its error. Both are good messages.
pub type Outcome<'a, C> = Result<<C as Command>::Return<'a>, ErrorReply<'a>>;

/// A handler that looks for an event: `value` becomes what `found` makes of it, and everything else goes to `on`. It says whether
/// what it was given was the event.
pub(crate) fn armed<'h, R>(
    value: &'h mut Option<R>,
    found: &'h mut impl FnMut(Event<'_>) -> Option<R>,
    on: &'h mut impl FnMut(Incoming<'_>),
) -> impl FnMut(Incoming<'_>) -> bool + 'h {
    move |incoming| {
        if let (None, Incoming::Event(event)) = (&value, incoming) {
            *value = found(event);
            if value.is_some() {
                return true;
            }
        }
        on(incoming);
        false
    }
}

/// A handler that looks for nothing.
pub(crate) fn unarmed(on: &mut impl FnMut(Incoming<'_>)) -> impl FnMut(Incoming<'_>) -> bool {
    |incoming| {
        on(incoming);
        false
    }
}
