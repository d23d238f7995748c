//! What a server hands out, and what it says to its application.

use core::fmt;

use crate::encode::EncodeError;
use crate::message::Request;

/// A command that is being run, to be answered once. It stays good across calls of [`poll`](crate::Server::poll), for
/// commands that finish later, and is refused once it has been answered or its connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Call {
    pub(super) serial: u32,
    pub(super) connection: u32,
    pub(super) oob: bool,
}

impl Call {
    /// The number that was given to [`Server::set_connection`](crate::Server::set_connection): whose command it is,
    /// in a program with many connections. 0 where none was given.
    pub const fn connection(self) -> u32 {
        self.connection
    }

    /// The call in numbers, for a program that keeps it outside Rust.
    pub const fn to_words(self) -> [u32; 3] {
        [self.serial, self.connection, self.oob as u32]
    }

    /// The call that is these numbers. One that was never given out is refused as one that was answered.
    pub const fn from_words(words: [u32; 3]) -> Self {
        let [serial, connection, oob] = words;
        Self { serial, connection, oob: oob != 0 }
    }
}

/// What comes out of a server. Lent from its buffers until the next call on the server.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Inbound<'a> {
    /// The negotiation is complete: commands and events from now on.
    Ready {
        /// Whether out-of-band execution is on.
        oob: bool,
    },
    /// A command is to be run and then answered. Its name and arguments are as the client sent them.
    Request {
        /// The command.
        request: Request<'a>,
        /// What it is answered by.
        call: Call,
    },
    /// The server has answered some input by itself: what is no request with an error, the guest agent's `guest-sync`
    /// as asked.
    Answered,
}

/// Why a reply was not accepted. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ReplyError {
    /// The command is not being run: it was answered, or its connection has ended.
    Closed,
    /// There is no room now: send what is unsent, and if nothing is answer the command out of band, then reply again.
    Busy,
    /// All is sent, and there is no room yet: it is larger than the transmit buffer; out of band, while a command in band is being run,
    /// than half of it less the events that are kept there, which are a quarter of it at most. Answer with an error instead.
    TooLarge,
    /// It is not one JSON value. Answer otherwise.
    Invalid(EncodeError),
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("no such command is being run"),
            Self::Busy => f.write_str("no room for the reply before more has been sent"),
            Self::TooLarge => f.write_str("reply too large for the transmit buffer"),
            Self::Invalid(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl core::error::Error for ReplyError {}
