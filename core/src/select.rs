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

use crate::bytes::part;
use crate::json::Json;
use level::{LEVELS, Level};
use path::Fitting;
use piece::HandOut;

/// A [`Selection`] at work: what is known of the message that is arriving.
///
/// Made for one command, or for one stream. It has no buffer of its own.
// Positions are bytes from the message's start. The small fields first: where a machine has short instructions, they reach no further.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Select<'s> {
    selection: &'s Selection<'s>,
    // What begins anew with each message comes first.
    /// Whether a value is being read as a whole, kept or dropped.
    whole: bool,
    /// Whether the fate of the element that comes next is known.
    known: bool,
    /// Whether a part was handed out: what stands from `gone` up to `rest` has to go.
    handed: bool,
    /// Whether the element that is held back is not all there, or the one that is being dropped was wanted.
    lost: bool,
    /// What is to be told, or was told last.
    pub(crate) note: Note,
    /// Whether [`Note::Begin`] was, and neither an end nor that it is abandoned.
    begun: bool,
    /// The level of the array whose elements are delivered, in the message that is being filtered.
    elements: u8,
    /// Whether an element that was wanted is missing in the message.
    incomplete: bool,
    /// Whether a message that begins is delivered in parts, if that is asked for.
    pub(crate) delivers: bool,
    /// What leads into the element that is held back, as far as it is known.
    held: Fitting,
    /// What delivers the string that is being read, if it is delivered in pieces.
    reading: Option<HandOut>,
    level: Level,
    /// Where the element that is held back starts, if it is all there.
    from: u32,
    /// The last turn in the message that is being filtered.
    pub(crate) filtering: Turn,
    /// What is to be done with the value that comes next, or is being read. Of a member of the element held back: of which open paths it
    /// tells.
    fate: Fitting,
    gone: u32,
    /// What is kept ends here.
    out: u32,
    /// Where the name or the value that is being read starts. Where the part that was handed out ends.
    token: u32,
    rest: u32,
    /// Where the last value of the message itself starts.
    start: u32,
    counts: Counts,
    outer: [Level; LEVELS],
}

/// One time that a selection reads on in a message: no other one is equal to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Turn {
    /// 0 for none.
    pub(crate) number: usize,
    /// Where the link was when the message began, if the number is one of that link.
    #[cfg(not(target_pointer_width = "64"))]
    pub(crate) link: usize,
}

impl Turn {
    const NONE: Self = Self {
        number: 0,
        #[cfg(not(target_pointer_width = "64"))]
        link: 0,
    };
}

impl<'s> Select<'s> {
    /// A selection at work, before a message.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub const fn new(selection: &'s Selection<'s>) -> Self {
        Self {
            whole: false,
            note: Note::None,
            delivers: true,
            elements: level::NONE,
            known: false,
            fate: Fitting::NONE,
            held: Fitting::NONE,
            begun: false,
            handed: false,
            lost: false,
            incomplete: false,
            out: 0,
            token: 0,
            level: Level::NONE,
            selection,
            reading: None,
            from: 0,
            gone: 0,
            rest: 0,
            start: 0,
            filtering: Turn::NONE,
            counts: Counts { delivered: 0, dropped: 0, oversized: 0 },
            outer: Level::OUTER,
        }
    }

    /// Reads on, in the message that it has been filtering if `turn`, the last one in that, was this selection's. Whether that ends a
    /// delivery, which is to be told.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn resume(&mut self, turn: Turn) -> bool {
        if self.filtering == turn {
            self.note = Note::None;
            return false;
        }
        self.end(false)
    }

    /// Whether the open message is being filtered.
    pub(crate) fn is_filtering(&self) -> bool {
        self.filtering.number != 0
    }

    /// The message is not filtered any more.
    pub(crate) fn stop(&mut self) {
        self.filtering.number = 0;
    }

    /// A message's brace was read.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn begin(&mut self) {
        self.filtering.number = 1;
        self.note = Note::None;
        self.level = Level { paths: self.selection.all, item: 1, ..Level::NONE };
        self.out = 1;
        self.elements = if self.delivers { self.selection.elements } else { level::NONE };
        (self.whole, self.known) = (false, false);
        (self.handed, self.lost, self.incomplete) = (false, false, false);
        (self.held, self.reading) = (Fitting::NONE, None);
        self.counts = Counts::default();
    }

    /// For the next command.
    pub(crate) fn reset(&mut self) {
        self.stop();
        self.begun = false;
    }

    /// Where what is kept of the message ends.
    fn out(&self) -> usize {
        self.out as usize
    }

    /// Whether something of the message was selected that did not fit.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.incomplete
    }

    /// A message has ended that was, or was not, the reply, or is not read on: whether that ends a delivery, which is to be told then.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn end(&mut self, ours: bool) -> bool {
        self.stop();
        self.note = if ours { Note::End } else { Note::Abandoned };
        core::mem::take(&mut self.begun)
    }

    /// The part that is to be told, out of the message's text.
    pub(crate) fn part<'a>(&self, text: &'a [u8]) -> Part<'a> {
        let bytes = part(text, self.gone as usize, self.token as usize);
        let index = self.level.next.wrapping_sub(1);
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
