//! Messages longer than the buffer: what is kept of them for their report.

use super::{Link, Mode, capacity};
use crate::bytes::move_down;
use crate::json::parse_u64;
use crate::message::Kind;
use crate::scan::Member;

/// Bytes. An oversized event's name is kept up to this length; the longest name in QEMU 7.2 has 29.
const NAME: usize = 32;

/// Bytes. The longest token that matters in an oversized message: `"timestamp"` with each letter as `\uXXXX` has 56.
const TOKEN: usize = 64;

impl Link {
    /// All is looked at and the message is open. A full buffer turns into scratch space.
    #[cold]
    pub(super) fn make_room(&mut self, buffer: &mut [u8]) {
        let capacity = capacity(buffer);
        if self.end != capacity {
            return;
        }
        if self.mode == Mode::Open {
            if self.start != 0 {
                return;
            }
            self.mode = Mode::Oversized;
            (self.has_id, self.name, self.mistyped) = (false, 0, false);
        }
        self.harvest(buffer);
        // What stays: the unfinished token, if it may matter, and always the last byte, which may be a line feed.
        let base = (NAME as u32).min(capacity / 4);
        let most = (TOKEN as u32).min(capacity / 2);
        let token = self.scanner.open_token().map(|mark| self.start.saturating_add(mark));
        let keep = match token {
            Some(token) if self.end.saturating_sub(token) <= most => token,
            _ => {
                self.scanner.lose_token();
                self.end.saturating_sub(1)
            }
        };
        let gone = keep.saturating_sub(self.start);
        self.dropped = self.dropped.saturating_add(u64::from(gone));
        self.scanner.rebase(gone);
        self.start = keep;
        self.slide(buffer, keep, base);
    }

    /// Takes from an oversized message what its report needs before the bytes are overwritten.
    #[cold]
    pub(super) fn harvest(&mut self, buffer: &mut [u8]) {
        let text = buffer.get(self.start as usize..self.end as usize).unwrap_or_default();
        if !self.has_id
            && let Some(id) = self.scanner.span(Member::Id).and_then(|span| span.of(text)).and_then(parse_u64)
        {
            self.has_id = true;
            self.number = id;
        }
        let kind = Kind::of(self.scanner.seen());
        let Some(first) = kind.first() else { return };
        let Some(start) = self.scanner.kind_start().map(|start| start as usize) else { return };
        self.mistyped |= text.get(start) != Some(&first);
        if kind != Kind::Event || self.mistyped || self.name != 0 {
            return;
        }
        let most = NAME.min(buffer.len() / 4);
        let whole = self.scanner.kind_span().is_some_and(|span| span.of(text).is_some());
        let name = text.get(start.saturating_add(1)..).unwrap_or_default();
        // Not complete, but already longer than what is kept.
        if whole || name.len() >= most {
            let plain = |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
            let length = name.iter().take(most).take_while(plain).count();
            move_down(buffer, (self.start as usize).saturating_add(start).saturating_add(1), 0, length);
            self.name = length as u8;
        }
    }
}
