//! Integers out of JSON number text.

/// The value of an unsigned integer literal; `None` if it is anything else or out of range.
#[cfg(target_pointer_width = "64")]
#[inline]
pub(crate) fn parse_u64(text: &[u8]) -> Option<u64> {
    // Without leading zeros, which a literal has not, only twenty digits can be out of range: less than twice 2^64, they have a
    // remainder below the least number of twenty digits.
    const LEAST: u64 = 10_000_000_000_000_000_000;
    let mut value = 0u64;
    let mut rest = text;
    // Eight at once; also where four to seven are all there is.
    match (text.first_chunk::<8>(), text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(first), ..) => {
            value = joined(u64::from_le_bytes(*first) ^ ZEROS)?;
            rest = text.get(8..)?;
        }
        (None, Some(first), Some(last)) => {
            // What they have in common is there twice.
            let places = |digits| u64::from(u32::from_le_bytes(digits)) ^ ZEROS & 0xffff_ffff;
            let unused = 64usize.wrapping_sub(text.len().wrapping_mul(8));
            return joined(places(*first) << unused | places(*last) << 32);
        }
        _ => {}
    }
    for &byte in rest {
        value = value.wrapping_mul(10).wrapping_add(digit(byte)?.into());
    }
    let fits = matches!(text.len(), 1..20) || text.len() == 20 && text.first() == Some(&b'1') && value >= LEAST;
    fits.then_some(value)
}

/// The value of an unsigned integer literal; `None` if it is anything else or out of range.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn parse_u64(text: &[u8]) -> Option<u64> {
    // In halves, which show what goes beyond them.
    let (mut high, mut low) = (0u32, 0u32);
    for &byte in text {
        let lower = u64::from(low).wrapping_mul(10).wrapping_add(digit(byte)?.into());
        let higher = u64::from(high).wrapping_mul(10).wrapping_add(lower >> 32);
        (high, low) = (u32::try_from(higher).ok()?, lower as u32);
    }
    let value = u64::from(high) << 32 | u64::from(low);
    if text.is_empty() { None } else { Some(value) }
}

/// The number that `text` starts with, and the rest; `None` if there is none or it is out of range.
#[cfg(not(target_pointer_width = "64"))]
#[inline]
pub(crate) fn leading_u32(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0u64;
    let mut length = 0usize;
    while let Some(digit) = text.get(length).and_then(|byte| digit(*byte)) {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        length = length.wrapping_add(1);
        if value > u64::from(u32::MAX) {
            return None;
        }
    }
    if length == 0 { None } else { Some((value as u32, text.get(length..)?)) }
}

/// The number that ten digits are; `None` if one is none.
#[cfg(target_pointer_width = "64")]
#[inline]
pub(crate) fn ten_digits(digits: &[u8; 10]) -> Option<i64> {
    let [first @ .., tens, units] = digits;
    let last = digit(*tens)?.wrapping_mul(10).wrapping_add(digit(*units)?);
    Some((eight(first)?.wrapping_mul(100) as i64).wrapping_add(last.into()))
}

/// The number of `length` digits that stands before the last byte of `text`; `None` if they are no digits, or more than seven.
#[cfg(target_pointer_width = "64")]
#[inline]
pub(crate) fn last_digits(text: &[u8], length: usize) -> Option<u32> {
    if !matches!(length, 1..=7) {
        return None;
    }
    let word = u64::from_le_bytes(*text.last_chunk::<8>()?);
    // The last byte goes, and what stands before the number becomes zeros.
    let unused = 64usize.wrapping_sub(length.wrapping_mul(8));
    let places = ((word << 8 ^ ZEROS) >> unused) << unused;
    eight(&(places ^ ZEROS).to_le_bytes()).map(|number| number as u32)
}

/// The number of `length` digits that stands before the last byte of `text`; `None` if they are no digits, or out of range.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn last_digits(text: &[u8], length: usize) -> Option<u32> {
    let start = text.len().checked_sub(length)?.checked_sub(1)?;
    let (number, rest) = leading_u32(text.get(start..)?)?;
    (rest.len() == 1).then_some(number)
}

/// Eight times the digit 0.
#[cfg(target_pointer_width = "64")]
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The number that eight digits are; `None` if one is none.
#[cfg(target_pointer_width = "64")]
#[inline]
fn eight(digits: &[u8; 8]) -> Option<u64> {
    joined(u64::from_le_bytes(*digits) ^ ZEROS)
}

/// The number that the digits in eight places are, the first one lowest; `None` if one is none.
#[cfg(target_pointer_width = "64")]
#[inline]
fn joined(places: u64) -> Option<u64> {
    if (places.wrapping_add(0x7676_7676_7676_7676) | places) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    // Neighbours are joined, the first one being the higher: to two digits, to four, to eight.
    let twos = (places.wrapping_mul(10).wrapping_add(places >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (twos.wrapping_mul(100).wrapping_add(twos >> 16)) & 0x0000_ffff_0000_ffff;
    Some(fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

/// What a decimal digit stands for.
#[inline]
fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit <= 9).then_some(digit)
}

/// The value of an integer literal; `None` if it is anything else or out of range.
pub(crate) fn parse_i64(text: &[u8]) -> Option<i64> {
    match text.split_first() {
        // `-x`, as the magnitude of `i64::MIN` has no positive counterpart.
        Some((b'-', digits)) => 0i64.checked_sub_unsigned(parse_u64(digits)?),
        _ => i64::try_from(parse_u64(text)?).ok(),
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn last_digits_are_those_before_the_last_byte() {
        for (length, number) in [(1, 7), (2, 67), (6, 234_567), (7, 1_234_567)] {
            assert_eq!(last_digits(b"x: 1234567}", length), Some(number));
        }
        for (text, length) in [(&b"x: 1234567}"[..], 8), (b"x: 1234567}", 0), (b"x: 12-4567}", 6), (b"12345}", 5)] {
            assert_eq!(last_digits(text, length), None);
        }
    }

    #[test]
    fn ten_digits_are_a_number_and_nothing_else_is() {
        assert_eq!(ten_digits(b"1795332766"), Some(1_795_332_766));
        assert_eq!(ten_digits(b"9999999999"), Some(9_999_999_999));
        for place in 0..10 {
            for byte in [b'/', b':', b'-', b'.', b'e', 0] {
                let mut digits = *b"1795332766";
                digits[place] = byte;
                assert_eq!(ten_digits(&digits), None);
            }
        }
    }

    #[test]
    fn integers_of_any_length_are_read_as_one_by_one() {
        for length in 1..=20 {
            for place in 0..length {
                // No literal starts with a zero.
                let bytes = [b'1', b'2', b'9', b'/', b':', b'-', b'.', 0, 0xff, b'0'];
                for byte in bytes.into_iter().take(if place == 0 { 9 } else { 10 }) {
                    let mut digits = *b"12345678901234567890";
                    digits[place] = byte;
                    let digits = &digits[..length];
                    let expected = core::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
                    assert_eq!(parse_u64(digits), expected, "{digits:?}");
                }
            }
        }
    }

    #[test]
    fn eight_digits_are_read_as_one_by_one() {
        for place in 0..8 {
            for byte in 0..=255 {
                let mut digits = *b"90817263";
                if let Some(changed) = digits.get_mut(place) {
                    *changed = byte;
                }
                let number = digits.iter().try_fold(0, |value, &byte| Some(10 * value + u64::from(digit(byte)?)));
                assert_eq!(eight(&digits), number, "{digits:?}");
            }
        }
    }
}
