//! An element that is wanted only if a member of it has a certain value: it is held back until that is known, then read again
//! from its start with the paths that turned out to lead into it.

use super::Select;
use super::path::{Ask, Fitting};
use crate::scan::Scanner;

impl Select<'_> {
    /// Whether an element is held back: of some paths it is not known whether they lead into it.
    #[inline]
    pub(super) fn is_held(&self) -> bool {
        self.held.open() != 0
    }

    /// The value of a member of the element that is held back ended before `at`. Returns where to go on.
    pub(super) fn told(&mut self, scanner: &mut Scanner, text: &[u8], at: usize) -> usize {
        let told = self.fate.paths();
        if told == 0 {
            return at;
        }
        let met = self.fit(Ask::Value, text, at);
        self.met(met, scanner, at)
    }

    /// The value that told something ended before `at`, and is what these paths ask for. Returns where to go on.
    #[inline]
    pub(super) fn met(&mut self, met: Fitting, scanner: &mut Scanner, at: usize) -> usize {
        self.held = self.held.decided(self.fate.paths(), met);
        if self.is_held() { at } else { self.decide(scanner, at) }
    }

    /// All is known of the element that was held back, which is read up to `at`. Returns where to go on.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn decide(&mut self, scanner: &mut Scanner, at: usize) -> usize {
        self.leave(self.level.number.wrapping_sub(1));
        self.fate = core::mem::replace(&mut self.held, Fitting::NONE);
        if !self.fate.is_wanted() {
            (self.whole, self.lost) = (true, false);
        } else if self.lost {
            self.give_up();
        } else {
            scanner.rewind(self.floor());
            self.known = true;
            return self.from as usize;
        }
        at
    }
}
