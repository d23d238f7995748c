//! A session with a server: the core's connection, with a queue for events and a way to connect again.

mod agent;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use qmp_core::{
    Client, Clock, Command, Connection, Dialect, Discarded, Event, Incoming, Json, Kind, Outcome, Part, Phase, Select,
    Settings,
};

use crate::address::Address;
use crate::error::{Error, Refusal};
use crate::options::{Options, RECEIVE_LEAST, dial};
use crate::queue::{Notice, Queue};
use crate::time::{self, Leaping, Limit, Monotonic, ticks};
use crate::transport::{Lookup, Transport};

/// The pauses between attempts to reconnect: the first, and the most.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MOST: Duration = Duration::from_secs(2);

/// A guest agent that does not answer is asked again after a fifth of the time that it has, but not sooner and not later than this.
const SYNC_LEAST: Duration = Duration::from_millis(50);
const SYNC_MOST: Duration = Duration::from_secs(1);

/// A session with a QMP server, one command at a time.
///
/// After it is made, neither a command that is answered by a return nor an event allocates memory.
///
/// ```no_run
/// use std::time::Duration;
/// use qmp_core::{QueryStatus, Stop};
/// use qmp_std_adapter::Notice;
///
/// let mut vm = qmp_std_adapter::connect("unix:/run/vm.qmp")?;
/// println!("running: {}", vm.execute(&QueryStatus {})?.running);
/// vm.execute(&Stop {})?;
/// while let Some(notice) = vm.next_event(Duration::ZERO)? {
///     if let Notice::Event(event) = notice {
///         println!("{}", event.name());
///     }
/// }
/// # Ok::<(), qmp_std_adapter::Error>(())
/// ```
pub struct Session {
    connection: Connection<Transport, Leaping<Monotonic>, Buffer, Buffer>,
    inbox: Inbox,
    options: Options,
    address: Option<Address>,
    lookup: Lookup,
    /// The connection's clock, and where it is told the end of a handshake.
    clock: Monotonic,
    limit: Arc<Limit>,
    /// The transport's count, which can be read while a reply is lent from the connection.
    received: Arc<AtomicU64>,
}

type Buffer = Box<[u8]>;

/// How much of what a server has said was not the reply that was waited for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Events that came, those included that found no room in the queue.
    pub events: u64,
    /// Messages that belong to nothing: errors without `id`, replies to commands of other clients.
    pub unmatched: u64,
    /// Runs of bytes that are no message, or one too long for the buffer.
    pub discarded: u64,
    /// Replies that came after their command had timed out.
    pub late_replies: u64,
}

impl Session {
    /// Makes the session on a new connection.
    pub(crate) fn start(transport: Transport, address: Option<Address>, options: Options) -> Result<Self, Error> {
        let client =
            Client::new(time::session_number(), vec![0; options.receive.max(RECEIVE_LEAST)].into_boxed_slice());
        let settings =
            Settings { handshake: ticks(options.handshake), command: ticks(options.command), oob: options.oob };
        let received = transport.received();
        let tx = vec![0; options.transmit].into_boxed_slice();
        let clock = Monotonic::default();
        let (leaping, limit) = Leaping::new(clock);
        let connection = Connection::new(transport, leaping, client, tx, settings);
        let events = Queue::new(options.events);
        let inbox = Inbox { events, counters: Counters::default(), observe: options.observe, mark: false };
        let lookup = Lookup::default();
        let mut session = Self { connection, inbox, options, address, lookup, clock, limit, received };
        session.handshake(session.options.handshake)?;
        Ok(session)
    }

