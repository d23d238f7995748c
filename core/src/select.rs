//! Replies larger than the buffer: what is wanted of them, and how it is delivered.
//!
//! In: what the caller wants, as paths, and a message as it arrives. Out: the same message in the same buffer, with only that in it:
//! a smaller, valid JSON text for the stages that come after. Or, where even that is too large, the elements of one array or the
//! characters of one string, part by part.

#[cfg(target_pointer_width = "64")]
mod fast;
mod filter;
mod level;
mod part;
mod path;
mod piece;
mod room;
mod watch;

pub(crate) use part::Note;
pub use part::{Counts, Part};
pub use path::{Selection, SelectionError};

use crate::client::Head;
use level::{Fate, LEVELS, Level, NONE};
use piece::Piece;
use watch::Watch;

/// A [`Selection`] at work: what is known of the message that is arriving, and how what is selected is delivered.
///
/// Made for one command, or for one stream. It has no buffer of its own.
// Positions are bytes from the message's start.
#[derive(Clone, Debug)]
pub struct Select<'s> {
    selection: &'s Selection<'s>,
    /// How much of the open message has been read; 0 while there is none that is being filtered.
    taken: usize,
    /// What comes after the end of a delivery.
    pub(crate) due: Option<Head>,
    /// What is to be told, or was told last.
    pub(crate) note: Option<Note>,
    counts: Counts,
    /// The array whose elements are delivered one by one: the number of its level.
    array: u8,
    /// Whether the string that the path ends at is delivered piece by piece.
    pieces: bool,
    /// Whether [`Note::Begin`] was, and neither an end nor that it is abandoned.
    begun: bool,
    /// Whether a part was handed out: what stands from `gone` up to `rest` has to go.
    handed: bool,
    /// Whether the element that is being dropped was wanted.
    lost: bool,
    /// Whether an element that was wanted is missing in the message.
    incomplete: bool,
    /// Whether a path ends at the member whose value comes next.
    target: bool,
    /// Whether the fate of the element that comes next is known.
    known: bool,
    /// Whether a value is being read as a whole, kept or dropped.
    whole: bool,
    /// What is to be done with the value that comes next, or is being read.
    fate: Fate,
    piece: Piece,
    watch: Option<Watch>,
    /// The number of the innermost level; the message's own is 0.
    number: u8,
    level: Level,
    outer: [Level; LEVELS],
    gone: u32,
    rest: u32,
    /// Where the name or the value that is being read starts.
    token: u32,
    /// Where the last value of the message itself lies.
    start: u32,
    end: u32,
    /// What is kept ends here.
    out: u32,
}

impl<'s> Select<'s> {
    /// Messages come whole, with only the selected parts in them.
    pub const fn new(selection: &'s Selection<'s>) -> Self {
        Self {
            selection,
            taken: 0,
            due: None,
            note: None,
            counts: Counts { delivered: 0, dropped: 0, oversized: 0 },
            array: NONE,
            pieces: false,
            begun: false,
            handed: false,
            lost: false,
            incomplete: false,
            target: false,
            known: false,
            whole: false,
            fate: Fate::Keep,
            piece: Piece::No,
            watch: None,
            number: 0,
            level: Level::new(0),
            outer: [Level::new(0); LEVELS],
            gone: 0,
            rest: 0,
            token: 0,
            start: 0,
            end: 0,
            out: 0,
        }
    }

    /// The elements of one array come one by one: [`Part::Begin`], a [`Part::Element`] or [`Part::Oversized`] for each, [`Part::End`], and
    /// then the reply without them. All that has to fit the buffer is one of them, with only the selected parts in it.
    ///
    /// # Errors
    /// [`SelectionError::Delivery`] unless all paths lead through the same array first, as `return[*].device` and
    /// `return[*].inserted.file` do.
    pub fn elements(selection: &'s Selection<'s>) -> Result<Self, SelectionError> {
        let mut select = Self::new(selection);
        select.array = selection.array();
        if select.array == NONE { Err(SelectionError::Delivery) } else { Ok(select) }
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
        select.pieces = true;
        Ok(select)
    }

    /// Whether the open message, of which so much has been read, has been filtered so far.
    pub(crate) fn is_open(&self, taken: usize) -> bool {
        self.taken == taken
    }

    /// A message's brace was read.
    pub(crate) fn begin(&mut self) {
        self.level = Level::new(self.selection.all());
        self.number = 0;
        (self.out, self.level.item) = (1, 1);
        (self.whole, self.known) = (false, false);
        (self.handed, self.lost, self.incomplete) = (false, false, false);
        (self.piece, self.watch) = (Piece::No, None);
        self.counts = Counts::default();
    }

    /// So much of the message has been read; it goes on.
    pub(crate) fn pause(&mut self, taken: usize) {
        self.taken = taken;
    }

    /// No message is being filtered.
    pub(crate) fn stop(&mut self) {
        self.taken = 0;
    }

    /// For the next command.
    pub(crate) fn reset(&mut self) {
        self.taken = 0;
        self.due = None;
        self.begun = false;
    }

    /// Where what is kept of the message ends.
    pub(crate) fn out(&self) -> usize {
        self.out as usize
    }

    /// Whether something of the message was selected that did not fit.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// If a delivery has begun: what has been delivered. It is over.
    pub(crate) fn end(&mut self) -> Option<Counts> {
        core::mem::take(&mut self.begun).then_some(self.counts)
    }
}
