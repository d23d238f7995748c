//! All that has arrived is read: what of it is needed no more, and what is given up where there is still no room.

use super::Select;
use super::path::Fitting;
use crate::bytes::move_down;
use crate::scan::Scanner;

impl Select<'_> {
    /// All bytes up to `at` are read: what is not kept is forgotten, and what is not decided is moved to what is. Returns where
    /// that ends.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn settle(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        let held = self.is_held();
        // A name, or a value that tells something of what is held back.
        let unread = if self.whole { held && self.fate.paths() != 0 } else { scanner.in_string() };
        let from = if held && !self.lost {
            self.from
        } else if unread {
            self.token
        } else {
            // The scanner wants to know whether a bracket follows a line feed.
            let last = at.wrapping_sub(1);
            let kept = if text.get(last) == Some(&b'\n') { last } else { at };
            self.out.max(kept as u32)
        };
        let (rest, by) = (at.wrapping_sub(from as usize), from.wrapping_sub(self.out));
        move_down(text, from as usize, self.out(), rest);
        self.token = self.token.wrapping_sub(by);
        self.from = self.from.wrapping_sub(by);
        // No element is held back on the message's own level.
        let named = unread && self.level.number == 0;
        scanner.set_mark(if named { self.token } else { self.start });
        self.out().wrapping_add(rest)
    }

    /// The buffer is full: whether something was given up, so that there may be room again. Otherwise something may have to be told.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn shed(&mut self, text: &mut [u8]) -> bool {
        if let Some(hand_out) = self.reading {
            hand_out(self, text, false);
            return false;
        }
        let held = self.is_held();
        if held && !self.lost {
            self.lost = true;
            return true;
        }
        let array = self.selection.elements;
        let inside = self.level.number.wrapping_add(self.whole.into()) > array;
        if !inside || self.lost && !held {
            return false;
        }
        self.give_up();
        true
    }

    /// What is wanted does not fit: the rest of the element that is to be delivered is dropped, or else of the value that is being read.
    pub(super) fn give_up(&mut self) {
        let array = self.selection.elements;
        if self.level.number > array {
            self.leave(array);
        }
        (self.held, self.fate) = (Fitting::NONE, Fitting::NONE);
        (self.whole, self.lost) = (true, true);
        self.out = self.level.item;
    }
}
