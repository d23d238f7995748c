//! Paths: what is to be kept, as the caller writes it.

use core::fmt;

use super::level::NONE;
use crate::json::Str;

/// Paths in one [`Selection`], at most.
pub(super) const PATHS: usize = 8;

/// Steps of one path, at most: `return[*].inserted.file` has four.
pub(super) const STEPS: usize = 8;

/// Which parts of a message are wanted. Made from up to eight paths, each of up to eight steps and 255 bytes.
///
/// A path starts with the name of a member of the message (`return`, or `data` for events) and goes on with steps:
///
/// | step | stands for |
/// | --- | --- |
/// | `.name` | the member with this name, of an object |
/// | `["name"]` | the same, for a name that has one of `.`, `[`, `]`, `=`, `"` in it, the quote itself excepted |
/// | `[*]` | every element of an array |
/// | `[3]` | the element with this number, counted from 0 as the server sent them |
/// | `[name=value]` | the elements that are objects with a member `name` that is the string `value`, or the number, `true`, `false` or `null` written so |
/// | `[name="value"]` | the same, for a value that has `]` in it, or is empty |
///
/// What a path ends at is kept whole; so are the objects and arrays on the way to it, with nothing else in them. Where several
/// paths lead to the same place, all that any of them asks for is kept. What comes out:
///
/// * A member that is an object or an array on the way to something is kept, as `{}` or `[]` if there is nothing of what was asked
///   for. A member that is neither is dropped there.
/// * An element in which nothing of what was asked for is there is dropped. Those that stay keep their order and close up, so the
///   place of an element in what comes out says nothing about its place on the wire: `return[3]` gives an array of one element.
/// * `QMP`, `event`, `error`, `id` and `timestamp` are always kept, whole. So are `return` and `data` if no path starts with them, or
///   if they are neither object nor array. Other members of the message are dropped unless a path names them.
///
/// As a constant the paths are checked when the program is compiled:
///
/// ```
/// use qmp_core::{Selection, selection};
///
/// const DISKS: Selection = selection!["return[*].device", "return[*].inserted.file"];
/// # let _ = DISKS;
/// ```
///
/// ```compile_fail
/// const DISKS: qmp_core::Selection = qmp_core::selection!["return[*.device"];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Selection<'p> {
    paths: &'p [&'p str],
    /// The level of the one array that all paths lead through first, [`NONE`] without one.
    array: u8,
    /// Where the steps of each path start: behind the bracket, and behind the quote of a name.
    starts: [[u8; STEPS]; PATHS],
    /// What the paths have in each place.
    steps: [Steps; STEPS],
}

/// Which paths have a step of which kind in one place, one bit each.
#[derive(Clone, Copy, Debug)]
struct Steps {
    /// A member.
    names: u8,
    /// Of these, those whose names end with a quote.
    quoted: u8,
    /// All elements.
    all: u8,
    /// An element by its number.
    numbers: u8,
    /// Elements on a condition.
    conditions: u8,
    /// The last step of the path, whatever it is.
    last: u8,
    /// The names of members there are, as [`hash`](crate::scan::hash) has them, one bit each.
    #[cfg(target_pointer_width = "64")]
    hashes: u64,
}

/// Paths that are no selection. Positions are places in the list, and bytes in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SelectionError {
    /// No path, or more than eight.
    Paths,
    /// A path longer than 255 bytes.
    TooLong {
        /// Which.
        path: usize,
    },
    /// A path of more than eight steps.
    TooDeep {
        /// Which.
        path: usize,
    },
    /// The paths do not lead to the elements of one array, or not to one string.
    Delivery,
    /// Not a path.
    Syntax {
        /// Which.
        path: usize,
        /// The step that is not one starts here.
        at: usize,
    },
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paths => write!(f, "a selection has 1 to {PATHS} paths"),
            Self::TooLong { path } => write!(f, "path {path} is longer than 255 bytes"),
            Self::TooDeep { path } => write!(f, "path {path} has more than {STEPS} steps"),
            Self::Delivery => f.write_str("the paths do not lead to what is to be delivered in parts"),
            Self::Syntax { path, at } => write!(f, "path {path} is not one: no step at byte {at}"),
        }
    }
}

