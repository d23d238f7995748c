//! Where every input is answered: what begins no object.

use super::discard::{Brackets, is_reset};
use super::{Link, Mode};
use crate::error::Fault;

impl Link {
    /// Between messages: skips white space, and whether what follows begins no object.
    pub(super) fn stray(&mut self, buffer: &[u8]) -> bool {
        let rest = buffer.get(self.at as usize..self.end as usize).unwrap_or_default();
        let mut skipped = 0u32;
        let mut first = None;
        for &byte in rest {
            let white = matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
            if !white && (!self.reset || matches!(byte, b'{' | b'[') || is_reset(byte)) {
                first = Some(byte);
                break;
            }
            self.reset &= byte != b'\n';
            skipped = skipped.wrapping_add(1);
        }
        self.at = self.at.saturating_add(skipped);
        self.start = self.at;
        let Some(byte) = first else { return false };
        if byte == b'{' {
            return false;
        }
        self.reset = false;
        self.mode = match byte {
            b'[' => {
                let brackets = Some(Brackets { open: 0, string: false, escape: false });
                Mode::Discard { fault: Fault::NotObject, at: 0, brackets }
            }
            b'"' => Mode::Stray { fault: Fault::NotObject, string: true, escape: true },
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                Mode::Stray { fault: Fault::NotObject, string: false, escape: false }
            }
            _ => Mode::Stray { fault: Fault::Syntax, string: false, escape: false },
        };
        true
    }

    /// The byte before the read position ended an error.
    pub(super) fn note_reset(&mut self, buffer: &[u8]) {
        let last = (self.at as usize).checked_sub(1).and_then(|last| buffer.get(last));
        self.reset = self.answering && last.is_some_and(|byte| is_reset(*byte));
    }

    /// Skips input that begins no object; whether its end was reached.
    pub(super) fn skip_stray(&mut self, buffer: &[u8]) -> bool {
        let Mode::Stray { fault, string, mut escape } = self.mode else { return true };
        let rest = buffer.get(self.at as usize..self.end as usize).unwrap_or_default();
        let mut used = 0u32;
        let mut over = false;
        for &byte in rest {
            if !string && matches!(byte, b'{' | b'[') {
                over = true;
                break;
            }
            used = used.wrapping_add(1);
            let orphan = self.dropped == 0 && used == 1 && matches!(byte, b'}' | b']' | b',' | b':');
            if orphan || byte == b'\n' || is_reset(byte) || string && !escape && byte == b'"' {
                over = true;
                break;
            }
            escape = string && !escape && byte == b'\\';
        }
        self.at = self.at.saturating_add(used);
        self.dropped = self.dropped.saturating_add(u64::from(used));
        self.start = self.at;
        self.mode = Mode::Stray { fault, string, escape };
        over
    }
}
