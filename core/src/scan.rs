//! Stage 1, `scan`: one JSON object, byte by byte.
//!
//! In: the bytes of one message from its `{` on, as far as they have arrived. Out: whether it is complete, needs more, or
//! is not JSON; and, once complete, where its top-level members lie. The grammar is RFC 8259 in UTF-8 and lives here and
//! nowhere else: a state machine over single bytes that can stop after any of them and go on later. On hosts
//! [`fast`] runs in front of it and takes the commonest shapes in larger steps; whatever it does not know it leaves to the
//! machine, so it can be faster but never more permissive.

#[cfg(target_pointer_width = "64")]
mod block;
#[cfg(target_pointer_width = "64")]
mod fast;
mod member;
mod place;

pub(crate) use member::Member;
pub(crate) use place::{Place, find};

use crate::error::Fault;
use member::{SLOTS, Span};

/// Levels. A message nested deeper is [`Fault::TooDeep`]; the message's own braces are level 1. The deepest reply seen from
/// QEMU 7.2 (`query-pci`) has 7.
pub const MAX_DEPTH: u8 = 64;

/// What the machine expects next. The states from `String` on are inside a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// After `{`: a member name, or `}`.
    First,
    /// After `,` in an object: a member name.
    Name,
    /// After a member name: `:`.
    Colon,
    /// After `:`, or after `,` in an array: a value.
    Value,
    /// After `[`: a value, or `]`.
    Element,
    /// After a value: `,` or the container's end.
    After,
    /// In a string, between characters.
    String,
    /// After a backslash.
    Escape,
    /// In the four digits of `\u`; `left` to come.
    Hex,
    /// In a UTF-8 sequence after `lead`; `left` bytes to come. `lead` is 0 from the second continuation byte on.
    Utf8,
    /// After `-`.
    Minus,
    /// After a leading `0`.
    Zero,
    /// In the integer digits.
    Integer,
    /// After the decimal point.
    Point,
    /// In the fraction's digits.
    Fraction,
    /// After `e`.
    Exponent,
    /// After the exponent's sign.
    Sign,
    /// In the exponent's digits.
    Power,
    /// In `true`, `false` or `null`; `left` is the place in [`LITERALS`].
    Literal,
}

/// What must follow the first letter of `true`, `false` and `null`, each ended by a zero.
const LITERALS: [u8; 13] = *b"rue\0alse\0ull\0";

/// Bytes of data that must be there for the accelerator to be worth a call.
#[cfg(target_pointer_width = "64")]
pub(crate) const LEAST: u32 = 24;

/// There is no accelerator.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) const LEAST: u32 = u32::MAX;

/// How far a string is plain ASCII without escapes for sure, from `at` on: it is to be read on from there.
#[cfg(target_pointer_width = "64")]
pub(crate) use fast::plain_end;

#[cfg(target_pointer_width = "64")]
pub(crate) use block::special;

/// There is no accelerator.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn plain_end(_: &[u8], at: usize) -> usize {
    at
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All bytes are used and the object is not closed.
    More,
    /// The object is closed.
    Done,
    /// The byte at the returned position cannot stand there.
    Failed(Fault),
    /// The byte at the returned position is a `{` at the start of a line: the message was cut off, and this is another.
    Cut,
}

/// The machine: everything that is known of one unfinished message, in fixed space.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    state: State,
    /// Open brackets; 1 is the message's own.
    depth: u8,
    /// In a string: whether it is a member name.
    name: bool,
    /// See [`State`].
    left: u8,
    /// See [`State::Utf8`].
    lead: u8,
    /// The top-level member whose value is being read.
    member: Member,
    /// Whether a `{` at the start of a line ends an open message.
    cut: bool,
    /// Whether a known member came twice.
    twice: bool,
    /// Bits of the known members seen.
    seen: u16,
    /// Where the top-level name or value being read starts.
    mark: u32,
    /// One bit a level, the innermost lowest: 1 object, 0 array.
    objects: u64,
    spans: [Span; SLOTS],
}

impl Scanner {
    /// A machine that has just read a message's `{`. With `cut`, a `{` at the start of a line begins another message.
    pub(crate) const fn new(cut: bool) -> Self {
        Self {
            state: State::First,
            depth: 1,
            name: false,
            left: 0,
            lead: 0,
            member: Member::Other,
            cut,
            twice: false,
            seen: 0,
            mark: u32::MAX,
            objects: 1,
            spans: [Span::NONE; SLOTS],
        }
    }

