//! Integers out of JSON number text.

/// The value of an unsigned integer literal; `None` if it is anything else or out of range.
#[inline]
pub(crate) fn parse_u64(text: &[u8]) -> Option<u64> {
    // Without leading zeros, which a literal has not, only twenty digits can be out of range: less than twice 2^64, they have a
    // remainder below the least number of twenty digits.
    const LEAST: u64 = 10_000_000_000_000_000_000;
    if text.is_empty() || text.len() > 20 {
        return None;
    }
    let mut value = 0u64;
    for &byte in text {
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit(byte)?));
    }
    let fits = text.len() < 20 || text.first() == Some(&b'1') && value >= LEAST;
    fits.then_some(value)
}

/// The number that `text` starts with, and the rest; `None` if there is none or it is out of range.
#[inline]
pub(crate) fn leading_u32(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut value = 0u32;
    let mut length = 0usize;
    while let Some(digit) = text.get(length).and_then(|byte| digit(*byte)) {
        value = value.checked_mul(10)?.checked_add(u32::from(digit))?;
        length = length.wrapping_add(1);
    }
    if length == 0 { None } else { Some((value, text.get(length..)?)) }
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
