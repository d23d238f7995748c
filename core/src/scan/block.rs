//! Sixteen bytes at a time: the questions that the accelerator asks, each answered by one small file per kind of machine.
//!
//! `special`: how many of 16 bytes, from the first on, can stand in a string as they are? Plain ASCII without `"` and `\`; a
//! control character, the zero that follows the last byte of data, and any byte of a UTF-8 sequence end the run.
//!
//! `spaces`: how many of them are spaces?
//!
//! `Runs`: `special` for several places in one window. Where the machine can, the first 32 bytes after the window's first are looked at
//! before any place is asked for: the end of a member's value does not wait for the end of its name then. A run that ends at a place above
//! `LONGEST` may go on there.

#[cfg(any(test, not(feature = "simd")))]
mod swar;
#[cfg(feature = "simd")]
mod vector;

#[cfg(feature = "simd")]
pub(crate) use vector::{Runs, spaces, special};

#[cfg(not(feature = "simd"))]
pub(crate) use swar::{Runs, spaces, special};

#[cfg(test)]
mod tests {
    /// What `special` is, said plainly.
    fn special(block: &[u8; 16]) -> usize {
        let plain = |byte: &u8| matches!(byte, 0x20..=0x7f) && !matches!(byte, b'"' | b'\\');
        block.iter().position(|byte| !plain(byte)).unwrap_or(16)
    }

    /// What `spaces` is, said plainly.
    fn spaces(block: &[u8; 16]) -> usize {
        block.iter().position(|byte| *byte != b' ').unwrap_or(16)
    }

    /// Every byte value at every place, alone and followed by every kind of byte that a carry could disturb.
    fn agree(fast: fn(&[u8; 16]) -> usize, plain: fn(&[u8; 16]) -> usize) {
        for fill in [b' ', b'a', 0x7f, b'!', b'#', b'[', b']'] {
            for place in 0..16 {
                for byte in 0..=255 {
                    let mut block = [fill; 16];
                    block[place] = byte;
                    assert_eq!(fast(&block), plain(&block), "{block:?}");
                    for next in [0, 0x1f, 0x21, b'"', b'#', 0x5b, b'\\', 0x5d, 0x80, 0xff] {
                        block[(place + 1) % 16] = next;
                        assert_eq!(fast(&block), plain(&block), "{block:?}");
                    }
                }
            }
        }
    }

    /// Every place of a run's start and end.
    fn runs_are_true(runs: fn(&[u8; 64], usize) -> usize, longest: usize) {
        assert_eq!(runs(&[b'a'; 64], 1), longest);
        for end in 1..64 {
            for byte in [0, 0x1f, b'"', b'\\', 0x80, 0xff] {
                let mut window = [b'a'; 64];
                window[end] = byte;
                for from in 1..38 {
                    // What ended the run before.
                    if (2..=end).contains(&from) {
                        window[from - 1] = b'"';
                    }
                    let run = runs(&window, from);
                    if from <= end {
                        assert!(run <= end - from, "{from} to {end}: {run}");
                    }
                    let known = from + run <= longest;
                    assert!(!known || from + run == end, "{from} to {end}: {run}");
                }
            }
        }
    }

    macro_rules! every_kernel {
        ($($(#[$cfg:meta])* $kernel:ident)*) => {$(
            $(#[$cfg])*
            mod $kernel {
                #[test]
                fn finds_the_first_special_byte_as_the_plain_loop_does() {
                    super::agree(crate::scan::block::$kernel::special, super::special);
                }

                #[test]
                fn runs_end_at_special_bytes_or_where_nothing_is_known() {
                    use crate::scan::block::$kernel::Runs;
                    super::runs_are_true(|window, from| Runs::of(window).at(window, from), Runs::LONGEST);
                }

                #[test]
                fn counts_leading_spaces_as_the_plain_loop_does() {
                    super::agree(crate::scan::block::$kernel::spaces, super::spaces);
                }
            }
        )*};
    }

    every_kernel! {
        swar
        #[cfg(feature = "simd")]
        vector
    }
}
