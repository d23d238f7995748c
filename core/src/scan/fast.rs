//! The accelerator for hosts: the commonest shapes of QEMU's output in larger steps.
//!
//! It is entered between two tokens and left between two tokens, with the scanner's state as the byte machine would have it
//! there. It takes a token only when it has seen all of it and what follows it; on anything else, from an escape to the end of
//! the data, it leaves, and the byte machine looks at that token from its first byte. So it accepts nothing that the machine
//! would not. A zero byte follows the data (see `Link::scan`): no token can run over it.

use super::block::{spaces, special};
use super::{MAX_DEPTH, Member, Scanner, State};

/// Bytes that a step may look at from where it stands. With fewer left in the buffer the byte machine does the work.
const WINDOW: usize = 64;

/// Bytes of data that must be there for a call to be worth it.
pub(super) const LEAST: usize = 24;

/// The `N` bytes at `at`, as a number to compare.
#[inline(always)]
fn bytes<const N: usize>(window: &[u8; WINDOW], at: usize) -> u32 {
    let Some(chunk) = window.get(at..).and_then(|rest| rest.first_chunk::<4>()) else { return 0 };
    let unused = 32u32.wrapping_sub(8u32.wrapping_mul(N as u32));
    u32::from_le_bytes(*chunk) & (u32::MAX >> unused)
}

/// What stands at `at`; zero, which no shape has, where the window would leave the buffer.
#[inline(always)]
fn window(text: &[u8], at: usize) -> Option<&[u8; WINDOW]> {
    text.get(at..)?.first_chunk()
}

/// Where the string whose first character is at `at` has its first byte that is not plain.
#[inline(always)]
pub(super) fn plain_end(text: &[u8], mut at: usize) -> usize {
    while let Some(block) = text.get(at..).and_then(|rest| rest.first_chunk::<16>()) {
        let run = special(block);
        at = at.wrapping_add(run);
        if run < 16 {
            break;
        }
    }
    at
}

/// How many of the next eight bytes are digits.
#[inline(always)]
fn digits(window: &[u8; WINDOW], at: usize) -> usize {
    let Some(chunk) = window.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { return 0 };
    let values = u64::from_le_bytes(*chunk) ^ 0x3030_3030_3030_3030;
    let above = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    (above.trailing_zeros() / 8) as usize
}

/// The length of the number at the start of `window`: 0 unless it is a plain integer, up to 16 digits, that has ended.
#[inline(always)]
fn integer(window: &[u8; WINDOW]) -> usize {
    let mut length = digits(window, 0);
    if length == 8 {
        length = digits(window, 8).wrapping_add(8);
    }
    let [first, second, ..] = *window;
    let ended = matches!(window.get(length), Some(b',' | b'}' | b']' | b'\r'));
    if !ended || first == b'0' && second.wrapping_sub(b'0') < 10 { 0 } else { length }
}

/// The length of the literal at the start of `window`, 0 if there is none.
#[inline(always)]
fn literal(window: &[u8; WINDOW]) -> usize {
    match &bytes::<4>(window, 0).to_le_bytes() {
        b"true" | b"null" => 4,
        b"fals" if window[4] == b'e' => 5,
        _ => 0,
    }
}

/// Where the next token starts after a gap as QEMU makes it: none, one space, or a line end and indentation.
#[inline(always)]
fn gap(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b' ') => at.wrapping_add(1),
        Some(b'\r') => indentation(text, at),
        _ => at,
    }
}

/// Past CR LF and at least one space; `at` itself if that is not what stands there. What follows a line feed directly is for
/// the byte machine: it may be the next message.
#[inline(always)]
fn indentation(text: &[u8], at: usize) -> usize {
    if text.get(at.wrapping_add(1)) != Some(&b'\n') {
        return at;
    }
    let start = at.wrapping_add(2);
    let mut end = start;
    while let Some(block) = text.get(end..).and_then(|rest| rest.first_chunk::<16>()) {
        let run = spaces(block);
        end = end.wrapping_add(run);
        if run < 16 {
            break;
        }
    }
    if end == start { at } else { end }
}

