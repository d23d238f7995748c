//! The grammar: RFC 8259 in UTF-8. It can stop after any byte and go on later.
//!
//! It is written for small machines: each rule stands once, what begins a token goes on with it at once, and the runs that make
//! up most of a message (strings, digits) are loops of a few instructions.

use core::slice::Iter;

use super::state::{CLOSE, COLON, COMMA, NAME, VALUE};
use super::{MAX_DEPTH, Member, Progress, Scanner, Span, State};
use crate::bytes::{is_white, part};
use crate::error::Fault;

/// Whether a byte of a string stands for itself, wherever it is.
#[inline(always)]
fn is_plain(byte: u8) -> bool {
    // Letters first.
    matches!(byte, b']'..=0x7f) || matches!(byte, b' '..b'\\') && byte != b'"'
}

impl Scanner {
    /// As [`scan`](Self::scan), for few bytes: `data` ends where they do.
    #[inline(never)]
    pub(crate) fn scan_bytes(&mut self, data: &[u8], from: usize) -> (usize, Progress) {
        self.bytes::<false>(data, from)
    }

    /// As [`scan_bytes`](Self::scan_bytes), where there is a byte to be read: `byte`.
    #[inline(always)]
    pub(crate) fn scan_to(&mut self, data: &[u8], from: usize, byte: u8) -> (usize, Progress) {
        #[cfg(target_pointer_width = "64")]
        if data.len() == from.wrapping_add(1) && self.goes_on(byte, from as u32) {
            return (data.len(), Progress::More);
        }
        let _ = byte;
        self.scan_bytes(data, from)
    }

