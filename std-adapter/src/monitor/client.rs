//! One client of a monitor: its connection, and what it may do when it is its turn.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

use mio::event::Event;
use qmp_core::{CommandEntry, NEVER, Profile};

use super::listener::Stream;
use super::{Limits, Server};

/// How often in a turn a client's requests are looked at: then it is the next one's turn.
const SHARE: usize = 16;

/// A place for a client. Its memory stays when the client leaves.
pub(super) struct Client {
    pub(super) server: Server,
    /// The number of the connection, another for each.
    pub(super) number: u32,
    stream: Option<Stream>,
    since: Instant,
    /// Whether reading, and writing, may succeed: so until it did not, and then once the system has said so.
    readable: bool,
    writable: bool,
    /// The client sends no more.
    ended: bool,
    /// It hears no more.
    gone: bool,
    /// It has been told that nothing more will come.
    shut: bool,
    /// It is among those that have something to do.
    enlisted: bool,
}

/// How a turn ended.
pub(super) enum Turn {
    /// Nothing can be done before the system says so.
    Idle,
    /// There is more to do.
    Busy,
    /// The connection has ended.
    Over,
}

impl Client {
    /// The place with this number, empty.
    pub(super) fn new(profile: Profile, limits: &Limits, place: u32) -> Self {
        let buffer = |length| vec![0; length].into_boxed_slice();
        let server = Server::new(profile, buffer(limits.receive), buffer(limits.transmit), buffer(limits.waiting));
        Self {
            server,
            number: place,
            stream: None,
            since: Instant::now(),
            readable: false,
            writable: false,
            ended: false,
            gone: false,
            shut: false,
            enlisted: false,
        }
    }

    /// A client comes. Its connection's number is the last one's and `stride`.
    pub(super) fn begin(&mut self, stream: Stream, stride: u32) {
        self.number = self.number.wrapping_add(stride);
        self.server.reset();
        self.server.set_connection(self.number);
        self.stream = Some(stream);
        self.since = Instant::now();
        (self.readable, self.writable) = (true, true);
        (self.ended, self.gone, self.shut) = (false, false, false);
    }

    /// The client leaves: its connection, to be closed.
    pub(super) fn end(&mut self) -> Option<Stream> {
        self.stream.take()
    }

    pub(super) fn is_connected(&self) -> bool {
        self.stream.is_some()
    }

    /// Until when it may take to negotiate.
    pub(super) fn deadline(&self, handshake: Option<Duration>) -> Option<Instant> {
        let handshake = handshake.filter(|_| !self.server.is_ready())?;
        self.since.checked_add(handshake)
    }

    /// The system says what can be done.
    pub(super) fn note(&mut self, event: &Event) {
        self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
        self.gone |= event.is_write_closed() || event.is_error();
        self.writable |= event.is_writable() || event.is_write_closed() || event.is_error();
    }

    /// Notes that it has something to do. Whether that is news.
    pub(super) fn enlist(&mut self) -> bool {
        !std::mem::replace(&mut self.enlisted, true)
    }

    /// Reads, runs commands and writes, as far as that goes now and is fair.
    pub(super) fn turn<A>(&mut self, commands: &[CommandEntry<A>], application: &mut A) -> Turn {
        self.enlisted = false;
        if !self.is_connected() {
            return Turn::Idle;
        }
        for _ in 0..SHARE {
            self.server.dispatch(commands, application);
            let Ok(written) = self.write() else { return Turn::Over };
            let Ok(read) = self.read() else { return Turn::Over };
            if !written && !read {
                // All that had come before the end has been dealt with, or is not going to be: nobody waits for what is deferred.
                let over =
                    self.ended && self.server.unsent().is_empty() || self.gone && self.server.window().is_empty();
                return if over { Turn::Over } else { Turn::Idle };
            }
        }
        Turn::Busy
    }

    /// The monitor is being closed: sends what is still to be sent, then waits for the client to leave.
    pub(super) fn part(&mut self) -> Turn {
        self.enlisted = false;
        loop {
            // Nothing comes after what is kept: it need not wait for its time, only for room.
            self.server.handle_timeout(NEVER);
            match self.write() {
                Ok(true) => {}
                Ok(false) => break,
                Err(_) => return Turn::Over,
            }
        }
        let Some(stream) = &mut self.stream else { return Turn::Over };
        if self.server.unsent().is_empty() && !self.shut {
            self.shut = true;
            if stream.shut_down().is_err() {
                return Turn::Over;
            }
        }
        // What is left unread would make the system break the connection, and perhaps lose what was sent last.
        let mut litter = [0; 4096];
        for _ in 0..SHARE {
            match stream.read(&mut litter) {
                Ok(0) => return Turn::Over,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Turn::Idle,
                Err(_) => return Turn::Over,
            }
        }
        Turn::Busy
    }

    /// Sends what the client takes. Whether it took any.
    fn write(&mut self) -> io::Result<bool> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        let mut any = false;
        while self.writable && !self.server.unsent().is_empty() {
            match stream.write(self.server.unsent()) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    self.server.sent(sent);
                    any = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.writable = false,
                Err(error) => return Err(error),
            }
        }
        Ok(any)
    }

    /// Reads once, if there is room. Whether anything came.
    fn read(&mut self) -> io::Result<bool> {
        let Some(stream) = &mut self.stream else { return Err(ErrorKind::NotConnected.into()) };
        let window = self.server.window();
        if window.is_empty() || !self.readable || self.ended {
            return Ok(false);
        }
        match stream.read(window) {
            Ok(0) => self.ended = true,
            Ok(read) => {
                self.server.commit(read).map_err(io::Error::other)?;
                return Ok(true);
            }
            // The next attempt is made in the next turn.
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.readable = false,
            Err(error) => return Err(error),
        }
        Ok(false)
    }
}