    /// Runs a command and waits for its return.
    ///
    /// The receive buffer lends the return until the next call. A string in it that has escapes is read as
    /// [`qmp_core::Str`], or as an owned type.
    ///
    /// # Errors
    /// [`Error::Refused`] is the server's answer; the others say why there is none.
    pub fn execute<C: Command>(&mut self, command: &C) -> Result<C::Return<'_>, Error> {
        let before = self.begin(self.options.command);
        let inbox = &mut self.inbox;
        let result = self.connection.execute(command, |incoming| inbox.take(incoming));
        finish::<C>(result, &self.received, before)
    }

    /// As [`execute`](Self::execute), out of band: the server runs it at once, whatever it is busy with. For that
    /// [`Options::oob`] must have been set, and the server must have offered it.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and [`Error::Execute`] with [`OobDisabled`](qmp_core::ExecuteError::OobDisabled).
    pub fn exec_oob<C: Command>(&mut self, command: &C) -> Result<C::Return<'_>, Error> {
        let before = self.begin(self.options.command);
        let inbox = &mut self.inbox;
        let result = self.connection.exec_oob(command, |incoming| inbox.take(incoming));
        finish::<C>(result, &self.received, before)
    }

    /// As [`execute`](Self::execute) without types: a command by name, with arguments that are JSON already or none. With `oob`,
    /// as [`exec_oob`](Self::exec_oob).
    ///
    /// # Errors
    /// As [`exec_oob`](Self::exec_oob), and [`Error::Execute`] with
    /// [`InvalidArguments`](qmp_core::ExecuteError::InvalidArguments) if the arguments are no object.
    pub fn execute_raw(&mut self, name: &str, arguments: Option<Json<'_>>, oob: bool) -> Result<Json<'_>, Error> {
        let before = self.begin(self.options.command);
        let inbox = &mut self.inbox;
        let result = self.connection.execute_raw(name, arguments, oob, |incoming| inbox.take(incoming));
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reply)) => Err(Error::Refused(reply.into())),
            Err(error) => Err(failed(error, &self.received, before)),
        }
    }

    /// As [`execute`](Self::execute), with only the selected parts of the reply left in it: it may be far larger than the receive
    /// buffer. `part` is given the elements or the pieces, where `select` delivers the reply in parts.
    ///
    /// ```no_run
    /// # let mut vm = qmp_std_adapter::connect("vm.qmp")?;
    /// use qmp_core::{Empty, Named, Part, Select, Selection, selection};
    ///
    /// const DISKS: Selection<'_> = selection!["return[*].device", "return[*].inserted.file"];
    /// let query = Named { name: "query-block", arguments: Empty {} };
    /// println!("all of them: {}", vm.execute_select(&query, Select::new(&DISKS), |_| {})?);
    /// vm.execute_select(&query, Select::elements(&DISKS).unwrap(), |part| {
    ///     if let Part::Element { index, value } = part {
    ///         println!("number {index}: {value}");
    ///     }
    /// })?;
    /// # Ok::<(), qmp_std_adapter::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute). Where what is selected does not fit the receive buffer, that is a reply too large for it.
    pub fn execute_select<C: Command>(
        &mut self,
        command: &C,
        select: Select<'_>,
        mut part: impl FnMut(Part<'_>),
    ) -> Result<C::Return<'_>, Error> {
        let before = self.begin(self.options.command);
        let inbox = &mut self.inbox;
        let result = self.connection.execute_select(command, select, |incoming| match incoming {
            Incoming::Part(found) => part(found),
            _ => inbox.take(incoming),
        });
        finish::<C>(result, &self.received, before)
    }

    /// As [`execute_select`](Self::execute_select) without types: see [`execute_raw`](Self::execute_raw).
    ///
    /// # Errors
    /// As [`execute_raw`](Self::execute_raw).
    pub fn execute_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        select: Select<'_>,
        mut part: impl FnMut(Part<'_>),
    ) -> Result<Json<'_>, Error> {
        let before = self.begin(self.options.command);
        let inbox = &mut self.inbox;
        let result = self.connection.execute_raw_select(name, arguments, select, |incoming| match incoming {
            Incoming::Part(found) => part(found),
            _ => inbox.take(incoming),
        });
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reply)) => Err(Error::Refused(reply.into())),
            Err(error) => Err(failed(error, &self.received, before)),
        }
    }

    /// Runs a command and waits until it has succeeded *and* an event has come for which `found` returns a value, in either
    /// order; `timeout` is for both. That event is not queued, all others are.
    ///
    /// ```no_run
    /// # let mut vm = qmp_std_adapter::connect("vm.qmp")?;
    /// use std::time::Duration;
    /// use qmp_core::{Command, Empty};
    ///
    /// #[derive(serde::Serialize)]
    /// struct DeviceDel<'a> {
    ///     id: &'a str,
    /// }
    /// impl Command for DeviceDel<'_> {
    ///     const NAME: &'static str = "device_del";
    ///     type Return<'r> = Empty;
    /// }
    ///
    /// vm.execute_until(&DeviceDel { id: "net0" }, Duration::from_secs(30), |event| {
    ///     let device = event.data()?.member("device")?.as_str()?;
    ///     (event.name() == "DEVICE_DELETED" && device == "net0").then_some(())
    /// })?;
    /// # Ok::<(), qmp_std_adapter::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute); an error reply ends the wait.
    pub fn execute_until<C: Command, R>(
        &mut self,
        command: &C,
        timeout: Duration,
        mut found: impl FnMut(Event<'_>) -> Option<R>,
    ) -> Result<R, Error> {
        let before = self.begin(timeout);
        let inbox = RefCell::new(&mut self.inbox);
        let seen = |event: Event<'_>| {
            let value = found(event)?;
            inbox.borrow_mut().note(Incoming::Event(event));
            Some(value)
        };
        let result =
            self.connection.execute_until(command, ticks(timeout), seen, |incoming| inbox.borrow_mut().take(incoming));
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(reply)) => Err(Error::Refused(reply.into())),
            Err(error) => Err(failed(error, &self.received, before)),
        }
    }

    /// The oldest event that was not asked for yet, or the next one to come within `timeout`; `None` if none comes. A timeout of
    /// zero asks for what is there.
    ///
    /// # Errors
    /// [`Error::ConnectionLost`] once all that came before has been asked for.
    pub fn next_event(&mut self, timeout: Duration) -> Result<Option<Notice<'_>>, Error> {
        if self.inbox.events.is_empty() {
            // The driver looks at the time before it reads: leave it some.
            let timeout = timeout.max(Duration::from_millis(1));
            let before = self.begin(timeout);
            let inbox = RefCell::new(&mut self.inbox);
            let found = |event: Event<'_>| {
                inbox.borrow_mut().take(Incoming::Event(event));
                Some(())
            };
            let result = self.connection.wait(ticks(timeout), found, |incoming| inbox.borrow_mut().take(incoming));
            match result {
                Ok(()) | Err(qmp_core::Error::TimedOut(_)) => {}
                Err(_) if !self.inbox.events.is_empty() => {}
                Err(error) => return Err(failed(error, &self.received, before)),
            }
        }
        Ok(self.inbox.events.pop())
    }

    /// Connects to the same address again, until it succeeds or `timeout` has passed, which covers the handshake too, with longer and longer pauses. For a server
    /// that was restarted, or a link that was lost.
    ///
    /// It is a new session: a command that was under way has ended as [`Error::ConnectionLost`], and its reply, should the server
    /// still send it to the new connection, is recognised and dropped. Events that were queued stay so;
    /// [`Notice::Reconnected`] stands between them and those of the new connection.
    ///
    /// # Errors
    /// That of the last attempt; [`Error::NoAddress`] for a child process.
    pub fn reconnect(&mut self, timeout: Duration) -> Result<(), Error> {
        let deadline = time::after(timeout);
        let mut pause = PAUSE_FIRST;
        loop {
            let error = match self.attempt(deadline.saturating_duration_since(Instant::now())) {
                Err(Error::NoAddress) => return Err(Error::NoAddress),
                Err(error) => error,
                Ok(()) => return Ok(()),
            };
            // Between half the pause and all of it, lest many clients come back in step.
            let wait = pause.mul_f64(f64::from(time::session_number()) / f64::from(u32::MAX) / 2.0 + 0.5);
            if wait >= deadline.saturating_duration_since(Instant::now()) {
                return Err(error);
            }
            thread::sleep(wait);
            pause = (pause * 2).min(PAUSE_MOST);
        }
    }

    fn attempt(&mut self, timeout: Duration) -> Result<(), Error> {
        let address = self.address.as_ref().ok_or(Error::NoAddress)?;
        let end = self.clock.now().saturating_add(ticks(timeout));
        let transport = dial(address, self.options.connect.min(timeout), &mut self.lookup)?;
        self.received = transport.received();
        self.connection.reset(transport);
        self.inbox.mark = true;
        // The greeting and the negotiation each get the option's time, and both together what is left.
        let part = self.options.handshake.min(Duration::from_micros(end.saturating_sub(self.clock.now())));
        self.limit.set(end, ticks(part));
        let result = self.handshake(part);
        self.limit.clear();
        result
    }

    fn handshake(&mut self, timeout: Duration) -> Result<(), Error> {
        self.connection.settings_mut().handshake = ticks(timeout);
        let before = self.begin(timeout);
        let inbox = &mut self.inbox;
        let mut phase = Phase::Greeting;
        let mut refusal = None;
        let agent = self.options.dialect == Dialect::Agent;
        let on = |incoming: Incoming<'_>| {
            match incoming {
                Incoming::Greeting(_) => phase = Phase::Negotiating,
                Incoming::Refused(error) => refusal = Some(Refusal::from(error)),
                _ => {}
            }
            inbox.take(incoming);
        };
        let result = if agent {
            // It is asked again before the time is over: reads have to come back.
            self.connection.transport_mut().set_deadline(None);
            self.connection.synchronise(ticks((timeout / 5).clamp(SYNC_LEAST, SYNC_MOST)), on)
        } else {
            self.connection.connect(on)
        };
        match (result, refusal) {
            (Ok(()), _) => {
                self.inbox.flush_mark();
                Ok(())
            }
            (Err(qmp_core::Error::Refused), Some(refusal)) => Err(Error::NegotiationRefused(refusal)),
            (Err(qmp_core::Error::Refused), None) if agent => Err(Error::NoAgent),
            (Err(qmp_core::Error::TimedOut(_)), _) if agent => {
                Err(Error::AgentSilent { received: self.received.load(Ordering::Relaxed) - before })
            }
            (Err(error), _) => Err(Error::new(error, phase, self.received.load(Ordering::Relaxed) - before)),
        }
    }

    /// How long commands may take from now on.
    pub fn set_command_timeout(&mut self, timeout: Duration) {
        self.options.command = timeout;
        self.connection.settings_mut().command = ticks(timeout);
    }

    /// Where the session stands: [`Phase::Command`] when commands can be executed.
    pub fn phase(&self) -> Phase {
        self.connection.client().phase()
    }

    /// Whether out-of-band execution is on.
    pub fn oob(&self) -> bool {
        self.connection.client().oob() == Some(true)
    }

    /// What came beside the replies, over all connections.
    pub fn counters(&self) -> Counters {
        Counters { late_replies: u64::from(self.connection.client().late_replies()), ..self.inbox.counters }
    }

    /// Arms the transport for a call of this length. Returns how many bytes have come before it.
    fn begin(&mut self, timeout: Duration) -> u64 {
        self.connection.transport_mut().set_deadline(Some(time::after(timeout)));
        self.received.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("address", &self.address).field("phase", &self.phase()).finish_non_exhaustive()
    }
}

