//! The scanner byte by byte, for [`select`](crate::select): where it stands. The grammar stays where it is; this only tells the machine
//! how far to go.

use super::{Member, Scanner, Span, State};

impl Scanner {
    /// Whether a value has ended before `next`. A number ends where a comma, a bracket or white space comes.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn is_after(&mut self, next: u8) -> bool {
        // Whatever else is no more than a comma, the machine refuses.
        if self.state.ends_number() && (next | 0x20 == b'}' || next <= b',' && next != b'+') {
            self.state = State::AFTER;
        }
        self.is_between_items()
    }

    /// Whether it stands after a value.
    #[inline]
    pub(crate) fn is_between_items(&self) -> bool {
        self.state == State::AFTER
    }

    /// Whether it stands in a token.
    #[inline]
    pub(crate) fn is_inside(&self) -> bool {
        !self.state.is_between()
    }

    /// Whether a value may come next.
    #[inline]
    pub(crate) fn is_at_value(&self) -> bool {
        matches!(self.state, State::VALUE | State::ELEMENT)
    }

    /// Whether a member's name may come next.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(crate) fn is_at_name(&self) -> bool {
        matches!(self.state, State::FIRST | State::NAME)
    }

    /// Back to the start of the element inside of `depth` brackets, which is read to its end or to that of a member of it.
    pub(crate) fn rewind(&mut self, depth: u8) {
        if self.depth != depth {
            self.objects >>= 1;
            self.depth = depth;
        }
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

    /// How far to read at `at` at most, in a value whose own level is `floor`, so as not to go beyond its end.
    #[cfg(target_pointer_width = "64")]
    pub(crate) fn reach(&self, data: &[u8], at: usize, floor: u8) -> usize {
        let rest = data.get(at..).unwrap_or_default();
        // A container ends with a bracket, a string with a quote.
        let before = if self.depth != floor {
            rest.iter().take_while(|byte| **byte | 0x20 != b'}').count()
        } else if self.in_string() {
            rest.iter().take_while(|byte| **byte != b'"').count()
        } else {
            0
        };
        at.saturating_add(before).saturating_add(1).min(data.len())
    }
}
