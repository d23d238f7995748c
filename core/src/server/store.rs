//! The requests that are not answered yet: ids, and whole requests that wait for an earlier one.
//!
//! All of it lies in one slice: entries one after the other from its start, each four bytes of head and its text, and
//! at its end the id of the out-of-band command that is running. The first entry is the in-band command that is
//! running, if one is.

use crate::bytes::{copy, move_down};
use crate::encode::{EncodeError, Writer};
use crate::json::Json;

/// What an entry's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// The id of the running command; empty if it has none.
    Id,
    /// A whole request, running or waiting.
    Request,
    /// A reply that waits for its turn.
    Reply,
}

/// What is in the slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Store {
    /// Bytes of the entries.
    used: usize,
    /// Their number.
    entries: u8,
    /// The length of the id at the end.
    outside: usize,
}

/// Bytes before an entry's text: its length, and above that its kind.
const HEAD: usize = 4;

impl Store {
    pub(super) const fn new() -> Self {
        Self { used: 0, entries: 0, outside: 0 }
    }

    /// How many entries there are.
    pub(super) fn entries(self) -> u8 {
        self.entries
    }

    /// Whether `id` could be kept in a slice of length `store` if nothing else were: with out-of-band execution together with one
    /// of the same length, lest a command wait for the one that it is to overtake.
    pub(super) fn could_hold(id: Option<Json<'_>>, oob: bool, store: usize) -> bool {
        let length = id.map_or(0, |id| id.text().len());
        length.saturating_add(if oob { length } else { 0 }).saturating_add(HEAD) <= store
    }

    /// The first entry.
    pub(super) fn first(self, store: &[u8]) -> Option<(Entry, &[u8])> {
        let (head, rest) = store.get(..self.used)?.split_first_chunk::<HEAD>()?;
        let head = u32::from_le_bytes(*head);
        let kind = match head >> 30 {
            0 => Entry::Id,
            1 => Entry::Request,
            _ => Entry::Reply,
        };
        Some((kind, rest.get(..(head & LENGTH) as usize)?))
    }

    /// Adds an entry behind the others. Whether there was room.
    pub(super) fn push(&mut self, store: &mut [u8], kind: Entry, text: &[u8]) -> bool {
        let Some(place) = self.free(store).and_then(|free| free.get_mut(HEAD..)) else { return false };
        let Some(place) = place.get_mut(..text.len()) else { return false };
        copy(place, text);
        self.close(store, kind, text.len())
    }

    /// Adds a reply that is written where it will lie.
    pub(super) fn push_reply(&mut self, store: &mut [u8], write: &mut dyn FnMut(&mut Writer<'_>)) -> bool {
        let Some(place) = self.free(store).and_then(|free| free.get_mut(HEAD..)) else { return false };
        let mut writer = Writer::new(place);
        write(&mut writer);
        let length: Result<usize, EncodeError> = writer.complete();
        length.is_ok_and(|length| self.close(store, Entry::Reply, length))
    }

    /// Removes the first entry.
    pub(super) fn pop(&mut self, store: &mut [u8]) {
        let Some((_, text)) = self.first(store) else { return };
        let gone = text.len().saturating_add(HEAD);
        self.used = self.used.saturating_sub(gone);
        move_down(store, gone, 0, self.used);
        self.entries = self.entries.saturating_sub(1);
    }

    /// Keeps the id of an out-of-band command. Whether there was room.
    pub(super) fn keep_outside(&mut self, store: &mut [u8], id: Option<Json<'_>>) -> bool {
        let text = id.map_or(&[][..], Json::text);
        let Some(start) = store.len().checked_sub(text.len()).filter(|start| *start >= self.used) else { return false };
        let Some(place) = store.get_mut(start..) else { return false };
        copy(place, text);
        self.outside = text.len();
        true
    }

    /// The id of the running command.
    pub(super) fn id(self, store: &[u8], oob: bool) -> Option<Json<'_>> {
        let text = if oob {
            store.get(store.len().saturating_sub(self.outside)..)?
        } else {
            match self.first(store)? {
                (Entry::Request, text) => return Json::new(text).member("id"),
                (_, text) => text,
            }
        };
        (!text.is_empty()).then(|| Json::new(text))
    }

    fn free(self, store: &mut [u8]) -> Option<&mut [u8]> {
        store.get_mut(self.used..)
    }

    /// An entry's text has been written: its head.
    fn close(&mut self, store: &mut [u8], kind: Entry, length: usize) -> bool {
        let kind = match kind {
            Entry::Id => 0,
            Entry::Request => 1,
            Entry::Reply => 2,
        };
        let (Ok(length), Some(place)) = (u32::try_from(length), self.free(store)) else { return false };
        let Some(head) = place.first_chunk_mut::<HEAD>().filter(|_| length <= LENGTH) else { return false };
        *head = (kind << 30 | length).to_le_bytes();
        self.used = self.used.saturating_add(HEAD).saturating_add(length as usize);
        self.entries = self.entries.saturating_add(1);
        true
    }
}

/// The bits of an entry's head that are its length.
const LENGTH: u32 = (1 << 30) - 1;
