//! What a session is to be like.

use std::time::Duration;

use qmp_core::{Dialect, Incoming};

use crate::address::Address;
use crate::error::Error;
use crate::session::Session;
use crate::transport::{Lookup, Transport};

/// The smallest receive buffer.
pub(crate) const RECEIVE_LEAST: usize = 128;

/// How a session is made. [`connect`](crate::connect) takes the default.
///
/// ```no_run
/// use std::time::Duration;
/// use qmp_std_adapter::Options;
///
/// let options = Options { command: Duration::from_secs(60), oob: true, ..Options::default() };
/// let mut vm = options.connect("tcp:localhost:4444")?;
/// # Ok::<(), qmp_std_adapter::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// What the server speaks; QMP by default.
    ///
    /// A guest agent neither greets nor negotiates: the session begins by [synchronising](Session::synchronise), and has no events.
    pub dialect: Dialect,
    /// How long making the connection may take, the look-up of the host's name and all of its addresses together; 5 s by default.
    ///
    /// The system's look-up cannot be ended: one that takes longer goes on in a thread of its own until the system gives up.
    /// While it does, [`Session::reconnect`] waits for it rather than start another.
    pub connect: Duration,
    /// How long the greeting, and then the negotiation, may take, each; with a guest agent, how long it may take to answer at all; 5 s by default.
    pub handshake: Duration,
    /// How long a command may take; 30 s by default.
    pub command: Duration,
    /// Whether out-of-band execution is to be enabled where the server offers it; not by default.
    pub oob: bool,
    /// Bytes. The longest message that can be received, 128 or more (less is taken as 128); a longer one is discarded and reported. By default 1 MiB: the
    /// longest replies of QEMU 7.2 have 200 to 300 KiB. Memory that no message has needed is not touched.
    pub receive: usize,
    /// Bytes. The longest command that can be sent; 64 KiB by default.
    pub transmit: usize,
    /// Bytes. Room for events that have come and were not asked for, twice; by default 64 KiB, which is some 500 events.
    pub events: usize,
    /// Is shown at once all that arrives but the reply that is waited for: events, which are queued all the same, bytes that are
    /// no message, and messages that belong to nothing. Does nothing by default.
    pub observe: fn(Incoming<'_>),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::Qmp,
            connect: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
            command: Duration::from_secs(30),
            oob: false,
            receive: 1 << 20,
            transmit: 64 << 10,
            events: 64 << 10,
            observe: |_| {},
        }
    }
}

impl Options {
    /// Connects to the monitor at `address`, which is an [`Address`] as text, and negotiates.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Connect`], and those of the handshake: [`Error::TimedOut`], [`Error::ConnectionLost`],
    /// [`Error::NegotiationRefused`].
    pub fn connect(&self, address: &str) -> Result<Session, Error> {
        let address: Address = address.parse()?;
        let transport = dial(&address, self.connect, &mut Lookup::default())?;
        Session::start(transport, Some(address), self.clone())
    }

    /// Starts a server whose monitor is its stdin and stdout, such as `qemu-system-x86_64 -qmp stdio`, and negotiates.
    ///
    /// Dropping the session closes the server's stdin, which does not end QEMU. The child is the caller's to wait for; where the
    /// handshake fails, it is killed and waited for here.
    ///
    /// # Errors
    /// [`Error::Spawn`], and those of the handshake as for [`connect`](Self::connect).
    #[cfg(unix)]
    pub fn spawn(&self, command: std::process::Command) -> Result<(Session, std::process::Child), Error> {
        let (transport, mut child) = Transport::spawn(command).map_err(Error::Spawn)?;
        match Session::start(transport, None, self.clone()) {
            Ok(session) => Ok((session, child)),
            Err(error) => {
                // It may have ended by itself, which is no error here.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }
}

pub(crate) fn dial(address: &Address, timeout: Duration, lookup: &mut Lookup) -> Result<Transport, Error> {
    Transport::connect_with(address, timeout, lookup)
        .map_err(|source| Error::Connect { address: address.clone(), source })
}
