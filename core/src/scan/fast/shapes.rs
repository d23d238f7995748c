//! The shapes that the accelerator knows: each is a question about the bytes at a position, answered with a length, 0 for no.

use crate::scan::block::{spaces, special};

/// Bytes that a step may look at from where it stands. With fewer left in the buffer the byte machine does the work.
pub(super) const WINDOW: usize = 64;

/// The `N` bytes at `at`, as a number to compare.
#[inline(always)]
pub(super) fn bytes<const N: usize>(window: &[u8; WINDOW], at: usize) -> u32 {
    let Some(chunk) = window.get(at..).and_then(|rest| rest.first_chunk::<4>()) else { return 0 };
    let unused = 32u32.wrapping_sub(8u32.wrapping_mul(N as u32));
    u32::from_le_bytes(*chunk) & (u32::MAX >> unused)
}

/// The `N` bytes at `at`, as [`key`] has them.
#[inline(always)]
pub(super) fn word<const N: usize>(text: &[u8], at: usize) -> Option<u64> {
    let chunk = chunk::<N>(text, at)?;
    let mut word = [0; 8];
    word.get_mut(..N)?.copy_from_slice(chunk);
    Some(u64::from_le_bytes(word))
}

/// What stands at `at`; zero, which no shape has, where the window would leave the buffer.
#[inline(always)]
pub(super) fn window(text: &[u8], at: usize) -> Option<&[u8; WINDOW]> {
    chunk(text, at)
}

/// The `N` bytes at `at`, if there are as many. Positions in a buffer have 32 bits: that the sum has no carry is one comparison
/// less.
#[inline(always)]
pub(super) fn chunk<const N: usize>(text: &[u8], at: usize) -> Option<&[u8; N]> {
    let at = at as u32 as usize;
    text.get(at..at.wrapping_add(N))?.first_chunk()
}

/// Where the string whose first character is at `at` has its first byte that is not plain.
#[inline(always)]
pub(crate) fn plain_end(text: &[u8], at: usize) -> usize {
    plain_end_by(text, at, |text, at| text.get(at..)?.first_chunk())
}

/// As [`plain_end`], in the buffer.
#[inline(always)]
fn plain_end_here(text: &[u8], at: usize) -> usize {
    plain_end_by(text, at, chunk)
}

#[inline(always)]
fn plain_end_by(text: &[u8], mut at: usize, block: impl Fn(&[u8], usize) -> Option<&[u8; 16]>) -> usize {
    while let Some(block) = block(text, at) {
        let run = special(block);
        at = at.wrapping_add(run);
        if run < 16 {
            break;
        }
    }
    at
}

/// How many of the next eight bytes are digits.
#[inline(always)]
pub(super) fn digits<const N: usize>(window: &[u8; N], at: usize) -> usize {
    let Some(chunk) = window.get(at..).and_then(|rest| rest.first_chunk::<8>()) else { return 0 };
    let values = u64::from_le_bytes(*chunk) ^ 0x3030_3030_3030_3030;
    let above = (values.wrapping_add(0x7676_7676_7676_7676) | values) & 0x8080_8080_8080_8080;
    (above.trailing_zeros() / 8) as usize
}

/// Whether all of these are digits.
#[inline(always)]
pub(super) fn are_digits(one: &[u8; 8], other: &[u8; 8]) -> bool {
    let above = |block: &[u8; 8]| {
        let values = u64::from_le_bytes(*block) ^ 0x3030_3030_3030_3030;
        values.wrapping_add(0x7676_7676_7676_7676) | values
    };
    (above(one) | above(other)) & 0x8080_8080_8080_8080 == 0
}

/// Bytes that [`short_scalar`] looks at.
pub(super) const SHORT: usize = 20;

/// The length of the number at the start of `window`: 0 unless it is a plain integer, up to 16 digits, that has ended.
#[inline(always)]
pub(super) fn integer<const N: usize>(window: &[u8; N]) -> usize {
    let mut length = digits(window, 0);
    if length == 8 {
        length = digits(window, 8).wrapping_add(8);
    }
    let ended = matches!(window.get(length), Some(b',' | b'}' | b']' | b'\r'));
    if !ended || window.first() == Some(&b'0') && length != 1 { 0 } else { length }
}

