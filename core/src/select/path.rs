//! Paths: what is to be kept, as the caller writes it.

use core::fmt;

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
    steps: [Steps; PATHS],
}

/// Where each step of a path starts.
#[derive(Clone, Copy, Debug)]
struct Steps {
    starts: [u8; STEPS],
    count: u8,
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
        let mut steps = [Steps { starts: [0; STEPS], count: 0 }; PATHS];
        if paths.is_empty() || paths.len() > PATHS {
            return Err(SelectionError::Paths);
        }
        let mut rest = paths;
        let mut free = steps.as_mut_slice();
        let mut path = 0usize;
        while let ([text, others @ ..], [place, places @ ..]) = (rest, free) {
            match Steps::of(text.as_bytes(), path) {
                Ok(found) => *place = found,
                Err(error) => return Err(error),
            }
            (rest, free) = (others, places);
            path = path.wrapping_add(1);
        }
        Ok(Self { paths, steps })
    }

    /// The level of the one array that all paths lead through first: the number of steps before its elements.
    pub(super) fn array(&self) -> Option<u8> {
        let mut found = None;
        for (path, steps) in self.paths.iter().zip(&self.steps) {
            let mut starts = steps.starts.iter().take(steps.count as usize).zip(0u8..);
            let rest = |start: u8| path.as_bytes().get(start as usize..).unwrap_or_default();
            let is_element = |start: u8| matches!(rest(start), [b'[', next, ..] if *next != b'"');
            let (start, number) = starts.find(|(start, _)| is_element(**start))?;
            let before = path.as_bytes().get(..*start as usize)?;
            if *found.get_or_insert((before, number)) != (before, number) {
                return None;
            }
        }
        found.map(|(_, number)| number)
    }

    /// Whether there is one path, to one value.
    pub(super) fn is_one(&self) -> bool {
        self.paths.len() == 1 && self.array().is_none()
    }

    /// All paths, one bit each.
    pub(super) fn all(&self) -> u8 {
        let beyond = 8usize.saturating_sub(self.paths.len()) as u32;
        u8::MAX.checked_shr(beyond).unwrap_or(0)
    }

    /// The paths whose step number `step` fits, out of `mask`, and whether one of them ends with it.
    #[inline(never)]
    pub(super) fn fitting(&self, mask: u8, step: u8, ask: Ask<'_>) -> (u8, bool) {
        let (mut found, mut ends) = (0, false);
        let mut bit = 1u8;
        for (path, steps) in self.paths.iter().zip(&self.steps) {
            if mask & bit != 0
                && step < steps.count
                && let Some(start) = steps.starts.get(step as usize)
                && let Some(text) = path.as_bytes().get(*start as usize..)
                && (Step { text }).fits(ask)
            {
                found |= bit;
                ends |= step.wrapping_add(1) == steps.count;
            }
            bit <<= 1;
        }
        (found, ends)
    }
}

/// What is asked of a step.
#[derive(Clone, Copy)]
pub(super) enum Ask<'t> {
    /// Whether it goes to the member with this name, the name as it stands between its quotes.
    Member(&'t [u8]),
    /// Whether it goes to the element with this number.
    Element(u32),
    /// Whether it asks for the value of a member of an element.
    Condition,
    /// Whether it asks for the value of the member with this name, as it stands between its quotes.
    Of(&'t [u8]),
    /// Whether this is the value that it asks for.
    Value(&'t [u8]),
    /// Nothing.
    Any,
}

impl Steps {
    const fn of(text: &[u8], path: usize) -> Result<Self, SelectionError> {
        let mut starts = [0; STEPS];
        let mut count = 0u8;
        if text.len() > u8::MAX as usize {
            return Err(SelectionError::TooLong { path });
        }
        let mut rest = text;
        let mut free = starts.as_mut_slice();
        while !rest.is_empty() || count == 0 {
            let at = text.len().wrapping_sub(rest.len());
            let (skipped, after) = match rest {
                [b'.', after @ ..] if count != 0 => (1, after),
                _ => (0, rest),
            };
            let length = match after {
                [b'[', inner @ ..] if skipped == 0 && count != 0 => bracket(inner),
                _ if skipped == 0 && count != 0 => 0,
                _ => word(after),
            };
            if length == 0 {
                return Err(SelectionError::Syntax { path, at });
            }
            let [place, places @ ..] = free else { return Err(SelectionError::TooDeep { path }) };
            *place = at.wrapping_add(skipped) as u8;
            free = places;
            count = count.wrapping_add(1);
            rest = after.split_at(length).1;
        }
        Ok(Self { starts, count })
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

/// One step of a path.
#[derive(Clone, Copy)]
struct Step<'p> {
    /// From the step on to the end of the path.
    text: &'p [u8],
}

impl<'p> Step<'p> {
    #[inline]
    fn fits(self, ask: Ask<'_>) -> bool {
        match ask {
            Ask::Member(name) => self.is_member(name),
            Ask::Element(index) => self.is_element(index),
            Ask::Any => true,
            Ask::Condition | Ask::Of(_) | Ask::Value(_) => match (self.condition(), ask) {
                (Some((member, _)), Ask::Of(name)) => same(name, member),
                (Some((_, value)), Ask::Value(raw)) => is_value(raw, value),
                (condition, _) => condition.is_some(),
            },
        }
    }

    /// Whether it goes to the member with this name, the name as it stands between its quotes.
    #[inline]
    fn is_member(self, name: &[u8]) -> bool {
        let (known, ends): (_, &[_]) = match self.text {
            [b'[', b'"', known @ ..] => (known, b"\""),
            [b'[', ..] => return false,
            known => (known, b".["),
        };
        if let Some(rest) = known.strip_prefix(name) {
            // An escape in the path's name is not one.
            return rest.first().is_none_or(|end| ends.iter().any(|byte| byte == end))
                && !crate::bytes::has_escapes(name);
        }
        let length = known.iter().take_while(|byte| !ends.iter().any(|end| end == *byte)).count();
        same(name, known.get(..length).unwrap_or_default())
    }

    /// Whether it goes to the element with this number, or to all of them.
    fn is_element(self, index: u32) -> bool {
        match self.text {
            [b'[', b'*', ..] => true,
            [b'[', rest @ ..] => crate::json::leading_u32(rest).is_some_and(|(number, _)| number == index),
            _ => false,
        }
    }

    /// The member and the value that it asks for.
    fn condition(self) -> Option<(&'p [u8], &'p [u8])> {
        let [b'[', inner @ ..] = self.text else { return None };
        let (name, rest) = inner.split_at_checked(word(inner))?;
        let value = match rest {
            [b'=', b'"', quoted @ ..] => quoted.split(|byte| *byte == b'"').next()?,
            [b'=', value @ ..] => value.split(|byte| *byte == b']').next()?,
            _ => return None,
        };
        Some((name, value))
    }
}

/// Whether a value as it stands in the text is what a path asks for.
fn is_value(raw: &[u8], value: &[u8]) -> bool {
    match raw {
        [b'"', inner @ .., b'"'] => same(inner, value),
        [b'{' | b'[', ..] => false,
        _ => raw == value,
    }
}

/// Whether a string, as it stands between its quotes, is `text`.
#[inline(never)]
fn same(raw: &[u8], text: &[u8]) -> bool {
    if raw.len() <= text.len() {
        // An escape is longer than what it stands for.
        return raw == text && !crate::bytes::has_escapes(raw);
    }
    let mut rest = text;
    for char in Str::new(raw).chars() {
        let mut room = [0; 4];
        match rest.strip_prefix(char.encode_utf8(&mut room).as_bytes()) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}
