//! The session, the bytes that are still to be sent, and what each step means to whoever waits. What a driver adds is the transport.
//!
//! In: a goal, the time, and how reads and writes went. Out: whether to read or to write next, and how the call ends.

use core::ops::ControlFlow::{self, Break, Continue};

use embedded_io::ErrorKind;

use super::{Clock, Error, Goal, Outcome, Settings, Stop, Turn, Wait};
use crate::client::{Client, CommandId, Head, Incoming, Phase, Slot};
use crate::command::Command;
use crate::error::{ExecuteError, Overrun};
use crate::json::Json;
use crate::message::ErrorReply;
use crate::select::Select;
use crate::write::Arguments;

/// The session and its transmit buffer.
// What is large comes last, so that little of the rest is far away; the client is first because most calls are on it.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Engine<B, S, O> {
    pub(crate) client: Client<B, S>,
    pub(crate) settings: Settings,
    /// How much of `tx` is to be sent, and how much of that has been.
    length: usize,
    sent: usize,
    /// The command that a call waits for: still there at the next call, that one was dropped.
    waiting: Option<CommandId>,
    /// Whether something was sent that the transport has not been told to flush.
    unflushed: bool,
    /// Whether the server's last greeting offered out-of-band execution.
    offered: bool,
    /// Whether the handler has taken an event since the last call began.
    found: bool,
    pub(super) tx: O,
}

impl<B, S, O> Engine<B, S, O> {
    pub(crate) const fn new(client: Client<B, S>, tx: O, settings: Settings) -> Self {
        Self { client, settings, tx, length: 0, sent: 0, waiting: None, unflushed: false, offered: false, found: false }
    }
}

