//! What the blocking and the async driver share: the session, the bytes that are still to be sent, and what each step means to
//! whoever waits. No IO.

mod select;

pub(crate) use select::{Steps, Whole};

use core::fmt;

use crate::client::{Client, CommandId, Failure, Head, Incoming, NEVER, Phase, Slot, Ticket};
use crate::command::Command;
use crate::error::{DecodeError, ExecuteError, Overrun};
use crate::json::Json;
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

/// The session and its transmit buffer.
#[derive(Clone, Debug)]
pub(crate) struct Engine<B, S, O> {
    pub(crate) client: Client<B, S>,
    pub(crate) settings: Settings,
    tx: O,
    /// How much of `tx` is to be sent, and how much of that has been.
    length: usize,
    sent: usize,
    /// Whether something was sent that the transport has not been told to flush.
    unflushed: bool,
    /// Whether the server's last greeting offered out-of-band execution.
    offered: bool,
}

impl<B, S, O> Engine<B, S, O> {
    pub(crate) const fn new(client: Client<B, S>, tx: O, settings: Settings) -> Self {
        Self { client, settings, tx, length: 0, sent: 0, unflushed: false, offered: false }
    }
}

impl<B, S, O> Engine<B, S, O>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
{
    /// What is still to be sent.
    pub(crate) fn unsent(&self) -> &[u8] {
        self.tx.as_ref().get(self.sent..self.length).unwrap_or_default()
    }

    /// Whether the transport is to be flushed.
    pub(crate) fn is_unflushed(&self) -> bool {
        self.unflushed
    }

    /// It was.
    pub(crate) fn flushed(&mut self) {
        self.unflushed = false;
    }

    /// So many bytes of it were.
    pub(crate) fn sent(&mut self, bytes: usize) {
        self.unflushed = true;
        self.sent = self.sent.saturating_add(bytes).min(self.length);
    }

    /// Puts a command into the empty transmit buffer.
    pub(crate) fn start<C: Command>(
        &mut self,
        command: &C,
        oob: bool,
        deadline: u64,
    ) -> Result<Ticket<C>, ExecuteError> {
        let (length, ticket) = self.client.start(command, oob, deadline, self.tx.as_mut())?;
        (self.sent, self.length) = (0, length);
        Ok(ticket)
    }