impl core::error::Error for SelectionError {}

/// A [`Selection`] whose paths are checked at compile time.
#[macro_export]
macro_rules! selection {
    ($($path:expr),+ $(,)?) => {
        const {
            match $crate::Selection::new(&[$($path),+]) {
                Ok(selection) => selection,
                Err($crate::SelectionError::TooLong { .. }) => panic!("a path is longer than 255 bytes"),
                Err($crate::SelectionError::TooDeep { .. }) => panic!("a path has more than 8 steps"),
                Err($crate::SelectionError::Syntax { .. }) => panic!("not a path"),
                Err(_) => panic!("a selection has 1 to 8 paths"),
            }
        }
    };
}

impl<'p> Selection<'p> {
    /// Checks the paths.
    ///
    /// # Errors
    /// [`SelectionError`] says which path cannot be taken, and why.
    pub const fn new(paths: &'p [&'p str]) -> Result<Self, SelectionError> {
        if paths.is_empty() || paths.len() > PATHS {
            return Err(SelectionError::Paths);
        }
        let mut selection = Self { paths, array: NONE, starts: [[0; STEPS]; PATHS], steps: [Steps::NONE; STEPS] };
        let mut rest = paths;
        let mut free = selection.starts.as_mut_slice();
        let (mut path, mut bit) = (0usize, 1u8);
        while let ([text, others @ ..], [starts, places @ ..]) = (rest, free) {
            if let Err(error) = read(text.as_bytes(), path, bit, starts, &mut selection.steps) {
                return Err(error);
            }
            (rest, free) = (others, places);
            path = path.wrapping_add(1);
            bit = bit.wrapping_shl(1);
        }
        selection.array = array(&selection);
        Ok(selection)
    }

    /// The level of the one array that all paths lead through first: the number of steps before its elements. [`NONE`] without one.
    pub(super) const fn array(&self) -> u8 {
        self.array
    }

    /// Whether there is one path, to one value.
    pub(super) const fn is_one(&self) -> bool {
        self.paths.len() == 1 && self.array == NONE
    }

    /// All paths, one bit each.
    pub(super) const fn all(&self) -> u8 {
        let beyond = 8usize.saturating_sub(self.paths.len()) as u32;
        match u8::MAX.checked_shr(beyond) {
            Some(all) => all,
            None => 0,
        }
    }

    /// Which paths, out of `mask`, have a step number `step` that fits.
    #[inline(never)]
    pub(super) fn fitting(&self, mask: u8, step: u8, ask: Ask<'_>) -> Fitting {
        let steps = self.steps.get(step as usize).unwrap_or(&Steps::NONE);
        let mut found = Fitting { paths: 0, open: 0, ends: false };
        let asked = match ask {
            Ask::Member(_) => steps.names,
            Ask::Element(_) => {
                found.paths = mask & steps.all;
                found.open = mask & steps.conditions;
                steps.numbers
            }
            Ask::Of(_) | Ask::Value(_) => steps.conditions,
        };
        let mut left = mask & asked;
        let mut bit = 1u8;
        for (path, starts) in self.paths.iter().zip(&self.starts) {
            if left == 0 {
                break;
            }
            if left & bit != 0 {
                let start = starts.get(step as usize).copied().unwrap_or_default();
                let text = path.as_bytes().get(start as usize..).unwrap_or_default();
                if fits(text, ask, steps.quoted & bit != 0) {
                    found.paths |= bit;
                }
                left ^= bit;
            }
            bit <<= 1;
        }
        found.ends = found.paths & steps.last != 0;
        found
    }

    /// As [`fitting`](Self::fitting), for an element of an array; at once where that is the same for all of them.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(super) fn fitting_element(&self, mask: u8, step: u8, index: u32) -> Fitting {
        match self.steps.get(step as usize) {
            Some(steps) if mask & (steps.numbers | steps.conditions) == 0 => {
                let paths = mask & steps.all;
                Fitting { paths, open: 0, ends: paths & steps.last != 0 }
            }
            Some(steps) if mask & (steps.numbers | steps.all) == 0 => {
                Fitting { paths: 0, open: mask & steps.conditions, ends: false }
            }
            _ => self.fitting(mask, step, Ask::Element(index)),
        }
    }

    /// As [`fitting`](Self::fitting), for what has no escapes: `is` says whether it is what a step that goes to a member, or is a
    /// condition, asks for. It is given the text on from the name, and the byte that ends the name.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn fitting_plain<const CONDITION: bool>(&self, mask: u8, step: u8, is: impl Fn(&[u8], u8) -> bool) -> Fitting {
        let mut found = Fitting { paths: 0, open: 0, ends: false };
        let Some(steps) = self.steps.get(step as usize) else { return found };
        let mut left = mask & if CONDITION { steps.conditions } else { steps.names };
        while left != 0 {
            let path = left.trailing_zeros() as usize;
            let bit = left & left.wrapping_neg();
            let start = self.starts.get(path).and_then(|starts| starts.get(step as usize)).copied().unwrap_or_default();
            let text = self.paths.get(path).and_then(|path| path.as_bytes().get(start as usize..)).unwrap_or_default();
            let end = match bit {
                _ if CONDITION => b'=',
                _ if steps.quoted & bit != 0 => b'"',
                _ => b'.',
            };
            if is(text, end) {
                found.paths |= bit;
            }
            left ^= bit;
        }
        found.ends = found.paths & steps.last != 0;
        found
    }

    /// Which paths, out of `mask`, go to the member with this name, or with `CONDITION` are about it. The name has no escapes.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(super) fn fitting_name<const CONDITION: bool>(&self, mask: u8, step: u8, name: &[u8]) -> Fitting {
        self.fitting_plain::<CONDITION>(mask, step, |text, end| is_before(text, name, end))
    }

    /// Which paths, out of `mask`, ask for this value, a string without escapes, or no string.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(super) fn fitting_value(&self, mask: u8, step: u8, raw: &[u8]) -> Fitting {
        let raw = if let [b'"', inner @ .., b'"'] = raw { inner } else { raw };
        self.fitting_plain::<true>(mask, step, |text, _| match after_equals(text) {
            [b'"', value @ ..] => is_before(value, raw, b'"'),
            value => is_before(value, raw, b']'),
        })
    }

    /// The names of members that the steps with this number are about, as [`hash`](crate::scan::hash) has them, one bit each.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(super) fn hashes(&self, step: u8) -> u64 {
        self.steps.get(step as usize).map_or(0, |steps| steps.hashes)
    }
}

