//! An element that is wanted only if a member of it has a certain value: it is held back until that is known, then read again
//! from its start with the paths that turned out to lead into it.

use super::filter::{Fate, Filter};
use super::path::{Ask, Selection};
use crate::scan::{Place, Progress, Scanner, find};

/// The element that is held back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Where it starts, if it is all there.
    pub(super) from: u32,
    /// It did not fit: it is not all there.
    pub(super) lost: bool,
    /// The paths that lead into it for sure.
    paths: u8,
    /// Those of which it is not known.
    open: u8,
    /// Those of which the value that is being read, or comes next, tells.
    told: u8,
    /// The level of the value that is being read as a whole.
    value: Option<u8>,
    /// Where the name or the value that is being read starts.
    pub(super) token: u32,
}

impl Watch {
    pub(super) const fn new(from: usize, paths: u8, open: u8) -> Self {
        Self { from: from as u32, lost: false, paths, open, told: 0, value: None, token: from as u32 }
    }

    /// Whether a name, or a value that tells something, is being read.
    pub(super) fn is_inside(&self, scanner: &Scanner) -> bool {
        match self.value {
            Some(_) => self.told != 0,
            None => scanner.in_string(),
        }
    }
}

impl Filter {
    /// Reads on in the element that is held back.
    pub(super) fn watch(
        &mut self,
        mut watch: Watch,
        selection: &Selection<'_>,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        at: usize,
    ) -> (usize, Progress) {
        // The array's own level, as the scanner counts.
        let floor = self.number.wrapping_add(1);
        let data = text.get(..length).unwrap_or_default();
        let byte = data.get(at).copied().unwrap_or_default();
        let place = scanner.place(byte);
        let (stop, progress);
        let mut over = false;
        if let Some(level) = watch.value {
            let done;
            (stop, progress, done) = scanner.value(text, length, at, level);
            if done {
                watch.value = None;
                over = level == floor;
                let raw = text.get(watch.token as usize..stop).unwrap_or_default();
                let (met, _) = selection.fitting(watch.told, self.number, Ask::Value(raw));
                watch.open &= !watch.told;
                watch.paths |= met;
                watch.told = 0;
            }
        } else {
            let white = place != Place::Inside && matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            let first = scanner.depth() == floor;
            let end = match place {
                Place::Name if byte == b'"' => {
                    watch.token = at as u32;
                    find(data, at.wrapping_add(1), 0, b'"')
                }
                Place::Inside => find(data, at, 0, b'"'),
                Place::Value | Place::Element if !white && (!first || byte != b'{') => {
                    watch.token = at as u32;
                    watch.value = Some(scanner.depth());
                    self.watch = Some(watch);
                    return (at, Progress::More);
                }
                _ => at.wrapping_add(1),
            };
            (stop, progress) = scanner.scan_bytes(data.get(..end).unwrap_or(data), at);
            if matches!(place, Place::Name | Place::Inside) && scanner.is_colon() {
                let inner = (watch.token as usize).saturating_add(1)..stop.saturating_sub(1);
                let name = text.get(inner).unwrap_or_default();
                (watch.told, _) = selection.fitting(watch.open, self.number, Ask::Of(name));
            }
            over = !first && scanner.depth() == floor;
        }
        if progress != Progress::More || watch.open != 0 && !over {
            self.watch = Some(watch);
            return (stop, progress);
        }
        // Known now, if not for the better.
        let (paths, ends) = selection.fitting(watch.paths, self.number, Ask::Any);
        self.fate = Fate::of(paths, ends);
        if self.fate != Fate::Drop && !watch.lost {
            let from = watch.from as usize;
            scanner.rewind(floor);
            let byte = text.get(from).copied().unwrap_or_default();
            return self.enter(scanner, text, from, byte);
        }
        self.lost = self.fate != Fate::Drop;
        self.fate = Fate::Drop;
        if self.lost && self.is_inside_element() {
            self.give_up();
            return (stop, progress);
        }
        if over {
            self.item(false);
        } else {
            self.value = Some(floor);
        }
        (stop, progress)
    }
}
