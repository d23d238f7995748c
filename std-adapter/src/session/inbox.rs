//! What arrives while something else is waited for.

use std::mem;

use qmp_core::{Discarded, Incoming, Kind};

use crate::queue::Queue;

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

/// Where goes what arrives while something else is waited for.
pub(super) struct Inbox {
    pub(super) events: Queue,
    pub(super) counters: Counters,
    observe: fn(Incoming<'_>),
    /// A new connection is to be marked before its first event.
    pub(super) mark: bool,
}

impl Inbox {
    /// With room for so many bytes of events, and a look at all that arrives.
    pub(super) fn new(events: usize, observe: fn(Incoming<'_>)) -> Self {
        Self { events: Queue::new(events), counters: Counters::default(), observe, mark: false }
    }

    /// Takes what nobody waits for.
    pub(super) fn take(&mut self, incoming: Incoming<'_>) {
        self.note(incoming);
        match incoming {
            Incoming::Event(event) => {
                self.flush_mark();
                self.events.push(event);
            }
            Incoming::Discarded(Discarded::Oversized(message)) if message.kind() == Kind::Event => {
                self.flush_mark();
                self.events.lose();
            }
            _ => {}
        }
    }

    /// Counts and shows what has arrived.
    pub(super) fn note(&mut self, incoming: Incoming<'_>) {
        match incoming {
            Incoming::Event(_) => self.counters.events += 1,
            Incoming::Unmatched(_) => self.counters.unmatched += 1,
            Incoming::Discarded(_) => self.counters.discarded += 1,
            _ => {}
        }
        (self.observe)(incoming);
    }

    pub(super) fn flush_mark(&mut self) {
        if mem::take(&mut self.mark) {
            self.events.reconnected();
        }
    }
}
