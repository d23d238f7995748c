//! Sixteen bytes in one register: SSE2 on x86-64, NEON on aarch64.

use wide::i8x16;

/// Where the first byte of `marks` that is set is, 16 if there is none.
#[inline(always)]
fn first(marks: i8x16) -> usize {
    (marks.to_bitmask() | 1 << 16).trailing_zeros() as usize
}

#[inline(always)]
fn load(block: &[u8; 16]) -> i8x16 {
    i8x16::new(block.map(|byte| byte as i8))
}

#[inline(always)]
pub(crate) fn special(block: &[u8; 16]) -> usize {
    let bytes = load(block);
    // Signed: below 0x20 are the control characters and everything above 0x7f.
    let low = bytes.simd_lt(i8x16::splat(0x20));
    first(low | bytes.simd_eq(i8x16::splat(b'"' as i8)) | bytes.simd_eq(i8x16::splat(b'\\' as i8)))
}

#[inline(always)]
pub(crate) fn spaces(block: &[u8; 16]) -> usize {
    first(!load(block).simd_eq(i8x16::splat(b' ' as i8)))
}
