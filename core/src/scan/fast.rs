//! The accelerator for hosts: the commonest shapes of QEMU's output in larger steps.
//!
//! It is entered between two tokens and left between two tokens, with the scanner's state as the byte machine would have it
//! there. It takes a token only when it has seen all of it and what follows it; on anything else, from an escape to the end of
//! the data, it leaves, and the byte machine looks at that token from its first byte. So it accepts nothing that the machine
//! would not. A zero byte follows the data (`Link::scan` sees to that): no token can run over it.

mod shapes;

pub(crate) use shapes::plain_end;

use super::block::special;
use super::{MAX_DEPTH, Member, Scanner, State};
use shapes::*;

impl Scanner {
    /// Reads on at `from`, between two tokens, as far as the shapes go. Returns where it stopped, and whether the message is
    /// complete there.
    #[inline(never)]
    pub(crate) fn fast(&mut self, text: &[u8], from: usize) -> (usize, bool) {
        let mut at = from;
        let mut state = self.state;
        if self.depth != 1 {
            // A bracket at the start of a line may be the next message's: not for here.
            if text.get(from.wrapping_sub(1)) == Some(&b'\n') {
                return (from, false);
            }
            at = self.nested(text, at, 1);
            if self.depth != 1 {
                return (at, false);
            }
            self.record(at);
            state = State::AFTER;
        } else if state == State::FIRST {
            at = gap(text, at);
            if let Some(end) = self.head(text, at) {
                at = end;
                state = if self.member == Member::Return { State::VALUE } else { State::AFTER };
            }
        } else if state == State::VALUE && text.get(from.wrapping_sub(1)) == Some(&b'\n') {
            return (from, false);
        }
        let done = loop {
            // At a name, if not just entered elsewhere.
            if let State::FIRST | State::NAME = state {
                let Some(window) = window(text, at) else { break false };
                let length = self.top_name(text, at, window);
                if length == 0 {
                    break false;
                }
                at = at.wrapping_add(length);
                state = State::VALUE;
            }
            // At a value, if not just entered after one.
            if state == State::VALUE {
                self.mark = at as u32;
                let Some(window) = window(text, at) else { break false };
                let [first, second, ..] = *window;
                let mut length = match first {
                    b'{' if second == b'}' => 2,
                    b'0'..=b'9' => integer(window),
                    b'"' => string(text, at, window),
                    b'{' | b'[' => 0,
                    _ => literal(window),
                };
                if length == 0 {
                    if first != b'{' && first != b'[' {
                        break false;
                    }
                    self.state = self.open(first == b'{');
                    let end = self.nested(text, at.wrapping_add(1), 1);
                    if self.depth != 1 {
                        return (end, false);
                    }
                    length = end.wrapping_sub(at);
                }
                at = at.wrapping_add(length);
                self.record(at);
                state = State::AFTER;
            }
            if state != State::AFTER {
                break false;
            }
            let Some(next) = word::<8>(text, at) else { break false };
            if next == const { key(b", \"id\": ") } {
                // What QEMU writes after a return.
                self.enter(Member::Id);
                at = at.wrapping_add(8);
                state = State::VALUE;
            } else if next as u8 == b'}' {
                at = at.wrapping_add(1);
                break true;
            } else if next as u8 == b',' {
                state = State::NAME;
                at = gap(text, at.wrapping_add(1));
            } else if next & 0xff_ffff == const { key(b"\r\n}") } {
                // The message's own brace stands at the start of its line.
                at = at.wrapping_add(3);
                break true;
            } else {
                break false;
            }
        };
        self.state = state;
        (at, done)
    }

