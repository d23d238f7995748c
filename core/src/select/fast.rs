//! The filter for hosts: token by token in the commonest shapes of QEMU's output, through the scanner's accelerator.
//!
//! It goes as far as the shapes do, from wherever it stands between two tokens. All it knows is how far one step goes: what a step
//! means, and what is left to the byte machine, is for [`filter`](super::filter).

use super::Select;
use super::part::Note;
use super::path::Fitting;
use crate::scan::{LEAST, Scanner, Shape};

impl Select<'_> {
    /// Reads on at `from` in `text`, of which `length` bytes are data and the next one is zero. Returns where it stopped.
    #[inline]
    pub(super) fn fast(&mut self, scanner: &mut Scanner, text: &mut [u8], length: usize, from: usize) -> usize {
        let few = length.saturating_sub(from) < LEAST as usize;
        // On the message's own level the scanner takes notes.
        if few || scanner.depth() == 1 || !scanner.is_ready(text, from) {
            return from;
        }
        self.shapes(scanner, text, from)
    }

    #[inline(never)]
    fn shapes(&mut self, scanner: &mut Scanner, text: &mut [u8], from: usize) -> usize {
        let mut at = from;
        while self.note == Note::None {
            if self.whole {
                let floor = self.floor();
                if scanner.depth() != floor {
                    let start = at;
                    at = scanner.nested_to(text, start, floor);
                    if self.fate.ends() {
                        self.keep(text, start, at);
                    }
                }
                if scanner.depth() != floor || floor == 1 || !scanner.is_between_items() {
                    break;
                }
                at = self.over(scanner, text, at);
                continue;
            }
            if scanner.in_object() {
                at = self.pass(scanner, text, at);
                if self.level.number == 0 {
                    break;
                }
                if self.whole || self.note != Note::None {
                    continue;
                }
                let end = scanner.take_name(text, at);
                if end != at {
                    // Without the colon and the space.
                    self.plain_name(text, at, end.wrapping_sub(2));
                    at = self.wanted_scalar(scanner, text, end);
                    continue;
                }
            }
            if scanner.is_next_object(text, at) {
                self.comma(text);
                at = at.wrapping_add(2);
                self.token = at as u32;
                self.value(scanner, at, b'{');
                at = at.wrapping_add(1);
                self.open_shape(scanner, text, b'{');
                continue;
            }
            let (shape, start, end) = scanner.shape(text, at);
            let byte = text.get(start).copied().unwrap_or_default();
            match shape {
                Shape::None => break,
                Shape::Comma => {
                    self.comma(text);
                    at = end;
                }
                Shape::Close => {
                    at = self.close(scanner, text, byte, end);
                    if self.level.number == 0 {
                        break;
                    }
                }
                Shape::Open => {
                    self.token = start as u32;
                    self.value(scanner, start, byte);
                    self.open_shape(scanner, text, byte);
                    at = end;
                }
                Shape::Scalar => {
                    self.token = start as u32;
                    self.value(scanner, start, byte);
                    if self.note != Note::None {
                        // A string that is delivered in pieces: not at once.
                        at = start;
                        break;
                    }
                    scanner.leave_value();
                    if self.fate.ends() {
                        self.keep(text, start, end);
                    }
                    at = self.over(scanner, text, end);
                }
            }
        }
        at
    }

    /// The bracket `byte` begins a value of which it is known what is to be done with it.
    #[inline]
    fn open_shape(&mut self, scanner: &mut Scanner, text: &mut [u8], byte: u8) {
        scanner.enter_value(byte == b'{');
        if !self.whole {
            self.enter(byte);
            if !self.is_held() {
                self.put(text, byte);
            }
        } else if self.fate.ends() {
            self.put(text, byte);
        }
    }

    /// The comma between two members or elements was read.
    #[inline]
    fn comma(&mut self, text: &mut [u8]) {
        if self.next_item() {
            self.put(text, b',');
        }
    }

    /// The bracket `byte` closed the innermost level. Returns where to go on.
    #[inline]
    fn close(&mut self, scanner: &mut Scanner, text: &mut [u8], byte: u8, at: usize) -> usize {
        if !self.is_held() {
            self.put(text, byte);
        }
        self.over(scanner, text, at)
    }

    /// A member's name was read that has no escapes, and the colon and the space behind `end`.
    #[inline]
    fn plain_name(&mut self, text: &mut [u8], start: usize, end: usize) {
        let name = text.get(start.wrapping_add(1)..end.wrapping_sub(1)).unwrap_or_default();
        if self.is_held() {
            let step = self.level.number.wrapping_sub(1);
            self.fate = self.selection.fitting_name::<true>(self.held.open(), step, name).leads();
            return;
        }
        self.fate = self.selection.fitting_name::<false>(self.level.paths, self.level.number, name);
        if self.fate.is_wanted() {
            self.move_short(text, start, end.wrapping_add(1));
        }
    }

    /// Takes the scalar at `at` that is a wanted member, or tells whether an element is. Returns where it ended, or where to go on.
    #[inline]
    fn wanted_scalar(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        let told = if self.is_held() { self.fate.paths() } else { 0 };
        if told == 0 && !self.fate.ends() || self.selection.pieces.is_some() {
            return at;
        }
        let end = scanner.take_scalar(text, at);
        if end == at {
            return at;
        }
        if told != 0 {
            let raw = text.get(at..end).unwrap_or_default();
            let met = self.selection.fitting_value(told, self.level.number.wrapping_sub(1), raw);
            return self.met(met, scanner, end);
        }
        self.move_short(text, at, end);
        // As `end_item`: a member is no element that is delivered, and nothing is lost where one is wanted.
        self.level.found = true;
        self.level.filled = true;
        end
    }

    /// As [`keep`](Self::keep), at once for a few bytes.
    #[inline]
    fn move_short(&mut self, text: &mut [u8], from: usize, end: usize) {
        const FEW: usize = 16;
        let (out, length) = (self.out(), end.wrapping_sub(from));
        // What is overwritten beyond the end has been read.
        if length <= FEW
            && out.wrapping_add(FEW) <= from
            && let Some(few) = text.get(from..).and_then(|rest| rest.first_chunk::<FEW>()).copied()
            && let Some(place) = text.get_mut(out..).and_then(|rest| rest.first_chunk_mut())
        {
            *place = few;
            self.out = self.out.wrapping_add(length as u32);
        } else {
            self.keep(text, from, end);
        }
    }

    /// Passes members of which the first look at their names says that no path leads there. Returns where it stopped.
    #[inline]
    fn pass(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        if scanner.is_at_value() && self.fate.is_wanted() {
            return at;
        }
        if scanner.is_at_value() || scanner.is_at_name() {
            // What was put of the member that is not wanted: its comma.
            self.out = self.level.item;
        }
        // The paths are those of the element, where one is held back.
        let step = self.level.number.wrapping_sub(u8::from(self.is_held()));
        let stop = scanner.members_to(text, at, self.level.number, self.selection.hashes(step));
        if scanner.depth() == self.level.number {
            return self.close(scanner, text, b'}', stop);
        }
        if scanner.depth() != self.floor() {
            // In a member's value.
            self.whole = true;
        } else if scanner.is_between_items() {
            return stop;
        }
        self.comma(text);
        self.fate = Fitting::NONE;
        stop
    }
}