/// Where goes what arrives while something else is waited for.
struct Inbox {
    events: Queue,
    counters: Counters,
    observe: fn(Incoming<'_>),
    /// A new connection is to be marked before its first event.
    mark: bool,
}

impl Inbox {
    /// Takes what nobody waits for.
    fn take(&mut self, incoming: Incoming<'_>) {
        self.note(incoming);
        match incoming {
            Incoming::Event(event) => {
                self.flush_mark();
                self.events.push(event);
            }
            Incoming::Discarded(Discarded::Oversized { kind: Kind::Event, .. }) => {
                self.flush_mark();
                self.events.lose();
            }
            _ => {}
        }
    }

    /// Counts and shows what has arrived.
    fn note(&mut self, incoming: Incoming<'_>) {
        match incoming {
            Incoming::Event(_) => self.counters.events += 1,
            Incoming::Unmatched(_) => self.counters.unmatched += 1,
            Incoming::Discarded(_) => self.counters.discarded += 1,
            _ => {}
        }
        (self.observe)(incoming);
    }

    fn flush_mark(&mut self) {
        if mem::take(&mut self.mark) {
            self.events.reconnected();
        }
    }
}

/// The session's reply as the caller wants it.
fn finish<'a, C: Command>(
    result: Result<Outcome<'a, C>, qmp_core::Error<io::Error>>,
    received: &AtomicU64,
    before: u64,
) -> Result<C::Return<'a>, Error> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(reply)) => Err(Error::Refused(reply.into())),
        Err(error) => Err(failed(error, received, before)),
    }
}

/// What went wrong in command mode, with `before` bytes received before it.
fn failed(error: qmp_core::Error<io::Error>, received: &AtomicU64, before: u64) -> Error {
    Error::new(error, Phase::Command, received.load(Ordering::Relaxed) - before)
}
