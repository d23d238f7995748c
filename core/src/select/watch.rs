//! An element that is wanted only if a member of it has a certain value: it is held back until that is known, then read again
//! from its start with the paths that turned out to lead into it.

use super::Select;
use super::level::Fate;
use super::path::{Ask, Fitting};
use crate::scan::Scanner;

/// The element that is held back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Whether there is one.
    pub(super) on: bool,
    /// It did not fit: it is not all there.
    pub(super) lost: bool,
    /// The paths that lead into it for sure.
    paths: u8,
    /// Whether one of them ends there.
    ends: bool,
    /// Those of which it is not known.
    pub(super) open: u8,
    /// Those of which the value that is being read, or comes next, tells.
    pub(super) told: u8,
}

impl Watch {
    pub(super) const NONE: Self = Self { on: false, ..Self::new(0, 0) };

    pub(super) const fn new(paths: u8, open: u8) -> Self {
        Self { on: true, lost: false, paths, ends: false, open, told: 0 }
    }
}

impl Select<'_> {
    /// The value of a member of the element that is held back ended before `at`. Returns where to go on.
    pub(super) fn told(&mut self, scanner: &mut Scanner, text: &[u8], at: usize) -> usize {
        if self.watch.told == 0 {
            return at;
        }
        let raw = text.get(self.token as usize..at).unwrap_or_default();
        let met = self.selection.fitting(self.watch.told, self.number.wrapping_sub(1), Ask::Value(raw));
        self.met(met, scanner, at)
    }

    /// The value that told something ended before `at`, and is what these paths ask for. Returns where to go on.
    #[inline]
    pub(super) fn met(&mut self, met: Fitting, scanner: &mut Scanner, at: usize) -> usize {
        let watch = &mut self.watch;
        watch.open &= !watch.told;
        watch.paths |= met.paths;
        watch.ends |= met.ends;
        watch.told = 0;
        if watch.open == 0 { self.decide(scanner, at) } else { at }
    }

    /// All is known of the element that was held back, which is read up to `at`. Returns where to go on.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn decide(&mut self, scanner: &mut Scanner, at: usize) -> usize {
        let watch = core::mem::replace(&mut self.watch, Watch::NONE);
        self.leave(self.number.wrapping_sub(1));
        self.fate = Fate::of(watch.paths, watch.ends);
        let wanted = self.fate != Fate::Drop;
        if wanted && !watch.lost {
            scanner.rewind(self.floor());
            self.known = true;
            return self.from as usize;
        }
        self.fate = Fate::Drop;
        self.whole = true;
        self.lost = wanted;
        if wanted && self.number > self.array {
            self.give_up();
        }
        at
    }
}
