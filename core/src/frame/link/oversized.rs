//! Messages longer than the buffer: what is kept of them for their report.

use super::{Link, Mode, Step, capacity};
use crate::bytes::move_down;
use crate::frame::Source;
use crate::json::parse_u64;
use crate::scan::Member;

/// Bytes. The longest token that matters in an oversized message, and the byte before it: `"timestamp"` with each letter as
/// `\uXXXX` has 56.
const TOKEN: u32 = 64;

impl<S: Source> Link<S> {
    /// All is looked at and the message is open: it moves down where that makes the most of the buffer, and one that fills it loses
    /// what lies between its head and its unfinished token.
    pub(super) fn make_room(&mut self, buffer: &mut [u8]) {
        let capacity = capacity(buffer);
        if self.has_room(buffer) {
            return;
        }
        if self.start != 0 {
            return self.slide(buffer, 0);
        }
        if self.mode == Mode::Open {
            self.make_oversized();
        }
        self.keep_id(buffer);
        let head = head(buffer);
        let mut from = self.scanner.open_token().wrapping_sub(1);
        // Always the last byte, which may be a line feed.
        if self.end.wrapping_sub(from) > TOKEN.min(capacity / 2) {
            from = self.end.wrapping_sub(1);
        }
        let gone = from.wrapping_sub(head);
        let length = self.end.wrapping_sub(from);
        move_down(buffer, from as usize, head as usize, length as usize);
        self.scanner.rebase(head, gone);
        self.dropped = self.dropped.saturating_add(gone as usize);
        self.end = self.end.wrapping_sub(gone);
        self.at = self.end;
    }

    /// The open message is one that does not fit.
    pub(super) fn make_oversized(&mut self) {
        self.mode = Mode::Oversized;
        self.has_id = false;
    }

    /// An oversized message ended before the read position: what is left of it is its head.
    #[cold]
    pub(super) fn end_oversized(&mut self, buffer: &[u8]) -> Step {
        self.keep_id(buffer);
        self.scanner.rebase(head(buffer), 0);
        self.length = self.taken();
        self.dropped = 0;
        self.mode = Mode::Idle;
        Step::Oversized
    }

    /// The `id` of the message just finished, if it is an integer; whether it is `whole` or an oversized one.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn id(&mut self, buffer: &[u8], whole: bool) -> Option<u64> {
        if whole && cfg!(target_pointer_width = "64") {
            return self.frame(buffer).member(Member::Id).and_then(parse_u64);
        }
        // Where it is read in one place only, that takes less room.
        if whole {
            self.has_id = false;
            self.keep_id(buffer);
        }
        self.oversized_id()
    }

    /// Takes the `id` from an oversized message before it is overwritten.
    #[cold]
    fn keep_id(&mut self, buffer: &[u8]) {
        if let Some(id) = self.frame(buffer).member(Member::Id).and_then(parse_u64) {
            self.has_id = true;
            self.number = id;
        }
    }
}

/// Bytes at the start of an oversized message that stay in the buffer: half of it.
fn head(buffer: &[u8]) -> u32 {
    capacity(buffer).saturating_sub(1) / 2
}