    /// Forgets the last message. The byte after its `{` comes next.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.state = State::First;
        self.depth = 1;
        self.objects = 1;
        self.twice = false;
        self.seen = 0;
    }

    /// The known members seen so far, one bit each.
    pub(crate) fn seen(&self) -> u16 {
        self.seen
    }

    /// Where `member`'s value lies, `None` while it has none.
    pub(crate) fn span(&self, member: Member) -> Option<Span> {
        if self.seen & member.bit() == 0 {
            return None;
        }
        self.spans.get(member.slot()).copied()
    }

    /// Where the value of the member that gives the kind lies, `None` while there is none.
    pub(crate) fn kind_span(&self) -> Option<Span> {
        if self.seen & Member::KINDS == 0 {
            return None;
        }
        self.spans.first().copied()
    }

    /// How many brackets are open.
    pub(crate) fn depth(&self) -> u8 {
        self.depth
    }

    /// Whether the next byte stands inside a string.
    pub(crate) fn in_string(&self) -> bool {
        matches!(self.state, State::String | State::Escape | State::Hex | State::Utf8)
    }

    /// What is wrong with a closed object that each byte of it could not show.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let kinds = self.seen & Member::KINDS;
        if self.twice {
            Some(Fault::DuplicateMember)
        } else if kinds & kinds.wrapping_sub(1) != 0 {
            Some(Fault::AmbiguousKind)
        } else {
            None
        }
    }

    /// Where the unfinished top-level name or value starts, if one is being read.
    pub(crate) fn open_token(&self) -> Option<u32> {
        let token = self.depth == 1
            && !matches!(self.state, State::First | State::Name | State::Colon | State::Value | State::After);
        (token && self.mark != u32::MAX).then_some(self.mark)
    }

    /// Where the value that gives the kind starts, finished or not; `None` if that is not in the buffer any more, or still to
    /// come.
    pub(crate) fn kind_start(&self) -> Option<u32> {
        let mut start = self.kind_span()?.start;
        let reading = self.depth > 1 || self.open_token().is_some() && !self.in_name();
        if start == u32::MAX && self.member.slot() == 0 && reading {
            start = self.mark;
        }
        (start != u32::MAX).then_some(start)
    }

    /// Whether the next byte stands inside a member's name.
    fn in_name(&self) -> bool {
        self.in_string() && self.name
    }

    /// All positions move `by` bytes towards the start; what would lie before it is lost.
    pub(crate) fn rebase(&mut self, by: u32) {
        // Gone is gone: `u32::MAX` stays what it is.
        let here = self.mark.checked_sub(by).filter(|_| self.mark != u32::MAX);
        self.mark = here.unwrap_or(u32::MAX);
        self.spans = [Span::NONE; SLOTS];
    }

    /// Forgets where the unfinished token starts: it is too long to be of interest.
    pub(crate) fn lose_token(&mut self) {
        self.mark = u32::MAX;
    }

    /// Reads on at `from` in `text`, which starts with the message's `{` and goes on to the end of the buffer; the first `length`
    /// bytes of it are data, and a zero follows them if anything does. Returns the position it stopped at, and why.
    #[inline]
    pub(crate) fn scan(&mut self, text: &[u8], length: usize, from: usize) -> (usize, Progress) {
        let data = text.get(..length).unwrap_or(text);
        #[cfg(target_pointer_width = "64")]
        {
            let mut at = from;
            loop {
                // What the accelerator has left is for the machine, one token of it.
                match self.bytes::<true>(data, at) {
                    (stop, Progress::More) if stop < data.len() => at = stop,
                    end => return end,
                }
                if data.len().saturating_sub(at) >= LEAST as usize {
                    let (stop, done) = self.fast(text, at);
                    at = stop;
                    if done {
                        return (at, Progress::Done);
                    }
                }
            }
        }
        #[cfg(not(target_pointer_width = "64"))]
        self.scan_bytes(data, from)
    }

    /// As [`scan`](Self::scan), for few bytes: `data` ends where they do.
    pub(crate) fn scan_bytes(&mut self, data: &[u8], from: usize) -> (usize, Progress) {
        self.bytes::<false>(data, from)
    }

    /// The whole grammar, one byte a turn. With `TOKEN` it stops after the first token that it completes.
    fn bytes<const TOKEN: bool>(&mut self, text: &[u8], from: usize) -> (usize, Progress) {
        let mut at = from;
        let mut state = self.state;
        let progress = loop {
            let Some(&byte) = text.get(at) else { break Progress::More };
            state = match state {
                #[cfg(target_pointer_width = "64")]
                State::String if TOKEN && byte.is_ascii_lowercase() => {
                    at = fast::plain_end(text, at.wrapping_add(1));
                    continue;
                }
                State::String => match byte {
                    b'"' => self.end_string(text, at),
                    b'\\' => State::Escape,
                    0x20..=0x7f => State::String,
                    0xc2..=0xf4 => {
                        self.lead = byte;
                        self.left = match byte {
                            0..=0xdf => 1,
                            0xe0..=0xef => 2,
                            _ => 3,
                        };
                        State::Utf8
                    }
                    0..=0x1f => break Progress::Failed(Fault::ControlCharacter),
                    _ => break Progress::Failed(Fault::InvalidUtf8),
                },
                State::First | State::Name | State::Colon | State::Value | State::Element | State::After
                    if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') =>
                {
                    state
                }
                State::First | State::Name => match byte {
                    b'"' => {
                        self.name = true;
                        if self.depth == 1 {
                            self.mark = at as u32;
                        }
                        State::String
                    }
                    b'}' if state == State::First => match self.close(at) {
                        Some(next) => next,
                        None => break Progress::Done,
                    },
                    _ => break self.refuse(text, at),
                },
                State::Colon => match byte {
                    b':' => State::Value,
                    _ => break self.refuse(text, at),
                },
                State::After => match byte {
                    b',' if self.objects & 1 == 1 => State::Name,
                    b',' => State::Value,
                    b'}' | b']' if (byte == b'}') == (self.objects & 1 == 1) => match self.close(at) {
                        Some(next) => next,
                        None => break Progress::Done,
                    },
                    _ => break self.refuse(text, at),
                },
                State::Value | State::Element => {
                    if self.depth == 1 {
                        self.mark = at as u32;
                    }
                    match byte {
                        b'"' => {
                            self.name = false;
                            State::String
                        }
                        b'{' | b'[' => {
                            if byte == b'{' && self.is_cut(text, at) {
                                break Progress::Cut;
                            }
                            if self.depth == MAX_DEPTH {
                                break Progress::Failed(Fault::TooDeep);
                            }
                            self.open(byte == b'{')
                        }
                        b'1'..=b'9' => State::Integer,
                        b'0' => State::Zero,
                        b'-' => State::Minus,
                        b't' => self.literal(0),
                        b'f' => self.literal(4),
                        b'n' => self.literal(9),
                        b']' if state == State::Element => match self.close(at) {
                            Some(next) => next,
                            None => break Progress::Done,
                        },
                        _ => break self.refuse(text, at),
                    }
                }
                State::Escape => match byte {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => State::String,
                    b'u' => {
                        self.left = 4;
                        State::Hex
                    }
                    _ => break self.refuse(text, at),
                },
                State::Hex if byte.is_ascii_hexdigit() => self.count(State::Hex),
                State::Utf8 => {
                    let (low, high) = match self.lead {
                        0xe0 => (0xa0, 0xbf),
                        0xed => (0x80, 0x9f),
                        0xf0 => (0x90, 0xbf),
                        0xf4 => (0x80, 0x8f),
                        _ => (0x80, 0xbf),
                    };
                    if byte < low || byte > high {
                        break Progress::Failed(Fault::InvalidUtf8);
                    }
                    self.lead = 0;
                    self.count(State::Utf8)
                }
                State::Literal => {
                    let place = self.left as usize;
                    if LITERALS.get(place) != Some(&byte) {
                        break self.refuse(text, at);
                    }
                    self.left = self.left.wrapping_add(1);
                    if LITERALS.get(place.wrapping_add(1)) == Some(&0) {
                        self.end_value(at.wrapping_add(1))
                    } else {
                        State::Literal
                    }
                }
                State::Integer | State::Fraction | State::Power if byte.is_ascii_digit() => state,
                State::Minus if byte == b'0' => State::Zero,
                State::Minus if byte.is_ascii_digit() => State::Integer,
                State::Point if byte.is_ascii_digit() => State::Fraction,
                State::Exponent | State::Sign if byte.is_ascii_digit() => State::Power,
                State::Zero | State::Integer if byte == b'.' => State::Point,
                State::Zero | State::Integer | State::Fraction if byte | 0x20 == b'e' => State::Exponent,
                State::Exponent if byte == b'+' || byte == b'-' => State::Sign,
                State::Zero | State::Integer | State::Fraction | State::Power => {
                    // The number ended before this byte, which is looked at again.
                    state = self.end_value(at);
                    continue;
                }
                _ => break self.refuse(text, at),
            };
            at = at.wrapping_add(1);
            if TOKEN && matches!(state, State::After | State::Value | State::Element | State::First | State::Name) {
                break Progress::More;
            }
        };
        self.state = state;
        if progress == Progress::Done {
            at = at.wrapping_add(1);
        }
        (at, progress)
    }

    /// One byte less to come in the sequence that `state` stands for.
    fn count(&mut self, state: State) -> State {
        self.left = self.left.wrapping_sub(1);
        if self.left == 0 { State::String } else { state }
    }

    /// A literal begins; what must follow stands at `place`.
    fn literal(&mut self, place: u8) -> State {
        self.left = place;
        State::Literal
    }

    /// A bracket opens.
    fn open(&mut self, object: bool) -> State {
        self.depth = self.depth.wrapping_add(1);
        self.objects = self.objects << 1 | u64::from(object);
        if object { State::First } else { State::Element }
    }

    /// The bracket at `at` closes; `None` when it was the message's own.
    fn close(&mut self, at: usize) -> Option<State> {
        self.depth = self.depth.wrapping_sub(1);
        self.objects >>= 1;
        if self.depth == 0 {
            return None;
        }
        Some(self.end_value(at.wrapping_add(1)))
    }

    /// The quote at `at` ends a string.
    fn end_string(&mut self, text: &[u8], at: usize) -> State {
        if !self.name {
            return self.end_value(at.wrapping_add(1));
        }
        if self.depth == 1 {
            self.end_name(text, at);
        }
        State::Colon
    }

    /// The quote at `at` ends a top-level member's name.
    fn end_name(&mut self, text: &[u8], at: usize) {
        let start = self.mark.checked_add(1);
        let name = start.and_then(|start| text.get(start as usize..at));
        self.enter(name.map_or(Member::Other, Member::named));
    }

    /// A top-level member's name was read: its value comes next.
    #[inline(always)]
    fn enter(&mut self, member: Member) {
        self.twice |= self.seen & member.bit() != 0;
        self.seen |= member.bit() & Member::KNOWN;
        if let Some(span) = self.spans.get_mut(member.slot()) {
            *span = Span::NONE;
        }
        self.member = member;
    }

    /// A top-level value ended before `end`.
    #[inline(always)]
    fn record(&mut self, end: usize) {
        if let Some(span) = self.spans.get_mut(self.member.slot()) {
            *span = Span { start: self.mark, end: end as u32 };
        }
    }

    /// A value ended before `end`.
    fn end_value(&mut self, end: usize) -> State {
        if self.depth == 1 {
            self.record(end);
        }
        State::After
    }

    /// The byte at `at` cannot stand there.
    #[cold]
    fn refuse(&self, text: &[u8], at: usize) -> Progress {
        if self.is_cut(text, at) { Progress::Cut } else { Progress::Failed(Fault::Syntax) }
    }

    /// Whether the byte at `at` begins another message: a `{` directly after a line feed.
    fn is_cut(&self, text: &[u8], at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        self.cut && text.get(at) == Some(&b'{') && before == Some(&b'\n')
    }
}

/// Whether `text` is one JSON value with nothing around it.
pub(crate) fn validate(text: &[u8]) -> Result<(), Fault> {
    // Read as the only element of an array that `text` does not contain.
    let mut scanner = Scanner::new(false);
    scanner.state = State::Value;
    scanner.objects = 0;
    match scanner.bytes::<false>(text, 0) {
        (_, Progress::Failed(fault)) => return Err(fault),
        (_, Progress::More) if scanner.depth == 1 => {}
        _ => return Err(Fault::Syntax),
    }
    if scanner.bytes::<false>(b"]", 0) != (1, Progress::Done) || !crate::json::is_one_value(text) {
        return Err(Fault::Syntax);
    }
    Ok(())
}