/// The paths that have a step that fits.
#[derive(Clone, Copy)]
pub(super) struct Fitting {
    /// One bit each.
    pub(super) paths: u8,
    /// Those that go to the element if it meets their condition.
    pub(super) open: u8,
    /// Whether one ends there.
    pub(super) ends: bool,
}

/// What is asked of a step.
#[derive(Clone, Copy)]
pub(super) enum Ask<'t> {
    /// Whether it goes to the member with this name, the name as it stands between its quotes.
    Member(&'t [u8]),
    /// Whether it goes to the element with this number, whatever is in it.
    Element(u32),
    /// Of a condition: whether it is about the member with this name, as it stands between its quotes.
    Of(&'t [u8]),
    /// Of a condition: whether this is the value that it asks for.
    Value(&'t [u8]),
}

impl Steps {
    const NONE: Self = Self {
        names: 0,
        quoted: 0,
        all: 0,
        numbers: 0,
        conditions: 0,
        last: 0,
        #[cfg(target_pointer_width = "64")]
        hashes: 0,
    };
}

/// The level of the one array that all paths lead through first.
const fn array(selection: &Selection<'_>) -> u8 {
    let all = selection.all();
    let mut steps = selection.steps.as_slice();
    let mut number = 0u8;
    while let [step, others @ ..] = steps {
        let elements = step.all | step.numbers | step.conditions;
        if elements == all && are_alike(selection, number) {
            return number;
        }
        if elements != 0 {
            break;
        }
        steps = others;
        number = number.wrapping_add(1);
    }
    NONE
}

/// Whether all paths have the same text up to their step with this number.
const fn are_alike(selection: &Selection<'_>, number: u8) -> bool {
    let (mut paths, mut starts) = (selection.paths, selection.starts.as_slice());
    let mut first: Option<&[u8]> = None;
    while let ([path, other_paths @ ..], [places, other_starts @ ..]) = (paths, starts) {
        let (_, [place, ..]) = places.split_at(number as usize) else { return false };
        let before = path.as_bytes().split_at(*place as usize).0;
        let (mut left, mut right) = (before, if let Some(first) = first { first } else { before });
        if left.len() != right.len() {
            return false;
        }
        while let ([one, ones @ ..], [other, others @ ..]) = (left, right) {
            if *one != *other {
                return false;
            }
            (left, right) = (ones, others);
        }
        first = Some(before);
        (paths, starts) = (other_paths, other_starts);
    }
    true
}

/// Takes a path apart: number `path`, with this `bit`.
const fn read(
    text: &[u8],
    path: usize,
    bit: u8,
    starts: &mut [u8; STEPS],
    steps: &mut [Steps; STEPS],
) -> Result<(), SelectionError> {
    if text.len() > u8::MAX as usize {
        return Err(SelectionError::TooLong { path });
    }
    let mut rest = text;
    let (mut starts, mut steps) = (starts.as_mut_slice(), steps.as_mut_slice());
    let mut first = true;
    while !rest.is_empty() || first {
        let at = text.len().wrapping_sub(rest.len());
        let (skipped, length) = match rest {
            [b'.', name @ ..] if !first => (1, word(name)),
            [b'[', inner @ ..] if !first => (1, bracket(inner).saturating_sub(1)),
            _ if first => (0, word(rest)),
            _ => (0, 0),
        };
        if length == 0 {
            return Err(SelectionError::Syntax { path, at });
        }
        let ([start, other_starts @ ..], [step, other_steps @ ..]) = (starts, steps) else {
            return Err(SelectionError::TooDeep { path });
        };
        let (step_text, after) = rest.split_at(length.wrapping_add(skipped));
        let mut inner = step_text.split_at(skipped).1;
        match step_text {
            [b'[', b'*', ..] => step.all |= bit,
            [b'[', b'0'..=b'9', ..] => step.numbers |= bit,
            [b'[', b'"', name @ ..] => {
                inner = name;
                step.names |= bit;
                step.quoted |= bit;
            }
            [b'[', ..] => step.conditions |= bit,
            _ => step.names |= bit,
        }
        #[cfg(target_pointer_width = "64")]
        {
            let name = match step_text {
                [b'[', b'"', name @ ..] => name.split_at(name.len().saturating_sub(2)).0,
                _ => inner.split_at(word(inner)).0,
            };
            if !matches!(step_text, [b'[', b'*' | b'0'..=b'9', ..]) {
                step.hashes |= hash(name);
            }
        }
        *start = text.len().wrapping_sub(after.len()).wrapping_sub(inner.len()) as u8;
        if after.is_empty() {
            step.last |= bit;
        }
        (starts, steps, rest) = (other_starts, other_steps, after);
        first = false;
    }
    Ok(())
}

/// A bit for a name.
#[cfg(target_pointer_width = "64")]
const fn hash(name: &[u8]) -> u64 {
    match name {
        [first, .., last] => crate::scan::hash(*first, *last, name.len()),
        [only] => crate::scan::hash(*only, *only, 1),
        // As it stands between its quotes.
        [] => crate::scan::hash(b'"', b'"', 0),
    }
}

/// The length of the name at the start of `text`.
const fn word(text: &[u8]) -> usize {
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if matches!(byte, b'.' | b'[' | b']' | b'=' | b'"') {
            break;
        }
        rest = after;
    }
    text.len().wrapping_sub(rest.len())
}

/// The length of a step in brackets, what is behind the opening one given. 0 if it is none.
const fn bracket(inner: &[u8]) -> usize {
    let all = inner.len().wrapping_add(1);
    let rest = match inner {
        [b'*', rest @ ..] => rest,
        [b'"', quoted @ ..] => after_quote(quoted),
        [b'0'..=b'9', ..] => {
            let (mut rest, mut number) = (inner, 0u32);
            while let [digit @ b'0'..=b'9', after @ ..] = rest {
                let Some(ten) = number.checked_mul(10) else { return 0 };
                let Some(sum) = ten.checked_add((*digit).wrapping_sub(b'0') as u32) else { return 0 };
                (rest, number) = (after, sum);
            }
            rest
        }
        _ => match inner.split_at(word(inner)) {
            ([_, ..], [b'=', b'"', quoted @ ..]) => after_quote(quoted),
            ([_, ..], [b'=', value @ ..]) => {
                let mut rest = value;
                while let [byte, after @ ..] = rest {
                    if matches!(byte, b']' | b'"') {
                        break;
                    }
                    rest = after;
                }
                if rest.len() == value.len() { &[] } else { rest }
            }
            _ => &[],
        },
    };
    match rest {
        [b']', rest @ ..] => all.wrapping_sub(rest.len()),
        _ => 0,
    }
}

/// What is behind the next quote; nothing if there is none.
const fn after_quote(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        if *byte == b'"' {
            // Not empty: a name of no characters is one.
            return after;
        }
        rest = after;
    }
    &[]
}

