//! How much memory and patience a monitor has for its clients.

use std::time::Duration;

use crate::options::RECEIVE_LEAST;

/// How much a [`Monitor`](super::Monitor) takes upon itself. Times the number of clients, it is the memory that the monitor needs.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How many clients are served at once, from 1 to 65,536. Further ones are connected by the system, and wait for their greeting
    /// until one has left. By default 1, as in QEMU.
    pub clients: usize,
    /// Bytes. The longest request, 128 or more (less is taken as 128); 64 KiB by default.
    pub receive: usize,
    /// Bytes. The longest reply, or twice the longest event; 512 or more, 64 KiB by default.
    pub transmit: usize,
    /// Bytes. The longest id with four more; with out-of-band execution twice the longest id with four more, and the requests that
    /// wait for an earlier one. 32 or more. 16 KiB.
    pub waiting: usize,
    /// How long a client may take to negotiate before it is disconnected. By default `None`, as in QEMU: for ever.
    pub handshake: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { clients: 1, receive: 64 << 10, transmit: 64 << 10, waiting: 16 << 10, handshake: None }
    }
}

/// Bytes. The least of each buffer: a greeting and short requests fit.
const TRANSMIT_LEAST: usize = 512;
const WAITING_LEAST: usize = 32;

impl Limits {
    /// As near to these as a client can be served with.
    pub(super) fn sane(self) -> Self {
        Self {
            clients: self.clients.clamp(1, 1 << 16),
            receive: self.receive.max(RECEIVE_LEAST),
            transmit: self.transmit.max(TRANSMIT_LEAST),
            waiting: self.waiting.max(WAITING_LEAST),
            ..self
        }
    }
}
