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
use crate::json::Json;
use level::{Fate, LEVELS, Level, NONE};
use piece::Piece;
use watch::Watch;

/// A [`Selection`] at work: what is known of the message that is arriving, and how what is selected is delivered.
///
/// Made for one command, or for one stream. It has no buffer of its own.
// Positions are bytes from the message's start. The small fields first: where a machine has short instructions, they reach no further.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Select<'s> {
    /// Whether a value is being read as a whole, kept or dropped.
    whole: bool,
    /// The number of the innermost level; the message's own is 0.
    number: u8,
    /// What is to be done with the value that comes next, or is being read.
    fate: Fate,
    /// What is to be told, or was told last.
    pub(crate) note: Note,
    watch: Watch,
    piece: Piece,
    /// The array whose elements are delivered one by one: the number of its level.
    array: u8,
    /// Whether the string that the path ends at is delivered piece by piece.
    pieces: bool,
    /// Whether a path ends at the member whose value comes next.
    target: bool,
    /// Whether the fate of the element that comes next is known.
    known: bool,
    /// Whether [`Note::Begin`] was, and neither an end nor that it is abandoned.
    begun: bool,
    /// Whether a part was handed out: what stands from `gone` up to `rest` has to go.
    handed: bool,
    /// Whether the element that is being dropped was wanted.
    lost: bool,
    /// Whether an element that was wanted is missing in the message.
    incomplete: bool,
    /// What is kept ends here.
    out: u32,
    /// Where the name or the value that is being read starts. Where the part that was handed out ends.
    token: u32,
    level: Level,
    selection: &'s Selection<'s>,
    /// Where the element that is held back starts, if it is all there.
    from: u32,
    gone: u32,
    rest: u32,
    /// Where the last value of the message itself lies.
    start: u32,
    end: u32,
    /// How much of the open message has been read; 0 while there is none that is being filtered.
    read: u32,
    counts: Counts,
    /// What comes after the end of a delivery.
    pub(crate) due: Option<Head>,
    outer: [Level; LEVELS],
}

impl<'s> Select<'s> {
    /// Messages come whole, with only the selected parts in them.
    pub const fn new(selection: &'s Selection<'s>) -> Self {
        Self {
            whole: false,
            number: 0,
            fate: Fate::Keep,
            note: Note::None,
            watch: Watch::NONE,
            piece: Piece::No,
            array: NONE,
            pieces: false,
            target: false,
            known: false,
            begun: false,
            handed: false,
            lost: false,
            incomplete: false,
            out: 0,
            token: 0,
            level: Level::new(0),
            selection,
            from: 0,
            gone: 0,
            rest: 0,
            start: 0,
            end: 0,
            read: 0,
            counts: Counts { delivered: 0, dropped: 0, oversized: 0 },
            due: None,
            outer: [Level::new(0); LEVELS],
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

    /// Whether the open message, of which so much has been read, has been filtered so far: it goes on then.
    pub(crate) fn resume(&mut self, open: bool, read: u32) -> bool {
        self.note = Note::None;
        let goes_on = open && self.read == read;
        if !goes_on {
            self.read = 0;
        }
        goes_on
    }

    /// Whether the open message is being filtered.
    pub(crate) fn is_reading(&self) -> bool {
        self.read != 0
    }

    /// A message's brace was read.
    pub(crate) fn begin(&mut self) {
        self.read = 1;
        self.level = Level::new(self.selection.all());
        self.number = 0;
        (self.out, self.level.item) = (1, 1);
        (self.whole, self.known) = (false, false);
        (self.handed, self.lost, self.incomplete) = (false, false, false);
        (self.piece, self.watch) = (Piece::No, Watch::NONE);
        self.counts = Counts::default();
    }

    /// So much of the message has been read; it goes on. With 0, it is not filtered any more.
    pub(crate) fn pause(&mut self, read: u32) {
        self.read = read;
    }

    /// For the next command.
    pub(crate) fn reset(&mut self) {
        self.read = 0;
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

    /// A message has ended that was, or was not, the reply: whether that ends a delivery, which is to be told then.
    pub(crate) fn end(&mut self, ours: bool) -> bool {
        self.note = if ours { Note::End } else { Note::Abandoned };
        core::mem::take(&mut self.begun)
    }

    /// The part that is to be told, out of the message's text.
    pub(crate) fn part<'a>(&self, text: &'a [u8]) -> Part<'a> {
        let bytes = text.get(self.gone as usize..self.token as usize).unwrap_or_default();
        let index = self.level.index;
        match self.note {
            Note::Begin => Part::Begin,
            Note::Element => Part::Element { index, value: Json::new(bytes) },
            Note::Oversized => Part::Oversized { index },
            Note::Piece => Part::Piece(bytes),
            Note::End => Part::End(self.counts),
            Note::None | Note::Abandoned => Part::Abandoned,
        }
    }
}
