//! The places that clients take and leave.

use std::io;
use std::time::Instant;

use mio::{Interest, Token};

use super::client::Client;
use super::{FIRST, Monitor, PAUSE, listener};
use crate::time::after;

impl Monitor {
    /// Takes in clients that wait for a place.
    pub(super) fn admit(&mut self) {
        if self.pause.is_some_and(|pause| pause > Instant::now()) {
            return;
        }
        self.pause = None;
        while self.knocking && self.has_room() {
            match self.listener.accept() {
                Ok(stream) => {
                    // A connection that the system does not take in ends here.
                    let _ = self.seat(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.knocking = false,
                Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted) => {
                }
                // Too many open files, most likely.
                Err(_) => {
                    self.pause = Some(after(PAUSE));
                    return;
                }
            }
        }
    }

    /// Gives a client a place.
    fn seat(&mut self, mut stream: listener::Stream) -> io::Result<()> {
        let free = self.clients.iter().position(|client| !client.is_connected());
        let place = free.unwrap_or(self.clients.len());
        self.poll.registry().register(&mut stream, Token(place + FIRST), Interest::READABLE | Interest::WRITABLE)?;
        if place == self.clients.len() {
            self.clients.push(Client::new(self.profile, &self.limits, place as u32));
        }
        let stride = self.stride() as u32;
        self.clients[place].begin(stream, stride);
        self.taken += 1;
        self.enlist(place);
        Ok(())
    }

    /// Ends the connection at a place.
    pub(super) fn dismiss(&mut self, place: usize) {
        if let Some(mut stream) = self.clients[place].end() {
            // It is closed all the same.
            let _ = self.poll.registry().deregister(&mut stream);
            self.taken -= 1;
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.taken < self.limits.clients
    }

    /// How far the numbers of two connections at the same place are apart: a power of two, lest they mix when they begin again.
    pub(super) fn stride(&self) -> usize {
        self.limits.clients.next_power_of_two()
    }

    pub(super) fn enlist(&mut self, place: usize) {
        if self.clients[place].enlist() {
            self.busy.push_back(place);
        }
    }
}
