//! The board `lm3s6965evb`: a Cortex-M3 with a PL011 for a UART (Texas Instruments, "Stellaris LM3S6965 Microcontroller").

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
// Brings the table of interrupt vectors.
use lm3s6965 as _;

use crate::uart::Uart;

#[cfg(feature = "async")]
#[path = "lm3s6965_interrupts.rs"]
mod interrupts;
#[cfg(feature = "async")]
pub(crate) use interrupts::{wake_at, wake_when_received, wake_when_room};

/// Hz, after reset, as the emulator has it. The chip's own oscillator has 12 MHz, more or less.
const CLOCK: u32 = 12_500_000;

/// Where UART 0 is, and its registers' offsets.
const UART0: usize = 0x4000_C000;
const DATA: usize = 0x000;
const FLAGS: usize = 0x018;
const BAUD_INTEGER: usize = 0x024;
const BAUD_FRACTION: usize = 0x028;
const LINE_CONTROL: usize = 0x02C;
const CONTROL: usize = 0x030;

/// Of [`FLAGS`].
const BUSY: u32 = 1 << 3;
const RECEIVED_NOTHING: u32 = 1 << 4;
const TRANSMIT_FULL: u32 = 1 << 5;

/// Of [`LINE_CONTROL`]: both FIFOs, and eight bits.
const FIFO: u32 = 1 << 4;
const EIGHT_BITS: u32 = 0b11 << 5;
/// Of [`CONTROL`]: the UART, its transmitter and its receiver.
const ENABLE: u32 = 1 | 1 << 8 | 1 << 9;
const BAUD: u32 = 115_200;

/// The clocks of UART 0 and port A, whose pins 0 and 1 are the UART's.
const CLOCK_GATES: [usize; 2] = [0x400F_E104, 0x400F_E108];
const PORT_A_ALTERNATE: usize = 0x4000_4420;
const PORT_A_DIGITAL: usize = 0x4000_451C;

/// Starts the clock and UART 0, which has a FIFO of 16 bytes in each direction. To be called once.
pub fn start() -> Uart {
    CLOCK_GATES.into_iter().for_each(|gate| write(gate, 1));
    write(PORT_A_ALTERNATE, 0b11);
    write(PORT_A_DIGITAL, 0b11);
    // In 64ths, for sixteen samples a bit.
    let divisor = CLOCK * 4 / BAUD;
    write(UART0 + BAUD_INTEGER, divisor / 64);
    write(UART0 + BAUD_FRACTION, divisor % 64);
    write(UART0 + LINE_CONTROL, FIFO | EIGHT_BITS);
    write(UART0 + CONTROL, ENABLE);
    if let Some(mut core) = cortex_m::Peripherals::take() {
        core.SYST.set_reload(CLOCK / 1_000 - 1);
        core.SYST.clear_current();
        core.SYST.set_clock_source(SystClkSource::Core);
        core.SYST.enable_interrupt();
        core.SYST.enable_counter();
    }
    #[cfg(feature = "async")]
    interrupts::start();
    Uart::new()
}

/// Milliseconds since [`start`]: the lower half, and how often that has wrapped.
static TICKS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

#[exception]
fn SysTick() {
    let [low, high] = &TICKS;
    let next = low.load(Ordering::Relaxed).wrapping_add(1);
    if next == 0 {
        high.store(high.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
    low.store(next, Ordering::Relaxed);
    #[cfg(feature = "async")]
    interrupts::ticked(next);
}

/// Milliseconds since [`start`].
pub fn now() -> u64 {
    let [low, high] = &TICKS;
    loop {
        let before = high.load(Ordering::Relaxed);
        let ticks = low.load(Ordering::Relaxed);
        if high.load(Ordering::Relaxed) == before {
            return u64::from(before) << 32 | u64::from(ticks);
        }
    }
}

/// Whether there is a byte to [`receive`].
pub(crate) fn has_received() -> bool {
    read(UART0 + FLAGS) & RECEIVED_NOTHING == 0
}

/// The next byte.
pub(crate) fn receive() -> u8 {
    read(UART0 + DATA) as u8
}

/// Whether there is room to [`transmit`] a byte.
pub(crate) fn has_room() -> bool {
    read(UART0 + FLAGS) & TRANSMIT_FULL == 0
}

/// Sends a byte.
pub(crate) fn transmit(byte: u8) {
    write(UART0 + DATA, byte.into());
}

/// Whether bytes are on their way.
pub(crate) fn is_transmitting() -> bool {
    read(UART0 + FLAGS) & BUSY != 0
}

fn read(register: usize) -> u32 {
    // SAFETY: the addresses above are registers, which may be read at any time.
    unsafe { (register as *const u32).read_volatile() }
}

fn write(register: usize, value: u32) {
    // SAFETY: the addresses above are registers; none of them makes the chip write to memory.
    unsafe { (register as *mut u32).write_volatile(value) }
}
