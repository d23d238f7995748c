//! Malformed messages: where the link is in step again.

use super::{Link, Mode};
use crate::error::Fault;
use crate::frame::Source;

/// Brackets counted while a malformed message of a client is discarded.
// Packed: each client has one, idle or not.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub(super) struct Brackets {
    open: u32,
    within: Within,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Values,
    String,
    /// After a backslash.
    Escape,
}

impl<S: Source> Link<S> {
    /// The byte at the read position cannot stand there: discard from it on.
    #[cold]
    pub(super) fn fail(&mut self, buffer: &[u8], fault: Fault) {
        self.fault = fault;
        self.dropped = self.taken();
        self.number = self.dropped as u64;
        self.start = self.at;
        // From a server such a byte is a `{` that begins a message, and no fault.
        self.line_feed = !S::MATTER && buffer.get((self.at as usize).wrapping_sub(1)) == Some(&b'\n');
        if !S::MATTER {
            let within = if self.scanner.in_string() { Within::String } else { Within::Values };
            self.brackets = Brackets { open: self.scanner.depth().into(), within };
        }
        self.mode = Mode::Discard;
    }

    /// Discards to the end of a malformed message; whether it was reached.
    #[cold]
    pub(super) fn discard(&mut self, buffer: &[u8]) -> bool {
        let mut used = 0u32;
        let mut over = false;
        for &byte in self.rest(buffer) {
            over = byte == b'{' && self.line_feed;
            if over {
                break;
            }
            // From a client only the very byte that showed the error may begin a message.
            self.line_feed = S::MATTER && byte == b'\n';
            used = used.wrapping_add(1);
            over = byte == 0xff || !S::MATTER && (is_reset(byte) || self.brackets.balance(byte));
            if over {
                break;
            }
        }
        self.pass(used, used);
        over
    }
}

impl Brackets {
    /// Nothing is open.
    pub(super) const NONE: Self = Self { open: 0, within: Within::Values };

    /// Takes one byte; whether no bracket is open after it.
    fn balance(&mut self, byte: u8) -> bool {
        self.within = match (self.within, byte) {
            (Within::Escape, _) | (Within::Values, b'"') => Within::String,
            (Within::String, b'"') => Within::Values,
            (Within::String, b'\\') => Within::Escape,
            (within, _) => within,
        };
        if self.within == Within::Values && byte | 0x20 == b'{' {
            self.open = self.open.saturating_add(1);
        } else if self.within == Within::Values && byte | 0x20 == b'}' {
            self.open = self.open.saturating_sub(1);
        }
        self.open == 0 && self.within == Within::Values
    }
}

/// Whether a byte brings a server back in step wherever it stands.
pub(super) fn is_reset(byte: u8) -> bool {
    byte == 0xff || byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n')
}
