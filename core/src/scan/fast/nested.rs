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

    /// As [`nested_to`](Self::nested_to), in an object, and no further than to a member of it whose name's [`hash`] is in `wanted`, or
    /// whose name is too long to tell.
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
                if objects & 1 == 1 && next != Next::Value {
                    let inner = depth > floor.wrapping_add(1);
                    let stops = if NAMES && !inner { Some(wanted) } else { None };
                    // An object right after this one is on its level.
                    if !strings(text, &mut at, &mut next, inner && objects & 3 == 1, stops) {
                        break 'leave;
                    }
                }
                if next != Next::After {
                    let Some(start) = chunk::<SHORT>(text, at) else { break 'leave };
                    let [first, ..] = *start;
                    let length = if first == b'"' {
                        string(text, at, start)
                    } else if first != b'{' && first != b'[' {
                        short_scalar(start, first)
                    } else {
                        let inner = gap(text, at.wrapping_add(1));
                        if depth == MAX_DEPTH {
                            break 'leave;
                        }
                        // `{` and `}` are as far from each other as `[` and `]`.
                        if text.get(inner) != Some(&first.wrapping_add(2)) {
                            at = inner;
                            depth = depth.wrapping_add(1);
                            objects = objects << 1 | u64::from(first == b'{');
                            next = Next::First;
                            continue 'item;
                        }
                        inner.wrapping_add(1).wrapping_sub(at)
                    };
                    if length == 0 {
                        break 'leave;
                    }
                    at = at.wrapping_add(length);
                    next = Next::After;
                }
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

/// Takes members whose values are strings, from the name at `at` on: up to the value of the first one that is not, or to what follows
/// the last one. With `array` it takes those of the objects that come next in an array, too.
///
/// Returns whether the caller goes on. If not, `at` and `next` still say where this has stopped: before what is left to the byte
/// machine, or, with `stops`, before a name whose [`hash`] is among them or that is too long to tell.
#[inline(always)]
fn strings(text: &[u8], at: &mut usize, next: &mut Next, array: bool, stops: Option<u64>) -> bool {
    loop {
        let Some(window) = window(text, *at) else { return false };
        let [b'"', ..] = *window else { return false };
        let runs = Runs::of(window);
        let name = runs.at(window, 1);
        if stops.is_some_and(|wanted| is_wanted(window, name, wanted)) {
            return false;
        }
        let end = bytes::<4>(window, name.wrapping_add(1));
        if end != NAME_STRING {
            let length = if bytes::<3>(window, name.wrapping_add(1)) == NAME_END {
                name.wrapping_add(4)
            } else {
                long_name(text, *at, name)
            };
            if length != 0 {
                *at = at.wrapping_add(length);
                *next = Next::Value;
            }
            return length != 0;
        }
        let first = name.wrapping_add(5);
        let run = runs.at(window, first);
        let quote = first.wrapping_add(run);
        let end = bytes::<4>(window, quote);
        if end == NEXT_NAME {
            *at = at.wrapping_add(quote).wrapping_add(3);
            *next = Next::Item;
            continue;
        }
        if end == NEXT_OBJECT && array {
            let object = at.wrapping_add(quote).wrapping_add(4);
            if word::<2>(text, object) == Some(const { key(b"{\"") }) {
                *at = object.wrapping_add(1);
                *next = Next::First;
                continue;
            }
        }
        if end as u8 == b'"' {
            *at = at.wrapping_add(quote).wrapping_add(1);
            *next = Next::After;
            return true;
        }
        *at = at.wrapping_add(name).wrapping_add(4);
        *next = Next::Value;
        // Up to there the byte that ends the run was looked at, and is no quote. Beyond, the string may go on: it is taken by itself.
        return quote > Runs::LONGEST;
    }
}
