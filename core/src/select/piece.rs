//! One string, piece by piece.

use super::Select;
use super::part::Note;
use crate::json::decode;

/// What hands out the string that is being read, as far as it has arrived, or with `true` to its closing quote.
pub(super) type HandOut = fn(&mut Select<'_>, &mut [u8], bool);

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
        self.reading = self.selection.pieces;
        self.gone = self.out.wrapping_add(1);
        self.begin_delivery();
    }
}

/// Decodes what is there of the string in place and hands it out; up to the quote at its end if it is `over`.
pub(super) fn hand_out(select: &mut Select<'_>, text: &mut [u8], over: bool) {
    let start = select.gone as usize;
    let end = select.out().wrapping_sub(over.into());
    let (mut read, mut written) = (start, start);
    // The longest way to write one character is two escapes of `\uXXXX`.
    let least = if over { 0 } else { 12 };
    while read < end && (end.wrapping_sub(read) >= least || text.get(read).is_some_and(|byte| byte >> 6 == 2)) {
        let (mut bytes, next) = decode(text, read);
        read = next;
        // An escape is never shorter than what it stands for.
        while let Some(place) = text.get_mut(written) {
            *place = bytes as u8;
            written = written.wrapping_add(1);
            bytes >>= 8;
            if bytes == 0 {
                break;
            }
        }
    }
    (select.handed, select.token, select.rest) = (true, written as u32, read as u32);
    let length = written.wrapping_sub(start) as u32;
    if length != 0 {
        select.counts.delivered = select.counts.delivered.wrapping_add(length);
        select.note = Note::Piece;
    }
}