    /// Takes the start of a message as QEMU writes nearly all of them: the name of a return's value, or an event's time stamp
    /// and name. Returns where that ends.
    #[inline(always)]
    fn head(&mut self, text: &[u8], at: usize) -> Option<usize> {
        let head = word::<8>(text, at)?;
        if head == const { key(b"\"return\"") } && word::<2>(text, at.wrapping_add(8)) == Some(const { key(b": ") }) {
            self.enter(Member::Return);
            return Some(at.wrapping_add(10));
        }
        if head != const { key(b"\"timesta") } || word::<5>(text, at.wrapping_add(8)) != Some(const { key(b"mp\": ") })
        {
            return None;
        }
        let start = at.wrapping_add(13);
        let length = timestamp(window(text, start)?);
        let end = start.wrapping_add(length);
        let window = window(text, end)?;
        let [b',', b' ', b'"', b'e', b'v', b'e', b'n', b't', b'"', b':', b' ', ref value @ ..] = *window else {
            return None;
        };
        let name = end.wrapping_add(11);
        let mut run = special(value.split_first_chunk::<1>()?.1.first_chunk()?);
        if run == 16 {
            run = plain_end(text, name.wrapping_add(17)).wrapping_sub(name.wrapping_add(1));
        }
        let close = name.wrapping_add(run).wrapping_add(2);
        if length == 0 || value.first() != Some(&b'"') || text.get(close.wrapping_sub(1)) != Some(&b'"') {
            return None;
        }
        self.enter(Member::Timestamp);
        self.mark = start as u32;
        self.record(end);
        self.enter(Member::Event);
        self.mark = name as u32;
        self.record(close);
        Some(close)
    }

    /// Takes the top-level name at the start of `window`, its colon and the space after it. The length of all that, or 0.
    #[inline(always)]
    fn top_name(&mut self, text: &[u8], at: usize, window: &[u8; WINDOW]) -> usize {
        let Some(chunk) = window.get(1..).and_then(|rest| rest.first_chunk()) else { return 0 };
        let found = u64::from_le_bytes(*chunk);
        let (member, length) = if found == const { key(b"return\":") } && bytes::<1>(window, 9) == 0x20 {
            (Member::Return, 10)
        } else if found & 0xff_ffff_ffff == const { key(b"id\": ") } {
            (Member::Id, 6)
        } else if found == const { key(b"event\": ") } {
            (Member::Event, 9)
        } else if found & 0xff_ffff_ffff_ffff == const { key(b"data\": ") } {
            (Member::Data, 8)
        } else if found == const { key(b"error\": ") } {
            (Member::Error, 9)
        } else if found == const { key(b"timestam") } && bytes::<4>(window, 9) == const { key(b"p\": ") as u32 } {
            (Member::Timestamp, 13)
        } else {
            let length = name(text, at, window);
            let name = window.get(1..length.wrapping_sub(3)).unwrap_or_default();
            (Member::named(name), length)
        };
        if length != 0 && window[0] == b'"' {
            self.enter(member);
            return length;
        }
        0
    }

    /// Inside a value whose level is `floor`, at `from`, between two tokens or not: as far as the shapes go, and not beyond the
    /// value's end. Returns where it stopped.
    #[inline(never)]
    pub(super) fn nested_to(&mut self, text: &[u8], from: usize, floor: u8) -> usize {
        let between = self.state.is_between() && self.state != State::COLON;
        // A bracket at the start of a line may be the next message's: not for here.
        if !between || text.get(from.wrapping_sub(1)) == Some(&b'\n') {
            return from;
        }
        self.nested(text, from, floor)
    }

    /// Takes the scalar that stands at `at`, where a value may. Returns its end, or `at` if it is to be left to the byte machine.
    #[inline]
    pub(super) fn scalar(&mut self, text: &[u8], at: usize) -> usize {
        let Some(window) = window(text, at) else { return at };
        let length = match window[0] {
            b'"' => string(text, at, window),
            b'0'..=b'9' => integer(window),
            _ => literal(window),
        };
        if length != 0 {
            self.state = State::AFTER;
        }
        at.wrapping_add(length)
    }

    /// Takes the name of a member that is not the message's own, its colon and the space after it. Returns where that ends, or `at`
    /// if it is to be left to the byte machine.
    #[inline]
    pub(crate) fn nested_name(&mut self, text: &[u8], at: usize) -> usize {
        let length = window(text, at).map_or(0, |window| name(text, at, window));
        if length != 0 {
            self.state = State::VALUE;
        }
        at.wrapping_add(length)
    }

