//! Strings that the end of the data cuts: the last token of most pieces of a message, and the first one of the next piece.

use super::shapes::plain_end;
use crate::scan::{Scanner, State};

impl Scanner {
    /// Reads on where the last piece of the message was cut, in a string or between two tokens, as far as the shapes go. Returns
    /// where it stopped, and whether the message is complete there.
    #[inline(always)]
    pub(crate) fn resume(&mut self, text: &[u8], from: usize, length: usize) -> (usize, bool) {
        let (at, goes_on) = match self.state {
            State::STRING => self.end_cut(text, from),
            state => (from, state.is_between() && state != State::COLON),
        };
        if !goes_on {
            return (at, false);
        }
        let (stop, done) = self.fast(text, at);
        if !done && self.begin_cut(text, stop, length) { (length, false) } else { (stop, done) }
    }

    /// Where the accelerator has stopped at `at`: takes a string of plain characters that goes on beyond the data, as the machine
    /// would. Whether there is one; then all of the data is used.
    #[inline]
    pub(crate) fn begin_cut(&mut self, text: &[u8], at: usize, length: usize) -> bool {
        let begins = self.state.begins_string();
        if !begins || text.get(at) != Some(&b'"') || plain_end(text, at.wrapping_add(1)) != length {
            return false;
        }
        self.begin_string(at as u32);
        true
    }

    /// The quote at `at` begins a string.
    #[inline(always)]
    pub(in crate::scan) fn begin_string(&mut self, at: u32) {
        if self.depth == 1 {
            self.mark = at;
        }
        self.name = self.state.is_before_name();
        self.state = State::STRING;
    }

    /// Takes the rest of a string of plain characters, and the colon and the space after a name. Returns where it stopped, and
    /// whether the accelerator may go on there.
    #[inline(always)]
    fn end_cut(&mut self, text: &[u8], from: usize) -> (usize, bool) {
        let quote = plain_end(text, from);
        let after = quote.wrapping_add(1);
        if text.get(quote) != Some(&b'"') {
            return (quote, false);
        }
        let top = self.depth == 1;
        if !self.name {
            if top {
                self.record(after);
            }
            self.state = State::AFTER;
            return (after, true);
        }
        if top {
            self.end_name(text, quote);
        }
        self.state = State::COLON;
        if text.get(after) != Some(&b':') {
            return (after, false);
        }
        self.state = State::VALUE;
        let value = after.wrapping_add(1);
        (if text.get(value) == Some(&b' ') { value.wrapping_add(1) } else { value }, true)
    }
}