const NAME_END: u32 = u32::from_le_bytes(*b"\": \0");
const NEXT_NAME: u32 = u32::from_le_bytes(*b"\", \"");
const NEXT_OBJECT: u32 = u32::from_le_bytes(*b"\"}, ");

impl Scanner {
    /// Reads on at `at`, between two tokens, as far as the shapes go. Returns where it stopped, and whether the message is
    /// complete there.
    pub(super) fn fast(&mut self, text: &[u8], from: usize) -> (usize, bool) {
        // A bracket at the start of a line may be the next message's: not for here.
        if text.get(from.wrapping_sub(1)) == Some(&b'\n') {
            return (from, false);
        }
        let mut at = from;
        loop {
            if self.depth != 1 {
                at = self.nested(text, at);
                if self.depth != 1 {
                    return (at, false);
                }
                self.end_value(at);
            }
            // After `{` or `,`, at a name; or after a value.
            if self.state == State::After {
                match text.get(at) {
                    Some(b',') => {
                        self.state = State::Name;
                        at = gap(text, at.wrapping_add(1));
                    }
                    Some(b'}') => return (at.wrapping_add(1), true),
                    Some(b'\r') => {
                        let next = indentation(text, at);
                        // The message's own brace stands at the start of its line.
                        let brace = at.wrapping_add(2);
                        if text.get(at..at.wrapping_add(3)) == Some(b"\r\n}") {
                            return (brace.wrapping_add(1), true);
                        }
                        if next == at {
                            return (at, false);
                        }
                        at = next;
                        continue;
                    }
                    _ => return (at, false),
                }
            }
            if let State::First | State::Name = self.state {
                at = gap(text, at);
                let Some(window) = window(text, at) else { return (at, false) };
                let Some(length) = self.name(window) else { return (at, false) };
                at = at.wrapping_add(length);
            }
            if self.state != State::Value {
                return (at, false);
            }
            let Some(window) = window(text, at) else { return (at, false) };
            self.mark = at as u32;
            let [first, ref block @ ..] = *window;
            let length = match first {
                b'"' => {
                    let Some(block) = block.first_chunk() else { return (at, false) };
                    let mut end = special(block).wrapping_add(1);
                    if end == 17 {
                        end = plain_end(text, at.wrapping_add(17)).wrapping_sub(at);
                    }
                    if text.get(at.wrapping_add(end)) == Some(&b'"') { end.wrapping_add(1) } else { 0 }
                }
                b'{' | b'[' => {
                    self.state = self.open(first == b'{');
                    at = at.wrapping_add(1);
                    continue;
                }
                b'0'..=b'9' => integer(window),
                _ => literal(window),
            };
            if length == 0 {
                return (at, false);
            }
            at = at.wrapping_add(length);
            self.state = self.end_value(at);
        }
    }

    /// Takes the top-level name at the start of `window`, its colon and the space after it. The length of all that.
    #[inline(always)]
    fn name(&mut self, window: &[u8; WINDOW]) -> Option<usize> {
        let [b'"', ref block @ ..] = *window else { return None };
        let length = special(block.first_chunk()?);
        if bytes::<3>(window, length.wrapping_add(1)) != NAME_END {
            return None;
        }
        self.enter(Member::named(block.get(..length)?));
        self.state = State::Value;
        Some(length.wrapping_add(4))
    }

