//! A connected socket as the core's driver wants it: `embedded_io` traits, and reads that come back in time.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::address::Address;
use crate::telnet::{Filter, IAC};
use crate::time::after;

/// How long a read or write waits where no later deadline is set.
const TICK: Duration = Duration::from_millis(20);

/// A connection to a server: a socket, or the stdin and stdout of a child process.
///
/// A read that has waited long enough fails with [`ErrorKind::TimedOut`], which tells a [`qmp_core::Connection`] to check its
/// deadlines and go on. That is after 20 milliseconds, or at the [deadline](Self::set_deadline).
#[derive(Debug)]
pub struct Transport {
    socket: Socket,
    deadline: Option<Instant>,
    /// The socket's own read timeout.
    limit: Duration,
    /// The last read waited for all of `limit`.
    idle: bool,
    telnet: Option<Telnet>,
    received: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Telnet {
    filter: Filter,
    /// One half of a doubled 0xFF has been sent.
    half: bool,
}

impl Transport {
    /// Connects within `timeout`, looking up the host's name and trying all of its addresses included.
    ///
    /// A unix socket whose queue is full is waited for as long. A look-up that time has run out for goes on in a thread of its own
    /// until the system gives up.
    ///
    /// # Errors
    /// Those of the system; [`ErrorKind::TimedOut`] when time ran out.
    pub fn connect(address: &Address, timeout: Duration) -> io::Result<Self> {
        Self::connect_with(address, timeout, &mut Lookup::default())
    }

    /// As [`connect`](Self::connect), with what is left of the last attempt to connect to this address.
    pub(crate) fn connect_with(address: &Address, timeout: Duration, lookup: &mut Lookup) -> io::Result<Self> {
        let deadline = after(timeout);
        match address {
            Address::Unix(path) => Self::new(connect_unix(path, deadline)?, false),
            Address::Tcp { host, port } => Self::new(connect_tcp(host, *port, deadline, lookup)?, false),
            Address::Telnet { host, port } => Self::new(connect_tcp(host, *port, deadline, lookup)?, true),
        }
    }

    /// Starts `command` with its stdin and stdout connected to the transport. Its stderr is left as `command` has it.
    ///
    /// # Errors
    /// Those of the system.
    #[cfg(unix)]
    pub fn spawn(mut command: std::process::Command) -> io::Result<(Self, std::process::Child)> {
        use std::os::fd::OwnedFd;
        use std::os::unix::net::UnixStream;

        // Not pipes: a socket has timeouts, and one of it serves both directions.
        let (ours, theirs) = UnixStream::pair()?;
        let transport = Self::new(OwnedFd::from(ours).into(), false)?;
        let stdin = OwnedFd::from(theirs.try_clone()?);
        let stdout = OwnedFd::from(theirs);
        let child = command.stdin(stdin).stdout(stdout).spawn()?;
        // `command` is dropped here, and with it our copies of the child's ends: its exit must end the stream.
        Ok((transport, child))
    }

    fn new(socket: Socket, telnet: bool) -> io::Result<Self> {
        socket.set_read_timeout(Some(TICK))?;
        socket.set_write_timeout(Some(TICK))?;
        Ok(Self {
            socket,
            deadline: None,
            limit: TICK,
            idle: false,
            telnet: telnet.then(Telnet::default),
            received: Arc::default(),
        })
    }

    /// Reads may wait until then. Once it has passed, or without one, they come back every 20 milliseconds.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        self.deadline = deadline;
    }

    /// Bytes read so far, counted where one can look while the transport is in use.
    pub(crate) fn received(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.received)
    }

    /// Sets the socket's timeout to the time that is left. As that would cost a system call for each read, a timeout that is
    /// up to an eighth too long is left as it is, and one that is too short until it has made a read come back early.
    fn arm(&mut self) -> io::Result<()> {
        let left = self.deadline.and_then(|deadline| deadline.checked_duration_since(Instant::now()));
        let left = left.filter(|left| !left.is_zero()).unwrap_or(TICK).max(Duration::from_millis(1));
        let early = self.idle && self.limit < left;
        if early || self.limit > left + left / 8 {
            self.socket.set_read_timeout(Some(left))?;
            self.limit = left;
        }
        self.idle = false;
        Ok(())
    }
}

impl embedded_io::ErrorType for Transport {
    type Error = io::Error;
}

impl embedded_io::Read for Transport {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        self.arm()?;
        let read = self.socket.read(to).or_else(ended).map_err(timed_out);
        self.idle = matches!(&read, Err(error) if error.kind() == ErrorKind::TimedOut);
        let read = read?;
        self.received.fetch_add(read as u64, Ordering::Relaxed);
        match &mut self.telnet {
            // All of it was telnet's own; `Ok(0)` would be the end of the stream.
            Some(telnet) if read != 0 => match telnet.filter.strip(&mut to[..read]) {
                0 => Err(ErrorKind::Interrupted.into()),
                kept => Ok(kept),
            },
            _ => Ok(read),
        }
    }
}

impl embedded_io::Write for Transport {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(telnet) = &mut self.telnet else {
            return self.socket.write(bytes).map_err(timed_out);
        };
        match bytes.iter().position(|byte| *byte == IAC).unwrap_or(bytes.len()) {
            0 if !bytes.is_empty() => {
                let rest = if telnet.half { 1 } else { 2 };
                let sent = self.socket.write(&[IAC; 2][..rest]).map_err(timed_out)?;
                telnet.half = sent != 0 && sent < rest;
                match sent {
                    0 => Ok(0),
                    _ if telnet.half => Err(ErrorKind::Interrupted.into()),
                    _ => Ok(1),
                }
            }
            plain => self.socket.write(&bytes[..plain]).map_err(timed_out),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.socket.flush()
    }
}

