//! The board `virt` of QEMU: a RISC-V hart with an NS16550A for a UART, and a CLINT for a clock (QEMU, `hw/riscv/virt.c`).

use crate::uart::Uart;

#[cfg(feature = "async")]
#[path = "virt_interrupts.rs"]
mod interrupts;
#[cfg(feature = "async")]
pub(crate) use interrupts::{wake_at, wake_when_received, wake_when_room};

/// Where the UART is, and its registers' offsets.
const UART0: usize = 0x1000_0000;
const DATA: usize = 0;
const FIFO_CONTROL: usize = 2;
const LINE_CONTROL: usize = 3;
const LINE_STATUS: usize = 5;

/// Of [`FIFO_CONTROL`]: both FIFOs on, and emptied; an interrupt when 14 bytes are there, or fewer and some time ago.
const FIFOS: u8 = 0b1100_0111;
/// Of [`LINE_CONTROL`].
const EIGHT_BITS: u8 = 0b11;
/// Of [`LINE_STATUS`].
const RECEIVED: u8 = 1 << 0;
const ROOM: u8 = 1 << 5;
const IDLE: u8 = 1 << 6;

/// Where the time is, in two halves, and how many of its ticks are a millisecond.
const TIME: usize = 0x0200_BFF8;
const TICKS: u64 = 10_000;

/// Starts the UART, which has a FIFO of 16 bytes in each direction; the clock always runs. To be called once.
pub fn start() -> Uart {
    write(UART0 + FIFO_CONTROL, FIFOS);
    write(UART0 + LINE_CONTROL, EIGHT_BITS);
    #[cfg(feature = "async")]
    interrupts::start();
    Uart::new()
}

/// Milliseconds since power was on.
pub fn now() -> u64 {
    loop {
        let (high, low) = (read32(TIME + 4), read32(TIME));
        if read32(TIME + 4) == high {
            return (u64::from(high) << 32 | u64::from(low)) / TICKS;
        }
    }
}

/// Whether there is a byte to [`receive`].
pub(crate) fn has_received() -> bool {
    read(UART0 + LINE_STATUS) & RECEIVED != 0
}

/// The next byte.
pub(crate) fn receive() -> u8 {
    read(UART0 + DATA)
}

/// Whether there is room to [`transmit`] a byte.
pub(crate) fn has_room() -> bool {
    read(UART0 + LINE_STATUS) & ROOM != 0
}

/// Sends a byte.
pub(crate) fn transmit(byte: u8) {
    write(UART0 + DATA, byte);
}

/// Whether bytes are on their way.
pub(crate) fn is_transmitting() -> bool {
    read(UART0 + LINE_STATUS) & IDLE == 0
}

fn read(register: usize) -> u8 {
    // SAFETY: the addresses above are registers, which may be read at any time.
    unsafe { (register as *const u8).read_volatile() }
}

fn read32(register: usize) -> u32 {
    // SAFETY: as above.
    unsafe { (register as *const u32).read_volatile() }
}

#[cfg(feature = "async")]
fn write32(register: usize, value: u32) {
    // SAFETY: as below.
    unsafe { (register as *mut u32).write_volatile(value) }
}

fn write(register: usize, value: u8) {
    // SAFETY: the addresses above are registers; none of them makes the board write to memory.
    unsafe { (register as *mut u8).write_volatile(value) }
}