impl<B, S, O> Engine<B, S, O>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Takes all the steps that need no transport, and says what is to be done with it next, or how the call ends; `on` is given
    /// what arrived and says whether that was an event it looked for.
    pub(crate) fn turn<E>(
        &mut self,
        wait: &mut Wait,
        clock: &mut impl Clock,
        mut select: Option<&mut Select<'_>>,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> ControlFlow<Result<(), Stop<E>>, Turn> {
        loop {
            let turn = if self.sent < self.length {
                Turn::Write
            } else if self.unflushed {
                Turn::Flush
            } else if wait.goal == Goal::Sent {
                return Break(Ok(()));
            } else {
                Turn::Read
            };
            if turn != Turn::Read && !wait.tried {
                return Continue(turn);
            }
            if let Some(head) = self.client.advance_select(select.as_deref_mut()) {
                if let Some(end) = self.step(wait, head, select.as_deref(), on) {
                    return Break(end);
                }
                continue;
            }
            match self.client.phase() {
                Phase::Closed => return Break(Err(Stop::Closed)),
                Phase::Greeted if wait.goal == Goal::Handshake => match self.negotiate(clock.now()) {
                    Ok(()) => continue,
                    Err(error) => return Break(Err(error.into())),
                },
                // It is no guest agent, though its greeting was too large to be told.
                Phase::Greeted if wait.goal == Goal::Synchronisation => return Break(Err(Stop::Refused)),
                _ => {}
            }
            let now = clock.now();
            let limited = turn != Turn::Read || wait.goal == Goal::Event;
            if limited && wait.tried && now >= wait.deadline {
                return Break(Err(Stop::TimedOut));
            }
            if wait.tried && self.client.expire(now) {
                continue;
            }
            wait.tried = true;
            return Continue(turn);
        }
    }

    /// When the transport is to come back at the latest.
    #[cfg(feature = "embedded-io-async")]
    pub(crate) fn until(&self, wait: &Wait) -> u64 {
        self.client.next_deadline().map_or(wait.deadline, |first| first.min(wait.deadline))
    }

    /// What one step of the session is to whoever waits: how the call ends, if it does.
    fn step<E>(
        &mut self,
        wait: &Wait,
        head: Head,
        select: Option<&Select<'_>>,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Option<Result<(), Stop<E>>> {
        match head {
            Head::Ready if wait.is_handshake() => return Some(Ok(())),
            Head::NotGreeted | Head::NotNegotiated if wait.is_handshake() => return Some(Err(Stop::Step(head))),
            Head::Reply if self.is_awaited(wait) => {
                self.waiting = None;
                return Some(Ok(()));
            }
            Head::Expired | Head::Lost | Head::Oversized if self.is_awaited(wait) => {
                return Some(Err(Stop::Step(head)));
            }
            _ => {}
        }
        let found = self.pass(head, select, on);
        self.found |= found;
        match (wait.goal, head) {
            (Goal::Handshake | Goal::Synchronisation, Head::Refused) | (Goal::Synchronisation, Head::Greeting) => {
                Some(Err(Stop::Refused))
            }
            (Goal::Event, Head::Greeting) => Some(Err(Stop::Step(Head::Lost))),
            (Goal::Event, _) if found => Some(Ok(())),
            _ => None,
        }
    }

    /// Whether the last step was that of the command that is waited for.
    fn is_awaited(&self, wait: &Wait) -> bool {
        wait.goal == Goal::Reply && self.waiting == Some(self.client.told())
    }

    /// Hands a step that nobody here waits for to the handler.
    fn pass(&mut self, head: Head, select: Option<&Select<'_>>, on: &mut dyn FnMut(Incoming<'_>) -> bool) -> bool {
        if head == Head::Greeting {
            self.offered = self.client.greeting().offers_oob();
            // What was to be sent was for the server before.
            (self.sent, self.length) = (0, 0);
        }
        on(self.client.lend_select(select, head))
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
    ) -> Result<(), Stop<E>> {
        let bytes = match result {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {
                wait.idle();
                return Ok(());
            }
            Err(error) => return Err(Stop::Transport(error)),
        };
        match turn {
            Turn::Read if bytes == 0 => self.client.close(),
            Turn::Read => self.client.commit(bytes).map_err(|Overrun| Stop::Overrun)?,
            Turn::Write if bytes == 0 => return Err(Stop::WriteZero),
            Turn::Write => {
                self.unflushed = true;
                self.sent = self.sent.saturating_add(bytes).min(self.length);
                wait.tried = false;
            }
            Turn::Flush => {
                self.unflushed = false;
                wait.tried = false;
            }
        }
        Ok(())
    }

    /// A call begins.
    pub(crate) fn begin(&mut self) {
        self.abandon();
        self.found = false;
    }

    /// Puts a command, with a selection if there is one, into the empty transmit buffer. It is waited for from now on.
    // Its type is not one of this function's: whatever has one is compiled for each.
    pub(crate) fn start(
        &mut self,
        name: &str,
        arguments: &dyn Arguments,
        oob: bool,
        select: Option<&mut Select<'_>>,
        deadline: u64,
    ) -> Result<(), ExecuteError> {
        let started = self.client.start(name, arguments, oob, select, deadline, self.tx.as_mut())?;
        self.started(started);
        Ok(())
    }

    /// As [`start`](Self::start), without serde.
    pub(crate) fn start_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        select: Option<&mut Select<'_>>,
        deadline: u64,
    ) -> Result<(), ExecuteError> {
        let started = self.client.execute_raw_select(name, arguments, oob, select, deadline, self.tx.as_mut())?;
        self.started(started);
        Ok(())
    }

    /// A command of this length is in the transmit buffer.
    fn started(&mut self, (length, id): (usize, CommandId)) {
        (self.sent, self.length) = (0, length);
        self.waiting = Some(id);
    }

    /// Nobody waits any more for the command that a call waited for. It is not sent at all if its first byte has not been.
    pub(crate) fn abandon(&mut self) {
        let Some(id) = self.waiting.take() else { return };
        let sent = self.sent != 0 || self.length == 0;
        if !sent {
            self.length = 0;
        }
        self.client.give_up(id, sent);
    }

    /// For a new connection: see [`Client::reset`].
    pub(crate) fn reset(&mut self) {
        self.abandon();
        (self.sent, self.length) = (0, 0);
        (self.unflushed, self.offered) = (false, false);
        self.client.reset();
    }

    /// Puts the reset byte and `qmp_capabilities` into the transmit buffer. A session that was in command mode ends before: the
    /// handler is given what had come, and what ends with it.
    pub(crate) fn attach(&mut self, now: u64, on: &mut dyn FnMut(Incoming<'_>) -> bool) -> Result<(), ExecuteError> {
        if self.client.phase() == Phase::Command {
            self.client.close();
            while let Some(head) = self.client.advance() {
                self.pass(head, None, on);
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
        // What this greeting offered: the next one may be too large to say.
        let oob = core::mem::take(&mut self.offered) && self.settings.oob;
        (self.sent, self.length) = (0, self.client.negotiate(oob, deadline, self.tx.as_mut())?);
        Ok(())
    }

    /// How a call ends that gives nothing back.
    pub(crate) fn ended<E>(&self, result: Result<(), Stop<E>>) -> Result<(), Error<E>> {
        result.map_err(|stop| self.error(stop))
    }

    /// How a call ends that waited for a command's reply: with its return or its error.
    pub(crate) fn result<E>(&self, result: Result<(), Stop<E>>) -> Result<Result<Json<'_>, ErrorReply<'_>>, Error<E>> {
        match result {
            Ok(()) => Ok(self.client.result()),
            Err(stop) => Err(self.error(stop)),
        }
    }

    /// As [`result`](Self::result), typed. Strings with escapes are decoded in the idle transmit buffer.
    pub(crate) fn outcome<C: Command, E>(&mut self, result: Result<(), Stop<E>>) -> Result<Outcome<'_, C>, Error<E>> {
        if let Err(stop) = result {
            return Err(self.error(stop));
        }
        // A server may answer what it has not been sent in full.
        let unsent = self.sent < self.length;
        let scratch = if unsent { &mut [] } else { self.tx.as_mut() };
        match self.client.result() {
            Ok(value) => value.decode_with(scratch).map(Ok).map_err(Error::Decode),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Whether an event is to be waited for after the reply.
    ///
    /// # Errors
    /// The command was refused: that reply ends the call.
    pub(crate) fn lacks_event<E>(&self) -> Result<bool, Stop<E>> {
        if self.client.result().is_err() { Err(Stop::Step(Head::Reply)) } else { Ok(!self.found) }
    }

    /// How a call ends that waited for an event after a command: with the event's value, or the command's error.
    pub(crate) fn found<R, E>(
        &self,
        result: Result<(), Stop<E>>,
        value: Option<R>,
    ) -> Result<Result<R, ErrorReply<'_>>, Error<E>> {
        match (result, value) {
            (Err(Stop::Step(Head::Reply)), _) => Ok(Err(self.client.error())),
            (Err(stop), _) => Err(self.error(stop)),
            (Ok(()), Some(value)) => Ok(Ok(value)),
            (Ok(()), None) => Err(Error::Closed),
        }
    }

    /// The error that ends a call for this reason.
    fn error<E>(&self, stop: Stop<E>) -> Error<E> {
        match stop {
            Stop::Transport(error) => Error::Transport(error),
            Stop::WriteZero => Error::WriteZero,
            Stop::Overrun => Error::Overrun,
            Stop::Closed => Error::Closed,
            Stop::TimedOut => Error::TimedOut(self.client.phase()),
            Stop::Refused => Error::Refused,
            Stop::Execute(error) => Error::Execute(error),
            Stop::Step(head) => match self.client.lend(head) {
                Incoming::TimedOut(phase) => Error::TimedOut(phase),
                Incoming::Failed { failure, .. } => Error::Failed(failure),
                _ => Error::Closed,
            },
        }
    }
}
