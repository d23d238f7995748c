//! Replies larger than the buffer: what is wanted of them, and how it is delivered.
//!
//! In: what the caller wants, as paths, and a message as it arrives. Out: the same message in the same buffer, with only that in it:
//! a smaller, valid JSON text for the stages that come after. Or, where even that is too large, the elements of one array or the
//! characters of one string, part by part.

mod filter;
mod part;
mod path;
mod piece;
mod watch;

pub(crate) use part::Note;
pub use part::{Counts, Part};
pub use path::{Selection, SelectionError};

use crate::client::Head;
use crate::scan::{Progress, Scanner};
use filter::Filter;

/// A [`Selection`] at work: what is known of the message that is arriving, and how what is selected is delivered.
///
/// Made for one command, or for one stream. It has no buffer of its own.
#[derive(Clone, Debug)]
pub struct Select<'s> {
    selection: &'s Selection<'s>,
    filter: Filter,
    /// How much of the open message has been read; `None` while there is none that is being filtered.
    taken: Option<usize>,
    /// What comes after the end of a delivery.
    pub(crate) due: Option<Head>,
}

impl<'s> Select<'s> {
    /// Messages come whole, with only the selected parts in them.
    pub const fn new(selection: &'s Selection<'s>) -> Self {
        Self { selection, filter: Filter::new(), taken: None, due: None }
    }

    /// The elements of one array come one by one: [`Part::Begin`], a [`Part::Element`] or [`Part::Oversized`] for each, [`Part::End`], and
    /// then the reply without them. All that has to fit the buffer is one of them, with only the selected parts in it.
    ///
    /// # Errors
    /// [`SelectionError::Delivery`] unless all paths lead through the same array first, as `return[*].device` and
    /// `return[*].inserted.file` do.
    pub fn elements(selection: &'s Selection<'s>) -> Result<Self, SelectionError> {
        let mut select = Self::new(selection);
        select.filter.array = selection.array().ok_or(SelectionError::Delivery)?;
        Ok(select)
    }

    /// One string comes decoded, piece by piece: [`Part::Begin`], [`Part::Piece`] as often as it takes, [`Part::End`], and then the
    /// reply with an empty string in its place. A value that is no string is left in the reply.
    ///
    /// # Errors
    /// [`SelectionError::Delivery`] unless there is one path, to one value, as `return` or `return.buf-b64`.
    pub fn pieces(selection: &'s Selection<'s>) -> Result<Self, SelectionError> {
        if !selection.is_one() {
            return Err(SelectionError::Delivery);
        }
        let mut select = Self::new(selection);
        select.filter.pieces = true;
        Ok(select)
    }

    /// Whether the open message, of which so much has been read, has been filtered so far.
    pub(crate) fn is_open(&self, taken: usize) -> bool {
        self.taken == Some(taken)
    }

    /// A message's brace was read.
    pub(crate) fn begin(&mut self) {
        self.filter.begin(self.selection.all());
    }

    /// So much of the message has been read; it goes on.
    pub(crate) fn pause(&mut self, taken: usize) {
        self.taken = Some(taken);
    }

    /// No message is being filtered.
    pub(crate) fn stop(&mut self) {
        self.taken = None;
    }

    /// For the next command.
    pub(crate) fn reset(&mut self) {
        self.taken = None;
        self.due = None;
        self.filter.begun = false;
    }

    /// Where what is kept of the message ends.
    pub(crate) fn out(&self) -> usize {
        self.filter.out()
    }

    /// Whether something of the message was selected that did not fit.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.filter.incomplete
    }

    /// If a delivery has begun: what has been delivered. It is over.
    pub(crate) fn end(&mut self) -> Option<Counts> {
        core::mem::take(&mut self.filter.begun).then_some(self.filter.counts)
    }

    /// See [`Filter::run`].
    pub(crate) fn run(
        &mut self,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        from: usize,
    ) -> (usize, Progress, Option<Note>) {
        self.filter.run(self.selection, scanner, text, length, from)
    }

    /// See [`Filter::settle`].
    pub(crate) fn settle(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        self.filter.settle(scanner, text, at)
    }

    /// See [`Filter::shed`].
    pub(crate) fn shed(&mut self, text: &mut [u8]) -> (bool, Option<Note>) {
        self.filter.shed(text)
    }
}
