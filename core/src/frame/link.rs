//! The reader without its buffer: finding and losing sync, sliding, and what is kept of an oversized message.

use super::{Frame, Role};
use crate::bytes::move_down;
use crate::error::{Discarded, Fault, Overrun};
use crate::message::{Kind, Message};
use crate::scan::{Member, Progress, Scanner};

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

/// What is known of a message of which parts are gone.
#[derive(Clone, Copy, Debug)]
struct Known {
    id: Option<u64>,
    /// So many bytes of an event's name are at the start of the buffer.
    name: u8,
    /// The member that gives the kind has a value of another type.
    mistyped: bool,
}

/// Brackets counted while a malformed message is discarded.
#[derive(Clone, Copy, Debug)]
struct Brackets {
    open: u32,
    string: bool,
    escape: bool,
}

/// Bytes. An oversized event's name is kept up to this length; the longest name in QEMU 7.2 has 29.
const NAME: usize = 32;

/// Bytes. The longest token that matters in an oversized message: `"timestamp"` with each letter as `\uXXXX` has 56.
const TOKEN: usize = 64;

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

    /// Between messages: skips white space, and whether what follows begins no object.
    fn stray(&mut self, buffer: &[u8]) -> bool {
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
    fn note_reset(&mut self, buffer: &[u8]) {
        let last = (self.at as usize).checked_sub(1).and_then(|last| buffer.get(last));
        self.reset = self.answering && last.is_some_and(|byte| is_reset(*byte));
    }

    /// Skips input that begins no object; whether its end was reached.
    fn skip_stray(&mut self, buffer: &[u8]) -> bool {
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

    /// The byte at the read position cannot stand there: discard from it on.
    fn fail(&mut self, buffer: &[u8], fault: Fault) {
        let at = self.dropped.saturating_add(u64::from(self.at.saturating_sub(self.start)));
        let counted = fault == Fault::TooDeep || self.role == Role::Server;
        let brackets = counted.then(|| Brackets {
            open: u32::from(self.scanner.depth()),
            string: self.scanner.in_string(),
            escape: false,
        });
        self.line_feed = buffer.get((self.at as usize).wrapping_sub(1)) == Some(&b'\n');
        self.dropped = at;
        self.start = self.at;
        self.mode = Mode::Discard { fault, at, brackets };
    }

    /// Discards to the end of a malformed message; whether it was reached.
    fn discard(&mut self, buffer: &[u8], mut brackets: Option<Brackets>) -> bool {
        let first = self.pending();
        let rest = buffer.get(self.at as usize..self.end as usize).unwrap_or_default();
        let mut used = 0u32;
        let mut over = false;
        for &byte in rest {
            // In the server role only the very byte that showed the error may begin a message.
            let may_begin = match (self.role, self.mode) {
                (Role::Client, _) => true,
                (Role::Server, Mode::Discard { at, .. }) => first == at && used == 0,
                (Role::Server, _) => false,
            };
            if byte == b'{' && self.line_feed && may_begin {
                over = true;
                break;
            }
            self.line_feed = byte == b'\n';
            used = used.wrapping_add(1);
            if byte == 0xff
                || self.role == Role::Server && is_reset(byte)
                || brackets.as_mut().is_some_and(|brackets| brackets.balance(byte))
            {
                over = true;
                break;
            }
        }
        self.at = self.at.saturating_add(used);
        self.dropped = self.dropped.saturating_add(u64::from(used));
        self.start = self.at;
        if let Mode::Discard { brackets: kept, .. } = &mut self.mode {
            *kept = brackets;
        }
        over
    }

    /// All is looked at and the message is open. A full buffer turns into scratch space.
    fn make_room(&mut self, buffer: &mut [u8]) {
        let capacity = capacity(buffer);
        if self.end != capacity {
            return;
        }
        let known = match self.mode {
            Mode::Open if self.start == 0 => Known { id: None, name: 0, mistyped: false },
            Mode::Oversized(known) => known,
            _ => return,
        };
        self.mode = Mode::Oversized(self.harvest(buffer, known));
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
    fn harvest(&mut self, buffer: &mut [u8], mut known: Known) -> Known {
        let text = buffer.get(self.start as usize..self.end as usize).unwrap_or_default();
        if known.id.is_none() {
            let id = self.scanner.span(Member::Id).and_then(|span| span.of(text));
            known.id = id.and_then(crate::json::parse_u64);
        }
        let kind = Kind::of(self.scanner.seen());
        let Some((member, first)) = kind.member(self.scanner.seen()) else {
            return known;
        };
        let Some(start) = self.scanner.start_of(member).map(|start| start as usize) else {
            return known;
        };
        known.mistyped |= text.get(start) != Some(&first);
        if kind != Kind::Event || known.mistyped || known.name != 0 {
            return known;
        }
        let most = NAME.min(buffer.len() / 4);
        let whole = self.scanner.span(member).is_some_and(|span| span.of(text).is_some());
        let name = text.get(start.saturating_add(1)..).unwrap_or_default();
        // Not complete, but already longer than what is kept.
        if whole || name.len() >= most {
            let plain = |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\');
            let length = name.iter().take(most).take_while(plain).count();
            move_down(buffer, (self.start as usize).saturating_add(start).saturating_add(1), 0, length);
            known.name = length as u8;
        }
        known
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
fn is_reset(byte: u8) -> bool {
    byte == 0xff || byte < 0x20 && !matches!(byte, b'\t' | b'\r' | b'\n')
}

/// The usable length of the buffer: positions have 32 bits.
fn capacity(buffer: &[u8]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}
