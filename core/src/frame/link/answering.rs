//! The link of a server that answers every input: also what begins no object is told as soon as it is over, and a request with
//! members of other kinds is delivered.

use super::discard::is_reset;
use super::{Link, Mode, Step};
use crate::bytes::is_white;
use crate::error::{Discarded, Fault, Overrun};
use crate::frame::FromClient;
use crate::frame::source::Memory as _;

/// A [`Link`] from a client that answers every input.
#[derive(Clone, Debug)]
pub(crate) struct Answering {
    link: Link<FromClient>,
    stray: Option<Stray>,
    /// An error was ended by a control byte or 0xFF. What is left of it, up to the next bracket or line end, belongs to it.
    reset: bool,
}

/// Input that begins no object: up to the end of the line, the next bracket, or, in a string, its closing quote.
#[derive(Clone, Copy, Debug)]
struct Stray {
    string: bool,
    escape: bool,
}

impl Answering {
    pub(crate) const fn new() -> Self {
        let mut link = Link::<FromClient>::new();
        link.memory.lenient = true;
        Self { link, stray: None, reset: false }
    }

    pub(crate) fn window<'b>(&mut self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        self.link.window(buffer)
    }

    pub(crate) fn commit(&mut self, buffer: &mut [u8], read: usize) -> Result<(), Overrun> {
        self.link.commit(buffer, read)
    }

    /// As [`Link::text`].
    pub(crate) fn text<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        self.link.text(buffer)
    }

    /// As [`Link::report`].
    pub(crate) fn report<'b>(&'b self, step: Step, buffer: &'b [u8]) -> Discarded<'b> {
        self.link.report(step, buffer)
    }

    /// As [`Link::advance`].
    pub(crate) fn advance(&mut self, buffer: &mut [u8]) -> Option<Step> {
        if self.stray.is_none() && self.link.mode == Mode::Idle {
            self.begin(buffer);
        }
        let step = if self.stray.is_some() {
            if !self.skip(buffer) {
                return None;
            }
            self.stray = None;
            self.link.end_with(Step::Malformed)
        } else {
            self.link.advance(buffer)?
        };
        let last = (self.link.at as usize).checked_sub(1).and_then(|last| buffer.get(last));
        self.reset = last.is_some_and(|byte| is_reset(*byte));
        Some(step)
    }

    /// Between messages: skips white space, and looks at what follows it.
    fn begin(&mut self, buffer: &[u8]) {
        let mut skipped = 0u32;
        let mut first = b'{';
        for &byte in self.link.rest(buffer) {
            if !is_white(byte) && (!self.reset || matches!(byte, b'{' | b'[') || is_reset(byte)) {
                first = byte;
                break;
            }
            self.reset &= byte != b'\n';
            skipped = skipped.wrapping_add(1);
        }
        self.link.pass(skipped, 0);
        if first == b'{' {
            return;
        }
        self.link.number = 0;
        self.link.fault = match first {
            b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => Fault::NotObject,
            _ => Fault::Syntax,
        };
        if first == b'[' {
            self.link.memory.begin(0, false);
            self.link.mode = Mode::Discard;
        } else {
            // The first quote does not end the string.
            self.stray = Some(Stray { string: first == b'"', escape: first == b'"' });
        }
    }

    /// Skips input that begins no object; whether its end was reached.
    fn skip(&mut self, buffer: &[u8]) -> bool {
        let Some(Stray { string, mut escape }) = self.stray else { return true };
        let mut used = 0u32;
        let mut over = false;
        for &byte in self.link.rest(buffer) {
            if !string && matches!(byte, b'{' | b'[') {
                over = true;
                break;
            }
            used = used.wrapping_add(1);
            let orphan = self.link.dropped == 0 && used == 1 && matches!(byte, b'}' | b']' | b',' | b':');
            if orphan || byte == b'\n' || is_reset(byte) || string && !escape && byte == b'"' {
                over = true;
                break;
            }
            escape = string && !escape && byte == b'\\';
        }
        self.link.pass(used, used);
        self.stray = Some(Stray { string, escape });
        over
    }
}
