//! The filter: what of an arriving message stays in the buffer.
//!
//! In: a message in the buffer as far as it has arrived, and the scanner that reads it. Out: the same message with only the selected
//! parts, in the same place. The scanner goes over every byte and decides where each token ends; the filter looks at what it does,
//! a byte a turn, and on hosts [`fast`](super::fast) takes larger steps in front of it. It writes only what it has read, in the same
//! order, a `,` or bracket at most where one was read: so what it writes never overtakes what it reads.

use super::Select;
use super::part::Note;
use super::path::{Ask, Fitting};
#[cfg(target_pointer_width = "64")]
use crate::bytes::has_escapes;
use crate::bytes::part;
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
        // There the accelerator wants to see what follows.
        #[cfg(not(target_pointer_width = "64"))]
        let Some(text) = text.get_mut(..length) else { return (from, Progress::More) };
        let mut at = from;
        while self.note == Note::None {
            self.release(text);
            // A number ends where a byte comes that is none of its own, all else by itself.
            let byte = text.get(..length).and_then(|data| data.get(at)).copied().unwrap_or(b'0');
            if scanner.is_after(byte) {
                // A value read as a whole lies on the level inside of its container's; the bracket that closes one gone into is past it.
                if scanner.depth() == self.level.number.wrapping_add(self.whole.into()) {
                    at = self.over(scanner, text, at);
                    continue;
                }
                if self.level.number == 0 {
                    scanner.set_span(self.start, self.out);
                }
            }
            if at >= length {
                break;
            }
            #[cfg(target_pointer_width = "64")]
            {
                let stop = self.fast(scanner, text, length, at);
                if stop != at {
                    at = stop;
                    continue;
                }
            }
            let inside = scanner.is_inside();
            if !self.whole && !inside {
                self.token = at as u32;
                if scanner.is_at_value() && byte > b' ' && byte != b']' {
                    #[cfg(target_pointer_width = "64")]
                    self.value(scanner, at, byte);
                    #[cfg(not(target_pointer_width = "64"))]
                    self.value(scanner, text, at, byte);
                }
            }
            let end = self.reach(scanner, text.get(..length).unwrap_or_default(), at);
            let (stop, progress) = scanner.scan_to(text.get(..end).unwrap_or_default(), at, byte);
            if !matches!(progress, Progress::More | Progress::Done) {
                return (stop, progress);
            }
            #[cfg(target_pointer_width = "64")]
            let start = at;
            at = stop;
            let mut kept = self.fate.is_wanted();
            if self.whole {
                #[cfg(target_pointer_width = "64")]
                if kept && !self.is_held() {
                    self.keep(text, start, stop);
                    kept = false;
                }
            } else if inside {
                if scanner.is_colon() {
                    self.named(scanner, text, stop);
                }
                continue;
            } else {
                // Square brackets as braces: the machine has taken the byte, so it is one of few.
                match byte | 0x20 {
                    b':' => {}
                    b',' => kept = self.next_item(),
                    b'{' => {
                        self.enter(byte);
                        kept = true;
                    }
                    b'}' => kept = true,
                    _ => kept = false,
                }
            }
            if kept && !self.is_held() {
                self.put(text, byte);
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

    /// Which paths have a step that fits: the name or value that is in `text` from the token's start up to `end`, or the element `end`,
    /// whatever is in `text`.
    #[inline(never)]
    pub(super) fn fit(&self, ask: Ask, text: &[u8], end: usize) -> Fitting {
        let open = self.held.open();
        let mut raw = part(text, self.token as usize, end);
        let mut asked = self.fate.paths();
        match raw {
            [b'"', inner @ .., _] => raw = inner,
            [b'{' | b'[', ..] => asked = 0,
            _ => {}
        }
        let paths = match ask {
            Ask::Element | Ask::Member => self.level.paths,
            Ask::Of => open,
            Ask::Value => asked,
        };
        // The condition stands before what is in the element.
        let step = self.level.number.wrapping_sub((open != 0).into());
        self.selection.fitting(paths, step, ask, raw, end as u32)
    }

    /// A member's name was read, up to `end`: is the member wanted?
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(super) fn named(&mut self, scanner: &Scanner, text: &mut [u8], end: usize) {
        let (number, from) = (self.level.number, self.token as usize);
        let held = self.is_held();
        let ask = if held { Ask::Of } else { Ask::Member };
        #[cfg(target_pointer_width = "64")]
        {
            let name = part(text, from.wrapping_add(1), end.wrapping_sub(1));
            self.fate = match (has_escapes(name), held) {
                (true, _) => self.fit(ask, text, end),
                (_, true) => self.selection.fitting_name::<true>(self.held.open(), number.wrapping_sub(1), name),
                _ => self.selection.fitting_name::<false>(self.level.paths, number, name),
            };
            if held {
                self.fate = self.fate.leads();
            }
        }
        #[cfg(not(target_pointer_width = "64"))]
        {
            self.fate = self.fit(ask, text, end);
        }
        if number == 0 {
            let member = scanner.member();
            let free = !matches!(member, Member::Data | Member::Return | Member::Arguments) || !self.fate.is_wanted();
            if member != Member::Other && free {
                self.fate = Fitting::WHOLE;
            }
        }
        if self.fate.is_wanted() && !held {
            self.keep(text, from, end);
        }
    }

    /// A value begins at `at` with `byte`: what is to be done with it?
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(super) fn value(
        &mut self,
        scanner: &Scanner,
        #[cfg(not(target_pointer_width = "64"))] text: &[u8],
        at: usize,
        byte: u8,
    ) {
        let number = self.level.number;
        let mut into = 0;
        self.whole = true;
        if self.is_held() {
            // All that is asked of a member of it is whether it tells something.
            return;
        }
        if !scanner.in_object() && !core::mem::take(&mut self.known) {
            let index = self.level.next;
            self.level.next = index.wrapping_add(1);
            #[cfg(target_pointer_width = "64")]
            let found = self.selection.fitting_element(self.level.paths, number, index);
            #[cfg(not(target_pointer_width = "64"))]
            let found = self.fit(Ask::Element, text, index as usize);
            self.fate = found;
            if !found.ends() && byte == b'{' {
                self.held = found;
                self.from = at as u32;
                into = found.open();
            }
        }
        if number == 0 {
            self.start = self.out;
        }
        if self.fate.ends() || self.fate.paths() | into == 0 {
            if self.fate.paths() != 0 && byte == b'"' && self.delivers && self.selection.pieces.is_some() {
                self.begin_pieces();
            }
        } else if byte | 0x20 == b'{' {
            self.whole = false;
        } else {
            // Nothing to go into.
            self.fate = if number == 0 { Fitting::WHOLE } else { Fitting::NONE };
        }
    }

    /// A value ended before `at`: one that was read as a whole, or with the bracket of the innermost level. Returns where to go on.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn over(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        let whole = core::mem::take(&mut self.whole);
        if self.is_held() {
            return if whole { self.told(scanner, text, at) } else { self.decide(scanner, at) };
        }
        let mut kept = self.fate.ends();
        let mut found = kept;
        if !whole {
            found = self.level.found;
            self.leave(self.level.number.wrapping_sub(1));
            kept = found || scanner.in_object();
        }
        self.level.found |= found;
        if let Some(hand_out) = self.reading.take() {
            hand_out(self, text, true);
        }
        self.end_item(kept);
        at
    }
}
