//! How a session begins, on a first connection and on every other one.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use qmp_core::{Client, Clock, Connection, Dialect, Incoming, Phase, Settings};

use super::Session;
use super::inbox::Inbox;
use crate::address::Address;
use crate::error::{Error, Refusal};
use crate::options::{Options, RECEIVE_LEAST, dial};
use crate::time::{self, Leaping, Monotonic, ticks};
use crate::transport::{Lookup, Transport};

/// The pauses between attempts to reconnect: the first, and the most.
const PAUSE_FIRST: Duration = Duration::from_millis(20);
const PAUSE_MOST: Duration = Duration::from_secs(2);

/// A guest agent that does not answer is asked again after a fifth of the time that it has, but not sooner and not later than this.
const SYNC_LEAST: Duration = Duration::from_millis(50);
const SYNC_MOST: Duration = Duration::from_secs(1);

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
        let inbox = Inbox::new(options.events, options.observe);
        let lookup = Lookup::default();
        let mut session = Self { connection, inbox, options, address, lookup, clock, limit, received };
        session.handshake(session.options.handshake)?;
        Ok(session)
    }

    /// Connects to the same address again, until it succeeds or `timeout` has passed, which covers the handshake too, with longer and
    /// longer pauses. For a server that was restarted, or a link that was lost.
    ///
    /// It is a new session: a command that was under way has ended as [`Error::ConnectionLost`], and its reply, should the server
    /// still send it to the new connection, is recognised and dropped. Events that were queued stay so;
    /// [`Notice::Reconnected`](crate::Notice::Reconnected) stands between them and those of the new connection.
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

    pub(super) fn handshake(&mut self, timeout: Duration) -> Result<(), Error> {
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
}
