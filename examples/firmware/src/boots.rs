//! A number for each run of the program, kept in RAM that a reset does not clear.
//!
//! Ids of commands start with it, so that a reply owed to the run before a reset is not taken for one to this run. After
//! power was off, the RAM holds anything. A board with a random number generator, or with a counter in flash, does better.

use core::mem::MaybeUninit;

/// The count, and its complement to tell it from litter.
#[unsafe(link_section = ".uninit.boots")]
static mut BOOTS: MaybeUninit<[u32; 2]> = MaybeUninit::uninit();

/// How often the board was reset since power was on; starts with 1. To be called once, at the program's start.
pub fn boots() -> u32 {
    let kept = (&raw mut BOOTS).cast::<[u32; 2]>();
    // SAFETY: the two words are this function's only, any value is valid for them, and a volatile read takes what is there.
    unsafe {
        let [count, check] = kept.read_volatile();
        let count = if check == !count { count.wrapping_add(1) } else { 1 };
        kept.write_volatile([count, !count]);
        count
    }
}
