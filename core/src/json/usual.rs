//! A member as QEMU writes nearly all of them, in a few steps. For hosts; whatever else it is, the walkers take it.
//!
//! In: valid text that starts at a member's name. Out: the member, and the text from the next name on.

use super::{Json, Member};
use crate::scan::{plain_end, special};

/// The member that `text` starts with, and what follows the comma after it. `None` if it is not laid out as usual:
/// `"name": value, ` with a name without escapes, and a value that is neither an object nor an array with something in it. Without
/// `LONG`, also if a string in it is longer than sixteen bytes.
#[inline(always)]
pub(super) fn member<const LONG: bool>(text: &[u8]) -> Option<(Member<'_>, &[u8])> {
    let [b'"', inner @ ..] = text else { return None };
    let (key, rest) = text.split_at_checked(plain::<LONG>(inner)?.wrapping_add(2))?;
    let rest = rest.strip_prefix(b": ")?;
    let length = match rest {
        [b'"', inner @ ..] => plain::<LONG>(inner)?.wrapping_add(2),
        [b't' | b'n', ..] => 4,
        [b'f', ..] => 5,
        [b'{', b'}', ..] | [b'[', b']', ..] => 2,
        [b'{' | b'[', ..] => return None,
        _ => rest.iter().position(|byte| matches!(byte, b',' | b'}' | b' ' | b'\t' | b'\r' | b'\n'))?,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    let rest = match rest {
        [b',', b' ', rest @ ..] if rest.first() == Some(&b'"') => rest,
        [b'}', ..] => rest,
        _ => return None,
    };
    Some((Member { key: Json::new(key), escaped: false, value: Json::new(value) }, rest))
}

/// How long the string is whose first character `text` starts with; `None` if it has an escape.
#[inline(always)]
fn plain<const LONG: bool>(text: &[u8]) -> Option<usize> {
    let end = match (text.first_chunk(), text.first_chunk()) {
        (Some(block), _) => special(block),
        (_, Some(word)) => before_quote(word),
        _ => 0,
    };
    match text.get(end) {
        Some(b'"') => Some(end),
        _ if LONG => longer(text, end),
        _ => None,
    }
}

/// As [`plain`], from `end` on: the string is long, no ASCII, or near the end of the message.
fn longer(text: &[u8], end: usize) -> Option<usize> {
    let mut end = plain_end(text, end);
    loop {
        match text.get(end)? {
            b'"' => return Some(end),
            b'\\' => return None,
            _ => end = end.wrapping_add(1),
        }
    }
}

/// How many of eight bytes come before the first quote or backslash.
#[inline]
fn before_quote(word: &[u8; 8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*word);
    // The lowest bit set is exact: a borrow goes upwards only.
    let equal = |byte: u8| {
        let zero = word ^ ONES.wrapping_mul(u64::from(byte));
        zero.wrapping_sub(ONES) & !zero & ONES.wrapping_mul(0x80)
    };
    ((equal(b'"') | equal(b'\\')).trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bytes_end_before_the_first_quote_or_backslash() {
        for place in 0..=8 {
            for end in [b'"', b'\\'] {
                for next in 0..=255 {
                    let mut word = [b'!'; 8];
                    word.iter_mut().skip(place + 1).for_each(|byte| *byte = next);
                    word.iter_mut().skip(place).take(1).for_each(|byte| *byte = end);
                    assert_eq!(before_quote(&word), place, "{word:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_laid_out_as_usual_is_left_to_the_walkers() {
        let taken = |text: &'static [u8]| {
            member::<true>(text).map(|(member, rest)| (member.name().raw(), member.value.text(), rest))
        };
        let usual: [(&[u8], &[u8], &[u8]); 3] =
            [(b"a", b"true", b"\"b\": 1}"), (b"long name 16 long", b"\"\xc3\xa9\"", b"}"), (b"", b"-1.5e3", b"}")];
        assert_eq!(taken(b"\"a\": true, \"b\": 1}"), Some(usual[0]));
        assert_eq!(taken(b"\"long name 16 long\": \"\xc3\xa9\"}"), Some(usual[1]));
        assert_eq!(taken(b"\"\": -1.5e3}"), Some(usual[2]));
        for unusual in [
            &b"\"a\":1, \"b\": 1}"[..],
            b"\"a\": 1 }",
            b"\"a\": 1,\"b\": 1}",
            b"\"a\": 1,  \"b\": 1}",
            b"\"\\u0061\": 1}",
            b"\"a\": \"\\n\"}",
            b"\"a\": {\"b\": 1}}",
            b"\"a\": [1]}",
            b"\"a\": 1\r\n}",
            b"}",
            b"",
        ] {
            assert_eq!(taken(unusual), None, "{}", unusual.escape_ascii());
        }
    }
}
