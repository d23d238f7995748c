//! The session, the bytes that are still to be sent, and what each step means to whoever waits. What a driver adds is the transport.
//!
//! In: a goal, the time, and how reads and writes went. Out: whether to read or to write next, and how the call ends.

use embedded_io::ErrorKind;

use super::{Clock, Error, Outcome, Settings, Steps};
use crate::client::{Client, CommandId, Failure, Head, Incoming, NEVER, Phase, Slot};
use crate::command::Command;
use crate::error::ExecuteError;
use crate::json::Json;
use crate::message::ErrorReply;
use crate::write::Arguments;

/// What a call waits for.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// That everything is sent that was to be.
    Sent,
    /// The end of the handshake.
    Handshake {
        /// With a guest agent, which does not greet.
        agent: bool,
    },
    /// The reply to this command.
    Reply(CommandId),
    /// An event that the handler takes.
    Event,
}

/// A call that waits.
pub(crate) struct Wait {
    goal: Goal,
    /// For sending, and for an event. A handshake and a command have theirs in the session.
    deadline: u64,
    /// The transport has nothing to do just now, or a read was tried: the deadlines count. What is there already is read, however
    /// early they are.
    tried: bool,
    /// Whether the handler took an event.
    pub(crate) found: bool,
    /// When the transport is to come back at the latest.
    pub(crate) until: u64,
}

impl Wait {
    pub(crate) fn new(goal: Goal, deadline: u64) -> Self {
        Self { goal, deadline, tried: false, found: false, until: NEVER }
    }

    /// The transport had nothing to do.
    pub(crate) fn idle(&mut self) {
        self.tried = true;
    }
}

/// What a driver does next.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Write some of what is [`unsent`](Engine::unsent).
    Write,
    /// Flush the transport.
    Flush,
    /// Read into the client's window.
    Read,
    /// Return: what was waited for is there.
    Done,
}

/// The session and its transmit buffer.
#[derive(Clone, Debug)]
pub(crate) struct Engine<B, S, O> {
    pub(crate) client: Client<B, S>,
    pub(crate) settings: Settings,
    pub(super) tx: O,
    /// How much of `tx` is to be sent, and how much of that has been.
    length: usize,
    sent: usize,
    /// The command that a call waits for: still there at the next call, that one was dropped.
    waiting: Option<CommandId>,
    /// Whether something was sent that the transport has not been told to flush.
    unflushed: bool,
    /// Whether the server's last greeting offered out-of-band execution.
    offered: bool,
}

impl<B, S, O> Engine<B, S, O> {
    pub(crate) const fn new(client: Client<B, S>, tx: O, settings: Settings) -> Self {
        Self { client, settings, tx, length: 0, sent: 0, waiting: None, unflushed: false, offered: false }
    }
}