/// Whether a step fits whose text begins with `text`: the name, the number or the condition.
#[inline]
fn fits(text: &[u8], ask: Ask<'_>, quoted: bool) -> bool {
    match ask {
        Ask::Member(raw) => follows(raw, text, if quoted { b'"' } else { b'.' }),
        Ask::Element(index) => {
            let digits = text.iter().map(|byte| byte.wrapping_sub(b'0')).take_while(|digit| *digit < 10);
            digits.fold(0u32, |value, digit| value.wrapping_mul(10).wrapping_add(digit.into())) == index
        }
        Ask::Of(raw) => follows(raw, text, b'='),
        Ask::Value(raw) => {
            let raw = match raw {
                [b'"', inner @ .., b'"'] => inner,
                [b'{' | b'[', ..] => return false,
                _ => raw,
            };
            match after_equals(text) {
                [b'"', value @ ..] => follows(raw, value, b'"'),
                value => follows(raw, value, b']'),
            }
        }
    }
}

/// Whether `text` goes on with a string, `raw` as it stands between its quotes, up to the byte `end`, or with `.` up to the next step.
#[inline(never)]
fn follows(raw: &[u8], text: &[u8], end: u8) -> bool {
    let rest = if crate::bytes::has_escapes(raw) {
        let mut rest = Some(text);
        for char in Str::new(raw).chars() {
            rest = rest.and_then(|rest| rest.strip_prefix(char.encode_utf8(&mut [0; 4]).as_bytes()));
        }
        rest
    } else {
        text.strip_prefix(raw)
    };
    rest.is_some_and(|rest| is_end(rest, end))
}

/// What a condition asks for.
#[inline]
fn after_equals(text: &[u8]) -> &[u8] {
    let mut rest = text.iter();
    let _ = rest.find(|byte| **byte == b'=');
    rest.as_slice()
}

/// Whether `text` goes on with `plain` up to `end`.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn is_before(text: &[u8], plain: &[u8], end: u8) -> bool {
    text.split_at_checked(plain.len()).is_some_and(|(start, rest)| is_end(rest, end) && start == plain)
}

/// Whether a name or value is over before `rest`: it ends with the byte `end`, or with `.` before the next step.
#[inline(always)]
fn is_end(rest: &[u8], end: u8) -> bool {
    match rest {
        [] => true,
        [next, ..] => *next == end || end == b'.' && *next == b'[',
    }
}