/// The length of the literal at the start of `window`, 0 if there is none.
#[inline(always)]
pub(super) fn literal<const N: usize>(window: &[u8; N]) -> usize {
    let start = window.first_chunk().map_or(0, |chunk| u32::from_le_bytes(*chunk));
    if start == const { key(b"true") as u32 } || start == const { key(b"null") as u32 } {
        4
    } else if start == const { key(b"fals") as u32 } && window.get(4) == Some(&b'e') {
        5
    } else {
        0
    }
}

/// The length of the number or literal that begins with `first`, at the start of `window`.
#[inline(always)]
pub(super) fn short_scalar(window: &[u8; SHORT], first: u8) -> usize {
    if first.is_ascii_digit() { integer(window) } else { literal(window) }
}

/// The length of the scalar at the start of `window`, 0 if it has to be left to the byte machine.
#[inline(always)]
pub(super) fn scalar(text: &[u8], at: usize, window: &[u8; WINDOW]) -> usize {
    match window[0] {
        b'"' => string(text, at, window),
        b'0'..=b'9' => integer(window),
        _ => literal(window),
    }
}

/// Where the next token starts after a gap as QEMU makes it: none, one space, or a line end and indentation.
#[inline(always)]
pub(super) fn gap(text: &[u8], at: usize) -> usize {
    match text.get(at) {
        Some(b' ') => at.wrapping_add(1),
        Some(b'\r') => indentation(text, at),
        _ => at,
    }
}

/// Past CR LF and at least one space; `at` itself if that is not what stands there. What follows a line feed directly is for
/// the byte machine: it may be the next message.
#[inline(always)]
pub(super) fn indentation(text: &[u8], at: usize) -> usize {
    if text.get(at.wrapping_add(1)) != Some(&b'\n') {
        return at;
    }
    let start = at.wrapping_add(2);
    let mut end = start;
    while let Some(block) = chunk(text, end) {
        let run = spaces(block);
        end = end.wrapping_add(run);
        if run < 16 {
            break;
        }
    }
    if end == start { at } else { end }
}

/// Up to eight bytes as a number, the first one lowest.
pub(super) const fn key(text: &[u8]) -> u64 {
    match text {
        [first, rest @ ..] => key(rest) << 8 | *first as u64,
        [] => 0,
    }
}

/// What stands after a member's name, with and without the quote that begins its value, and after a string value.
pub(super) const NAME_END: u32 = u32::from_le_bytes(*b"\": \0");
pub(super) const NAME_STRING: u32 = u32::from_le_bytes(*b"\": \"");
pub(super) const NEXT_NAME: u32 = u32::from_le_bytes(*b"\", \"");
pub(super) const NEXT_OBJECT: u32 = u32::from_le_bytes(*b"\"}, ");

/// The length of a string value with both quotes, 0 if it has to be left to the byte machine.
#[inline(always)]
pub(super) fn string<const N: usize>(text: &[u8], at: usize, window: &[u8; N]) -> usize {
    let Some(block) = window.get(1..).and_then(|rest| rest.first_chunk()) else { return 0 };
    let run = special(block);
    if run == 16 {
        let end = plain_end_here(text, at.wrapping_add(17));
        return if text.get(end) == Some(&b'"') { end.wrapping_add(1).wrapping_sub(at) } else { 0 };
    }
    if window.get(run.wrapping_add(1)) == Some(&b'"') { run.wrapping_add(2) } else { 0 }
}

/// The length of a name with its quotes, colon and space, 0 if it has to be left to the byte machine.
#[inline(always)]
pub(super) fn name(text: &[u8], at: usize, window: &[u8; WINDOW]) -> usize {
    let [b'"', ref rest @ ..] = *window else { return 0 };
    let Some(block) = rest.first_chunk() else { return 0 };
    let length = special(block);
    if bytes::<3>(window, length.wrapping_add(1)) == NAME_END {
        return length.wrapping_add(4);
    }
    long_name(text, at, length)
}

/// As [`name`], where it has not ended after the first `run` characters, which are plain.
#[inline(always)]
pub(super) fn long_name(text: &[u8], at: usize, run: usize) -> usize {
    if run < 16 {
        return 0;
    }
    let end = plain_end_here(text, at.wrapping_add(run).wrapping_add(1));
    let colon = chunk(text, end);
    if colon == Some(b"\": ") { end.wrapping_add(3).wrapping_sub(at) } else { 0 }
}
