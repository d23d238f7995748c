//! What a session hands out.

use core::fmt;
use core::marker::PhantomData;

use super::id::CommandId;
use super::table::Failure;
use crate::command::Command;
use crate::error::{DecodeError, Discarded};
use crate::frame::Frame;
use crate::json::Json;
use crate::message::{ErrorReply, Event, Greeting, Message};
use crate::select::Part;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Phase {
    /// The server has not said anything that counts: wait for its greeting, or [`attach`](crate::Client::attach).
    Greeting,
    /// The server has greeted: [`negotiate`](crate::Client::negotiate).
    Greeted,
    /// `qmp_capabilities` is on its way.
    Negotiating,
    /// Command mode: commands can be executed.
    Command,
    /// Command mode, with a command open that has a selection: no other can be executed until it has ended.
    Selecting,
    /// The session is over, by [`close`](crate::Client::close) or a deadline of the handshake: [`reset`](crate::Client::reset), or
    /// [`attach`](crate::Client::attach) where the link has no connections.
    Closed,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "waiting for the greeting",
            Self::Greeted | Self::Negotiating => "capabilities negotiation",
            Self::Command => "command mode",
            Self::Selecting => "waiting for a selection",
            Self::Closed => "closed",
        })
    }
}

/// What comes out of a session. Lent from the client's buffer until the next call on the client.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Incoming<'a> {
    /// The server greets. In the middle of a session: it was restarted, and the open commands have ended as
    /// [`ConnectionLost`](Failure::ConnectionLost) just before. [`negotiate`](crate::Client::negotiate) next.
    Greeting(Greeting<'a>),
    /// The negotiation is complete: command mode.
    Ready {
        /// Whether out-of-band execution is on. `None` after [`attach`](crate::Client::attach) to a server that was in command mode.
        oob: Option<bool>,
    },
    /// The server refused `qmp_capabilities`; [`negotiate`](crate::Client::negotiate) otherwise.
    Refused(ErrorReply<'a>),
    /// An event; legal in every phase.
    Event(Event<'a>),
    /// The reply to a command, which is not open any more.
    Reply(Reply<'a>),
    /// A command ended without a reply.
    Failed {
        /// Which.
        id: CommandId,
        /// Why.
        failure: Failure,
    },
    /// A good message that belongs to nothing here: a reply to what this client never sent, an error without `id` (the server
    /// could not read something), a request, an object of no known kind. It completes no command.
    Unmatched(Message<'a>),
    /// Of a reply that is delivered in parts, which only a command with a [`Select`](crate::Select) has.
    Part(Part<'a>),
    /// Bytes that are no message.
    Discarded(Discarded<'a>),
    /// The deadline of the handshake passed in this phase. The session is [`Closed`](Phase::Closed).
    TimedOut(Phase),
}

/// A command's reply.
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    pub(super) id: CommandId,
    pub(super) frame: Frame<'a>,
}

impl<'a> Reply<'a> {
    /// Which command it answers.
    pub fn id(&self) -> CommandId {
        self.id
    }

    /// The value of `return`, or the error.
    pub fn result(&self) -> Result<Json<'a>, ErrorReply<'a>> {
        Message::reply(self.frame)
    }

    /// The typed return of the command with this ticket. `None`: the reply is another command's.
    ///
    /// # Errors
    /// Outer: the return does not fit the type. Inner: the server's error.
    pub fn decode<C: Command>(
        &self,
        ticket: Ticket<C>,
    ) -> Option<Result<Result<C::Return<'a>, ErrorReply<'a>>, DecodeError>> {
        self.decode_with(ticket, &mut [])
    }

    /// As [`decode`](Self::decode), with room to decode strings that have escapes: see [`Json::decode_with`].
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_with<C: Command>(
        &self,
        ticket: Ticket<C>,
        scratch: &mut [u8],
    ) -> Option<Result<Result<C::Return<'a>, ErrorReply<'a>>, DecodeError>> {
        if self.id != ticket.id {
            return None;
        }
        Some(match self.result() {
            Ok(value) => value.decode_with(scratch).map(Ok),
            Err(error) => Ok(Err(error)),
        })
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("id", &self.id).field("result", &self.result()).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Reply<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Reply {{ id: {}, result: {} }}", self.id, self.result());
    }
}

/// What is needed to recognise a command's reply and to read it as its type.
pub struct Ticket<C> {
    pub(super) id: CommandId,
    pub(super) command: PhantomData<fn() -> C>,
}

impl<C> Ticket<C> {
    /// The command's id.
    pub const fn id(&self) -> CommandId {
        self.id
    }
}

impl<C> Clone for Ticket<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Ticket<C> {}

impl<C> fmt::Debug for Ticket<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ticket").field(&self.id.get()).finish()
    }
}

#[cfg(feature = "defmt")]
impl<C> defmt::Format for Ticket<C> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Ticket({=u64})", self.id.get());
    }
}
