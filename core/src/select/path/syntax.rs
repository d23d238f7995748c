//! Paths as text: where their steps are, and what is none.

use super::{STEPS, SelectionError, Steps};

/// Takes a path apart: number `path`, with this `bit`.
pub(super) const fn read(
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