/// A server that exits before it has read all that it was sent, be it the line feed after `quit`, resets the connection. What it
/// said before has been read by then: it is an end like any other.
fn ended(error: io::Error) -> io::Result<usize> {
    if error.kind() == ErrorKind::ConnectionReset { Ok(0) } else { Err(error) }
}

/// A socket's timeout shows as `WouldBlock`.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}

/// The time left, never zero.
fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn connect_unix(path: &Path, deadline: Instant) -> io::Result<Socket> {
    let address = SockAddr::unix(path)?;
    loop {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // On Linux this is also how long `connect` waits for a place in the listener's queue. Less than a microsecond would be
        // for ever.
        socket.set_write_timeout(Some(left(deadline)?.max(Duration::from_millis(1))))?;
        match socket.connect(&address) {
            // A signal, or a process or machine that was stopped for a while: it has left the queue.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result.map(|()| socket).map_err(timed_out),
        }
    }
}

/// Tries every address of `host`. Each gets its share of the time that is left, so that one that never answers does not take it
/// from the next.
fn connect_tcp(host: &str, port: u16, deadline: Instant, lookup: &mut Lookup) -> io::Result<Socket> {
    let addresses = match host.parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) => lookup.wait(deadline, || (host.to_owned(), port))?,
    };
    let mut result = Err(io::Error::new(ErrorKind::NotFound, "the host has no address"));
    for (tried, address) in addresses.iter().enumerate() {
        let share = left(deadline)? / (addresses.len() - tried) as u32;
        result = connect_one(*address, share);
        if result.is_ok() {
            break;
        }
    }
    result
}

fn connect_one(address: SocketAddr, timeout: Duration) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.connect_timeout(&address.into(), timeout.max(Duration::from_millis(1)))?;
    // Commands are small, and each is waited for.
    socket.set_tcp_nodelay(true)?;
    Ok(socket)
}

type Addresses = io::Result<Vec<SocketAddr>>;

/// The look-up of a name that hangs, if one does: there is never a second one beside it.
#[derive(Debug, Default)]
pub(crate) struct Lookup(Mutex<Option<Receiver<Addresses>>>);

impl Lookup {
    /// The addresses of `host`, which is the same one each time.
    fn wait<H: ToSocketAddrs + Send + 'static>(&mut self, deadline: Instant, host: impl FnOnce() -> H) -> Addresses {
        let left = left(deadline)?;
        let hanging = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        let receiver = match hanging.take() {
            Some(receiver) if matches!(receiver.try_recv(), Err(TryRecvError::Empty)) => receiver,
            // None hangs. What a look-up of an earlier attempt has found may be out of date by now.
            _ => {
                // The system's look-up has no time limit of its own. A thread that comes too late finds nobody listening.
                let (sender, receiver) = mpsc::sync_channel(1);
                let host = host();
                thread::Builder::new().name("qmp-resolve".into()).spawn(move || {
                    let _ = sender.send(host.to_socket_addrs().map(Iterator::collect));
                })?;
                receiver
            }
        };
        match receiver.recv_timeout(left) {
            Ok(addresses) => addresses,
            Err(RecvTimeoutError::Timeout) => {
                *hanging = Some(receiver);
                Err(ErrorKind::TimedOut.into())
            }
            Err(RecvTimeoutError::Disconnected) => Err(io::Error::other("the look-up of the host's name has failed")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::IntoIter;

    use super::*;

    /// A name whose look-up takes until it is told to go on.
    struct Slow(Receiver<()>);

    impl ToSocketAddrs for Slow {
        type Iter = IntoIter<SocketAddr>;

        fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
            let _ = self.0.recv();
            Ok(vec![([127, 0, 0, 1], 1).into()].into_iter())
        }
    }

    #[test]
    fn a_look_up_that_hangs_is_waited_for_again_and_not_doubled() {
        let mut lookup = Lookup::default();
        let (go, wait) = mpsc::channel();
        let soon = || after(Duration::from_millis(10));
        let error = lookup.wait(soon(), || Slow(wait)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let second = || -> Slow { panic!("a second look-up") };
        assert_eq!(lookup.wait(soon(), second).unwrap_err().kind(), ErrorKind::TimedOut);
        let later = thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            go.send(()).unwrap();
        });
        assert_eq!(lookup.wait(after(Duration::from_secs(20)), second).unwrap().len(), 1);
        later.join().unwrap();
        // It is over: the next one is new.
        let fresh = lookup.wait(after(Duration::from_secs(20)), || SocketAddr::from(([127, 0, 0, 1], 2))).unwrap();
        assert_eq!(fresh[0].port(), 2);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn next_to_no_time_for_a_unix_socket_is_not_for_ever() {
        let path = std::env::temp_dir().join(format!("qmp-full-{}", std::process::id()));
        let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        listener.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        listener.listen(1).unwrap();
        let address = Address::Unix(path.clone());
        // Until the listener's queue is full.
        let mut waiting = Vec::new();
        while let Ok(transport) = Transport::connect(&address, Duration::from_millis(10)) {
            waiting.push(transport);
        }
        for nanoseconds in [100, 400, 999, 5_000] {
            let error = Transport::connect(&address, Duration::from_nanos(nanoseconds)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TimedOut);
        }
        std::fs::remove_file(path).unwrap();
    }
}
