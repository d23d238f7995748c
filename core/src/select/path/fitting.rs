//! Which paths go on: a step against a member's name, an element's number, or a value.

use super::{Selection, Steps};
use crate::json::Str;

/// The paths that have a step that fits.
#[derive(Clone, Copy)]
pub(in crate::select) struct Fitting {
    /// One bit each.
    pub(in crate::select) paths: u8,
    /// Those that go to the element if it meets their condition.
    pub(in crate::select) open: u8,
    /// Whether one ends there.
    pub(in crate::select) ends: bool,
}

/// What is asked of a step.
#[derive(Clone, Copy)]
pub(in crate::select) enum Ask<'t> {
    /// Whether it goes to the member with this name, the name as it stands between its quotes.
    Member(&'t [u8]),
    /// Whether it goes to the element with this number, whatever is in it.
    Element(u32),
    /// Of a condition: whether it is about the member with this name, as it stands between its quotes.
    Of(&'t [u8]),
    /// Of a condition: whether this is the value that it asks for.
    Value(&'t [u8]),
}

impl Selection<'_> {
    /// Which paths, out of `mask`, have a step number `step` that fits.
    #[inline(never)]
    pub(in crate::select) fn fitting(&self, mask: u8, step: u8, ask: Ask<'_>) -> Fitting {
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
    pub(in crate::select) fn fitting_element(&self, mask: u8, step: u8, index: u32) -> Fitting {
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
    /// condition, asks for. It is given the text on from the name, and the byte that ends the name, if one does.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn fitting_plain<const CONDITION: bool>(
        &self,
        mask: u8,
        step: u8,
        is: impl Fn(&[u8], Option<u8>) -> bool,
    ) -> Fitting {
        let mut found = Fitting { paths: 0, open: 0, ends: false };
        let Some(steps) = self.steps.get(step as usize) else { return found };
        let mut left = mask & if CONDITION { steps.conditions } else { steps.names };
        while left != 0 {
            let path = left.trailing_zeros() as usize;
            let bit = left & left.wrapping_neg();
            let start = self.starts.get(path).and_then(|starts| starts.get(step as usize)).copied().unwrap_or_default();
            let text = self.paths.get(path).and_then(|path| path.as_bytes().get(start as usize..)).unwrap_or_default();
            let end = match bit {
                _ if CONDITION => Some(b'='),
                _ if steps.quoted & bit != 0 => Some(b'"'),
                // The path ends with the name.
                _ if steps.last & bit != 0 => None,
                _ => Some(b'.'),
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
    pub(in crate::select) fn fitting_name<const CONDITION: bool>(&self, mask: u8, step: u8, name: &[u8]) -> Fitting {
        self.fitting_plain::<CONDITION>(mask, step, |text, end| match end {
            Some(end) => is_before(text, name, end),
            None => text == name,
        })
    }

    /// Which paths, out of `mask`, ask for this value, a string without escapes, or no string.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(in crate::select) fn fitting_value(&self, mask: u8, step: u8, raw: &[u8]) -> Fitting {
        let raw = if let [b'"', inner @ .., b'"'] = raw { inner } else { raw };
        self.fitting_plain::<true>(mask, step, |text, _| match after_equals(text) {
            [b'"', value @ ..] => is_before(value, raw, b'"'),
            value => is_before(value, raw, b']'),
        })
    }

    /// The names of members that the steps with this number are about, as [`hash`](crate::scan::hash) has them, one bit each.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(in crate::select) fn hashes(&self, step: u8) -> u64 {
        self.steps.get(step as usize).map_or(0, |steps| steps.hashes)
    }
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

/// Whether the name or value at the start of `text`, up to the byte `end`, is a string, `raw` as it stands between its quotes.
#[inline(never)]
fn follows(raw: &[u8], text: &[u8], end: u8) -> bool {
    let length = text.iter().take_while(|byte| !is_end(**byte, end)).count();
    let text = text.get(..length).unwrap_or_default();
    if !crate::bytes::has_escapes(raw) {
        return raw == text;
    }
    let mut rest = Some(text);
    for char in Str::new(raw).chars() {
        rest = rest.and_then(|rest| rest.strip_prefix(char.encode_utf8(&mut [0; 4]).as_bytes()));
    }
    rest == Some(&[])
}

/// What a condition asks for.
#[inline]
fn after_equals(text: &[u8]) -> &[u8] {
    let mut rest = text.iter();
    let _ = rest.find(|byte| **byte == b'=');
    rest.as_slice()
}

/// Whether the name or value at the start of `text`, up to the byte `end`, is `plain`.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn is_before(text: &[u8], plain: &[u8], end: u8) -> bool {
    text.split_at_checked(plain.len()).is_some_and(|(start, rest)| {
        rest.first().is_none_or(|next| is_end(*next, end))
            && start == plain
            && !plain.iter().any(|byte| is_end(*byte, end))
    })
}

/// Whether a name or value ends before `byte`: with the byte `end`, or with `.` before any next step.
#[inline(always)]
fn is_end(byte: u8, end: u8) -> bool {
    byte == end || end == b'.' && byte == b'['
}
