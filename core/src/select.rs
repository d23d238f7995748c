//! Replies larger than the buffer: what is wanted of them, and what stays.
//!
//! In: what the caller wants, as paths, and a message as it arrives. Out: the same message in the same buffer, with only that in it:
//! a smaller, valid JSON text for the stages that come after.

mod filter;
mod path;

pub use path::{Selection, SelectionError};

use crate::scan::{Progress, Scanner};
use filter::Filter;

/// A [`Selection`] at work: what is known of the message that is arriving.
///
/// Made for one command, or for one stream; 160 bytes or so.
#[derive(Clone, Debug)]
pub struct Select<'s> {
    selection: &'s Selection<'s>,
    filter: Filter,
    /// How much of the open message has been read; `None` while there is none that is being filtered.
    taken: Option<u64>,
}

impl<'s> Select<'s> {
    /// Messages come with only the selected parts in them.
    pub const fn new(selection: &'s Selection<'s>) -> Self {
        Self { selection, filter: Filter::new(), taken: None }
    }

    /// Whether the open message, of which so much has been read, has been filtered so far.
    pub(crate) fn is_open(&self, taken: u64) -> bool {
        self.taken == Some(taken)
    }

    /// A message's brace was read.
    pub(crate) fn begin(&mut self) {
        self.filter.begin(self.selection.all());
    }

    /// So much of the message has been read; it goes on.
    pub(crate) fn pause(&mut self, taken: u64) {
        self.taken = Some(taken);
    }

    /// No message is being filtered.
    pub(crate) fn stop(&mut self) {
        self.taken = None;
    }

    /// Where what is kept of the message ends.
    pub(crate) fn out(&self) -> usize {
        self.filter.out()
    }

    /// See [`Filter::run`].
    pub(crate) fn run(
        &mut self,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        from: usize,
    ) -> (usize, Progress) {
        self.filter.run(self.selection, scanner, text, length, from)
    }

    /// See [`Filter::settle`].
    pub(crate) fn settle(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        self.filter.settle(scanner, text, at)
    }
}
