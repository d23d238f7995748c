//! The open objects and arrays on the way to something selected, and what becomes of what is in them.

use super::Select;
use super::part::Note;
use crate::bytes::move_down;

/// Levels beyond the message's own: as many as a path has steps, one of them for an element that is held back.
pub(super) const LEVELS: usize = super::path::STEPS;

/// No level.
pub(super) const NONE: u8 = u8::MAX;

/// One open object or array on the way to something selected.
// Without a gap: all of it is zeros before a message.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub(super) struct Level {
    /// Its number; the message's own is 0.
    pub(super) number: u8,
    /// The paths that lead here, one bit each.
    pub(super) paths: u8,
    /// Whether something is in it that is kept.
    pub(super) filled: bool,
    /// Whether something was found in it that a path ends at.
    pub(super) found: bool,
    /// The number of the element after the current one.
    pub(super) next: u32,
    /// Where the current member or element starts, its comma included, if it is kept.
    pub(super) item: u32,
}

impl Level {
    pub(super) const NONE: Self = Self { number: 0, paths: 0, filled: false, found: false, next: 0, item: 0 };

    /// As many as there may be. A constant, so that it is not put together at run time.
    pub(super) const OUTER: [Self; LEVELS] = [Self::NONE; LEVELS];
}

impl Select<'_> {
    /// The level of the innermost bracket on the way, as the scanner counts.
    pub(super) fn floor(&self) -> u8 {
        self.level.number.wrapping_add(1)
    }

    /// The value that begins with the bracket `byte` is gone into. Unless it is held back the bracket is put next.
    #[inline]
    pub(super) fn enter(&mut self, byte: u8) {
        if let Some(place) = self.outer.get_mut(self.level.number as usize) {
            *place = self.level;
        }
        let number = self.floor();
        let item = self.out.wrapping_add((!self.is_held()).into());
        self.level = Level { number, paths: self.fate.paths(), item, ..Level::NONE };
        if number == self.elements && byte == b'[' && !self.is_held() {
            self.begin_delivery();
        }
    }

    /// Back to the level with this number.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn leave(&mut self, number: u8) {
        if let Some(place) = self.outer.get(number as usize) {
            self.level = *place;
        }
    }

    /// The comma between two members or elements was read. It is dropped with the second one. Whether it is to be put.
    #[inline]
    pub(super) fn next_item(&mut self) -> bool {
        self.level.item = self.out;
        self.level.filled
    }

    /// A member or element is over.
    pub(super) fn end_item(&mut self, kept: bool) {
        let lost = core::mem::take(&mut self.lost);
        if self.level.number == self.elements {
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
    }

    /// What was handed out is not needed any more.
    #[inline]
    pub(super) fn release(&mut self, text: &mut [u8]) {
        if core::mem::take(&mut self.handed) {
            let (from, end) = (self.rest as usize, self.out as usize);
            self.out = self.gone;
            self.keep(text, from, end);
        }
    }

    /// The bytes from `from` up to `end` are kept.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(super) fn keep(&mut self, text: &mut [u8], from: usize, end: usize) {
        let length = end.wrapping_sub(from);
        move_down(text, from, self.out(), length);
        self.out = self.out.wrapping_add(length as u32);
    }

    /// One byte more is kept.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(super) fn put(&mut self, text: &mut [u8], byte: u8) {
        if let Some(place) = text.get_mut(self.out()) {
            *place = byte;
        }
        self.out = self.out.wrapping_add(1);
    }
}