    /// As [`start`](Self::start), without serde.
    pub(crate) fn start_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        deadline: u64,
    ) -> Result<CommandId, ExecuteError> {
        let (length, id) = self.client.execute_raw(name, arguments, oob, deadline, self.tx.as_mut())?;
        (self.sent, self.length) = (0, length);
        Ok(id)
    }

    /// Nobody waits for this command any more. It is not sent at all if its first byte has not been.
    pub(crate) fn abandon(&mut self, id: CommandId) {
        if self.sent == 0 && self.length != 0 {
            self.length = 0;
            self.client.withdraw(id);
        } else {
            self.client.cancel(id);
        }
    }

    /// For a new connection: see [`Client::reset`].
    pub(crate) fn reset(&mut self) {
        (self.sent, self.length) = (0, 0);
        self.unflushed = false;
        self.client.reset();
    }

    /// Puts the reset byte and `qmp_capabilities` into the transmit buffer. A session that was in command mode ends before: the
    /// handler is given what had come, and what ends with it.
    pub(crate) fn attach(&mut self, now: u64, on: &mut dyn FnMut(Incoming<'_>)) -> Result<(), ExecuteError> {
        if self.client.phase() == Phase::Command {
            self.client.close();
            while let Some(head) = self.client.advance() {
                self.pass(head, on);
            }
        }
        let deadline = now.saturating_add(self.settings.handshake);
        (self.sent, self.length) = (0, self.client.attach(deadline, self.tx.as_mut())?);
        Ok(())
    }

    /// Puts the reset byte and `guest-sync-delimited` into the transmit buffer.
    pub(crate) fn synchronise(&mut self, deadline: u64) -> Result<(), ExecuteError> {
        (self.sent, self.length) = (0, self.client.synchronise(deadline, self.tx.as_mut())?);
        Ok(())
    }

    /// Puts `qmp_capabilities` into the transmit buffer if the server has greeted.
    pub(crate) fn negotiate(&mut self, now: u64) -> Result<(), ExecuteError> {
        if self.client.phase() == Phase::Greeted {
            let deadline = now.saturating_add(self.settings.handshake);
            let oob = self.settings.oob && self.offered;
            (self.sent, self.length) = (0, self.client.negotiate(oob, deadline, self.tx.as_mut())?);
        }
        Ok(())
    }

    /// One step of the handshake; `true` when it is complete.
    pub(crate) fn handshake<E>(&mut self, head: Head, on: &mut dyn FnMut(Incoming<'_>)) -> Result<bool, Error<E>> {
        let incoming = self.client.lend(head);
        match incoming {
            Incoming::Ready { .. } => return Ok(true),
            Incoming::TimedOut(phase) => return Err(Error::TimedOut(phase)),
            Incoming::Greeting(greeting) => {
                let offered = greeting.offers_oob();
                on(incoming);
                self.offered = offered;
                // What was to be sent was for the server before.
                (self.sent, self.length) = (0, 0);
            }
            Incoming::Refused(_) => {
                on(incoming);
                return Err(Error::Refused);
            }
            _ => on(incoming),
        }
        Ok(false)
    }

    /// One step while a command is waited for; the reply's head when it is there.
    pub(crate) fn answer<E>(
        &mut self,
        id: CommandId,
        head: Head,
        on: &mut dyn FnMut(Incoming<'_>),
    ) -> Result<Option<Head>, Error<E>> {
        match self.client.lend(head) {
            Incoming::Reply(reply) if reply.id() == id => return Ok(Some(head)),
            Incoming::Failed { id: of, failure } if of == id => return Err(Error::Failed(failure)),
            _ => {}
        }
        self.pass(head, on);
        Ok(None)
    }

    /// Hands a step that nobody here waits for to the handler.
    pub(crate) fn pass(&mut self, head: Head, on: &mut dyn FnMut(Incoming<'_>)) {
        let incoming = self.client.lend(head);
        if let Incoming::Greeting(greeting) = incoming {
            self.offered = greeting.offers_oob();
            (self.sent, self.length) = (0, 0);
        }
        on(self.client.lend(head));
    }

    /// One step while an event is waited for; the wait's end when it has come.
    pub(crate) fn event<R, E>(
        &mut self,
        head: Head,
        found: &mut impl FnMut(Event<'_>) -> Option<R>,
        on: &mut dyn FnMut(Incoming<'_>),
    ) -> Option<Result<R, Error<E>>> {
        if let Incoming::Event(event) = self.client.lend(head)
            && let Some(value) = found(event)
        {
            return Some(Ok(value));
        }
        self.pass(head, on);
        matches!(head, Head::Greeting).then_some(Err(Error::Failed(Failure::ConnectionLost)))
    }

    /// The error reply that `head` is.
    pub(crate) fn error<E>(&self, head: Head) -> Result<ErrorReply<'_>, Error<E>> {
        self.result(head)?.err().ok_or(Error::Failed(Failure::ConnectionLost))
    }

    /// The return or the error that the reply `head` is.
    pub(crate) fn result<E>(&self, head: Head) -> Result<Result<Json<'_>, ErrorReply<'_>>, Error<E>> {
        match self.client.lend(head) {
            Incoming::Reply(reply) => Ok(reply.result()),
            _ => Err(Error::Failed(Failure::ConnectionLost)),
        }
    }

    /// The outcome of the command whose reply `head` is. Strings with escapes are decoded in the idle transmit buffer.
    pub(crate) fn outcome<C: Command, E>(&mut self, head: Head) -> Result<Outcome<'_, C>, Error<E>> {
        let Incoming::Reply(reply) = self.client.lend(head) else {
            return Err(Error::Failed(Failure::ConnectionLost));
        };
        match reply.result() {
            Ok(value) => value.decode_with(self.tx.as_mut()).map(Ok).map_err(Error::Decode),
            Err(error) => Ok(Err(error)),
        }
    }
}
