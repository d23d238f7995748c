//! Malformed messages: where the link is in step again.

use super::{Link, Mode};
use crate::bytes::is_white;
use crate::error::Fault;
use crate::frame::Source;
use crate::frame::source::Memory as _;

impl<S: Source> Link<S> {
    /// The byte at the read position cannot stand there: discard from it on.
    #[cold]
    pub(super) fn fail(&mut self, buffer: &[u8], fault: Fault) {
        self.fault = fault;
        self.dropped = self.taken();
        self.number = self.dropped as u64;
        self.start = self.at;
        // From a server such a byte is a `{` that begins a message, and no fault.
        self.marked = !S::MATTER && buffer.get((self.at as usize).wrapping_sub(1)) == Some(&b'\n');
        self.memory.begin(self.scanner.depth(), self.scanner.in_string());
        self.mode = Mode::Discard;
    }

    /// Skips what is no part of a message: between messages to the next `{`, of a malformed message to its end. Whether that was reached.
    pub(super) fn skip(&mut self, buffer: &[u8]) -> bool {
        let between = self.mode != Mode::Discard;
        let (mut used, mut counted) = (0u32, 0u32);
        let mut over = false;
        for &byte in self.rest(buffer) {
            over = byte == b'{' && (between || self.marked);
            if over {
                break;
            }
            used = used.wrapping_add(1);
            // From a client only the very byte that showed the error may begin a message.
            self.marked = S::MATTER && byte == b'\n';
            if !between || !is_white(byte) {
                counted = counted.wrapping_add(1);
            }
            over = !between && (byte == 0xff || !S::MATTER && (is_reset(byte) || self.memory.balance(byte)));
            if over {
                break;
            }
        }
        self.pass(used, counted);
        over
    }
}

/// Whether a byte brings a server back in step wherever it stands.
pub(super) fn is_reset(byte: u8) -> bool {
    byte == 0xff || byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n')
}
