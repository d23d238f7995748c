//! All that has arrived is read: what of it is needed no more, and what is given up where there is still no room.

use super::Select;
use super::level::Fate;
use super::piece::Piece;
use crate::bytes::move_down;
use crate::scan::Scanner;

impl Select<'_> {
    /// All bytes up to `at` are read: what is not kept is forgotten, and what is not decided is moved to what is. Returns where
    /// that ends.
    pub(crate) fn settle(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        let named = !self.whole && scanner.in_string();
        let from = match &mut self.watch {
            Some(watch) if !watch.lost => watch.from,
            Some(watch) if self.whole && watch.told != 0 => self.token,
            _ if named => self.token,
            _ => {
                // The scanner wants to know whether a bracket follows a line feed.
                let last = at.wrapping_sub(1);
                let kept = if text.get(last) == Some(&b'\n') { last } else { at };
                self.out.max(kept as u32)
            }
        };
        let (rest, by) = (at.saturating_sub(from as usize), from.saturating_sub(self.out));
        move_down(text, from as usize, self.out(), rest);
        self.token = self.token.saturating_sub(by);
        if let Some(watch) = &mut self.watch {
            watch.from = watch.from.saturating_sub(by);
        }
        scanner.set_mark(if named && self.number == 0 { self.token } else { self.start });
        self.out().saturating_add(rest)
    }

    /// The buffer is full: whether something was given up, so that there may be room again. Otherwise something may have to be told.
    pub(crate) fn shed(&mut self, text: &mut [u8]) -> bool {
        if self.piece == Piece::Reading {
            self.hand_out(text, false);
            return false;
        }
        if let Some(watch) = &mut self.watch
            && !watch.lost
        {
            watch.lost = true;
            return true;
        }
        let inside = self.number > self.array || self.number == self.array && self.whole;
        if !inside || self.lost {
            return false;
        }
        self.give_up();
        true
    }

    /// The element that is to be delivered does not fit: the rest of it is dropped.
    pub(super) fn give_up(&mut self) {
        self.watch = None;
        if self.number > self.array {
            self.leave(self.array);
        }
        (self.whole, self.fate, self.lost) = (true, Fate::Drop, true);
        self.out = self.level.item;
    }
}
