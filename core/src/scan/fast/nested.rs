//! The values inside a message's own: nothing is recorded of them.

use super::steps::is_wanted;
use super::*;
use crate::scan::MAX_DEPTH;

impl Scanner {
    /// Inside a value whose level is `floor`, at `from`, between two tokens or not: as far as the shapes go, and not beyond the
    /// value's end. Returns where it stopped.
    #[inline(never)]
    pub(crate) fn nested_to(&mut self, text: &[u8], from: usize, floor: u8) -> usize {
        let between = self.state.is_between() && self.state != State::COLON;
        // A bracket at the start of a line may be the next message's: not for here.
        if !between || text.get(from.wrapping_sub(1)) == Some(&b'\n') {
            return from;
        }
        self.nested::<false>(text, from, floor, 0)
    }

    /// As [`nested_to`](Self::nested_to), in an object, and no further than to a member of it whose name's [`hash`] is in `wanted`.
    #[inline(never)]
    pub(crate) fn members_to(&mut self, text: &[u8], from: usize, floor: u8, wanted: u64) -> usize {
        self.nested::<true>(text, from, floor, wanted)
    }

    /// Inside a value whose level is `floor`: as far as the shapes go. Stops after the bracket that closes the value. With `NAMES` it
    /// stops at the names of its members in `wanted`, too.
    #[inline(always)]
    pub(super) fn nested<const NAMES: bool>(&mut self, text: &[u8], from: usize, floor: u8, wanted: u64) -> usize {
        let mut at = from;
        let mut objects = self.objects;
        let mut depth = self.depth;
        // What the machine would expect at `at`, told apart from the rest by what is open there.
        let mut next = match self.state {
            State::AFTER => Next::After,
            State::FIRST | State::ELEMENT => Next::First,
            State::VALUE if objects & 1 == 1 => Next::Value,
            _ => Next::Item,
        };
        'leave: {
            while next == Next::After {
                match text.get(at) {
                    Some(b',') => next = Next::Item,
                    Some(byte @ (b'}' | b']')) if (*byte == b'}') == (objects & 1 == 1) => {
                        objects >>= 1;
                        depth = depth.wrapping_sub(1);
                        if depth == floor {
                            at = at.wrapping_add(1);
                            break 'leave;
                        }
                    }
                    _ => break 'leave,
                }
                at = at.wrapping_add(1);
            }
            at = gap(text, at);
            'item: loop {
                let Some(window) = window(text, at) else { break 'leave };
                let mut value = 0;
                if objects & 1 == 1 && next != Next::Value {
                    let [b'"', ref rest @ ..] = *window else { break 'leave };
                    let Some(block) = rest.first_chunk() else { break 'leave };
                    let length = special(block);
                    if NAMES && depth == floor.wrapping_add(1) && is_wanted(text, at, length, wanted) {
                        break 'leave;
                    }
                    if bytes::<3>(window, length.wrapping_add(1)) != NAME_END {
                        let length = long_name(text, at, length);
                        if length == 0 {
                            break 'leave;
                        }
                        at = at.wrapping_add(length);
                        next = Next::Value;
                        continue 'item;
                    }
                    value = length.wrapping_add(4);
                    at = at.wrapping_add(value);
                    next = Next::Value;
                }
                let Some(&first) = window.get(value) else { break 'leave };
                let length = match first {
                    b'"' => {
                        let inner = value.wrapping_add(1);
                        let Some(block) = window.get(inner..).and_then(|rest| rest.first_chunk()) else { break 'leave };
                        let run = special(block);
                        let end = bytes::<4>(window, inner.wrapping_add(run));
                        if end == NEXT_NAME {
                            at = at.wrapping_add(run).wrapping_add(4);
                            next = Next::Item;
                            continue 'item;
                        }
                        // The next object of an array is on the level of this one.
                        if end == NEXT_OBJECT && objects & 3 == 1 && depth > floor.wrapping_add(1) {
                            let start = at.wrapping_add(run).wrapping_add(5);
                            if word::<2>(text, start) == Some(const { key(b"{\"") }) {
                                at = start.wrapping_add(1);
                                next = Next::First;
                                continue 'item;
                            }
                        }
                        if run < 16 && end as u8 == b'"' { run.wrapping_add(2) } else { long_string(text, at, run) }
                    }
                    b'{' | b'[' => {
                        let inner = gap(text, at.wrapping_add(1));
                        if depth == MAX_DEPTH {
                            break 'leave;
                        }
                        // `{` and `}` are as far from each other as `[` and `]`.
                        if text.get(inner) == Some(&first.wrapping_add(2)) {
                            inner.wrapping_add(1).wrapping_sub(at)
                        } else {
                            at = inner;
                            depth = depth.wrapping_add(1);
                            objects = objects << 1 | u64::from(first == b'{');
                            next = Next::First;
                            continue 'item;
                        }
                    }
                    _ => {
                        let Some(rest) = window.get(value..).and_then(|rest| rest.first_chunk()) else { break 'leave };
                        short_scalar(rest, first)
                    }
                };
                if length == 0 {
                    break 'leave;
                }
                at = at.wrapping_add(length);
                next = Next::After;
                loop {
                    let Some(end) = word::<4>(text, at) else { break 'leave };
                    if end & 0xffff == const { key(b", ") } {
                        at = at.wrapping_add(2);
                        next = Next::Item;
                        continue 'item;
                    }
                    match end as u8 {
                        b',' => {
                            at = gap(text, at.wrapping_add(1));
                            next = Next::Item;
                            continue 'item;
                        }
                        byte @ (b'}' | b']') if (byte == b'}') == (objects & 1 == 1) => {
                            at = at.wrapping_add(1);
                            objects >>= 1;
                            depth = depth.wrapping_sub(1);
                            if depth == floor {
                                break 'leave;
                            }
                        }
                        b'\r' => {
                            let inner = indentation(text, at);
                            if inner == at {
                                break 'leave;
                            }
                            at = inner;
                        }
                        _ => break 'leave,
                    }
                }
            }
        }
        self.objects = objects;
        self.depth = depth;
        self.state = match (next, objects & 1 == 1) {
            (Next::After, _) => State::AFTER,
            (Next::Value, _) | (Next::Item, false) => State::VALUE,
            (Next::Item, true) => State::NAME,
            (Next::First, true) => State::FIRST,
            (Next::First, false) => State::ELEMENT,
        };
        at
    }
}

/// What comes next inside an object or an array.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    /// A member or an element; the container cannot end.
    Item,
    /// The first one, or the container's end.
    First,
    /// The value of a member.
    Value,
    /// What follows a value.
    After,
}
