//! The async driver over `embedded_io_async::{Read, Write}`: the loop of [`io`](crate::io) with `await` in it.
//!
//! # Cancelling
//! Every future here may be dropped at any `await`, provided that the transport's own `read` and `write` may be: a dropped `read`
//! has taken no byte, a dropped `write` has sent none. Then nothing is lost and nothing is mixed up. What was received stays in
//! the session. A command of which a part was sent is finished by the next call, before anything else is written; its reply is
//! recognised, dropped and counted. One that was not begun is never sent.

mod select;

use core::future::{Future, pending, poll_fn};
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Error as _, Read, Write};

use crate::client::{Client, CommandId, Head, Incoming, NEVER, Phase, Slot};
use crate::command::Command;
use crate::driver::{Clock, Engine, Error, NoClock, Outcome, Settings, Steps, Whole};
use crate::io::is_idle;
use crate::json::Json;
use crate::message::{ErrorReply, Event};

/// A clock that can be waited for, such as an executor's timer.
pub trait Timer: Clock {
    /// Ready at `deadline`, in the clock's ticks, or soon after it. Dropping it is the usual case.
    fn until(&mut self, deadline: u64) -> impl Future<Output = ()>;
}

impl Timer for NoClock {
    async fn until(&mut self, _: u64) {
        pending().await
    }
}

/// A session on a transport, one command at a time. The methods are those of [`io::Connection`](crate::Connection).
///
/// ```
/// # use core::convert::Infallible;
/// # use embedded_io_async::{ErrorType, Read, Write};
/// use qmp_core::{Client, NoClock, QueryStatus, Settings, io_async::Connection};
///
/// # struct Uart { script: Vec<&'static [u8]> }
/// # impl ErrorType for Uart { type Error = Infallible; }
/// # impl Read for Uart {
/// #     async fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
/// #         let next = self.script.remove(0);
/// #         to[..next.len()].copy_from_slice(next);
/// #         Ok(next.len())
/// #     }
/// # }
/// # impl Write for Uart {
/// #     async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> { Ok(bytes.len()) }
/// #     async fn flush(&mut self) -> Result<(), Infallible> { Ok(()) }
/// # }
/// async fn is_running(uart: Uart) -> Result<bool, qmp_core::Error<Infallible>> {
///     let mut qmp = Connection::new(uart, NoClock, Client::new(7, [0; 1024]), [0; 256], Settings::NONE);
///     qmp.connect(|_| {}).await?;
///     Ok(qmp.execute(&QueryStatus {}, |_| {}).await?.is_ok_and(|status| status.running))
/// }
/// # let uart = Uart { script: vec![
/// #     b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n", b"{\"return\": {}, \"id\": 1000007}\r\n",
/// #     b"{\"return\": {\"running\": true, \"status\": \"running\"}, \"id\": 2000007}\r\n"] };
/// # let mut task = std::pin::pin!(is_running(uart));
/// # let mut context = core::task::Context::from_waker(core::task::Waker::noop());
/// # assert!(matches!(task.as_mut().poll(&mut context), core::task::Poll::Ready(Ok(true))));
/// ```
#[derive(Clone, Debug)]
pub struct Connection<T, K, B, O, S = [Slot; 4]> {
    transport: T,
    clock: K,
    engine: Engine<B, S, O>,
    /// The command that a call waits for: still there at the next call, that one was dropped.
    waiting: Option<CommandId>,
}

impl<T, K, B, O, S> Connection<T, K, B, O, S> {
    /// A session on `transport`. `tx` holds one command while it is sent: 256 bytes are enough for those of this crate.
    pub const fn new(transport: T, clock: K, client: Client<B, S>, tx: O, settings: Settings) -> Self {
        Self { transport, clock, engine: Engine::new(client, tx, settings), waiting: None }
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
    K: Timer,
    B: AsRef<[u8]> + AsMut<[u8]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// Waits for the greeting and negotiates; in command mode there is nothing to do. Also the way on after the server was
    /// restarted in the middle of a session, and after a dropped call of this. `on` is given whatever arrives.
    ///
    /// # Errors
    /// [`Error::TimedOut`] names the phase; [`Error::Refused`], [`Error::Closed`] and the transport's errors.
    pub async fn connect(&mut self, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        self.recover();
        if self.engine.client.phase() == Phase::Command {
            return Ok(());
        }
        let deadline = self.clock.now().saturating_add(self.engine.settings.handshake);
        self.engine.client.await_greeting(deadline);
        self.handshake(false, &mut on).await
    }

    /// As [`connect`](Self::connect) on a link without connections, where the greeting may have gone to somebody long ago; in command
    /// mode it begins anew: see [`io::Connection::attach`](crate::Connection::attach).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn attach(&mut self, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        self.recover();
        let now = self.clock.now();
        // The reset byte also ends a command of which a part was sent.
        self.engine.attach(now, &mut on)?;
        self.handshake(false, &mut on).await
    }

