//! The blocking driver over `embedded_io::{Read, Write}`: the loop, nothing else.
//!
//! It owns the transmit buffer, so that a command that was sent in part is finished before anything else is written. Everything
//! that arrives while something is waited for goes to the handler that the caller passes, in order: no event is lost.

mod select;

use embedded_io::{Error as _, ErrorKind, Read, ReadReady, Write};

use crate::client::{Client, CommandId, Head, Incoming, Phase, Slot};
use crate::command::Command;
use crate::driver::{Clock, Engine, Error, Outcome, Settings, Steps, Whole};
use crate::json::Json;
use crate::message::{ErrorReply, Event};

/// A session on a transport, one command at a time.
///
/// A deadline needs two things: a clock, and a transport whose `read` comes back before it. Either `read` may return
/// [`ErrorKind::TimedOut`] ("no bytes, check the deadlines"), which is never an error here, or the transport has
/// [`ReadReady`] and is wrapped in [`Polled`]. With neither, `read` waits as long as it takes, and so does every call.
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
        let deadline = self.clock.now().saturating_add(self.engine.settings.handshake);
        self.engine.client.await_greeting(deadline);
        self.handshake(false, &mut on)
    }

    /// As [`connect`](Self::connect) on a link without connections, where the greeting may have gone to somebody long ago: see
    /// [`Client::attach`]. In command mode it begins anew, which brings both ends back into step when a damaged command has left the
    /// server waiting for its end; what was open ends as [`ConnectionLost`](crate::Failure::ConnectionLost).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn attach(&mut self, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        self.engine.attach(self.clock.now(), &mut on)?;
        self.handshake(false, &mut on)
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
            let result = self.handshake(true, &mut on);
            now = self.clock.now();
            if !matches!(result, Err(Error::TimedOut(_))) || now >= deadline {
                return result;
            }
        }
    }

    fn handshake(&mut self, agent: bool, on: &mut dyn FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        loop {
            let head = match self.engine.client.advance() {
                // A greeting that is still to be told comes before the answer to it.
                Some(head) => head,
                None => {
                    self.engine.negotiate(self.clock.now())?;
                    match self.flush(self.engine.client.next_deadline().unwrap_or(u64::MAX)) {
                        // The handshake's deadline: the next step tells.
                        Ok(()) | Err(Error::TimedOut(_)) => self.next(u64::MAX, &mut false, &mut Whole)?,
                        Err(error) => return Err(error),
                    }
                }
            };
            if self.engine.handshake(head, on)? {
                return Ok(());
            }
            if agent && self.engine.client.phase() == Phase::Greeted {
                return Err(Error::Refused);
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
        let head = self.call(command, false, &mut on)?;
        self.engine.outcome::<C, _>(head)
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
        let head = self.call(command, true, &mut on)?;
        self.engine.outcome::<C, _>(head)
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
        let deadline = self.clock.now().saturating_add(self.engine.settings.command);
        self.flush(deadline)?;
        let id = self.engine.start_raw(name, arguments, oob, deadline)?;
        let head = self.answer(id, deadline, &mut Whole, &mut on)?;
        self.engine.result(head)
    }

    /// Runs a command and waits until it has succeeded *and* an event has come for which `found` returns a value. The wait is
    /// armed before the command is sent, so the two may come in either order; an error reply ends it. `timeout` is for all of it.
    ///
    /// `device_del` is done at `DEVICE_DELETED` or `DEVICE_UNPLUG_GUEST_ERROR`, a job at its `JOB_STATUS_CHANGE` to `concluded`.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and [`Error::TimedOut`] when only the event is missing.
    pub fn execute_until<C: Command, R>(
        &mut self,
        command: &C,
        timeout: u64,
        mut found: impl FnMut(Event<'_>) -> Option<R>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<R, ErrorReply<'_>>, Error<T::Error>> {
        let deadline = self.clock.now().saturating_add(timeout);
        let mut value = None;
        let head = self.call_by(command, false, deadline, &mut |incoming| match incoming {
            Incoming::Event(event) if value.is_none() => {
                value = found(event);
                if value.is_none() {
                    on(incoming);
                }
            }
            _ => on(incoming),
        })?;
        if let Incoming::Reply(reply) = self.engine.client.lend(head)
            && reply.result().is_ok()
        {
            return match value {
                Some(value) => Ok(Ok(value)),
                None => self.wait_by(deadline, &mut found, &mut on).map(Ok),
            };
        }
        self.engine.error(head).map(Err)
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
        let deadline = self.clock.now().saturating_add(timeout);
        // A command may have been sent in part.
        self.flush(deadline)?;
        self.wait_by(deadline, &mut found, &mut on)
    }

    fn wait_by<R>(
        &mut self,
        deadline: u64,
        found: &mut impl FnMut(Event<'_>) -> Option<R>,
        on: &mut dyn FnMut(Incoming<'_>),
    ) -> Result<R, Error<T::Error>> {
        let mut tried = false;
        loop {
            let head = self.next(deadline, &mut tried, &mut Whole)?;
            if let Some(end) = self.engine.event(head, found, on) {
                return end;
            }
        }
    }

    /// For a new connection on the same object: everything of the last one is forgotten but the ids. Commands that were open are
    /// told to the next call's handler as [`ConnectionLost`](crate::Failure::ConnectionLost).
    pub fn reset(&mut self, transport: T) {
        self.transport = transport;
        self.engine.reset();
    }

    fn call<C: Command>(
        &mut self,
        command: &C,
        oob: bool,
        on: &mut dyn FnMut(Incoming<'_>),
    ) -> Result<Head, Error<T::Error>> {
        let deadline = self.clock.now().saturating_add(self.engine.settings.command);
        self.call_by(command, oob, deadline, on)
    }

    /// Sends a command and waits for its reply.
    fn call_by<C: Command>(
        &mut self,
        command: &C,
        oob: bool,
        deadline: u64,
        on: &mut dyn FnMut(Incoming<'_>),
    ) -> Result<Head, Error<T::Error>> {
        self.flush(deadline)?;
        let id = self.engine.start(command, oob, deadline)?.id();
        self.answer(id, deadline, &mut Whole, on)
    }

    /// Sends the command that was just started and waits for its reply.
    fn answer(
        &mut self,
        id: CommandId,
        deadline: u64,
        steps: &mut impl Steps,
        on: &mut dyn FnMut(Incoming<'_>),
    ) -> Result<Head, Error<T::Error>> {
        let result = self.flush(deadline).and_then(|()| {
            loop {
                let head = self.next(u64::MAX, &mut false, steps)?;
                if steps.hand_out(&self.engine.client, head, on) {
                    continue;
                }
                if let Some(head) = self.engine.answer(id, head, on)? {
                    return Ok(head);
                }
            }
        });
        if result.is_err() {
            self.engine.abandon(id);
        }
        result
    }

    /// Sends what is still to be sent.
    fn flush(&mut self, deadline: u64) -> Result<(), Error<T::Error>> {
        while !self.engine.unsent().is_empty() || self.engine.is_unflushed() {
            let result = match self.engine.unsent() {
                [] => self.transport.flush().map(|()| None),
                unsent => self.transport.write(unsent).map(Some),
            };
            match result {
                Ok(None) => self.engine.flushed(),
                Ok(Some(0)) => return Err(Error::WriteZero),
                Ok(Some(sent)) => self.engine.sent(sent),
                Err(error) if is_idle(error.kind()) => {
                    if self.clock.now() >= deadline {
                        return Err(Error::TimedOut(self.engine.client.phase()));
                    }
                }
                Err(error) => return Err(Error::Transport(error)),
            }
        }
        Ok(())
    }

    /// The next step of the session, reading as often as it takes. What is there already is read however early `deadline`
    /// is: `tried` says whether that was done.
    fn next(&mut self, deadline: u64, tried: &mut bool, steps: &mut impl Steps) -> Result<Head, Error<T::Error>> {
        loop {
            if let Some(head) = steps.advance(&mut self.engine.client) {
                return Ok(head);
            }
            if self.engine.client.phase() == Phase::Closed {
                return Err(Error::Closed);
            }
            let first = self.engine.client.next_deadline().unwrap_or(u64::MAX).min(deadline);
            if first != u64::MAX {
                let now = self.clock.now();
                if now >= first {
                    self.engine.client.handle_timeout(now);
                    match steps.advance(&mut self.engine.client) {
                        Some(head) => return Ok(head),
                        None if now >= deadline && *tried => return Err(Error::TimedOut(self.engine.client.phase())),
                        None => {}
                    }
                }
            }
            *tried = true;
            match self.transport.read(self.engine.client.window()) {
                Ok(0) => self.engine.client.close(),
                Ok(read) => self.engine.client.commit(read)?,
                Err(error) if is_idle(error.kind()) => {}
                Err(error) => return Err(Error::Transport(error)),
            }
        }
    }
}

/// Whether an error of the transport only says that there was nothing to do.
pub(crate) fn is_idle(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::TimedOut | ErrorKind::Interrupted)
}

/// A transport with [`ReadReady`], such as a UART, made fit for deadlines: `read` returns [`ErrorKind::TimedOut`] at once when no
/// byte is there.
#[derive(Clone, Debug)]
pub struct Polled<T>(pub T);

/// What [`Polled`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PolledError<E> {
    /// No byte was there.
    Idle,
    /// The transport's own error.
    Transport(E),
}

impl<E: core::fmt::Display> core::fmt::Display for PolledError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Idle => f.write_str("no byte there"),
            Self::Transport(error) => core::fmt::Display::fmt(error, f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for PolledError<E> {}

impl<E: embedded_io::Error> embedded_io::Error for PolledError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Idle => ErrorKind::TimedOut,
            Self::Transport(error) => error.kind(),
        }
    }
}

impl<T: embedded_io::ErrorType> embedded_io::ErrorType for Polled<T> {
    type Error = PolledError<T::Error>;
}

impl<T: Read + ReadReady> Read for Polled<T> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, Self::Error> {
        if !self.0.read_ready().map_err(PolledError::Transport)? {
            return Err(PolledError::Idle);
        }
        self.0.read(to).map_err(PolledError::Transport)
    }
}

impl<T: Write> Write for Polled<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(bytes).map_err(PolledError::Transport)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().map_err(PolledError::Transport)
    }
}