    /// Inside a value of the message: nothing is recorded. Stops after the bracket that closes the value.
    #[inline(always)]
    fn nested(&mut self, text: &[u8], from: usize) -> usize {
        let mut at = from;
        let mut objects = self.objects;
        let mut depth = self.depth;
        let mut state = self.state;
        'token: loop {
            match state {
                State::First | State::Name => loop {
                    // In an object, at a name or a closing brace.
                    let Some(window) = window(text, at) else { break 'token };
                    let [first, ref block @ ..] = *window;
                    if first != b'"' {
                        let next = gap(text, at);
                        match text.get(next) {
                            Some(b'"') if next != at => {
                                at = next;
                                continue;
                            }
                            Some(b'}') if state == State::First => {
                                at = next;
                                state = State::After;
                                continue 'token;
                            }
                            _ => break 'token,
                        }
                    }
                    let Some(block) = block.first_chunk() else { break 'token };
                    let length = special(block);
                    if bytes::<3>(window, length.wrapping_add(1)) != NAME_END {
                        let end = plain_end(text, at.wrapping_add(17));
                        if length != 16 || text.get(end..end.wrapping_add(3)) != Some(b"\": ") {
                            break 'token;
                        }
                        at = end.wrapping_add(3);
                    } else {
                        at = at.wrapping_add(length).wrapping_add(4);
                    }
                    state = State::Value;
                    continue 'token;
                },
                State::Value | State::Element => {
                    if state == State::Element {
                        at = gap(text, at);
                        if text.get(at) == Some(&b']') {
                            state = State::After;
                            continue 'token;
                        }
                    }
                    let Some(window) = window(text, at) else { break 'token };
                    let [first, ref block @ ..] = *window;
                    match first {
                        b'"' => {
                            let Some(block) = block.first_chunk() else { break 'token };
                            let length = special(block);
                            let end = bytes::<4>(window, length.wrapping_add(1));
                            if end == NEXT_NAME {
                                at = at.wrapping_add(length).wrapping_add(4);
                                state = if objects & 1 == 1 { State::Name } else { State::Value };
                                continue 'token;
                            }
                            if end == NEXT_OBJECT && objects & 3 == 1 && depth > 2 {
                                let next = at.wrapping_add(length).wrapping_add(5);
                                if text.get(next..next.wrapping_add(2)) == Some(b"{\"") {
                                    at = next.wrapping_add(1);
                                    state = State::Name;
                                    continue 'token;
                                }
                            }
                            let mut end = at.wrapping_add(length).wrapping_add(1);
                            if length == 16 {
                                end = plain_end(text, end);
                            }
                            if text.get(end) != Some(&b'"') {
                                break 'token;
                            }
                            at = end.wrapping_add(1);
                        }
                        b'{' | b'[' => {
                            if depth == MAX_DEPTH {
                                break 'token;
                            }
                            depth = depth.wrapping_add(1);
                            objects = objects << 1 | u64::from(first == b'{');
                            at = at.wrapping_add(1);
                            state = if first == b'{' { State::First } else { State::Element };
                            continue 'token;
                        }
                        b'0'..=b'9' => {
                            let length = integer(window);
                            if length == 0 {
                                break 'token;
                            }
                            at = at.wrapping_add(length);
                        }
                        _ => {
                            let length = literal(window);
                            if length == 0 {
                                break 'token;
                            }
                            at = at.wrapping_add(length);
                        }
                    }
                    state = State::After;
                }
                _ => loop {
                    let object = objects & 1 == 1;
                    match text.get(at) {
                        Some(b',') => {
                            at = gap(text, at.wrapping_add(1));
                            state = if object { State::Name } else { State::Value };
                            continue 'token;
                        }
                        Some(byte @ (b'}' | b']')) => {
                            if (*byte == b'}') != object {
                                break 'token;
                            }
                            at = at.wrapping_add(1);
                            objects >>= 1;
                            depth = depth.wrapping_sub(1);
                            state = State::After;
                            if depth == 1 {
                                break 'token;
                            }
                        }
                        Some(b'\r') => {
                            let next = indentation(text, at);
                            if next == at {
                                break 'token;
                            }
                            at = next;
                        }
                        _ => break 'token,
                    }
                },
            }
        }
        self.objects = objects;
        self.depth = depth;
        self.state = state;
        at
    }
}