impl<B, S, O> Engine<B, S, O>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes all the steps that need no transport, and says what is to be done with it next; `on` is given what arrived and says
    /// whether that was an event it looked for.
    ///
    /// # Errors
    /// Those that end the call.
    pub(crate) fn turn<E>(
        &mut self,
        wait: &mut Wait,
        clock: &mut impl Clock,
        steps: &mut impl Steps,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Result<Turn, Error<E>> {
        loop {
            let sending = if self.sent < self.length {
                Turn::Write
            } else if self.unflushed {
                Turn::Flush
            } else if matches!(wait.goal, Goal::Sent) {
                return Ok(Turn::Done);
            } else {
                Turn::Read
            };
            if sending != Turn::Read && !wait.tried {
                wait.until = wait.deadline.min(self.client.first_deadline());
                return Ok(sending);
            }
            if let Some(head) = steps.advance(&mut self.client) {
                if self.step(wait, head, steps, on)? {
                    return Ok(Turn::Done);
                }
                continue;
            }
            match self.client.phase() {
                Phase::Closed => return Err(Error::Closed),
                Phase::Greeted if matches!(wait.goal, Goal::Handshake { .. }) => {
                    self.negotiate(clock.now())?;
                    continue;
                }
                _ => {}
            }
            let first = self.client.first_deadline();
            wait.until = first.min(wait.deadline);
            if wait.until != NEVER {
                let now = clock.now();
                let limited = sending != Turn::Read || matches!(wait.goal, Goal::Event);
                if limited && wait.tried && now >= wait.deadline {
                    return Err(Error::TimedOut(self.client.phase()));
                }
                if now >= first {
                    self.client.handle_timeout(now);
                    continue;
                }
            }
            wait.tried = true;
            return Ok(sending);
        }
    }

    /// What one step of the session is to whoever waits; `true` if it is what was waited for.
    fn step<E>(
        &mut self,
        wait: &mut Wait,
        head: Head,
        steps: &impl Steps,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Result<bool, Error<E>> {
        match (wait.goal, steps.lend(&self.client, head)) {
            (Goal::Handshake { .. }, Incoming::Ready { .. }) => return Ok(true),
            (Goal::Handshake { .. }, Incoming::TimedOut(phase)) => return Err(Error::TimedOut(phase)),
            (Goal::Reply(id), Incoming::Reply(reply)) if reply.id() == id => return Ok(true),
            (Goal::Reply(id), Incoming::Failed { id: of, failure }) if of == id => return Err(Error::Failed(failure)),
            _ => {}
        }
        let found = self.pass(head, steps, on);
        wait.found |= found;
        match (wait.goal, head) {
            (Goal::Handshake { .. }, Head::Refused) | (Goal::Handshake { agent: true }, Head::Greeting) => {
                Err(Error::Refused)
            }
            (Goal::Event, Head::Greeting) => Err(Error::Failed(Failure::ConnectionLost)),
            (Goal::Event, _) => Ok(found),
            _ => Ok(false),
        }
    }

    /// Hands a step that nobody here waits for to the handler.
    fn pass(&mut self, head: Head, steps: &impl Steps, on: &mut dyn FnMut(Incoming<'_>) -> bool) -> bool {
        let incoming = steps.lend(&self.client, head);
        if let Incoming::Greeting(greeting) = incoming {
            self.offered = greeting.offers_oob();
            // What was to be sent was for the server before.
            (self.sent, self.length) = (0, 0);
        }
        on(incoming)
    }

    /// What is still to be sent.
    pub(crate) fn unsent(&self) -> &[u8] {
        crate::bytes::part(self.tx.as_ref(), self.sent, self.length)
    }

    /// How a turn of the transport went: how many bytes were read or written. An error that only says that there was nothing to
    /// do is none.
    ///
    /// # Errors
    /// Those that end the call.
    pub(crate) fn went<E: embedded_io::Error>(
        &mut self,
        wait: &mut Wait,
        turn: Turn,
        result: Result<usize, E>,
    ) -> Result<(), Error<E>> {
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                wait.idle();
                return Ok(());
            }
            Err(error) => return Err(Error::Transport(error)),
        };
        match turn {
            Turn::Read if bytes == 0 => self.client.close(),
            Turn::Read => self.client.commit(bytes)?,
            Turn::Write if bytes == 0 => return Err(Error::WriteZero),
            Turn::Write => {
                self.unflushed = true;
                self.sent = self.sent.saturating_add(bytes).min(self.length);
                wait.tried = false;
            }
            Turn::Flush | Turn::Done => {
                self.unflushed = false;
                wait.tried = false;
            }
        }
        Ok(())
    }

    /// Puts a command into the empty transmit buffer. It is waited for from now on.
    pub(crate) fn start(
        &mut self,
        name: &str,
        arguments: &dyn Arguments,
        oob: bool,
        deadline: u64,
    ) -> Result<CommandId, ExecuteError> {
        let started = self.client.start(name, arguments, oob, deadline, self.tx.as_mut())?;
        Ok(self.started(started))
    }

    /// As [`start`](Self::start), without serde.
    pub(crate) fn start_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        deadline: u64,
    ) -> Result<CommandId, ExecuteError> {
        let started = self.client.execute_raw(name, arguments, oob, deadline, self.tx.as_mut())?;
        Ok(self.started(started))
    }

    /// A command of this length is in the transmit buffer.
    pub(super) fn started(&mut self, (length, id): (usize, CommandId)) -> CommandId {
        (self.sent, self.length) = (0, length);
        self.waiting = Some(id);
        id
    }

    /// The reply to the command that was waited for is there.
    pub(crate) fn answered(&mut self) {
        self.waiting = None;
    }

    /// Nobody waits any more for the command that a call waited for. It is not sent at all if its first byte has not been.
    pub(crate) fn abandon(&mut self) {
        let Some(id) = self.waiting.take() else { return };
        if self.sent == 0 && self.length != 0 {
            self.length = 0;
            self.client.withdraw(id);
        } else {
            self.client.cancel(id);
        }
    }

    /// For a new connection: see [`Client::reset`].
    pub(crate) fn reset(&mut self) {
        self.abandon();
        (self.sent, self.length) = (0, 0);
        self.unflushed = false;
        self.client.reset();
    }

    /// Puts the reset byte and `qmp_capabilities` into the transmit buffer. A session that was in command mode ends before: the
    /// handler is given what had come, and what ends with it.
    pub(crate) fn attach(&mut self, now: u64, on: &mut dyn FnMut(Incoming<'_>) -> bool) -> Result<(), ExecuteError> {
        if self.client.phase() == Phase::Command {
            self.client.close();
            while let Some(head) = self.client.advance() {
                self.pass(head, &super::Whole, on);
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

    /// Puts `qmp_capabilities` into the transmit buffer: the server has greeted.
    fn negotiate(&mut self, now: u64) -> Result<(), ExecuteError> {
        let deadline = now.saturating_add(self.settings.handshake);
        let oob = self.settings.oob && self.offered;
        (self.sent, self.length) = (0, self.client.negotiate(oob, deadline, self.tx.as_mut())?);
        Ok(())
    }

    /// The return or the error of the command whose reply was waited for.
    pub(crate) fn result(&self) -> Result<Json<'_>, ErrorReply<'_>> {
        self.client.result()
    }

    /// Its outcome. Strings with escapes are decoded in the idle transmit buffer.
    pub(crate) fn outcome<C: Command, E>(&mut self) -> Result<Outcome<'_, C>, Error<E>> {
        match self.client.result() {
            Ok(value) => value.decode_with(self.tx.as_mut()).map(Ok).map_err(Error::Decode),
            Err(error) => Ok(Err(error)),
        }
    }

    /// What came of a command whose event was waited for: the event's value if the command has succeeded, else its error.
    pub(crate) fn found<R, E>(&self, done: bool, value: Option<R>) -> Result<Result<R, ErrorReply<'_>>, Error<E>> {
        match (value, self.client.result()) {
            (Some(value), _) if done => Ok(Ok(value)),
            (_, Err(error)) => Ok(Err(error)),
            _ => Err(Error::Failed(Failure::ConnectionLost)),
        }
    }
}