    /// Inside a value whose level is `floor`: nothing is recorded. Stops after the bracket that closes the value.
    #[inline(always)]
    fn nested(&mut self, text: &[u8], from: usize, floor: u8) -> usize {
        let mut at = from;
        let mut objects = self.objects;
        let mut depth = self.depth;
        let mut state = self.state;
        // Takes the name that stands at `at`, or leaves in a state in which it may stand there.
        macro_rules! name {
            ($otherwise:expr, $leave:lifetime) => {
                match window(text, at).map_or(0, |window| name(text, at, window)) {
                    0 => {
                        state = $otherwise;
                        break $leave;
                    }
                    length => at = at.wrapping_add(length),
                }
            };
        }
        'leave: {
            let mut after = state == State::AFTER;
            match state {
                State::FIRST | State::NAME | State::ELEMENT => at = gap(text, at),
                _ => {}
            }
            match (state, text.get(at)) {
                (State::FIRST, Some(b'}')) | (State::ELEMENT, Some(b']')) => after = true,
                (State::FIRST | State::NAME, _) => name!(state, 'leave),
                _ => {}
            }
            'value: loop {
                if !after {
                    // At a value. A new array may also end here.
                    let fresh = if state == State::ELEMENT { State::ELEMENT } else { State::VALUE };
                    state = State::VALUE;
                    let Some(window) = window(text, at) else {
                        state = fresh;
                        break 'leave;
                    };
                    let [first, ref rest @ ..] = *window;
                    let length = match first {
                        b'"' => {
                            let Some(block) = rest.first_chunk() else { break 'leave };
                            let length = special(block);
                            let end = bytes::<4>(window, length.wrapping_add(1));
                            if end == NEXT_NAME {
                                at = at.wrapping_add(length).wrapping_add(4);
                                if objects & 1 == 1 {
                                    name!(State::NAME, 'leave);
                                }
                                continue 'value;
                            }
                            // The next object of an array is on the level of this one.
                            if end == NEXT_OBJECT && objects & 3 == 1 && depth > floor.wrapping_add(1) {
                                let next = at.wrapping_add(length).wrapping_add(5);
                                if word::<2>(text, next) == Some(const { key(b"{\"") }) {
                                    at = next.wrapping_add(1);
                                    name!(State::FIRST, 'leave);
                                    continue 'value;
                                }
                            }
                            string(text, at, window)
                        }
                        b'0'..=b'9' => integer(window),
                        b'{' | b'[' => {
                            if depth == MAX_DEPTH {
                                state = fresh;
                                break 'leave;
                            }
                            depth = depth.wrapping_add(1);
                            objects = objects << 1 | u64::from(first == b'{');
                            at = gap(text, at.wrapping_add(1));
                            if first == b'[' {
                                state = State::ELEMENT;
                                after = text.get(at) == Some(&b']');
                            } else {
                                after = text.get(at) == Some(&b'}');
                                if !after {
                                    name!(State::FIRST, 'leave);
                                }
                            }
                            continue 'value;
                        }
                        _ => literal(window),
                    };
                    if length == 0 {
                        state = fresh;
                        break 'leave;
                    }
                    at = at.wrapping_add(length);
                }
                after = false;
                state = State::AFTER;
                loop {
                    let object = objects & 1 == 1;
                    let Some(next) = word::<4>(text, at) else { break 'leave };
                    if object && next & 0xff_ffff == const { key(b", \"") } {
                        at = at.wrapping_add(2);
                        name!(State::NAME, 'leave);
                        continue 'value;
                    }
                    match next as u8 {
                        b',' => {
                            at = gap(text, at.wrapping_add(1));
                            if object {
                                name!(State::NAME, 'leave);
                            }
                            state = State::VALUE;
                            continue 'value;
                        }
                        byte @ (b'}' | b']') if (byte == b'}') == object => {
                            at = at.wrapping_add(1);
                            objects >>= 1;
                            depth = depth.wrapping_sub(1);
                            if depth == floor {
                                break 'leave;
                            }
                        }
                        b'\r' => {
                            let next = indentation(text, at);
                            if next == at {
                                break 'leave;
                            }
                            at = next;
                        }
                        _ => break 'leave,
                    }
                }
            }
        }
        self.objects = objects;
        self.depth = depth;
        self.state = state;
        at
    }
}
