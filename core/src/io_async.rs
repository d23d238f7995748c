//! The async driver over `embedded_io_async::{Read, Write}`: the loop of [`io`](crate::io) with `await` in it.
//!
//! # Cancelling
//! Every future here may be dropped at any `await`, provided that the transport's own `read` and `write` may be: a dropped `read`
//! has taken no byte, a dropped `write` has sent none. Then nothing is lost and nothing is mixed up. What was received stays in
//! the session. A command of which a part was sent is finished by the next call, before anything else is written; its reply is
//! recognised, dropped and counted. One that was not begun is never sent.

mod select;

use core::future::{Future, pending, poll_fn};
use core::ops::ControlFlow;
use core::pin::pin;
use core::task::Poll;

use embedded_io_async::{Read, Write};

use crate::client::{Client, Incoming, NEVER, Phase, Slot};
use crate::command::Command;
use crate::driver::{Clock, Engine, Error, Goal, NoClock, Outcome, Settings, Stop, Turn, Wait, armed, unarmed};
use crate::error::ExecuteError;
use crate::json::Json;
use crate::message::{ErrorReply, Event};
use crate::select::Select;

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
        self.engine.abandon();
        if self.engine.client.phase() == Phase::Command {
            return Ok(());
        }
        let deadline = self.deadline(self.engine.settings.handshake);
        self.engine.client.await_greeting(deadline);
        self.handshake(Goal::Handshake, &mut unarmed(&mut on)).await
    }

    /// As [`connect`](Self::connect) on a link without connections, where the greeting may have gone to somebody long ago; in command
    /// mode it begins anew: see [`io::Connection::attach`](crate::Connection::attach).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn attach(&mut self, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        self.engine.abandon();
        let on = &mut unarmed(&mut on);
        // The reset byte also ends a command of which a part was sent.
        self.engine.attach(self.clock.now(), on)?;
        self.handshake(Goal::Handshake, on).await
    }

    /// In place of [`connect`](Self::connect) for a guest agent: see
    /// [`io::Connection::synchronise`](crate::Connection::synchronise).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn synchronise(&mut self, every: u64, mut on: impl FnMut(Incoming<'_>)) -> Result<(), Error<T::Error>> {
        self.engine.abandon();
        let mut now = self.clock.now();
        let deadline = now.saturating_add(self.engine.settings.handshake);
        loop {
            self.engine.synchronise(now.saturating_add(every.max(1)).min(deadline))?;
            let result = self.handshake(Goal::Synchronisation, &mut unarmed(&mut on)).await;
            now = self.clock.now();
            if !matches!(result, Err(Error::TimedOut(_))) || now >= deadline {
                return result;
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
        let result = self.call(command, false, Goal::Reply, deadline, None, &mut unarmed(&mut on)).await;
        self.engine.outcome::<C, _>(result)
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
        let result = self.call(command, true, Goal::Reply, deadline, None, &mut unarmed(&mut on)).await;
        self.engine.outcome::<C, _>(result)
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
        let result = self.call_raw(name, arguments, oob, None, &mut unarmed(&mut on)).await;
        self.engine.result(result)
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
        let result = {
            let armed = &mut armed(&mut value, &mut found, &mut on);
            self.call(command, false, Goal::Event, deadline, None, armed).await
        };
        self.engine.found(result, value)
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
        self.engine.abandon();
        let deadline = self.deadline(timeout);
        let mut value = None;
        let result = self.run(Goal::Event, deadline, None, &mut armed(&mut value, &mut found, &mut on)).await;
        self.engine.ended(result)?;
        value.ok_or(Error::Closed)
    }

    /// For a new connection on the same object: everything of the last one is forgotten but the ids. Commands that were open are
    /// told to the next call's handler as [`ConnectionLost`](crate::Failure::ConnectionLost).
    pub fn reset(&mut self, transport: T) {
        self.transport = transport;
        self.engine.reset();
    }

    fn deadline(&mut self, timeout: u64) -> u64 {
        self.clock.now().saturating_add(timeout)
    }

    async fn handshake(
        &mut self,
        goal: Goal,
        on: &mut impl FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Error<T::Error>> {
        let result = self.run(goal, NEVER, None, on).await;
        self.engine.ended(result)
    }

    /// Runs a command until its reply, or until the handler has taken an event too.
    async fn call<C: Command>(
        &mut self,
        command: &C,
        oob: bool,
        goal: Goal,
        deadline: u64,
        select: Option<&mut Select<'_>>,
        on: &mut impl FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        let start = |engine: &mut Engine<B, S, O>, select: Option<&mut Select<'_>>| {
            engine.start(command.name(), command, oob, select, deadline)
        };
        self.call_by(deadline, select, on, start).await?;
        if goal == Goal::Event && self.engine.lacks_event()? {
            self.run(Goal::Event, deadline, None, on).await?;
        }
        Ok(())
    }

    /// As [`call`](Self::call) until its reply, without serde.
    async fn call_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        select: Option<&mut Select<'_>>,
        on: &mut impl FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        let deadline = self.deadline(self.engine.settings.command);
        let start = |engine: &mut Engine<B, S, O>, select: Option<&mut Select<'_>>| {
            engine.start_raw(name, arguments, oob, select, deadline)
        };
        self.call_by(deadline, select, on, start).await
    }

    /// Gives up the command of a call that was dropped, sends what is left of it, then the one that is started, and waits for its
    /// reply.
    async fn call_by(
        &mut self,
        deadline: u64,
        mut select: Option<&mut Select<'_>>,
        on: &mut impl FnMut(Incoming<'_>) -> bool,
        start: impl FnOnce(&mut Engine<B, S, O>, Option<&mut Select<'_>>) -> Result<(), ExecuteError>,
    ) -> Result<(), Stop<T::Error>> {
        self.engine.begin();
        self.run(Goal::Sent, deadline, None, on).await?;
        start(&mut self.engine, select.as_deref_mut())?;
        let result = self.run(Goal::Reply, deadline, select, on).await;
        self.engine.abandon();
        result
    }

    /// The loop: takes turns until the goal is reached.
    async fn run(
        &mut self,
        goal: Goal,
        deadline: u64,
        mut select: Option<&mut Select<'_>>,
        on: &mut impl FnMut(Incoming<'_>) -> bool,
    ) -> Result<(), Stop<T::Error>> {
        let mut wait = Wait::new(goal, deadline);
        loop {
            let turn = match self.engine.turn(&mut wait, &mut self.clock, select.as_deref_mut(), on) {
                ControlFlow::Continue(turn) => turn,
                ControlFlow::Break(end) => return end,
            };
            let timer = sleep(&mut self.clock, self.engine.until(&wait));
            let result = match turn {
                Turn::Write => before(self.transport.write(self.engine.unsent()), timer).await,
                Turn::Flush => before(self.transport.flush(), timer).await.map(|flushed| flushed.map(|()| 0)),
                Turn::Read => before(self.transport.read(self.engine.client.window()), timer).await,
            };
            match result {
                Some(result) => self.engine.went(&mut wait, turn, result)?,
                None => wait.idle(),
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
