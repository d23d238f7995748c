//! The open objects and arrays on the way to something selected, and what becomes of what is in them.

use super::Select;
use super::part::Note;
use crate::bytes::move_down;

/// Levels beyond the message's own: as many as a path has steps, one of them for an element that is held back.
pub(super) const LEVELS: usize = super::path::STEPS;

/// No level.
pub(super) const NONE: u8 = u8::MAX;

/// What is to be done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Drop,
    Keep,
    /// These paths lead into it.
    Enter(u8),
}

impl Fate {
    /// Of what these paths lead to, and one may end at.
    pub(super) fn of(paths: u8, ends: bool) -> Self {
        match paths {
            _ if ends => Self::Keep,
            0 => Self::Drop,
            _ => Self::Enter(paths),
        }
    }
}

/// One open object or array on the way to something selected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    /// The paths that lead here, one bit each.
    pub(super) paths: u8,
    /// Whether something is in it that is kept.
    pub(super) filled: bool,
    /// Whether something was found in it that a path ends at.
    pub(super) found: bool,
    /// The current element's number. Before the first it is the last number there is.
    pub(super) index: u32,
    /// Where the current member or element starts, its comma included, if it is kept.
    pub(super) item: u32,
}

impl Level {
    pub(super) const fn new(paths: u8) -> Self {
        Self { paths, filled: false, found: false, index: u32::MAX, item: 0 }
    }
}

impl Select<'_> {
    /// The level of the innermost bracket on the way, as the scanner counts.
    pub(super) fn floor(&self) -> u8 {
        self.number.wrapping_add(1)
    }

    /// The value that comes next is gone into.
    pub(super) fn enter(&mut self, paths: u8) {
        let level = Level::new(paths);
        if let Some(place) = self.outer.get_mut(self.number as usize) {
            // What is in its place is not needed.
            core::mem::swap(place, &mut self.level);
        }
        self.level = level;
        self.number = self.number.wrapping_add(1);
    }

    /// Back to the level with this number.
    pub(super) fn leave(&mut self, number: u8) {
        if let Some(place) = self.outer.get_mut(number as usize) {
            core::mem::swap(place, &mut self.level);
        }
        self.number = number;
    }

    /// The comma between two members or elements was read. It is dropped with the second one.
    pub(super) fn next_item(&mut self, text: &mut [u8]) {
        self.level.item = self.out;
        if self.level.filled {
            self.put(text, b',');
        }
    }

    /// A member or element is over.
    pub(super) fn end_item(&mut self, kept: bool) {
        let lost = core::mem::take(&mut self.lost);
        if self.number == self.array {
            let count = if kept {
                self.note = Note::Element;
                (self.handed, self.gone) = (true, self.level.item);
                (self.token, self.rest) = (self.out, self.out);
                &mut self.counts.delivered
            } else if lost {
                self.note = Note::Oversized;
                &mut self.counts.oversized
            } else {
                &mut self.counts.dropped
            };
            *count = count.wrapping_add(1);
        } else {
            self.incomplete |= lost;
            self.level.filled |= kept;
        }
        if !kept {
            self.out = self.level.item;
        }
        if self.number == 0 {
            self.end = self.out;
        }
    }

    /// What was handed out is not needed any more.
    pub(super) fn release(&mut self, text: &mut [u8]) {
        if core::mem::take(&mut self.handed) {
            let left = self.out.wrapping_sub(self.rest);
            move_down(text, self.rest as usize, self.gone as usize, left as usize);
            self.out = self.gone.wrapping_add(left);
            self.end_pieces(text);
        }
    }

    /// The bytes from `from` up to `end` are kept.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn keep(&mut self, text: &mut [u8], from: usize, end: usize) {
        let length = end.wrapping_sub(from);
        move_down(text, from, self.out(), length);
        self.out = self.out.wrapping_add(length as u32);
    }

    /// One byte more is kept.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn put(&mut self, text: &mut [u8], byte: u8) {
        if let Some(place) = text.get_mut(self.out()) {
            *place = byte;
        }
        self.out = self.out.wrapping_add(1);
    }
}
