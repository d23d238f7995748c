//! A session with a server: the core's connection, with a queue for events and a way to connect again.

mod agent;
mod begin;
mod inbox;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use qmp_core::{Command, Connection, ErrorReply, Event, Incoming, Json, Part, Phase, Select};

use crate::address::Address;
use crate::error::Error;
use crate::options::Options;
use crate::queue::Notice;
use crate::time::{self, Leaping, Limit, Monotonic, ticks};
use crate::transport::{Lookup, Transport};
use inbox::Inbox;

pub use inbox::Counters;

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

impl Session {
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
        finish(result, &self.received, before)
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
        finish(result, &self.received, before)
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
        finish(result, &self.received, before)
    }

    /// As [`execute`](Self::execute), with only the selected parts of the reply left in it: it may be far larger than the receive
    /// buffer. `part` is given the elements or the pieces, where the selection is delivered in parts.
    ///
    /// ```no_run
    /// # let mut vm = qmp_std_adapter::connect("vm.qmp")?;
    /// use qmp_core::{Empty, Named, Part, Select, Selection, selection};
    ///
    /// const DISKS: Selection<'_> = selection!["return[*].device", "return[*].inserted.file"];
    /// const EACH: Selection<'_> = selection![elements: "return[*].device", "return[*].inserted.file"];
    /// let query = Named { name: "query-block", arguments: Empty {} };
    /// println!("all of them: {}", vm.execute_select(&query, Select::new(&DISKS), |_| {})?);
    /// vm.execute_select(&query, Select::new(&EACH), |part| {
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
        finish(result, &self.received, before)
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
        finish(result, &self.received, before)
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
    /// As [`execute`](Self::execute); an error reply ends the wait. An event for which `found` returned a value before the call failed is
    /// not queued either: only `found` has seen it.
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
        finish(result, &self.received, before)
    }

    /// The oldest event that was not asked for yet, or the next one to come within `timeout`; `None` if none comes. A timeout of
    /// zero asks for what is there.
    ///
    /// # Errors
    /// [`Error::ConnectionLost`] once all that came before has been asked for.
    pub fn next_event(&mut self, timeout: Duration) -> Result<Option<Notice<'_>>, Error> {
        if self.inbox.events.is_empty() {
            // The least that a socket can be told to wait.
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

/// The session's reply as the caller wants it.
fn finish<R>(
    result: Result<Result<R, ErrorReply<'_>>, qmp_core::Error<io::Error>>,
    received: &AtomicU64,
    before: u64,
) -> Result<R, Error> {
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
