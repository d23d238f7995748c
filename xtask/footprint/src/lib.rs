//! What the measured programs share: the first instructions after reset, a panic handler that leaves a trace in the symbol
//! table, a port to nowhere, and the library's use that is measured.
//!
//! A program defines `main`. Each is a loop that reads, lets the library work and hands out what it found; the cost of the
//! library is what a program is larger than `base`, which has the loop and the port only.
#![no_std]

#[cfg(target_arch = "arm")]
pub mod board;
pub mod inputs;
#[cfg(target_arch = "arm")]
pub mod measure;
pub mod place;
pub mod port;
pub mod subject;

#[cfg(target_arch = "arm")]
core::arch::global_asm!(
    ".section .vectors, \"a\", %progbits",
    ".word stack_top",
    ".word main",
    ".global start",
    ".thumb_set start, main",
);

#[cfg(target_arch = "riscv32")]
core::arch::global_asm!(
    ".section .text.start, \"ax\", @progbits",
    ".global start",
    "start:",
    "la sp, stack_top",
    "j main",
);

/// Not inlined and exported: a program that can panic has this symbol, whatever the optimiser does with the rest.
#[cfg(target_os = "none")]
#[inline(never)]
#[unsafe(no_mangle)]
fn a_panic_is_possible() -> ! {
    loop {
        port::take(0);
    }
}

#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    a_panic_is_possible()
}