    /// In place of [`connect`](Self::connect) for a guest agent: see
    /// [`io::Connection::synchronise`](crate::Connection::synchronise).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn synchronise(&mut self, every: u64, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        self.recover();
        let mut now = self.clock.now();
        let deadline = now.saturating_add(self.engine.settings.handshake);
        loop {
            self.engine.synchronise(now.saturating_add(every.max(1)).min(deadline))?;
            let result = self.handshake(true, &mut on).await;
            now = self.clock.now();
            if !matches!(result, Err(Error::TimedOut(_))) || now >= deadline {
                return result;
            }
        }
    }

    async fn handshake(&mut self, agent: bool, on: &mut impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        loop {
            let head = match self.engine.client.advance() {
                // A greeting that is still to be told comes before the answer to it.
                Some(head) => head,
                None => {
                    let now = self.clock.now();
                    self.engine.negotiate(now)?;
                    let deadline = self.engine.client.next_deadline().unwrap_or(NEVER);
                    match self.flush(deadline).await {
                        // The handshake's deadline: the next step tells.
                        Ok(()) | Err(Error::TimedOut(_)) => self.next(NEVER, &mut false, &mut Whole).await?,
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
    /// # Errors
    /// As [`io::Connection::execute`](crate::Connection::execute).
    pub async fn execute<C: Command>(
        &mut self,
        command: &C,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Outcome<'_, C>, Error<T::Error>> {
        let deadline = self.deadline(self.engine.settings.command);
        let head = self.call(command, false, deadline, &mut on).await?;
        self.engine.outcome::<C, _>(head)
    }

    /// As [`execute`](Self::execute), out of band: see [`Client::exec_oob`].
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn exec_oob<C: Command>(
        &mut self,
        command: &C,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Outcome<'_, C>, Error<T::Error>> {
        const { assert!(C::ALLOW_OOB, "this command cannot be executed out of band") };
        let deadline = self.deadline(self.engine.settings.command);
        let head = self.call(command, true, deadline, &mut on).await?;
        self.engine.outcome::<C, _>(head)
    }

    /// As [`execute`](Self::execute) without serde: see [`Client::execute_raw`]. What it returns is left as JSON.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn execute_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<Json<'_>, ErrorReply<'_>>, Error<T::Error>> {
        let deadline = self.deadline(self.engine.settings.command);
        self.recover();
        self.flush(deadline).await?;
        let id = self.engine.start_raw(name, arguments, oob, deadline)?;
        let head = self.answer(id, deadline, &mut Whole, &mut on).await?;
        self.engine.result(head)
    }

    /// Runs a command and waits until it has succeeded *and* an event has come for which `found` returns a value, in either order:
    /// see [`io::Connection::execute_until`](crate::Connection::execute_until).
    ///
    /// # Errors
    /// As there.
    pub async fn execute_until<C: Command, R>(
        &mut self,
        command: &C,
        timeout: u64,
        mut found: impl FnMut(Event<'_>) -> Option<R>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<R, ErrorReply<'_>>, Error<T::Error>> {
        let deadline = self.deadline(timeout);
        let mut value = None;
        let mut armed = |incoming: Incoming<'_>| match incoming {
            Incoming::Event(event) if value.is_none() => {
                value = found(event);
                if value.is_none() {
                    on(incoming);
                }
            }
            _ => on(incoming),
        };
        let head = self.call(command, false, deadline, &mut armed).await?;
        if let Incoming::Reply(reply) = self.engine.client.lend(head)
            && reply.result().is_ok()
        {
            return match value {
                Some(value) => Ok(Ok(value)),
                None => self.wait_by(deadline, &mut found, &mut on).await.map(Ok),
            };
        }
        self.engine.error(head).map(Err)
    }

    /// Waits for an event for which `found` returns a value; `on` is given what else arrives. A timeout of 0 asks for what is there.
    ///
    /// # Errors
    /// As [`io::Connection::wait`](crate::Connection::wait).
    pub async fn wait<R>(
        &mut self,
        timeout: u64,
        mut found: impl FnMut(Event<'_>) -> Option<R>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<R, Error<T::Error>> {
        self.recover();
        let deadline = self.deadline(timeout);
        // A command may have been sent in part.
        self.flush(deadline).await?;
        self.wait_by(deadline, &mut found, &mut on).await
    }

    async fn wait_by<R>(
        &mut self,
        deadline: u64,
        found: &mut impl FnMut(Event<'_>) -> Option<R>,
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<R, Error<T::Error>> {
        let mut tried = false;
        loop {
            let head = self.next(deadline, &mut tried, &mut Whole).await?;
            if let Some(end) = self.engine.event(head, found, on) {
                return end;
            }
        }
    }

    /// For a new connection on the same object: everything of the last one is forgotten but the ids. Commands that were open are
    /// told to the next call's handler as [`ConnectionLost`](crate::Failure::ConnectionLost).
    pub fn reset(&mut self, transport: T) {
        self.recover();
        self.transport = transport;
        self.engine.reset();
    }

    /// Gives up the command of a call that was dropped.
    fn recover(&mut self) {
        if let Some(id) = self.waiting.take() {
            self.engine.abandon(id);
        }
    }

    fn deadline(&mut self, timeout: u64) -> u64 {
        self.clock.now().saturating_add(timeout)
    }

    /// Sends a command and waits for its reply.
    async fn call<C: Command>(
        &mut self,
        command: &C,
        oob: bool,
        deadline: u64,
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<Head, Error<T::Error>> {
        self.recover();
        self.flush(deadline).await?;
        let id = self.engine.start(command, oob, deadline)?.id();
        self.answer(id, deadline, &mut Whole, on).await
    }

    /// Sends the command that was just started and waits for its reply.
    async fn answer(
        &mut self,
        id: CommandId,
        deadline: u64,
        steps: &mut impl Steps,
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<Head, Error<T::Error>> {
        self.waiting = Some(id);
        let result = self.reply(id, deadline, steps, on).await;
        match result {
            Ok(_) => self.waiting = None,
            Err(_) => self.recover(),
        }
        result
    }

    async fn reply(
        &mut self,
        id: CommandId,
        deadline: u64,
        steps: &mut impl Steps,
        on: &mut impl FnMut(Incoming<'_>),
    ) -> Result<Head, Error<T::Error>> {
        self.flush(deadline).await?;
        loop {
            let head = self.next(NEVER, &mut false, steps).await?;
            if steps.hand_out(&self.engine.client, head, on) {
                continue;
            }
            if let Some(head) = self.engine.answer(id, head, on)? {
                return Ok(head);
            }
        }
    }

    /// Sends what is still to be sent.
    async fn flush(&mut self, deadline: u64) -> Result<(), Error<T::Error>> {
        while !self.engine.unsent().is_empty() || self.engine.is_unflushed() {
            let timer = sleep(&mut self.clock, deadline);
            let result = match self.engine.unsent() {
                [] => before(self.transport.flush(), timer).await.map(|flushed| flushed.map(|()| None)),
                unsent => before(self.transport.write(unsent), timer).await.map(|sent| sent.map(Some)),
            };
            match result {
                Some(Ok(None)) => self.engine.flushed(),
                Some(Ok(Some(0))) => return Err(Error::WriteZero),
                Some(Ok(Some(sent))) => self.engine.sent(sent),
                Some(Err(error)) if !is_idle(error.kind()) => return Err(Error::Transport(error)),
                Some(Err(_)) | None => {
                    if self.clock.now() >= deadline {
                        return Err(Error::TimedOut(self.engine.client.phase()));
                    }
                }
            }
        }
        Ok(())
    }

    /// The next step of the session, reading as often as it takes. What is there already is read however early `deadline`
    /// is: `tried` says whether that was done.
    async fn next(&mut self, deadline: u64, tried: &mut bool, steps: &mut impl Steps) -> Result<Head, Error<T::Error>> {
        loop {
            if let Some(head) = steps.advance(&mut self.engine.client) {
                return Ok(head);
            }
            if self.engine.client.phase() == Phase::Closed {
                return Err(Error::Closed);
            }
            let first = self.engine.client.next_deadline().unwrap_or(NEVER).min(deadline);
            let now = if first == NEVER { 0 } else { self.clock.now() };
            if first != NEVER && now >= first {
                self.engine.client.handle_timeout(now);
                match steps.advance(&mut self.engine.client) {
                    Some(head) => return Ok(head),
                    None if now >= deadline && *tried => return Err(Error::TimedOut(self.engine.client.phase())),
                    None => {}
                }
            }
            *tried = true;
            match before(self.transport.read(self.engine.client.window()), sleep(&mut self.clock, first)).await {
                Some(Ok(0)) => self.engine.client.close(),
                Some(Ok(read)) => self.engine.client.commit(read)?,
                Some(Err(error)) if !is_idle(error.kind()) => return Err(Error::Transport(error)),
                Some(Err(_)) | None => {}
            }
        }
    }
}

/// Until `deadline`, if there is one.
async fn sleep(timer: &mut impl Timer, deadline: u64) {
    match deadline {
        NEVER => pending().await,
        _ => timer.until(deadline).await,
    }
}

/// What `work` returns, unless `timer` is ready before it.
async fn before<R>(work: impl Future<Output = R>, timer: impl Future<Output = ()>) -> Option<R> {
    let mut work = pin!(work);
    let mut timer = pin!(timer);
    poll_fn(|context| {
        if let Poll::Ready(result) = work.as_mut().poll(context) {
            return Poll::Ready(Some(result));
        }
        timer.as_mut().poll(context).map(|()| None)
    })
    .await
}
