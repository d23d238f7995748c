//! The grammar: RFC 8259 in UTF-8. It can stop after any byte and go on later.
//!
//! It is written for small machines: each rule stands once, what begins a token goes on with it at once, and the runs that make
//! up most of a message (strings, digits) are loops of a few instructions.

use super::state::{CLOSE, COLON, COMMA, NAME, VALUE};
use super::{MAX_DEPTH, Member, Progress, Scanner, Span, State};
use crate::bytes::{is_white, part};
use crate::error::Fault;

/// The letters that follow the first one of `true`, `false` and `null`, the next one lowest.
const fn letters(text: [u8; 4]) -> u32 {
    u32::from_le_bytes(text)
}

/// Whether a byte of a string stands for itself, wherever it is.
#[inline(always)]
fn is_plain(byte: u8) -> bool {
    // Letters first.
    matches!(byte, b']'..=0x7f) || matches!(byte, b' '..b'\\') && byte != b'"'
}

/// Past one space at `at`, if there is one.
#[inline(always)]
fn after_space(text: &[u8], at: usize) -> usize {
    if text.get(at) == Some(&b' ') { at.wrapping_add(1) } else { at }
}

impl Scanner {
    /// As [`scan`](Self::scan), for few bytes: `data` ends where they do.
    #[inline(never)]
    pub(crate) fn scan_bytes(&mut self, data: &[u8], from: usize) -> (usize, Progress) {
        self.bytes::<false>(data, from)
    }

    /// The whole grammar. With `TOKEN` it stops after the first token that it completes, and what nearly always follows that.
    pub(super) fn bytes<const TOKEN: bool>(&mut self, text: &[u8], from: usize) -> (usize, Progress) {
        let mut at = from;
        let mut state = self.state;
        let progress = 'end: loop {
            // A value that has ended leaves `'value`. What begins or goes on with a string leaves `'string`, and so on.
            'value: {
                'string: {
                    'literal: {
                        'number: {
                            if !state.is_between() {
                                if state.in_number() {
                                    break 'number;
                                }
                                if state == State::LITERAL {
                                    break 'literal;
                                }
                                break 'string;
                            }
                            if TOKEN && at != from && state != State::COLON {
                                break 'end Progress::More;
                            }
                            let byte = loop {
                                let Some(&byte) = text.get(at) else { break 'end Progress::More };
                                if byte > b' ' {
                                    break byte;
                                }
                                at = at.wrapping_add(1);
                                if !is_white(byte) {
                                    break 'end Progress::Failed(Fault::Syntax);
                                }
                            };
                            if self.depth == 1 {
                                self.mark = at as u32;
                            }
                            at = at.wrapping_add(1);
                            if byte == b'"' && state.allows(NAME | VALUE) {
                                self.name = state.allows(NAME);
                                state = State::STRING;
                                break 'string;
                            }
                            // `{` and `}` have a bit that `[` and `]` have not.
                            let object = byte & 0x20 != 0;
                            if byte | 0x20 == b'}' && state.allows(CLOSE) && object == self.in_object() {
                                self.objects >>= 1;
                                self.depth = self.depth.wrapping_sub(1);
                                if self.depth == 0 {
                                    break 'end Progress::Done;
                                }
                                break 'value;
                            }
                            if byte == b':' && state.allows(COLON) {
                                state = State::VALUE;
                                continue 'end;
                            }
                            if byte == b',' && state.allows(COMMA) {
                                state = self.next_item();
                                continue 'end;
                            }
                            if byte == b'{' && !self.uncut && text.get(at.wrapping_sub(2)) == Some(&b'\n') {
                                break 'end Progress::Cut;
                            }
                            if !state.allows(VALUE) {
                                break 'end Progress::Failed(Fault::Syntax);
                            }
                            state = match byte {
                                b'{' | b'[' => {
                                    if self.depth == MAX_DEPTH {
                                        break 'end Progress::Failed(Fault::TooDeep);
                                    }
                                    state = self.open(object);
                                    continue 'end;
                                }
                                b'-' => State::MINUS,
                                b'0' => State::ZERO,
                                b'1'..=b'9' => State::INTEGER,
                                _ => {
                                    self.left = match byte {
                                        b't' => letters(*b"rue\0"),
                                        b'f' => letters(*b"alse"),
                                        b'n' => letters(*b"ull\0"),
                                        _ => break 'end Progress::Failed(Fault::Syntax),
                                    };
                                    state = State::LITERAL;
                                    break 'literal;
                                }
                            };
                        }
                        let byte = loop {
                            let Some(&byte) = text.get(at) else { break 'end Progress::More };
                            if !byte.is_ascii_digit() || !state.goes_on() {
                                break byte;
                            }
                            state = state.after_digit(byte);
                            at = at.wrapping_add(1);
                        };
                        state = match state.after_mark(byte) {
                            Some(next) => next,
                            // The byte is looked at again.
                            None if state.may_end() => break 'value,
                            None => {
                                at = at.wrapping_add(1);
                                break 'end Progress::Failed(Fault::Syntax);
                            }
                        };
                        at = at.wrapping_add(1);
                        continue 'end;
                    }
                    loop {
                        let Some(&byte) = text.get(at) else { break 'end Progress::More };
                        at = at.wrapping_add(1);
                        if byte != self.left as u8 {
                            break 'end Progress::Failed(Fault::Syntax);
                        }
                        self.left >>= 8;
                        if self.left == 0 {
                            break 'value;
                        }
                    }
                }
                let byte;
                if state == State::STRING {
                    at = super::plain_end_of_many(text, at);
                    let rest = text.get(at..).unwrap_or_default();
                    at = at.wrapping_add(rest.iter().take_while(|byte| is_plain(**byte)).count());
                    let Some(&next) = text.get(at) else { break 'end Progress::More };
                    at = at.wrapping_add(1);
                    byte = next;
                    if byte == b'"' {
                        if !self.name {
                            break 'value;
                        }
                        if self.depth == 1 {
                            self.end_name(text, at.wrapping_sub(1));
                        }
                        state = State::COLON;
                        if text.get(at) == Some(&b':') {
                            state = State::VALUE;
                            at = at.wrapping_add(1);
                            at = after_space(text, at);
                        }
                        continue 'end;
                    }
                } else {
                    let Some(&next) = text.get(at) else { break 'end Progress::More };
                    at = at.wrapping_add(1);
                    byte = next;
                }
                match self.inside(state, byte.into()) {
                    Ok(next) => state = next,
                    Err(fault) => break 'end Progress::Failed(fault),
                }
                continue 'end;
            }
            if self.depth == 1 {
                self.record(at);
            }
            state = State::AFTER;
            // For speed only, and where that is worth its bytes.
            if cfg!(target_pointer_width = "64") && text.get(at) == Some(&b',') {
                state = self.next_item();
                at = after_space(text, at.wrapping_add(1));
            }
        };
        self.state = state;
        if matches!(progress, Progress::Cut | Progress::Failed(_)) {
            at = at.wrapping_sub(1);
        }
        (at, progress)
    }

