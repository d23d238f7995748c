//! Malformed messages: where the link is in step again.

use super::{Link, Mode};
use crate::error::Fault;
use crate::frame::Role;

/// Brackets counted while a malformed message is discarded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brackets {
    pub(super) open: u32,
    pub(super) string: bool,
    pub(super) escape: bool,
}

impl Link {
    /// The byte at the read position cannot stand there: discard from it on.
    #[cold]
    pub(super) fn fail(&mut self, buffer: &[u8], fault: Fault) {
        self.fault = fault;
        self.number = self.taken();
        self.dropped = self.number;
        self.start = self.at;
        self.line_feed = buffer.get((self.at as usize).wrapping_sub(1)) == Some(&b'\n');
        let counted = fault == Fault::TooDeep || self.role == Role::Server;
        self.brackets = counted.then(|| Brackets {
            open: u32::from(self.scanner.depth()),
            string: self.scanner.in_string(),
            escape: false,
        });
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
            // In the server role only the very byte that showed the error may begin a message.
            self.line_feed = byte == b'\n' && self.role == Role::Client;
            used = used.wrapping_add(1);
            over = byte == 0xff
                || self.role == Role::Server && is_reset(byte)
                || self.brackets.as_mut().is_some_and(|brackets| brackets.balance(byte));
            if over {
                break;
            }
        }
        self.pass(used, used);
        over
    }
}

impl Brackets {
    /// Takes one byte; whether the last open bracket was closed by it.
    fn balance(&mut self, byte: u8) -> bool {
        if self.string {
            self.string = self.escape || byte != b'"';
            self.escape = !self.escape && byte == b'\\';
            return false;
        }
        match byte {
            b'"' => self.string = true,
            b'{' | b'[' => self.open = self.open.saturating_add(1),
            b'}' | b']' => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        self.open == 0
    }
}

/// Whether a byte brings a reader in the server role back in step wherever it stands.
pub(super) fn is_reset(byte: u8) -> bool {
    byte == 0xff || byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n')
}
