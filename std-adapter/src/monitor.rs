//! The server's end on sockets: many clients, one thread, fixed memory.
//!
//! In: an address, a table of commands, and whatever clients send. Out: calls of the application's functions. The protocol is
//! [`qmp_core::Server`]'s; here are the sockets, whose turn it is, and what is done when there is room for no more.

mod client;
mod limits;
mod listener;
mod places;
mod waker;

pub use limits::Limits;
pub use waker::Waker;

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};
use qmp_core::{Call, Clock as _, CommandEntry, EncodeError, Profile, Timestamp, Writer};

use crate::address::Address;
use crate::error::Error;
use crate::time::{Monotonic, after};
use client::{Client, Turn};
use listener::Listener;

/// The protocol's end of one client's connection, to answer what was deferred.
pub type Server = qmp_core::Server<Box<[u8]>, Box<[u8]>, Box<[u8]>>;

/// A place where clients connect: a QMP monitor, or a guest agent, as its [`Profile`] says.
///
/// The application owns the loop. Each [`turn`](Self::turn) takes in clients, reads, runs commands and writes, and each client that
/// has something to do gets its share, so that none waits for another. One that does not read, or sends half a request, costs its
/// place and nothing else. Between two turns the application tells of [`event`](Self::event)s and answers what it deferred.
///
/// Ticks of the profile's [`EventPolicy`](qmp_core::EventPolicy) are microseconds. Once as many clients as there may be have
/// been there, nothing is allocated any more.
///
/// ```
/// use qmp_core::{CommandEntry, Invocation, Profile, QueryStatus, VersionTriple};
/// use qmp_std_adapter::{Limits, Monitor};
///
/// const PROFILE: Profile = Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "");
/// const COMMANDS: &[CommandEntry<Vm>] = &[CommandEntry::new("query-status", &[], query_status)];
///
/// struct Vm {
///     asked: u32,
/// }
///
/// fn query_status(vm: &mut Vm, call: &mut Invocation<'_>) {
///     vm.asked += 1;
///     let _ = call.reply(|w| _ = w.object().name("status").string("running").name("running").bool(true).end());
/// }
///
/// let mut monitor = Monitor::bind("tcp:127.0.0.1:0", PROFILE, Limits::default())?; // Port 0: any that is free.
/// let address = monitor.address().to_string();
/// let client = std::thread::spawn(move || {
///     let mut vm = qmp_std_adapter::connect(&address)?;
///     Ok::<_, qmp_std_adapter::Error>(vm.execute(&QueryStatus {})?.running)
/// });
/// let mut vm = Vm { asked: 0 };
/// while vm.asked == 0 {
///     monitor.turn(COMMANDS, &mut vm, None)?;
/// }
/// monitor.finish(std::time::Duration::from_secs(1))?;
/// assert!(client.join().unwrap()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Monitor {
    poll: Poll,
    events: Events,
    waker: Arc<mio::Waker>,
    listener: Listener,
    address: Address,
    profile: Profile,
    limits: Limits,
    /// A place for each client that there has been at the same time.
    clients: Vec<Client>,
    /// The places that are taken.
    taken: usize,
    /// The places where something is to be done, each once.
    busy: VecDeque<usize>,
    /// Somebody may be waiting for a place.
    knocking: bool,
    /// The system has no room for another client before then.
    pause: Option<Instant>,
    clock: Monotonic,
}

const LISTENER: Token = Token(0);
const WAKER: Token = Token(1);
/// The token of the first place.
const FIRST: usize = 2;

/// How long no client is accepted after the system had no room for one.
const PAUSE: Duration = Duration::from_millis(100);

impl Monitor {
    /// Listens at `address`, which is an [`Address`] as text: `unix:PATH`, a path by itself, or `tcp:HOST:PORT`, where port 0 is any
    /// that is free. Of a host with several addresses it is the first that can be listened at, as with [`std::net::TcpListener`], where
    /// QEMU listens at all of them: `localhost` may be `::1` or `127.0.0.1`, and [`address`](Self::address) says which. A client that is
    /// given the name tries both. Where one may be given the other address, bind a monitor to each.
    ///
    /// A unix socket that nobody listens at any more is replaced. The socket is removed when the monitor is dropped.
    ///
    /// # Errors
    /// [`Error::Address`]; [`Error::Listen`] with [`AddrInUse`](io::ErrorKind::AddrInUse) where somebody else listens, or where there
    /// is a file that is no socket; and other errors of the system.
    pub fn bind(address: &str, profile: Profile, limits: Limits) -> Result<Self, Error> {
        let address = Address::to_listen_at(address)?;
        let limits = limits.sane();
        Self::new(&address, profile, limits).map_err(|source| Error::Listen { address, source })
    }

