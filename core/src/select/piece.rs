//! One string, piece by piece.

use super::Select;
use super::part::Note;
use crate::bytes::copy;
use crate::json::Str;

/// Bytes. The longest way to write one character: two escapes of `\\uXXXX`.
const LONGEST: usize = 12;

/// The string that is being delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// None is.
    No,
    /// What has arrived of it stands from `gone` on.
    Reading,
    /// Its last piece was handed out.
    Over,
}

impl Select<'_> {
    /// The array or the string that is delivered in parts begins.
    pub(super) fn begin_delivery(&mut self) {
        if !self.begun {
            self.begun = true;
            self.note = Note::Begin;
        }
    }

    /// The string begins: its quote will be put next.
    pub(super) fn begin_pieces(&mut self) {
        self.piece = Piece::Reading;
        self.gone = self.out.wrapping_add(1);
        self.begin_delivery();
    }

    /// Decodes what is there of the string in place and hands it out; to the last byte if it is over.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn hand_out(&mut self, text: &mut [u8], over: bool) {
        let start = self.gone;
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
            read = self.out().wrapping_sub(chars.left());
            let mut room = [0; 4];
            let encoded = char.encode_utf8(&mut room).as_bytes();
            // An escape is never shorter than what it stands for.
            copy(text.get_mut(written..).unwrap_or_default(), encoded);
            written = written.wrapping_add(encoded.len());
        }
        let end = written as u32;
        (self.handed, self.token, self.rest) = (true, end, read as u32);
        if end != start {
            self.counts.delivered = self.counts.delivered.wrapping_add(end.wrapping_sub(start));
            self.note = Note::Piece;
        }
    }

    /// The string's closing quote was put.
    pub(super) fn last_piece(&mut self, text: &mut [u8]) {
        // It is put back once the string is gone.
        self.out = self.out.wrapping_sub(1);
        self.hand_out(text, true);
        self.piece = Piece::Over;
        if self.note == Note::None {
            self.release(text);
        }
    }

    /// The last piece is gone, if it was one.
    pub(super) fn end_pieces(&mut self, text: &mut [u8]) {
        if self.piece == Piece::Over {
            self.piece = Piece::No;
            self.put(text, b'"');
            self.end_item(true);
        }
    }
}
