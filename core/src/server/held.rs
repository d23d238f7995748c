//! Events that are to be sent later, and the intervals that are running.
//!
//! They lie at the end of the transmit buffer, the oldest first, at most a quarter of it: each a head of fixed length
//! and the event's data. An entry without an event says until when the next one of its name has to wait.

use crate::bytes::{move_down, move_up};
use crate::message::Timestamp;

/// The head of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The place of the event's policy in the profile.
    pub(super) policy: u8,
    /// Whether an event waits; otherwise only its interval runs.
    pub(super) pending: bool,
    /// When it may be sent, in ticks.
    pub(super) due: u64,
    pub(super) timestamp: Timestamp,
    length: u32,
}

/// Bytes of an entry's head.
const HEAD: usize = 32;

/// The entries at the end of the buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    used: usize,
}

impl Held {
    pub(super) const fn new() -> Self {
        Self { used: 0 }
    }

    /// Bytes at the end of the buffer that are not free.
    pub(super) fn used(self) -> usize {
        self.used
    }

    /// The entries: each with its place, which is good until one is added or removed.
    pub(super) fn entries(self, tx: &[u8]) -> impl Iterator<Item = (usize, Head)> {
        let mut at = tx.len().saturating_sub(self.used);
        core::iter::from_fn(move || {
            let head = read(tx.get(at..)?)?;
            let place = at;
            at = at.saturating_add(size(head));
            Some((place, head))
        })
    }

    /// The data of the entry at `place`.
    pub(super) fn data(self, tx: &[u8], place: usize) -> &[u8] {
        let entry = tx.get(place..).unwrap_or_default();
        let length = read(entry).map_or(0, |head| head.length as usize);
        entry.get(HEAD..HEAD.saturating_add(length)).unwrap_or_default()
    }

    /// Removes the entry at `place`.
    pub(super) fn remove(&mut self, tx: &mut [u8], place: usize) {
        let Some(head) = tx.get(place..).and_then(read) else { return };
        let length = size(head);
        let start = tx.len().saturating_sub(self.used);
        if start <= place && place.saturating_add(length) <= tx.len() {
            move_up(tx, start, start.saturating_add(length), place.saturating_sub(start));
            self.used = self.used.saturating_sub(length);
        }
    }

    /// Adds an entry with the data that lies at `from`, in the free part of the buffer, in place of the one at
    /// `replaced`. Nothing has changed if there was no room.
    pub(super) fn add(
        &mut self,
        tx: &mut [u8],
        head: Head,
        from: usize,
        length: usize,
        replaced: Option<usize>,
    ) -> bool {
        let total = HEAD.saturating_add(length);
        let gone = replaced.and_then(|place| read(tx.get(place..)?)).map_or(0, size);
        let used = self.used.saturating_sub(gone).saturating_add(total);
        // The data stays where it is until the others have made room.
        let most = tx.len().saturating_sub(used.max(self.used));
        let Ok(length) = u32::try_from(length) else { return false };
        if used > tx.len() / 4 || from.saturating_add(length as usize) > most {
            return false;
        }
        if let Some(place) = replaced {
            self.remove(tx, place);
        }
        let place = tx.len().saturating_sub(total);
        let (old, new) = (tx.len().saturating_sub(self.used), tx.len().saturating_sub(used));
        move_down(tx, old, new, self.used);
        move_up(tx, from, place.saturating_add(HEAD), length as usize);
        if let Some(to) = tx.get_mut(place..).and_then(|entry| entry.first_chunk_mut::<HEAD>()) {
            *to = encode(Head { length, ..head });
        }
        self.used = used;
        true
    }
}

/// Bytes of an entry.
fn size(head: Head) -> usize {
    HEAD.saturating_add(head.length as usize)
}

impl Head {
    pub(super) const fn new(policy: u8, pending: bool, due: u64, timestamp: Timestamp) -> Self {
        Self { policy, pending, due, timestamp, length: 0 }
    }
}

fn encode(head: Head) -> [u8; HEAD] {
    let mut bytes = [0; HEAD];
    let [policy, pending, _, _, rest @ ..] = &mut bytes;
    (*policy, *pending) = (head.policy, u8::from(head.pending));
    let words =
        [head.due.to_le_bytes(), head.timestamp.seconds.to_le_bytes(), head.timestamp.microseconds.to_le_bytes()];
    for (to, from) in rest.iter_mut().zip(head.length.to_le_bytes().iter().chain(words.as_flattened())) {
        *to = *from;
    }
    bytes
}

fn read(entry: &[u8]) -> Option<Head> {
    let ([policy, pending, _, _], rest) = entry.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (due, rest) = rest.split_first_chunk::<8>()?;
    let (seconds, rest) = rest.split_first_chunk::<8>()?;
    let (microseconds, _) = rest.split_first_chunk::<8>()?;
    Some(Head {
        policy: *policy,
        pending: *pending != 0,
        due: u64::from_le_bytes(*due),
        timestamp: Timestamp { seconds: i64::from_le_bytes(*seconds), microseconds: i64::from_le_bytes(*microseconds) },
        length: u32::from_le_bytes(*length),
    })
}
