//! The blocking driver over `embedded_io::{Read, Write}`: the loop, nothing else.
//!
//! It owns the transmit buffer, so that a command that was sent in part is finished before anything else is written. Everything
//! that arrives while something is waited for goes to the handler that the caller passes, in order: no event is lost.

mod polled;
mod select;

pub use polled::{Polled, PolledError};

use core::ops::ControlFlow;

use embedded_io::{Read, Write};

use crate::client::{Client, Incoming, NEVER, Phase, Slot};
use crate::command::Command;
use crate::driver::{Clock, Engine, Error, Goal, Outcome, Settings, Stop, Turn, Wait, armed, unarmed};
use crate::error::ExecuteError;
use crate::json::Json;
use crate::message::{ErrorReply, Event};
use crate::select::Select;
use crate::write::Arguments;

/// A session on a transport, one command at a time.
///
/// A deadline needs two things: a clock, and a transport whose `read` comes back before it. Either `read` may return
/// [`ErrorKind::TimedOut`](embedded_io::ErrorKind::TimedOut) ("no bytes, check the deadlines"), which is never an error here, or the transport has
/// [`ReadReady`](embedded_io::ReadReady) and is wrapped in [`Polled`]. With neither, `read` waits as long as it takes, and so does every call.
///
/// ```
/// # use std::io;
/// use embedded_io::{ErrorType, Read, Write};
/// use qmp_core::{Client, Connection, NoClock, QueryStatus, Settings};
///
/// # struct Uart { script: Vec<&'static [u8]> }
/// # impl ErrorType for Uart { type Error = core::convert::Infallible; }
/// # impl Read for Uart {
/// #     fn read(&mut self, to: &mut [u8]) -> Result<usize, Self::Error> {
/// #         let next = self.script.remove(0);
/// #         to[..next.len()].copy_from_slice(next);
/// #         Ok(next.len())
/// #     }
/// # }
/// # impl Write for Uart {
/// #     fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> { Ok(bytes.len()) }
/// #     fn flush(&mut self) -> Result<(), Self::Error> { Ok(()) }
/// # }
/// # let uart = Uart { script: vec![
/// #     b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n", b"{\"return\": {}, \"id\": 1000007}\r\n",
/// #     b"{\"return\": {\"running\": true, \"status\": \"running\"}, \"id\": 2000007}\r\n"] };
/// let boot_count = 7;
/// let client = Client::new(boot_count, [0; 1024]);
/// let mut qmp = Connection::new(uart, NoClock, client, [0; 256], Settings::NONE);
/// qmp.connect(|_| {})?;
/// match qmp.execute(&QueryStatus {}, |incoming| println!("{incoming:?}"))? {
///     Ok(status) => assert!(status.running),
///     Err(error) => println!("refused: {error}"),
/// }
/// # Ok::<(), qmp_core::Error<core::convert::Infallible>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Connection<T, K, B, O, S = [Slot; 4]> {
    transport: T,
    clock: K,
    engine: Engine<B, S, O>,
}

impl<T, K, B, O, S> Connection<T, K, B, O, S> {
    /// A session on `transport`. `tx` holds one command while it is sent: 256 bytes are enough for those of this crate.
    pub const fn new(transport: T, clock: K, client: Client<B, S>, tx: O, settings: Settings) -> Self {
        Self { transport, clock, engine: Engine::new(client, tx, settings) }
    }

    /// The session, to ask it for its state.
    pub const fn client(&self) -> &Client<B, S> {
        &self.engine.client
    }

    /// The transport, to change its settings.
    pub const fn transport_mut(&mut self) -> &mut T {
        &mut self.transport
    }

    /// What the connection does and how long it waits, to be changed between two calls.
    pub const fn settings_mut(&mut self) -> &mut Settings {
        &mut self.engine.settings
    }

    /// Gives the transport back.
    pub fn into_transport(self) -> T {
        self.transport
    }
}