    fn new(address: &Address, profile: Profile, limits: Limits) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
        let (mut listener, address) = Listener::bind(address)?;
        listener.register(poll.registry(), LISTENER)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(256),
            waker,
            listener,
            address,
            profile,
            limits,
            clients: Vec::new(),
            taken: 0,
            busy: VecDeque::new(),
            knocking: true,
            pause: None,
            clock: Monotonic::default(),
        })
    }

    /// Where it listens, with the port that the system chose.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// How many clients there are.
    pub fn clients(&self) -> usize {
        self.taken
    }

    /// Events that were lost for want of room, one client's and another's added up.
    pub fn lost_events(&self) -> u64 {
        self.clients.iter().map(|client| u64::from(client.server.lost_events())).sum()
    }

    /// Waits until there is something to do, at most as long as `timeout`, and does it: a share of it for each client. It may
    /// return early.
    ///
    /// What is not in the table is refused, as are arguments that do not fit: see [`qmp_core::Server::dispatch`].
    ///
    /// # Errors
    /// Those of the system's call that waits. What is wrong with one client's connection ends that connection, and where the system
    /// has no room for another client it is tried again later.
    pub fn turn<A>(
        &mut self,
        commands: &[CommandEntry<A>],
        application: &mut A,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        self.wait(timeout)?;
        self.admit();
        self.look_at_the_time();
        for _ in 0..self.busy.len() {
            let Some(place) = self.busy.pop_front() else { break };
            match self.clients[place].turn(commands, application) {
                Turn::Idle => {}
                Turn::Busy => self.enlist(place),
                Turn::Over => self.dismiss(place),
            }
        }
        Ok(())
    }

    /// Something happened: tells every client that has negotiated. `data` writes an object, or nothing, the same each time: it is asked
    /// several times, also for one client, as by [`qmp_core::Server::event`].
    ///
    /// What a command causes is told to the client that sent it by [`Invocation::event`](qmp_core::Invocation::event), which
    /// stands before the reply, and to the others by [`event_to_others`](Self::event_to_others).
    ///
    /// # Errors
    /// As [`qmp_core::Server::event`]: the first one, after all clients have been told. An event that finds no room is no error: see
    /// [`lost_events`](Self::lost_events).
    pub fn event(
        &mut self,
        name: &str,
        timestamp: Timestamp,
        data: impl FnMut(&mut Writer<'_>),
    ) -> Result<(), EncodeError> {
        self.tell(None, name, timestamp, data)
    }

    /// As [`event`](Self::event), to all but the client with this [connection number](qmp_core::Invocation::connection).
    ///
    /// # Errors
    /// As [`event`](Self::event).
    pub fn event_to_others(
        &mut self,
        connection: u32,
        name: &str,
        timestamp: Timestamp,
        data: impl FnMut(&mut Writer<'_>),
    ) -> Result<(), EncodeError> {
        self.tell(Some(connection), name, timestamp, data)
    }

    fn tell(
        &mut self,
        except: Option<u32>,
        name: &str,
        timestamp: Timestamp,
        mut data: impl FnMut(&mut Writer<'_>),
    ) -> Result<(), EncodeError> {
        let now = self.clock.now();
        let mut result = Ok(());
        for place in 0..self.clients.len() {
            let client = &mut self.clients[place];
            if client.is_connected() && except != Some(client.number) {
                client.server.handle_timeout(now);
                // What is wrong for one client keeps it from no other.
                result = result.and(client.server.event(name, timestamp, &mut data).map(|_| ()));
                self.enlist(place);
            }
        }
        result
    }

    /// The server that handed out `call`, to answer it. `None`: its client has left, and nobody waits for the answer.
    pub fn server(&mut self, call: Call) -> Option<&mut Server> {
        let place = self.place(call.connection())?;
        self.enlist(place);
        Some(&mut self.clients[place].server)
    }

    /// Whether the client with this [connection number](qmp_core::Call::connection) is still there: if not, what it has asked for
    /// and was deferred can be forgotten.
    pub fn is_connected(&self, connection: u32) -> bool {
        self.place(connection).is_some()
    }

    /// The place of the client with this connection number.
    fn place(&self, connection: u32) -> Option<usize> {
        let place = connection as usize % self.stride();
        let client = self.clients.get(place)?;
        (client.is_connected() && client.number == connection).then_some(place)
    }

    /// What ends a wait of [`turn`](Self::turn) from another thread.
    pub fn waker(&self) -> Waker {
        Waker::new(Arc::clone(&self.waker))
    }

    /// Listens no more, sends what is still to be sent, and waits for the clients to leave, all of it within `timeout`. Events that
    /// are kept are sent without waiting for their interval.
    ///
    /// # Errors
    /// Those of the system's call that waits.
    pub fn finish(mut self, timeout: Duration) -> io::Result<()> {
        let deadline = after(timeout);
        self.retire();
        loop {
            for _ in 0..self.busy.len() {
                let Some(place) = self.busy.pop_front() else { break };
                match self.clients[place].part() {
                    Turn::Idle => {}
                    Turn::Busy => self.enlist(place),
                    Turn::Over => self.dismiss(place),
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if self.taken == 0 || left.is_zero() {
                return Ok(());
            }
            self.wait(Some(left))?;
        }
    }

    /// Takes nobody in any more, and has a look at everybody.
    fn retire(&mut self) {
        self.limits.clients = 0;
        // What a client still takes is time, and that is limited.
        self.limits.handshake = None;
        (0..self.clients.len()).for_each(|place| self.enlist(place));
    }

    /// Waits for the system to tell that something can be done, and notes it.
    fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = if self.busy.is_empty() { self.patience(timeout) } else { Some(Duration::ZERO) };
        match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        for event in &self.events {
            let place = match event.token() {
                LISTENER => {
                    self.knocking = true;
                    continue;
                }
                WAKER => continue,
                Token(token) => token - FIRST,
            };
            let client = &mut self.clients[place];
            client.note(event);
            if client.enlist() {
                self.busy.push_back(place);
            }
        }
        Ok(())
    }

    /// How long there is nothing to do unless a client says something.
    fn patience(&self, timeout: Option<Duration>) -> Option<Duration> {
        let now = Instant::now();
        let mut most = timeout;
        let mut until = |end: Instant| {
            let left = end.saturating_duration_since(now);
            most = Some(most.map_or(left, |most| most.min(left)));
        };
        if self.has_room() && self.knocking {
            until(self.pause.unwrap_or(now));
        }
        if self.has_deadlines() {
            let now_ticks = self.clock.clone().now();
            for client in self.clients.iter().filter(|client| client.is_connected()) {
                if let Some(deadline) = client.deadline(self.limits.handshake) {
                    until(deadline);
                }
                if let Some(due) = client.server.next_deadline() {
                    until(now + Duration::from_micros(due.saturating_sub(now_ticks)));
                }
            }
        }
        most
    }

    /// Tells the clients the time where that matters, and dismisses those that took too long.
    fn look_at_the_time(&mut self) {
        if !self.has_deadlines() {
            return;
        }
        let (now, ticks) = (Instant::now(), self.clock.now());
        for place in 0..self.clients.len() {
            let client = &mut self.clients[place];
            if !client.is_connected() {
                continue;
            }
            if client.deadline(self.limits.handshake).is_some_and(|deadline| deadline <= now) {
                self.dismiss(place);
                continue;
            }
            client.server.handle_timeout(ticks);
            if !client.server.unsent().is_empty() {
                self.enlist(place);
            }
        }
    }

    /// Whether time matters to any client.
    fn has_deadlines(&self) -> bool {
        self.limits.handshake.is_some() || self.profile.events.iter().any(|policy| policy.interval != 0)
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("address", &self.address).field("clients", &self.taken).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
