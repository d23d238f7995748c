//! Which paths go on: a step against a member's name, an element's number, or a value.

use super::Selection;
use crate::bytes::part;
use crate::json::Str;

/// The paths that have a step that fits, and so what is to be done with the value behind it.
// In one word, which is what a microcontroller moves at once: `paths`, those of them that end, and `open` in the upper half.
#[derive(Clone, Copy, Debug)]
pub(in crate::select) struct Fitting(u32);

impl Fitting {
    /// No path leads there.
    pub(in crate::select) const NONE: Self = Self(0);

    /// No path leads there, and it is kept.
    pub(in crate::select) const WHOLE: Self = Self(0x100);

    /// The paths that lead to the value, one bit each.
    #[inline]
    pub(in crate::select) const fn paths(self) -> u8 {
        self.0 as u8
    }

    /// Those that lead to it if it meets their condition.
    #[inline]
    pub(in crate::select) const fn open(self) -> u8 {
        (self.0 >> 16) as u8
    }

    /// Whether the value is kept as a whole: a path ends there.
    #[inline]
    pub(in crate::select) const fn ends(self) -> bool {
        self.0 & 0xff00 != 0
    }

    /// Whether anything of the value may be kept.
    #[inline]
    pub(in crate::select) const fn is_wanted(self) -> bool {
        self.0 as u16 != 0
    }

    /// The same paths, as if none of them ended.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(in crate::select) const fn leads(self) -> Self {
        Self::leading(self.paths(), false)
    }

    /// These paths lead there, one of which may end.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    const fn leading(paths: u8, ends: bool) -> Self {
        Self(paths as u32 | (ends as u32) << 8)
    }

    /// These paths lead there on a condition.
    #[inline]
    const fn on_condition(open: u8) -> Self {
        Self((open as u32) << 16)
    }

    /// Of the open paths `told` are decided: those in `met` lead there, the others do not.
    #[inline]
    pub(in crate::select) const fn decided(self, told: u8, met: Self) -> Self {
        Self(self.0 & !Self::on_condition(told).0 | met.0)
    }
}

/// What is asked of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::select) enum Ask {
    /// Whether it goes to the element with a certain number, whatever is in it.
    Element,
    /// Whether it goes to the member with a certain name.
    Member,
    /// Of a condition: whether it is about the member with a certain name.
    Of,
    /// Of a condition: whether a certain value is what it asks for, which no object or array is.
    Value,
}

impl Selection<'_> {
    /// Which paths, out of `mask`, have a step number `step` that fits: the name or value `raw`, a string as it stands between its quotes,
    /// or the element `index`.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(in crate::select) fn fitting(&self, mask: u8, step: u8, ask: Ask, raw: &[u8], index: u32) -> Fitting {
        let mut found = Fitting::NONE;
        // The last one first, whose bit is the highest.
        let mut left = u32::from(mask).wrapping_shl((self.paths.len() as u32).wrapping_neg());
        for path in self.paths.iter().rev() {
            found.0 <<= 1;
            if left >> 31 != 0 {
                found.0 |= leads(path.as_bytes(), step, ask, raw, index);
            }
            left <<= 1;
        }
        found
    }

    /// As [`fitting`](Self::fitting), for an element of an array; at once where that is the same for all of them.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(in crate::select) fn fitting_element(&self, mask: u8, step: u8, index: u32) -> Fitting {
        match self.table.steps.get(step as usize) {
            Some(steps) if mask & (steps.numbers | steps.conditions) == 0 => {
                let paths = mask & steps.all;
                Fitting::leading(paths, paths & steps.last != 0)
            }
            Some(steps) if mask & (steps.numbers | steps.all) == 0 => Fitting::on_condition(mask & steps.conditions),
            _ => self.fitting(mask, step, Ask::Element, b"", index),
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
        let mut paths = 0;
        let Some(steps) = self.table.steps.get(step as usize) else { return Fitting::NONE };
        let mut left = mask & if CONDITION { steps.conditions } else { steps.names };
        while left != 0 {
            let path = left.trailing_zeros() as usize;
            let bit = left & left.wrapping_neg();
            let start =
                self.table.starts.get(path).and_then(|starts| starts.get(step as usize)).copied().unwrap_or_default();
            let text = self.paths.get(path).and_then(|path| path.as_bytes().get(start as usize..)).unwrap_or_default();
            let end = match bit {
                _ if CONDITION => Some(b'='),
                _ if steps.quoted & bit != 0 => Some(b'"'),
                // The path ends with the name.
                _ if steps.last & bit != 0 => None,
                _ => Some(b'.'),
            };
            if is(text, end) {
                paths |= bit;
            }
            left ^= bit;
        }
        Fitting::leading(paths, paths & steps.last != 0)
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
        self.table.steps.get(step as usize).map_or(0, |steps| steps.hashes)
    }
}

/// Where the path's step with this number starts, behind the bracket or the dot, which the first one has not. Where there is no such step,
/// as if there was one behind the path.
#[inline(never)]
fn start_of(path: &[u8], number: u8) -> usize {
    let (mut left, mut at) = (number, 0usize);
    // What ends the step: nothing in particular, a bracket, or, in that, a quote.
    let mut end = 0;
    while left != 0 {
        let byte = path.get(at).copied();
        at = at.wrapping_add(1);
        let Some(byte) = byte else { break };
        if end == 0 {
            if matches!(byte, b'.' | b'[') {
                left = left.wrapping_sub(1);
                end = if byte == b'[' { b']' } else { 0 };
            }
        } else if byte == b'"' {
            end ^= const { b']' ^ b'"' };
        } else if byte == end {
            end = 0;
        }
    }
    at
}

/// Whether the path's step with this number fits: what a [`Fitting`] has of it where it is the first path.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn leads(path: &[u8], step: u8, ask: Ask, raw: &[u8], index: u32) -> u32 {
    let (start, next) = (start_of(path, step), start_of(path, step.wrapping_add(1)));
    let in_brackets = path.get(start.wrapping_sub(1)) == Some(&b'[');
    let mut text = part(path, start, next.wrapping_sub(1).wrapping_sub(in_brackets.into()));
    let first = text.first().copied().unwrap_or_default();
    let to_element = in_brackets && first != b'"';
    if to_element == (ask == Ask::Member) {
        return 0;
    }
    let fits = if ask == Ask::Element {
        if first == b'*' {
            true
        } else if first.wrapping_sub(b'0') < 10 {
            let digits = text.iter().map(|byte| u32::from(*byte) & 0xf);
            digits.fold(0u32, |value, digit| value.wrapping_mul(10).wrapping_add(digit)) == index
        } else {
            return Fitting::on_condition(1).0;
        }
    } else {
        if ask != Ask::Member {
            // The name has no such character.
            let mut value = text.iter();
            let length = value.by_ref().take_while(|byte| **byte != b'=').count();
            text = if ask == Ask::Of { part(text, 0, length) } else { value.as_slice() };
        }
        if let [b'"', inner @ .., _] = text {
            text = inner;
        }
        Str::new(raw).spells(text)
    };
    let ends = fits && next > path.len();
    u32::from(fits) | u32::from(ends) << 8
}

/// What a condition asks for.
#[cfg(target_pointer_width = "64")]
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
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn is_end(byte: u8, end: u8) -> bool {
    byte == end || end == b'.' && byte == b'['
}