impl<T, K, B, O, S> Connection<T, K, B, O, S>
where
    T: Read + Write,
    K: Clock,
    B: AsRef<[u8]> + AsMut<[u8]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// Waits for the greeting and negotiates; in command mode there is nothing to do. Also the way on after the server was restarted in the middle of a session.
    /// `on` is given the greeting and whatever else arrives.
    ///
    /// # Errors
    /// [`Error::TimedOut`] names the phase; [`Error::Refused`], [`Error::Closed`] and the transport's errors.
    pub fn connect(&mut self, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        if self.engine.client.phase() == Phase::Command {
            return Ok(());
        }
        let deadline = self.deadline(self.engine.settings.handshake);
        self.engine.client.await_greeting(deadline);
        self.handshake(Goal::Handshake, &mut unarmed(&mut on))
    }

    /// As [`connect`](Self::connect) on a link without connections, where the greeting may have gone to somebody long ago: see
    /// [`Client::attach`]. In command mode it begins anew, which brings both ends back into step when a damaged command has left the
    /// server waiting for its end; what was open ends as [`ConnectionLost`](crate::Failure::ConnectionLost).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn attach(&mut self, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        let on = &mut unarmed(&mut on);
        self.engine.attach(self.clock.now(), on)?;
        self.handshake(Goal::Handshake, on)
    }

    /// In place of [`connect`](Self::connect) for a guest agent, which does not greet, on a link of which nothing is known: see
    /// [`Client::synchronise`]. It asks once, and again after each `every` ticks without an answer, until the time for the
    /// handshake is over: an agent may not be up yet, or may lose what comes before it is. What was in the channel before is
    /// given to `on`. Also the way on after a command that timed out.
    ///
    /// # Errors
    /// As [`connect`](Self::connect). One that greets is no agent: [`Error::Refused`].
    pub fn synchronise(&mut self, every: u64, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        let mut now = self.clock.now();
        let deadline = now.saturating_add(self.engine.settings.handshake);
        loop {
            self.engine.synchronise(now.saturating_add(every.max(1)).min(deadline))?;
            let result = self.handshake(Goal::Synchronisation, &mut unarmed(&mut on));
            now = self.clock.now();
            if !matches!(result, Err(Error::TimedOut(_))) || now >= deadline {
                return result;
            }
        }
    }

    /// Runs a command and waits for its reply; `on` is given what arrives before it.
    ///
    /// Strings with escapes are decoded by way of the transmit buffer: the longest must fit there, or be taken as
    /// [`Str`](crate::Str).
    ///
    /// # Errors
    /// [`Error`] if there is no reply, or it does not fit the return type. The server's own errors are the inner result.
    pub fn execute<C: Command>(
        &mut self,
        command: &C,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Outcome<'_, C>, Error<T::Error>> {
        let (deadline, on) = (self.deadline(self.engine.settings.command), &mut unarmed(&mut on));
        let result = self.call(command.name(), command, false, deadline, None, on);
        self.engine.outcome::<C, _>(result)
    }

    /// As [`execute`](Self::execute), out of band: see [`Client::exec_oob`].
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn exec_oob<C: Command>(
        &mut self,
        command: &C,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Outcome<'_, C>, Error<T::Error>> {
        const { assert!(C::ALLOW_OOB, "this command cannot be executed out of band") };
        let (deadline, on) = (self.deadline(self.engine.settings.command), &mut unarmed(&mut on));
        let result = self.call(command.name(), command, true, deadline, None, on);
        self.engine.outcome::<C, _>(result)
    }

    /// As [`execute`](Self::execute) without serde: see [`Client::execute_raw`]. What it returns is left as JSON.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn execute_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<Json<'_>, ErrorReply<'_>>, Error<T::Error>> {
        let result = self.call_raw(name, arguments, oob, None, &mut unarmed(&mut on));
        self.engine.result(result)
    }

    /// Runs a command and waits until it has succeeded *and* an event has come for which `found` returns a value. The wait is
    /// armed before the command is sent, so the two may come in either order; an error reply ends it. `timeout` is for all of it.
    ///
    /// `device_del` is done at `DEVICE_DELETED` or `DEVICE_UNPLUG_GUEST_ERROR`, a job at its `JOB_STATUS_CHANGE` to `concluded`.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and [`Error::TimedOut`] when only the event is missing. An event for which `found` returned a value
    /// before the call failed is not given to `on` either: only `found` has seen it.
    pub fn execute_until<C: Command, R>(
        &mut self,
        command: &C,
        timeout: u64,
        mut found: impl FnMut(Event<'_>) -> Option<R>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<R, ErrorReply<'_>>, Error<T::Error>> {
        let mut value = None;
        let result = {
            let armed = &mut armed(&mut value, &mut found, &mut on);
            self.call_until(command.name(), command, timeout, armed)
        };
        self.engine.found(result, value)
    }

    /// Waits for an event for which `found` returns a value; `on` is given what else arrives. A timeout of 0 asks for what is there.
    ///
    /// # Errors
    /// [`Error::TimedOut`] after `timeout` ticks; [`Error::Failed`] with
    /// [`ConnectionLost`](crate::Failure::ConnectionLost) if the server was restarted; [`Error::Closed`] and the transport's errors.
    pub fn wait<R>(
        &mut self,
        timeout: u64,
        mut found: impl FnMut(Event<'_>) -> Option<R>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<R, Error<T::Error>> {
        let mut value = None;
        let deadline = self.deadline(timeout);
        let result = self.run(Goal::Event, deadline, None, &mut armed(&mut value, &mut found, &mut on));
        self.engine.ended(result)?;
        value.ok_or(Error::Closed)
    }

    /// For a new connection on the same object: everything of the last one is forgotten but the ids. Commands that were open are
    /// told to the next call's handler as [`ConnectionLost`](crate::Failure::ConnectionLost).
    pub fn reset(&mut self, transport: T) {
        self.transport = transport;
        self.engine.reset();
    }

    // Not copied into the code of each type of command.
    #[inline(never)]
    fn deadline(&mut self, timeout: u64) -> u64 {
        self.clock.now().saturating_add(timeout)
    }

    fn handshake(&mut self, goal: Goal, on: &mut dyn FnMut(Incoming<'_>) -> bool) -> Result<(), Error<T::Error>> {
        let result = self.run(goal, NEVER, None, on);
        self.engine.ended(result)
    }

    /// Runs a command, whatever its type, until its reply.
    fn call(
        &mut self,
        name: &str,
        arguments: &dyn Arguments,
        oob: bool,
        deadline: u64,
        select: Option<&mut Select<'_>>,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        self.call_by(deadline, select, on, |engine, select| engine.start(name, arguments, oob, select, deadline))
    }

    /// The same until the handler has taken an event too.
    fn call_until(
        &mut self,
        name: &str,
        arguments: &dyn Arguments,
        timeout: u64,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        let deadline = self.deadline(timeout);
        self.call(name, arguments, false, deadline, None, on)?;
        if self.engine.lacks_event()? {
            self.run(Goal::Event, deadline, None, on)?;
        }
        Ok(())
    }

    /// As [`call`](Self::call) until its reply, without serde.
    fn call_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        select: Option<&mut Select<'_>>,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        let deadline = self.deadline(self.engine.settings.command);
        self.call_by(deadline, select, on, |engine, select| engine.start_raw(name, arguments, oob, select, deadline))
    }

    /// Sends what is left of the last command, then the one that is started, and waits for its reply.
    fn call_by(
        &mut self,
        deadline: u64,
        mut select: Option<&mut Select<'_>>,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
        start: impl FnOnce(&mut Engine<B, S, O>, Option<&mut Select<'_>>) -> Result<(), ExecuteError>,
    ) -> Result<(), Stop<T::Error>> {
        self.engine.begin();
        self.run(Goal::Sent, deadline, None, on)?;
        start(&mut self.engine, select.as_deref_mut())?;
        let result = self.run(Goal::Reply, deadline, select, on);
        self.engine.abandon();
        result
    }

    /// The loop: takes turns until the goal is reached.
    fn run(
        &mut self,
        goal: Goal,
        deadline: u64,
        mut select: Option<&mut Select<'_>>,
        on: &mut dyn FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        let mut wait = Wait::new(goal, deadline);
        loop {
            let turn = match self.engine.turn(&mut wait, &mut self.clock, select.as_deref_mut(), on) {
                ControlFlow::Continue(turn) => turn,
                ControlFlow::Break(end) => return end,
            };
            let result = match turn {
                Turn::Write => self.transport.write(self.engine.unsent()),
                Turn::Flush => self.transport.flush().map(|()| 0),
                Turn::Read => self.transport.read(self.engine.client.window()),
            };
            self.engine.went(&mut wait, turn, result)?;
        }
    }
}
