//! The reader without its buffer: the stream's position in it, and the next step from there.

mod discard;
mod oversized;
mod stray;

use super::{Frame, Role};
use crate::bytes::move_down;
use crate::error::{Discarded, Fault, Overrun};
use crate::message::{Kind, Message};
use crate::scan::{Progress, Scanner};
use discard::Brackets;
use oversized::Known;

/// A finished step of the stream, to be lent from the buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The message that [`Link::frame`] shows.
    Message,
    /// A report. An event's name, if it has one, is at the start of the buffer.
    Discarded(Discarded<'static>, u8),
}

/// What the bytes at the read position belong to.
#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Between messages.
    Idle,
    /// A message that is whole in the buffer so far.
    Open,
    /// A valid message that did not fit.
    Oversized(Known),
    /// The rest of a malformed message, up to a line that begins with `{`, or 0xFF.
    Discard { fault: Fault, at: u64, brackets: Option<Brackets> },
    /// Where every input is answered: input that begins no object, up to the end of the line, the next bracket, or, in a
    /// string, its closing quote.
    Stray { fault: Fault, string: bool, escape: bool },
}

/// The reader without its buffer: all the code, compiled once.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    scanner: Scanner,
    mode: Mode,
    role: Role,
    /// Whether each input is owed an answer: what stands between messages is told as soon as it is over, and a request with
    /// members of other kinds is delivered.
    answering: bool,
    /// Where every input is answered: an error was ended by a control byte or 0xFF. What is left of it, up to the next bracket or
    /// line end, belongs to it.
    reset: bool,
    /// The byte before the read position was a line feed.
    line_feed: bool,
    /// Bytes of the current message, or of noise, that are no longer in the buffer.
    dropped: u64,
    /// Where the current message starts in the buffer; everything before it may be overwritten.
    start: u32,
    /// Where the next byte to be looked at is.
    at: u32,
    /// Where the committed bytes end.
    end: u32,
}

impl Link {
    pub(crate) const fn new(role: Role) -> Self {
        Self {
            scanner: Scanner::new(matches!(role, Role::Client)),
            mode: Mode::Idle,
            role,
            answering: false,
            reset: false,
            line_feed: false,
            dropped: 0,
            start: 0,
            at: 0,
            end: 0,
        }
    }

    /// A reader in the server role for a server that answers everything.
    pub(crate) const fn answering() -> Self {
        let mut link = Self::new(Role::Server);
        link.answering = true;
        link
    }

