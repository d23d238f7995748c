//! The filter: what of an arriving message stays in the buffer.
//!
//! In: a message in the buffer as far as it has arrived, and the scanner that reads it. Out: the same message with only the selected
//! parts, in the same place. The scanner goes over every byte and decides where each token ends; the filter looks at what it does,
//! a byte a turn, and on hosts [`fast`](super::fast) takes larger steps in front of it. It writes only what it has read, in the same
//! order, a `,` or bracket at most where one was read: so what it writes never overtakes what it reads.

use super::Select;
use super::level::Fate;
use super::part::Note;
use super::path::Ask;
use super::piece::Piece;
use super::watch::Watch;
use crate::scan::{Member, Progress, Scanner};

impl Select<'_> {
    /// Reads on at `from` in `text`, the message and what follows it in the buffer, of which `length` bytes are data. Returns
    /// where it stopped, and why: also where something is to be told before it goes on.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn run(
        &mut self,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        from: usize,
    ) -> (usize, Progress) {
        let mut at = from;
        self.release(text);
        while self.note == Note::None {
            let next = text.get(..length).and_then(|data| data.get(at)).copied();
            // A number ends where a byte comes that is none of its own, all else by itself.
            let after = scanner.is_after(next.unwrap_or(b'0'));
            if self.whole && after && scanner.depth() == self.floor() {
                at = self.over(scanner, text, at);
                continue;
            }
            let Some(byte) = next else { break };
            #[cfg(target_pointer_width = "64")]
            {
                let stop = self.fast(scanner, text, length, at);
                if stop != at {
                    at = stop;
                    continue;
                }
            }
            let inside = !after && scanner.is_inside();
            if !self.whole && scanner.is_at_value() && byte > b' ' && byte != b']' {
                self.value(scanner, at, byte);
            }
            let end = self.reach(scanner, text.get(..length).unwrap_or_default(), at);
            let (stop, progress) = scanner.scan_bytes(text.get(..end).unwrap_or_default(), at);
            if !matches!(progress, Progress::More | Progress::Done) {
                return (stop, progress);
            }
            if after && self.number == 0 {
                scanner.set_span(self.start, self.end);
            }
            let start = core::mem::replace(&mut at, stop);
            if self.whole {
                if self.fate == Fate::Keep {
                    self.keep(text, start, stop);
                }
                continue;
            }
            if inside {
                if scanner.is_colon() {
                    self.named(scanner, text, stop);
                }
                continue;
            }
            match byte {
                b'"' => self.token = start as u32,
                b',' => self.next_item(text),
                b':' if self.fate != Fate::Drop => self.put(text, byte),
                b'{' | b'[' => self.open(text, byte),
                b'}' | b']' => at = self.close(scanner, text, byte, at),
                _ => {}
            }
            if progress == Progress::Done {
                return (at, progress);
            }
        }
        (at, Progress::More)
    }

    /// How far the machine may go at `at`.
    #[inline]
    fn reach(&self, scanner: &Scanner, data: &[u8], at: usize) -> usize {
        #[cfg(target_pointer_width = "64")]
        if self.whole {
            return scanner.reach(data, at, self.floor());
        }
        let _ = (scanner, data);
        at.wrapping_add(1)
    }

    /// A member's name was read, up to `end`: is the member wanted?
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn named(&mut self, scanner: &Scanner, text: &mut [u8], end: usize) {
        let from = self.token as usize;
        let name = text.get(from.wrapping_add(1)..end.wrapping_sub(1)).unwrap_or_default();
        if self.watch.on {
            self.watch.told = self.selection.fitting(self.watch.open, self.number.wrapping_sub(1), Ask::Of(name)).paths;
            self.fate = Fate::Drop;
            return;
        }
        let found = self.selection.fitting(self.level.paths, self.number, Ask::Member(name));
        let member = scanner.member();
        let free = !matches!(member, Member::Data | Member::Return | Member::Arguments) || found.paths == 0;
        self.fate = if self.number == 0 && member != Member::Other && free {
            Fate::Keep
        } else {
            Fate::of(found.paths, found.ends)
        };
        self.target = found.ends;
        if self.fate != Fate::Drop {
            self.keep(text, from, end);
        }
    }

    /// A value begins at `at` with `byte`: what is to be done with it?
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn value(&mut self, scanner: &Scanner, at: usize, byte: u8) {
        if !scanner.in_object() && !core::mem::take(&mut self.known) {
            self.level.index = self.level.index.wrapping_add(1);
            #[cfg(target_pointer_width = "64")]
            let found = self.selection.fitting_element(self.level.paths, self.number, self.level.index);
            #[cfg(not(target_pointer_width = "64"))]
            let found = self.selection.fitting(self.level.paths, self.number, Ask::Element(self.level.index));
            self.fate = Fate::of(found.paths, found.ends);
            self.target = false;
            if found.open != 0 && !found.ends && byte == b'{' {
                self.watch = Watch::new(found.paths, found.open);
                self.from = at as u32;
                self.fate = Fate::Enter(0);
            }
        }
        if self.number == 0 {
            self.start = self.out;
        }
        self.token = at as u32;
        self.whole = true;
        if let Fate::Enter(_) = self.fate {
            self.whole = !matches!(byte, b'{' | b'[');
            if self.whole {
                // Nothing to go into.
                self.fate = if self.number == 0 { Fate::Keep } else { Fate::Drop };
            }
        }
        if self.pieces && self.target && byte == b'"' {
            self.begin_pieces();
        }
    }

    /// The bracket `byte` begins a level.
    pub(super) fn open(&mut self, text: &mut [u8], byte: u8) {
        self.enter(if let Fate::Enter(paths) = self.fate { paths } else { 0 });
        if !self.watch.on {
            self.put(text, byte);
            if self.number == self.array && byte == b'[' {
                self.begin_delivery();
            }
        }
        self.level.item = self.out;
    }

    /// The bracket `byte` closed the innermost level. Returns where to go on.
    pub(super) fn close(&mut self, scanner: &mut Scanner, text: &mut [u8], byte: u8, at: usize) -> usize {
        if self.watch.on {
            return self.decide(scanner, at);
        }
        self.put(text, byte);
        if let Some(outer) = self.number.checked_sub(1) {
            let found = self.level.found;
            self.leave(outer);
            self.level.found |= found;
            self.end_item(found || scanner.in_object());
        }
        at
    }

    /// The value that was read as a whole ended before `at`. Returns where to go on.
    pub(super) fn over(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        self.whole = false;
        if self.watch.on {
            return self.told(scanner, text, at);
        }
        let kept = self.fate == Fate::Keep;
        self.level.found |= kept;
        if self.piece == Piece::Reading {
            self.last_piece(text);
        } else {
            self.end_item(kept);
        }
        at
    }
}
