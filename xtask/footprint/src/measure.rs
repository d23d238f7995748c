//! What the measuring programs share: how a subject is fed, and the stack that it takes. Each of them has one subject and nothing
//! else, as a firmware has: code that two subjects shared would be laid out for both.

use core::hint::black_box;

use crate::board;
use crate::{inputs, subject};

/// As a UART would: one byte after the other, at the same cost wherever they go.
#[inline(never)]
pub fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = black_box(*from);
    }
}

/// The most stack that `receive` takes for any input, whole or byte by byte, each fed by `feed` to a `new` subject.
pub fn deepest<T>(new: fn() -> T, feed: fn(&mut T, &[u8]), receive: fn(&mut T)) -> u32 {
    let of = |input: &[u8], chunk| {
        let mut subject = new();
        let of_chunk = |bytes| {
            feed(&mut subject, bytes);
            board::stack(|| receive(&mut subject))
        };
        input.chunks(chunk).map(of_chunk).max().unwrap_or(0)
    };
    inputs::all().flat_map(|input| [of(input, subject::BUFFER / 2), of(input, 1)]).max().unwrap_or(0)
}
