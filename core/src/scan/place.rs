//! The scanner step by step, for [`select`](crate::select): where it stands between two tokens, and values as a whole. The grammar
//! stays where it is; this only tells the machine how far to go.

use super::{Member, Progress, Scanner, Span, State};

/// Where the machine stands when it is about to read a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Before a member's name, or the end of an object without members.
    Name,
    /// After a member's name.
    Colon,
    /// Before a value.
    Value,
    /// Before an array's first element, or its end.
    Element,
    /// After a value.
    After,
    /// In a token.
    Inside,
}

impl Scanner {
    /// Where it stands before `next`. A number ends where a byte comes that is none of its own.
    #[inline]
    pub(crate) fn place(&self, next: u8) -> Place {
        match self.state {
            State::FIRST | State::NAME => Place::Name,
            State::COLON => Place::Colon,
            State::VALUE => Place::Value,
            State::ELEMENT => Place::Element,
            State::AFTER => Place::After,
            state if !state.in_number() || matches!(next, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E') => {
                Place::Inside
            }
            _ => Place::After,
        }
    }

    /// Back to the start of the element, or member, that is being read on the level inside of `depth` brackets.
    pub(crate) fn rewind(&mut self, depth: u8) {
        self.objects >>= self.depth.saturating_sub(depth) & 63;
        self.depth = depth;
        self.state = State::VALUE;
    }

    /// Whether a member's name has just been completed.
    pub(crate) fn is_colon(&self) -> bool {
        self.state == State::COLON
    }

    /// Whether the innermost open bracket is an object's.
    pub(crate) fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    /// The top-level member that was read last.
    pub(crate) fn member(&self) -> Member {
        self.member
    }

    /// The top-level name or value being read starts at `mark`.
    pub(crate) fn set_mark(&mut self, mark: u32) {
        self.mark = mark;
    }

    /// The value of the top-level member that was read last lies there.
    pub(crate) fn set_span(&mut self, start: u32, end: u32) {
        if let Some(span) = self.spans.get_mut(self.member.slot()) {
            *span = Span { start, end };
        }
    }

    /// As [`scan`](Self::scan), in a value whose own level is `floor`, but no further than to its end. Whether that was reached.
    pub(crate) fn value(&mut self, text: &[u8], length: usize, from: usize, floor: u8) -> (usize, Progress, bool) {
        let data = text.get(..length).unwrap_or(text);
        let mut at = from;
        loop {
            let Some(rest) = data.get(at..) else { return (at, Progress::More, false) };
            let Some(&byte) = rest.first() else { return (at, Progress::More, false) };
            #[cfg(target_pointer_width = "64")]
            if self.depth > floor && rest.len() >= super::LEAST as usize {
                at = self.nested_to(text, at, floor);
                if self.depth == floor {
                    return (at, Progress::More, true);
                }
            }
            let outer = self.depth == floor;
            let place = self.place(byte);
            if outer && place == Place::After {
                return (at, Progress::More, true);
            }
            #[cfg(target_pointer_width = "64")]
            if outer && matches!(place, Place::Value | Place::Element) {
                let end = self.scalar(text, at);
                if end != at {
                    return (end, Progress::More, true);
                }
            }
            // A container ends with a bracket, a string with a quote: there it is to be looked at again.
            let end = if !outer {
                find(data, at, 0x20, b'}')
            } else if self.in_string() {
                find(data, at, 0, b'"')
            } else {
                at.wrapping_add(1)
            };
            let (stop, progress) = self.scan_bytes(data.get(..end).unwrap_or(data), at);
            at = stop;
            if progress != Progress::More {
                return (at, progress, false);
            }
            if self.depth == floor && self.state == State::AFTER {
                return (at, Progress::More, true);
            }
        }
    }
}

/// Past the first byte from `at` on that is `wanted` with these `bits` set, or the end of the data.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn find(data: &[u8], at: usize, bits: u8, wanted: u8) -> usize {
    let rest = data.get(at..).unwrap_or_default();
    let before = rest.iter().take_while(|byte| **byte | bits != wanted).count();
    at.saturating_add(before).saturating_add(1).min(data.len())
}
