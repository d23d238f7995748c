//! A call of a driver: what it waits for, what is to be done for it next, and why it ends.

use crate::client::Head;
use crate::error::ExecuteError;

/// What a call waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// That everything is sent that was to be.
    Sent,
    /// The end of the handshake.
    Handshake,
    /// The same with a guest agent, which does not greet.
    Synchronisation,
    /// The reply to the command that was started last.
    Reply,
    /// An event that the handler takes.
    Event,
}

/// Why a call ends without what it waits for: an [`Error`] in few bytes. What is missing is in the session.
#[derive(Clone, Copy)]
pub(crate) enum Stop<E> {
    Transport(E),
    WriteZero,
    Overrun,
    Closed,
    TimedOut,
    Refused,
    /// This was the last step.
    Step(Head),
    Execute(ExecuteError),
}

impl<E> From<ExecuteError> for Stop<E> {
    fn from(error: ExecuteError) -> Self {
        Self::Execute(error)
    }
}

/// A call that waits.
pub(crate) struct Wait {
    pub(super) goal: Goal,
    /// The transport has nothing to do just now, or a read was tried: the deadlines count. What is there already is read, however
    /// early they are.
    pub(super) tried: bool,
    /// For sending, and for an event. A handshake and a command have theirs in the session.
    pub(super) deadline: u64,
}

impl Wait {
    pub(crate) fn new(goal: Goal, deadline: u64) -> Self {
        Self { goal, tried: false, deadline }
    }

    pub(super) fn is_handshake(&self) -> bool {
        matches!(self.goal, Goal::Handshake | Goal::Synchronisation)
    }

    /// The transport had nothing to do.
    pub(crate) fn idle(&mut self) {
        self.tried = true;
    }
}

/// What a driver does next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Write some of what is [`unsent`](super::Engine::unsent).
    Write,
    /// Flush the transport.
    Flush,
    /// Read into the client's window.
    Read,
}