    pub(crate) fn window<'b>(&mut self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        // Only once all is looked at, so that no byte of a message moves twice.
        if self.at == self.end {
            match self.mode {
                Mode::Open => self.slide(buffer, self.start, 0),
                Mode::Oversized(_) => {}
                Mode::Idle | Mode::Discard { .. } | Mode::Stray { .. } => (self.start, self.at, self.end) = (0, 0, 0),
            }
        }
        let capacity = capacity(buffer);
        buffer.get_mut(self.end as usize..capacity as usize).unwrap_or_default()
    }

    pub(crate) fn commit(&mut self, buffer: &mut [u8], read: usize) -> Result<(), Overrun> {
        let free = capacity(buffer).saturating_sub(self.end);
        match u32::try_from(read) {
            Ok(read) if read <= free => {
                self.end = self.end.saturating_add(read);
                Ok(())
            }
            _ => Err(Overrun),
        }
    }

    /// The next finished message or report, `None` when all committed bytes are used up.
    pub(crate) fn advance(&mut self, buffer: &mut [u8]) -> Option<Step> {
        #[cfg(target_pointer_width = "64")]
        if self.whole(buffer) {
            return Some(match self.scanner.fault() {
                None => Step::Message,
                Some(_) => self.complete(buffer),
            });
        }
        loop {
            match self.mode {
                Mode::Idle => {
                    if self.answering && self.stray(buffer) {
                        continue;
                    }
                    let noise = self.skip(buffer)?;
                    if noise != 0 {
                        return Some(Step::Discarded(Discarded::Noise { bytes: noise }, 0));
                    }
                }
                Mode::Open | Mode::Oversized(_) => {
                    let progress = self.scan(buffer);
                    match progress {
                        Progress::More => {
                            self.make_room(buffer);
                            return None;
                        }
                        Progress::Done => return Some(self.complete(buffer)),
                        Progress::Cut => {
                            self.mode = Mode::Idle;
                            let bytes = self.take_length();
                            return Some(Step::Discarded(Discarded::Truncated { bytes }, 0));
                        }
                        Progress::Failed(fault) => self.fail(buffer, fault),
                    }
                }
                Mode::Stray { fault, .. } => {
                    if !self.skip_stray(buffer) {
                        return None;
                    }
                    self.mode = Mode::Idle;
                    self.note_reset(buffer);
                    let bytes = self.take_length();
                    return Some(Step::Discarded(Discarded::Malformed { bytes, at: 0, fault }, 0));
                }
                Mode::Discard { fault, at, brackets } => {
                    if !self.discard(buffer, brackets) {
                        return None;
                    }
                    self.mode = Mode::Idle;
                    self.note_reset(buffer);
                    let bytes = self.take_length();
                    return Some(Step::Discarded(Discarded::Malformed { bytes, at, fault }, 0));
                }
            }
        }
    }

    /// The common case at once: a message that starts right here and that the accelerator can take to its end. Where it cannot,
    /// the message is left open, or untouched.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    fn whole(&mut self, buffer: &mut [u8]) -> bool {
        let (at, end) = (self.at as usize, self.end as usize);
        if !matches!(self.mode, Mode::Idle) || self.dropped != 0 || end.saturating_sub(at) < crate::scan::LEAST as usize
        {
            return false;
        }
        let start = match buffer.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(b"\r\n{") => at.wrapping_add(2),
            Some([b'{', ..]) => at,
            _ => return false,
        };
        self.scanner.begin();
        self.start = start as u32;
        // No token runs over a zero. The byte is the caller's, who gets it back.
        let beyond = buffer.get_mut(end).map(core::mem::take);
        let (stop, done) = self.scanner.fast(buffer.get(start..).unwrap_or_default(), 1);
        if let (Some(byte), Some(place)) = (beyond, buffer.get_mut(end)) {
            *place = byte;
        }
        self.at = start.wrapping_add(stop) as u32;
        if !done {
            self.mode = Mode::Open;
        }
        done
    }

    /// Reads on in the open message.
    #[inline]
    fn scan(&mut self, buffer: &mut [u8]) -> Progress {
        let end = self.end as usize;
        let from = self.at.wrapping_sub(self.start) as usize;
        let (stop, progress) = if self.end.wrapping_sub(self.at) < crate::scan::LEAST {
            let data = buffer.get(self.start as usize..end).unwrap_or_default();
            self.scanner.scan_bytes(data, from)
        } else {
            // The accelerator needs no bound: no token runs over a zero. The byte is the caller's, who gets it back.
            let beyond = buffer.get_mut(end).map(core::mem::take);
            let text = buffer.get(self.start as usize..).unwrap_or_default();
            let result = self.scanner.scan(text, end.wrapping_sub(self.start as usize), from);
            if let (Some(byte), Some(place)) = (beyond, buffer.get_mut(end)) {
                *place = byte;
            }
            result
        };
        self.at = self.start.saturating_add(stop as u32);
        progress
    }

    /// What `step` stands for, lent from the buffer. Valid until anything else is called.
    pub(crate) fn lend<'a>(&'a self, step: Step, buffer: &'a [u8]) -> Result<Message<'a>, Discarded<'a>> {
        match step {
            Step::Message => Ok(Message::new(self.frame(buffer))),
            Step::Discarded(Discarded::Oversized { bytes, kind, id, .. }, name) => {
                let name = buffer.get(..name as usize).unwrap_or_default();
                let event = core::str::from_utf8(name).unwrap_or_default();
                Err(Discarded::Oversized { bytes, kind, id, event })
            }
            Step::Discarded(report, _) => Err(report),
        }
    }

    /// The message that was just finished.
    pub(crate) fn frame<'a>(&'a self, buffer: &'a [u8]) -> Frame<'a> {
        Frame { text: self.text(buffer), scanner: &self.scanner }
    }

    /// The text of the message that was just finished.
    pub(crate) fn text<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        buffer.get(self.start as usize..self.at as usize).unwrap_or_default()
    }

    pub(crate) fn finish(&mut self) -> Option<Step> {
        let bytes = self.pending();
        let report = match self.mode {
            Mode::Idle => Discarded::Noise { bytes },
            Mode::Open | Mode::Oversized(_) => Discarded::Truncated { bytes },
            Mode::Discard { fault, at, .. } => Discarded::Malformed { bytes, at, fault },
            Mode::Stray { fault, .. } => Discarded::Malformed { bytes, at: 0, fault },
        };
        *self = if self.answering { Self::answering() } else { Self::new(self.role) };
        (bytes != 0).then_some(Step::Discarded(report, 0))
    }

    pub(crate) fn pending(&self) -> u64 {
        match self.mode {
            Mode::Idle => self.dropped,
            _ => self.dropped.saturating_add(u64::from(self.at.saturating_sub(self.start))),
        }
    }

    /// Skips to the next `{` and opens a message there, unless noise came before it: then that is returned first.
    fn skip(&mut self, buffer: &[u8]) -> Option<u64> {
        let rest = buffer.get(self.at as usize..self.end as usize).unwrap_or_default();
        // What nearly always stands here.
        if self.dropped == 0 && rest.first_chunk() == Some(b"\r\n{") {
            self.open(self.at.wrapping_add(2));
            return Some(0);
        }
        for (skipped, &byte) in rest.iter().enumerate() {
            match byte {
                b'{' => {
                    let noise = core::mem::take(&mut self.dropped);
                    let here = self.at.wrapping_add(skipped as u32);
                    if noise == 0 {
                        self.open(here);
                    } else {
                        (self.start, self.at) = (here, here);
                    }
                    return Some(noise);
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => self.dropped = self.dropped.saturating_add(1),
            }
        }
        self.at = self.end;
        self.start = self.at;
        None
    }

    /// The brace at `here` opens a message.
    #[inline]
    fn open(&mut self, here: u32) {
        self.start = here;
        self.at = here.wrapping_add(1);
        self.scanner.begin();
        self.mode = Mode::Open;
    }

    /// The message ended before the read position.
    fn complete(&mut self, buffer: &mut [u8]) -> Step {
        let mode = self.mode;
        self.mode = Mode::Idle;
        self.reset = false;
        let fault = self.scanner.fault().filter(|fault| !self.answering || *fault != Fault::AmbiguousKind);
        if let Some(fault) = fault {
            let bytes = self.take_length();
            return Step::Discarded(Discarded::Malformed { bytes, at: bytes, fault }, 0);
        }
        let Mode::Oversized(known) = mode else {
            return Step::Message;
        };
        let Known { id, name, mistyped } = self.harvest(buffer, known);
        let kind = if mistyped { Kind::Unknown } else { Kind::of(self.scanner.seen()) };
        let bytes = self.take_length();
        Step::Discarded(Discarded::Oversized { bytes, kind, id, event: "" }, name)
    }

    /// The length of what ends at the read position, which is forgotten.
    fn take_length(&mut self) -> u64 {
        let here = u64::from(self.at.saturating_sub(self.start));
        self.start = self.at;
        core::mem::take(&mut self.dropped).saturating_add(here)
    }

    /// Moves the current message from `from` to `to`.
    fn slide(&mut self, buffer: &mut [u8], from: u32, to: u32) {
        if from > to {
            let length = self.end.saturating_sub(from);
            move_down(buffer, from as usize, to as usize, length as usize);
            let by = from.wrapping_sub(to);
            self.start = to;
            self.at = self.at.saturating_sub(by);
            self.end = self.end.saturating_sub(by);
        }
    }
}

/// The usable length of the buffer: positions have 32 bits.
fn capacity(buffer: &[u8]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}
