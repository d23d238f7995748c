//! Messages longer than the buffer: what is kept of them for their report.

use super::{Link, Mode, capacity};
use crate::bytes::move_down;
use crate::json::parse_u64;
use crate::message::Kind;
use crate::scan::{Member, Span};

/// Bytes. An oversized event's name is kept up to this length; the longest name in QEMU 7.2 has 29.
const NAME: usize = 32;

/// Bytes. The longest token that matters in an oversized message, and the byte before it: `"timestamp"` with each letter as
/// `\uXXXX` has 56.
const TOKEN: usize = 64;

impl Link {
    /// All is looked at and the message is open: it moves down where that makes the most of the buffer, and one that fills it turns
    /// it into scratch space.
    #[cold]
    pub(super) fn make_room(&mut self, buffer: &mut [u8]) {
        let full = self.end == capacity(buffer);
        if self.mode != Mode::Open && !full || self.has_room(buffer) {
            return;
        }
        if self.mode == Mode::Open {
            if self.start != 0 {
                return self.slide(buffer, 0);
            }
            self.mode = Mode::Oversized;
            (self.has_id, self.name, self.first) = (false, 0, 0);
        }
        self.harvest(buffer);
        // What stays: the unfinished token, if it may matter, with the byte before it, and always the last byte, which may be a
        // line feed.
        let length = self.end.wrapping_sub(self.start);
        let most = (TOKEN as u32).min(self.end / 2);
        let mut gone = self.scanner.open_token().wrapping_sub(1);
        if length.wrapping_sub(gone) > most {
            gone = length.wrapping_sub(1);
        }
        self.dropped = self.dropped.saturating_add(gone as usize);
        self.scanner.rebase(gone);
        self.start = self.start.wrapping_add(gone);
        self.slide(buffer, room(buffer) as u32);
    }

    /// Takes from an oversized message what its report needs before the bytes are overwritten.
    #[cold]
    pub(super) fn harvest(&mut self, buffer: &mut [u8]) {
        let text = buffer.get(self.start as usize..self.end as usize).unwrap_or_default();
        let id = self.scanner.span(Member::Id).filter(Span::is_there);
        if let Some(id) = id.and_then(|span| span.of(text)).and_then(parse_u64) {
            self.has_id = true;
            self.number = id;
        }
        let (start, whole) = self.scanner.kind_start();
        let Some((&first, name)) = text.get(start..).and_then(<[u8]>::split_first) else { return };
        if start == 0 {
            return;
        }
        self.first = first;
        let most = room(buffer);
        // Not complete, but already longer than what is kept.
        let known = whole || name.len() >= most;
        if self.name == 0 && known && self.kind() == Kind::Event {
            let plain = |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
            let length = name.iter().take(most).take_while(plain).count();
            move_down(buffer, (self.start as usize).wrapping_add(start).wrapping_add(1), 0, length);
            self.name = length as u8;
        }
    }
}

/// Bytes at the start of the buffer for the name of an oversized event.
fn room(buffer: &[u8]) -> usize {
    NAME.min(buffer.len() / 4)
}
