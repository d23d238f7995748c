//! What the programs share: the board they run on, and how they end.
//!
//! A board has a UART, a clock that counts milliseconds, and a count of its resets. The emulator prints for it, and ends with
//! its exit code.
#![no_std]
#![cfg(target_os = "none")]

pub mod agent;
#[cfg_attr(target_arch = "arm", path = "lm3s6965.rs")]
#[cfg_attr(target_arch = "riscv32", path = "virt.rs")]
pub mod board;
mod boots;
pub mod status;
mod uart;
#[cfg(feature = "async")]
mod waiting;
#[cfg(feature = "async")]
pub mod watchdog;

#[cfg(target_arch = "arm")]
pub use cortex_m_rt::entry;
#[cfg(target_arch = "riscv32")]
pub use riscv_rt::entry;

use core::fmt::Debug;

pub use boots::boots;
pub use semihosting::println;
pub use uart::Uart;
#[cfg(feature = "async")]
pub use waiting::Timer;

/// Ends the program: with exit code 0, or, after printing the error, with 1.
pub fn end(result: Result<(), impl Debug>) -> ! {
    if let Err(error) = &result {
        println!("failed: {error:?}");
    }
    exit(result.is_ok())
}

/// Ends the program, with exit code 0 or 1.
pub fn exit(success: bool) -> ! {
    semihosting::process::exit((!success).into())
}