    /// What comes after a comma.
    #[inline(always)]
    fn next_item(&self) -> State {
        if self.in_object() { State::NAME } else { State::VALUE }
    }

    /// Takes `byte` if it is one of those that change next to nothing: a plain character of a string, one more digit, the space
    /// before a token, or the colon after a name.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    pub(crate) fn goes_on(&mut self, byte: u8) -> bool {
        if self.state == State::STRING {
            return is_plain(byte);
        }
        if self.state.in_number() {
            return byte.is_ascii_digit() && self.state == State::INTEGER;
        }
        if byte == b':' && self.state == State::COLON {
            self.state = State::VALUE;
            return true;
        }
        byte == b' ' && self.state.is_between()
    }

    /// What `byte` does in a string where it is no plain character.
    // As a word, which small machines compare without cutting it down each time.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn inside(&mut self, state: State, byte: u32) -> Result<State, Fault> {
        match state {
            State::STRING => {
                if byte == u32::from(b'\\') {
                    return Ok(State::ESCAPE);
                }
                if byte < u32::from(b' ') {
                    return Err(Fault::ControlCharacter);
                }
                if !matches!(byte, 0xc2..=0xf4) {
                    return Err(Fault::InvalidUtf8);
                }
                self.lead = byte as u8;
                self.left = (!byte << 24).leading_zeros().wrapping_sub(1);
                return Ok(State::UTF8);
            }
            State::ESCAPE => {
                if byte == u32::from(b'u') {
                    self.left = 4;
                    return Ok(State::HEX);
                }
                let is_escape = b"\"\\/bfnrt".iter().any(|escape| u32::from(*escape) == byte);
                return if is_escape { Ok(State::STRING) } else { Err(Fault::Syntax) };
            }
            State::UTF8 => {
                let lead = u32::from(self.lead);
                let limit = match lead {
                    0xe0 | 0xed => 0xa0,
                    0xf0 | 0xf4 => 0x90,
                    _ => 0,
                };
                // Of `e0` and `f0` the second byte may not be less, of `ed` and `f4` it must be.
                let fits = limit == 0 || (byte < limit) == (lead & 4 != 0);
                if byte >> 6 != 2 || !fits {
                    return Err(Fault::InvalidUtf8);
                }
                self.lead = 0;
            }
            _ => {
                // No hexadecimal digit.
                if byte.wrapping_sub(0x30) > 9 && (byte | 0x20).wrapping_sub(0x61) > 5 {
                    return Err(Fault::Syntax);
                }
            }
        }
        self.left = self.left.wrapping_sub(1);
        Ok(if self.left == 0 { State::STRING } else { state })
    }

    /// A bracket opens.
    #[inline(always)]
    pub(super) fn open(&mut self, object: bool) -> State {
        self.depth = self.depth.wrapping_add(1);
        self.objects = self.objects << 1 | u64::from(object);
        if object { State::FIRST } else { State::ELEMENT }
    }

    /// The quote at `at` ends a top-level member's name.
    pub(super) fn end_name(&mut self, text: &[u8], at: usize) {
        // Where the name's start is no longer in the buffer, what stands after the message's brace is no name.
        let start = if self.mark == 0 { at } else { (self.mark as usize).wrapping_add(1) };
        self.enter(Member::named(part(text, start, at)));
    }

    /// A top-level member's name was read: its value comes next.
    #[inline(always)]
    pub(super) fn enter(&mut self, member: Member) {
        self.member = member;
        if member != Member::Other {
            let bit = member.bit();
            let twice = if self.seen & bit == 0 { 0 } else { Self::TWICE };
            self.seen |= bit | twice;
            if let Some(span) = self.spans.get_mut(member.slot()) {
                span.start = 0;
            }
        }
    }

    /// A top-level value ended before `end`.
    #[inline(always)]
    pub(super) fn record(&mut self, end: usize) {
        if let Some(span) = self.spans.get_mut(self.member.slot()) {
            *span = Span { start: self.mark, end: end as u32 };
        }
    }
}
