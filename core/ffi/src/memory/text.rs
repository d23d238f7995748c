//! Names and strings of the caller's: where they end, and whether they are text.

use core::ffi::c_char;

use super::{Region, usable};
use crate::result::*;

/// A name: a string that ends with a zero byte.
///
/// # Safety
/// `pointer` is NULL or points to such a string, which nobody writes during the call.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) unsafe fn name<'a>(pointer: *const c_char) -> Checked<(&'a str, Region)> {
    usable(pointer.addr(), 1)?;
    // SAFETY: as the caller's.
    let bytes = unsafe { until_zero(pointer) };
    // With the zero byte.
    Ok((text(bytes)?, Region::of(pointer, bytes.len().wrapping_add(1))))
}

/// These bytes as text, if they are UTF-8.
#[inline(always)]
pub(crate) fn text(bytes: &[u8]) -> Checked<&str> {
    if !is_utf8(bytes) {
        return Err(QMP_INVALID_UTF8);
    }
    // SAFETY: as was found just now.
    Ok(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// These bytes as text, if they are ASCII, as all names of commands are.
#[inline(always)]
pub(crate) fn ascii(bytes: &[u8]) -> Checked<&str> {
    if !is_ascii(bytes) {
        return Err(QMP_INVALID_VALUE);
    }
    // SAFETY: ASCII is UTF-8.
    Ok(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// The bytes of a string before its zero byte.
///
/// # Safety
/// `string` points to such a string, which nobody writes during the call.
#[cfg(not(target_os = "none"))]
#[inline(always)]
pub(crate) unsafe fn until_zero<'a>(string: *const c_char) -> &'a [u8] {
    // SAFETY: as the caller's.
    unsafe { core::ffi::CStr::from_ptr(string) }.to_bytes()
}

/// The bytes of a string before its zero byte. There is no libc to ask.
///
/// # Safety
/// `string` points to such a string, which nobody writes during the call.
#[cfg(target_os = "none")]
pub(crate) unsafe fn until_zero<'a>(string: *const c_char) -> &'a [u8] {
    let mut length = 0usize;
    // SAFETY: all bytes up to the first zero belong to the string, and no object is longer than an object may be.
    unsafe {
        while string.add(length).read() != 0 {
            length = length.wrapping_add(1);
        }
        core::slice::from_raw_parts(string.cast(), length)
    }
}

/// What has one of the usual lengths of names, in two words that overlap.
#[cfg(any(target_pointer_width = "64", not(target_os = "none")))]
#[inline(always)]
pub(crate) fn words(bytes: &[u8]) -> Option<(u64, u64)> {
    match bytes.len() {
        8..=16 => Some(two_words(bytes)),
        4..8 => Some((one_word(bytes), 0)),
        _ => None,
    }
}

/// The first and the last eight bytes, where there are eight.
#[cfg(any(target_pointer_width = "64", not(target_os = "none")))]
#[inline(always)]
pub(crate) fn two_words(bytes: &[u8]) -> (u64, u64) {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => (u64::from_ne_bytes(*first), u64::from_ne_bytes(*last)),
        _ => (0, 0),
    }
}

/// The first and the last four bytes, where there are four.
#[cfg(any(target_pointer_width = "64", not(target_os = "none")))]
#[inline(always)]
pub(crate) fn one_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        (Some(first), Some(last)) => u64::from(u32::from_ne_bytes(*first)) << 32 | u64::from(u32::from_ne_bytes(*last)),
        _ => 0,
    }
}

/// Whether these bytes are UTF-8.
#[cfg(not(target_os = "none"))]
#[inline(always)]
fn is_utf8(bytes: &[u8]) -> bool {
    is_short_ascii(bytes) || core::str::from_utf8(bytes).is_ok()
}

/// Whether these bytes are ASCII.
#[cfg(not(target_os = "none"))]
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    is_short_ascii(bytes) || bytes.is_ascii()
}

/// Whether these bytes are ASCII of one of the usual lengths of names.
#[cfg(not(target_os = "none"))]
#[inline(always)]
fn is_short_ascii(bytes: &[u8]) -> bool {
    words(bytes).is_some_and(|(first, last)| (first | last) & 0x8080_8080_8080_8080 == 0)
}

/// Whether these bytes are ASCII.
#[cfg(target_os = "none")]
fn is_ascii(bytes: &[u8]) -> bool {
    // Less code than the standard library's.
    !bytes.iter().any(|byte| *byte >= 0x80)
}

#[cfg(target_os = "none")]
use is_well_formed as is_utf8;

/// Whether these bytes are UTF-8, in a third of the standard library's code (Unicode, "Well-Formed UTF-8 Byte Sequences").
#[cfg(any(target_os = "none", test))]
#[inline(never)]
fn is_well_formed(bytes: &[u8]) -> bool {
    // How many bytes are to come, and the range of the first of them.
    let (mut more, mut low, mut high) = (0u8, 0, 0);
    for &byte in bytes {
        if more != 0 {
            if !(low..=high).contains(&byte) {
                return false;
            }
            more = more.wrapping_sub(1);
        } else if byte >= 0x80 {
            more = match byte {
                0xc2..=0xdf => 1,
                0xe0..=0xef => 2,
                0xf0..=0xf4 => 3,
                _ => return false,
            };
        }
        (low, high) = match byte {
            0xe0 => (0xa0, 0xbf),
            0xed => (0x80, 0x9f),
            0xf0 => (0x90, 0xbf),
            0xf4 => (0x80, 0x8f),
            _ => (0x80, 0xbf),
        };
    }
    more == 0
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    #[test]
    fn bytes_are_well_formed_where_the_standard_library_says_so() {
        let edges =
            [0, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee];
        let edges = edges.into_iter().chain([0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff]);
        let (mut good, mut bad) = (0, 0);
        for first in 0..=255u8 {
            for second in edges.clone() {
                for third in edges.clone() {
                    for fourth in edges.clone() {
                        let text = [first, second, third, fourth, 0x41];
                        for length in 0..=text.len() {
                            let expected = core::str::from_utf8(&text[..length]).is_ok();
                            assert_eq!(is_well_formed(&text[..length]), expected, "{:x?}", &text[..length]);
                            if expected { good += 1 } else { bad += 1 }
                        }
                    }
                }
            }
        }
        assert!(good > 100_000 && bad > 100_000, "{good} {bad}");
    }
}
