//! All that has arrived is read: what of it is needed no more, and what is given up where there is still no room.

use super::Select;
use super::part::Note;
use super::path::Fitting;
use crate::bytes::move_down;
use crate::scan::Scanner;

impl Select<'_> {
    /// The message is read up to `at`, and what has arrived ends at `end`: what is not kept is forgotten, and what is not decided, or not
    /// read, is moved to what is. Returns by how much.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn settle(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize, end: usize) -> usize {
        let held = self.is_held();
        // A name, or a value that tells something of what is held back.
        let unread = if self.whole { held && self.fate.paths() != 0 } else { scanner.in_string() };
        // The scanner wants to know whether a bracket follows a line feed.
        let last = at.wrapping_sub(1);
        let kept = if text.get(last) == Some(&b'\n') { last } else { at };
        let mut from = self.out.max(kept as u32);
        if unread {
            from = self.token;
        }
        if held && !self.lost {
            from = self.from;
        }
        let (rest, by) = (end.wrapping_sub(from as usize), from.wrapping_sub(self.out));
        move_down(text, from as usize, self.out(), rest);
        self.token = self.token.wrapping_sub(by);
        self.from = self.from.wrapping_sub(by);
        // No element is held back on the message's own level.
        let named = unread && self.level.number == 0;
        scanner.set_mark(if named { self.token } else { self.start });
        by as usize
    }

    /// The buffer is full: something is given up, so that there may be room again, or something is to be told. Otherwise the message is
    /// not filtered any more: what is wanted of it does not fit.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn shed(&mut self, text: &mut [u8]) {
        if let Some(hand_out) = self.reading {
            hand_out(self, text, false);
            if self.note == Note::None {
                self.stop();
            }
            return;
        }
        let held = self.is_held();
        if held && !self.lost {
            self.lost = true;
            return;
        }
        let array = self.elements;
        let inside = self.level.number.wrapping_add(self.whole.into()) > array;
        if !inside || self.lost && !held {
            self.stop();
        } else {
            self.give_up();
        }
    }

    /// What is wanted does not fit: the rest of the element that is to be delivered is dropped, or else of the value that is being read.
    pub(super) fn give_up(&mut self) {
        let array = self.elements;
        if self.level.number > array {
            self.leave(array);
        }
        (self.held, self.fate) = (Fitting::NONE, Fitting::NONE);
        (self.whole, self.lost) = (true, true);
        self.out = self.level.item;
    }
}
