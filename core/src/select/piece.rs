//! One string, piece by piece.

use super::filter::Filter;
use super::part::Note;
use crate::bytes::{copy, move_down};
use crate::json::Str;

/// Bytes. The longest way to write one character: two escapes of `\\uXXXX`.
const LONGEST: usize = 12;

/// The string that is being delivered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Piece {
    /// None is.
    No,
    /// What has arrived of it is read from `start` on.
    Reading { start: u32 },
    /// A piece was handed out; what is left of the string begins at `rest`.
    Handed { start: u32, rest: u32 },
}

impl Filter {
    /// Decodes what is there of the string in place and hands it out; to the last byte if it is over.
    pub(super) fn hand_out(&mut self, text: &mut [u8], over: bool) {
        let Piece::Reading { start } = self.piece else { return };
        let (mut read, mut written) = (start as usize, start as usize);
        loop {
            let raw = text.get(read..self.out()).unwrap_or_default();
            let cut = match raw.first() {
                Some(b'\\') => raw.len() < LONGEST,
                Some(0..=0x7f) => false,
                Some(_) => raw.len() < 4,
                None => break,
            };
            if cut && !over {
                break;
            }
            let mut chars = Str::new(raw).chars();
            let Some(char) = chars.next() else { break };
            read = self.out().saturating_sub(chars.left());
            let mut room = [0; 4];
            let encoded = char.encode_utf8(&mut room).as_bytes();
            // An escape is never shorter than what it stands for.
            copy(text.get_mut(written..).unwrap_or_default(), encoded);
            written = written.saturating_add(encoded.len());
        }
        let end = written as u32;
        if end != start {
            self.counts.delivered = self.counts.delivered.saturating_add(end.saturating_sub(start));
            self.note = Some(Note::Piece { start, end });
        }
        self.piece = Piece::Handed { start, rest: read as u32 };
    }

    /// What was handed out is not needed any more.
    pub(super) fn resume_piece(&mut self, text: &mut [u8]) {
        let Piece::Handed { start, rest } = self.piece else { return };
        let left = self.out.saturating_sub(rest);
        move_down(text, rest as usize, start as usize, left as usize);
        self.out = start.saturating_add(left);
        self.piece = Piece::Reading { start };
        if self.value.is_none() {
            // Its closing quote was read.
            self.piece = Piece::No;
            self.put(text, b'"');
            self.item(true);
        }
    }
}
