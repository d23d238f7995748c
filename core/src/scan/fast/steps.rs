//! The accelerator token by token, for [`select`](crate::select): each step takes one that stands on its own level, or says that it is to
//! be left to the byte machine.

use super::Runs;
use super::shapes::*;
use crate::scan::{MAX_DEPTH, Scanner, State};

/// A token that can be taken at once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Not one of these.
    None,
    /// The bracket at the start of a value. [`enter`](Scanner::enter_value) takes it.
    Open,
    /// A value that is no object and no array. [`leave`](Scanner::leave_value) takes it.
    Scalar,
    Comma,
    /// The end of an object or array.
    Close,
}

/// A bit for a member's name, by its first and its last byte and its length.
#[inline]
pub(crate) const fn hash(first: u8, last: u8, length: usize) -> u64 {
    let sum = (first as u32).wrapping_mul(7).wrapping_add((last as u32).wrapping_mul(13));
    1u64.wrapping_shl(sum.wrapping_add(length as u32))
}

/// Whether the name that `window` begins with may be one of those; it has `run` plain characters, or more
/// if those are [`Runs::LONGEST`].
#[inline(always)]
pub(super) fn is_wanted(window: &[u8; WINDOW], run: usize, wanted: u64) -> bool {
    let [_, first, ..] = *window;
    // Of a long one nothing is known.
    run >= Runs::LONGEST || wanted & hash(first, window.get(run).copied().unwrap_or_default(), run) != 0
}

impl Scanner {
    /// Whether the accelerator may start at `at`: between two tokens, and not at the start of a line, where a bracket may be the next
    /// message's.
    #[inline]
    pub(crate) fn is_ready(&self, text: &[u8], at: usize) -> bool {
        self.state.is_between() && self.state != State::COLON && text.get(at.wrapping_sub(1)) != Some(&b'\n')
    }

    /// The token at `at`, between two of them, its start and its end. A comma and a closing bracket are taken. Names are not for here.
    #[inline]
    pub(crate) fn shape(&mut self, text: &[u8], at: usize) -> (Shape, usize, usize) {
        const NONE: (Shape, usize, usize) = (Shape::None, 0, 0);
        let start = gap(text, at);
        let Some(window) = window(text, start) else { return NONE };
        let close = if self.in_object() { b'}' } else { b']' };
        let [first, ..] = *window;
        let (shape, length) = match self.state {
            State::AFTER if first == b',' => {
                self.state = if close == b'}' { State::NAME } else { State::VALUE };
                let next = start.wrapping_add(1).wrapping_add(usize::from(window[1] == b' '));
                return (Shape::Comma, start, next);
            }
            State::AFTER | State::FIRST | State::ELEMENT if first == close && self.depth > 1 => {
                self.objects >>= 1;
                self.depth = self.depth.wrapping_sub(1);
                self.state = State::AFTER;
                (Shape::Close, 1)
            }
            State::VALUE | State::ELEMENT => match first {
                b'{' | b'[' => (Shape::Open, usize::from(self.depth != MAX_DEPTH)),
                _ => (Shape::Scalar, scalar(text, start, window)),
            },
            _ => return NONE,
        };
        if length == 0 { NONE } else { (shape, start, start.wrapping_add(length)) }
    }

    /// Takes the member's name at `at`, its colon and the space after it. Returns where that ends, or `at`.
    #[inline]
    pub(crate) fn take_name(&mut self, text: &[u8], at: usize) -> usize {
        if !self.is_at_name() {
            return at;
        }
        let length = window(text, at).map_or(0, |window| name(text, at, window));
        if length != 0 {
            self.state = State::VALUE;
        }
        at.wrapping_add(length)
    }

    /// Takes the value at `at` if it is neither an object nor an array. Returns where that ends, or `at`.
    #[inline]
    pub(crate) fn take_scalar(&mut self, text: &[u8], at: usize) -> usize {
        let length = window(text, at).map_or(0, |window| scalar(text, at, window));
        if length != 0 {
            self.state = State::AFTER;
        }
        at.wrapping_add(length)
    }

    /// Takes the bracket that begins an object or an array.
    #[inline]
    pub(crate) fn enter_value(&mut self, object: bool) {
        self.state = self.open(object);
    }

    /// Whether the next element of an array follows at `at`, and is an object: the comma and the space before it are taken then.
    #[inline]
    pub(crate) fn is_next_object(&mut self, text: &[u8], at: usize) -> bool {
        let is = self.state == State::AFTER
            && self.depth != MAX_DEPTH
            && word::<3>(text, at) == Some(const { key(b", {") })
            && !self.in_object();
        if is {
            self.state = State::VALUE;
        }
        is
    }

    /// Takes a value that is neither.
    #[inline]
    pub(crate) fn leave_value(&mut self) {
        self.state = State::AFTER;
    }
}