    /// The whole grammar. With `TOKEN` it stops after the first token that it completes, and what nearly always follows that.
    pub(super) fn bytes<const TOKEN: bool>(&mut self, text: &[u8], from: usize) -> (usize, Progress) {
        let mut rest = text.get(from..).unwrap_or(text).iter();
        // Where the byte stands that comes next: by addresses, for which one register is enough on a small machine. `from` is never
        // beyond the text's end, so what is left lies in it.
        let next = |rest: &Iter<'_, u8>| (rest.as_slice().as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
        let mut state = self.state;
        let progress = 'end: loop {
            // A value that has ended leaves `'value`, a top-level name leaves `'name`. What begins or goes on with a string leaves
            // `'string`, and so on.
            'value: {
                let member = 'name: {
                    'string: {
                        'literal: {
                            'number: {
                                if !state.is_between() {
                                    if state.in_number() {
                                        break 'number;
                                    }
                                    if state.is_scalar() {
                                        break 'literal;
                                    }
                                    break 'string;
                                }
                                if TOKEN && next(&rest) != from && state != State::COLON {
                                    break 'end Progress::More;
                                }
                                let mut start;
                                let byte = loop {
                                    start = next(&rest);
                                    let Some(&byte) = rest.next() else { break 'end Progress::More };
                                    if byte > b' ' {
                                        break byte;
                                    }
                                    if !is_white(byte) {
                                        break 'end Progress::Failed(Fault::Syntax);
                                    }
                                };
                                if state.allows(NAME | VALUE) {
                                    if self.depth == 1 {
                                        self.mark = start as u32;
                                    }
                                    if byte == b'"' {
                                        // In front of hosts' machine there is the accelerator.
                                        #[cfg(not(target_pointer_width = "64"))]
                                        if state.allows(NAME)
                                            && self.depth == 1
                                            && let Some(member) = Member::usual(&mut rest)
                                        {
                                            state = State::VALUE;
                                            break 'name member;
                                        }
                                        self.name = state.allows(NAME);
                                        state = State::STRING;
                                        break 'string;
                                    }
                                } else if byte == b',' && state.allows(COMMA) {
                                    state = self.next_item();
                                    continue 'end;
                                } else if byte == b':' && state.allows(COLON) {
                                    state = State::VALUE;
                                    continue 'end;
                                }
                                // `{` and `}` have a bit that `[` and `]` have not.
                                let object = u32::from(byte >> 5 & 1);
                                if byte | 0x20 == b'}' && state.allows(CLOSE) && object == self.objects as u32 & 1 {
                                    self.objects >>= 1;
                                    self.depth = self.depth.wrapping_sub(1);
                                    if self.depth == 0 {
                                        break 'end Progress::Done;
                                    }
                                    break 'value;
                                }
                                if byte == b'{' && !self.uncut && text.get(start.wrapping_sub(1)) == Some(&b'\n') {
                                    break 'end Progress::Cut;
                                }
                                if !state.allows(VALUE) {
                                    break 'end Progress::Failed(Fault::Syntax);
                                }
                                if byte | 0x20 == b'{' {
                                    if self.depth == MAX_DEPTH {
                                        break 'end Progress::Failed(Fault::TooDeep);
                                    }
                                    self.depth = self.depth.wrapping_add(1);
                                    self.objects = self.objects << 1 | u64::from(object);
                                    state = if object != 0 { State::FIRST } else { State::ELEMENT };
                                    continue 'end;
                                }
                                state = match byte {
                                    b'-' => State::MINUS,
                                    b'0' => State::ZERO,
                                    b'1'..=b'9' => State::INTEGER,
                                    _ => {
                                        state = match byte {
                                            b't' => State::TRUE,
                                            b'f' => State::FALSE,
                                            b'n' => State::NULL,
                                            _ => break 'end Progress::Failed(Fault::Syntax),
                                        };
                                        break 'literal;
                                    }
                                };
                            }
                            let byte = loop {
                                let Some(&byte) = rest.as_slice().first() else { break 'end Progress::More };
                                if !byte.is_ascii_digit() || !state.is_in_digits() {
                                    break byte;
                                }
                                rest.next();
                            };
                            state = match state.after_byte(byte) {
                                Some(next) => next,
                                // The byte is looked at again.
                                None if state.may_end() => break 'value,
                                None => {
                                    rest.next();
                                    break 'end Progress::Failed(Fault::Syntax);
                                }
                            };
                            rest.next();
                            continue 'end;
                        }
                        loop {
                            let Some(&byte) = rest.as_slice().first() else { break 'end Progress::More };
                            rest.next();
                            if byte != state.letter() {
                                break 'end Progress::Failed(Fault::Syntax);
                            }
                            state = state.after_letter();
                            if state.ends_literal() {
                                break 'value;
                            }
                        }
                    }
                    let byte = if state == State::STRING {
                        #[cfg(target_pointer_width = "64")]
                        {
                            rest = text.get(super::plain_end_of_many(text, next(&rest))..).unwrap_or_default().iter();
                        }
                        let mut place;
                        let byte = loop {
                            place = next(&rest);
                            let Some(&byte) = rest.next() else { break 'end Progress::More };
                            if !is_plain(byte) {
                                break byte;
                            }
                        };
                        if byte == b'"' {
                            if !self.name {
                                break 'value;
                            }
                            state = State::COLON;
                            if rest.as_slice().first() == Some(&b':') {
                                rest.next();
                                state = State::VALUE;
                                // For speed only, and where that is worth its bytes.
                                if cfg!(target_pointer_width = "64") && rest.as_slice().first() == Some(&b' ') {
                                    rest.next();
                                }
                            }
                            if self.depth != 1 {
                                continue 'end;
                            }
                            break 'name self.known(text, place);
                        }
                        byte
                    } else {
                        let Some(&byte) = rest.as_slice().first() else { break 'end Progress::More };
                        rest.next();
                        byte
                    };
                    let next = self.inside(state, byte.into());
                    if next == State::NONE {
                        break 'end Progress::Failed(state.fault(byte.into()));
                    }
                    state = next;
                    continue 'end;
                };
                self.enter(member);
                continue 'end;
            }
            if self.depth == 1 {
                self.record(next(&rest));
            }
            state = State::AFTER;
            // As above.
            if cfg!(target_pointer_width = "64") && rest.as_slice().first() == Some(&b',') {
                rest.next();
                state = self.next_item();
                if rest.as_slice().first() == Some(&b' ') {
                    rest.next();
                }
            }
        };
        self.state = state;
        let mut stop = next(&rest);
        if matches!(progress, Progress::Cut | Progress::Failed(_)) {
            stop = stop.wrapping_sub(1);
        }
        (stop, progress)
    }

    /// What comes after a comma.
    #[inline(always)]
    fn next_item(&self) -> State {
        if self.in_object() { State::NAME } else { State::VALUE }
    }

    /// Takes `byte`, which stands at `at`, if it is one of those that change next to nothing: a plain character of a string, one more
    /// digit, the space before a token, the colon after a name, a comma, or the quote that begins a string.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    pub(crate) fn goes_on(&mut self, byte: u8, at: u32) -> bool {
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
        if byte == b',' && self.state == State::AFTER {
            self.state = self.next_item();
            return true;
        }
        if byte == b'"' && self.state.begins_string() {
            self.begin_string(at);
            return true;
        }
        byte == b' ' && self.state.is_between()
    }

    /// What `byte` does in a string where it is no plain character; [`NONE`](State::NONE) if it cannot stand there.
    // As a word, which small machines compare without cutting it down each time.
    #[cfg_attr(not(target_pointer_width = "64"), cold, inline(never))]
    fn inside(&mut self, state: State, byte: u32) -> State {
        match state {
            State::STRING => {
                if byte == u32::from(b'\\') {
                    return State::ESCAPE;
                }
                if !matches!(byte, 0xc2..=0xf4) {
                    return State::NONE;
                }
                self.lead = byte as u8;
                self.left = (!byte << 24).leading_zeros().wrapping_sub(1) as u8;
                return State::UTF8;
            }
            State::ESCAPE => {
                if byte == u32::from(b'u') {
                    self.left = 4;
                    return State::HEX;
                }
                let is_escape = b"\"\\/bfnrt".iter().any(|escape| u32::from(*escape) == byte);
                return if is_escape { State::STRING } else { State::NONE };
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
                    return State::NONE;
                }
                self.lead = 0;
            }
            _ => {
                // No hexadecimal digit.
                if byte.wrapping_sub(0x30) > 9 && (byte | 0x20).wrapping_sub(0x61) > 5 {
                    return State::NONE;
                }
            }
        }
        self.left = self.left.wrapping_sub(1);
        if self.left == 0 { State::STRING } else { state }
    }

    /// A bracket opens.
    #[inline(always)]
    #[cfg(target_pointer_width = "64")]
    pub(super) fn open(&mut self, object: bool) -> State {
        self.depth = self.depth.wrapping_add(1);
        self.objects = self.objects << 1 | u64::from(object);
        if object { State::FIRST } else { State::ELEMENT }
    }

    /// The top-level member whose name the quote at `at` ends.
    fn known(&self, text: &[u8], at: usize) -> Member {
        // Where the name's start is no longer in the buffer, what stands after the message's brace is no name.
        let start = if self.mark == 0 { at } else { (self.mark as usize).wrapping_add(1) };
        Member::named(part(text, start, at))
    }

    /// The quote at `at` ends a top-level member's name.
    #[cfg(target_pointer_width = "64")]
    pub(super) fn end_name(&mut self, text: &[u8], at: usize) {
        self.enter(self.known(text, at));
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
