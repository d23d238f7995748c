//! A port to nowhere: the compiler must assume that anything can come in and that all that goes out is used.

use core::hint::black_box;

/// Reads into `buffer` and says how many bytes came.
#[inline(never)]
pub fn read(buffer: &mut [u8]) -> usize {
    black_box(buffer);
    black_box(0)
}

/// Sends `bytes`.
#[inline(never)]
pub fn write(bytes: &[u8]) {
    black_box(bytes);
}

/// Makes use of a number.
#[inline(never)]
pub fn take(number: u32) {
    black_box(number);
}

/// A choice, a size, the time in ticks, or any other number from outside.
#[inline(never)]
pub fn number() -> u32 {
    black_box(0)
}
