//! Sixteen bytes in one register: SSE2 on x86-64, NEON on aarch64.

use wide::i8x16;

/// The sign of each byte, the first one lowest.
#[inline(always)]
fn signs(block: i8x16) -> u64 {
    block.to_bitmask().into()
}

#[inline(always)]
fn load(block: &[u8; 16]) -> i8x16 {
    i8x16::new(block.map(|byte| byte as i8))
}

/// Has the sign of each byte that ends a run.
#[inline(always)]
fn marked(block: &[u8; 16]) -> i8x16 {
    let bytes = load(block);
    // Signed: below 0x20 are the control characters and everything above 0x7f. With their second bit changed they still are, and the
    // quote, 0x22, is 0x20.
    let low = (bytes ^ i8x16::splat(0x02)).saturating_sub(i8x16::splat(0x21));
    low | bytes.simd_eq(i8x16::splat(b'\\' as i8))
}

#[inline(always)]
pub(crate) fn special(block: &[u8; 16]) -> usize {
    (signs(marked(block)) | 1 << 16).trailing_zeros() as usize
}

#[inline(always)]
pub(crate) fn spaces(block: &[u8; 16]) -> usize {
    (!signs(load(block).simd_eq(i8x16::splat(b' ' as i8)))).trailing_zeros() as usize
}

/// Both halves at once: the second run does not wait for the first.
#[derive(Clone, Copy)]
pub(crate) struct Runs(u64);

impl Runs {
    pub(crate) const LONGEST: usize = 32;

    #[inline(always)]
    pub(crate) fn of(window: &[u8; 64]) -> Self {
        let half =
            |at: usize| window.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |half| signs(marked(half)));
        Self(half(1) | half(17) << 16 | u64::MAX << 32)
    }

    #[inline(always)]
    pub(crate) fn at(self, _: &[u8; 64], at: usize) -> usize {
        self.0.wrapping_shr(at.wrapping_sub(1) as u32).trailing_zeros() as usize
    }
}
