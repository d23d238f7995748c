//! The board's interrupts: they wake who waits. The UART's come by way of the PLIC, as interrupt 10 of the first hart.

use riscv::interrupt::Interrupt;
use riscv::register::{mie, mstatus};
use riscv_rt::core_interrupt;

use super::{TICKS, UART0, read, read32, write, write32};
use crate::waiting::{RECEIVED, ROOM, TIME};

/// A register of the UART: which interrupts are on.
const ENABLE: usize = 1;
/// Of it: bytes were received; there is room.
const ON_RECEIVED: u8 = 1 << 0;
const ON_ROOM: u8 = 1 << 1;

/// The PLIC, and the UART there.
const PLIC: usize = 0x0C00_0000;
const PRIORITY: usize = PLIC + 4 * UART_INTERRUPT as usize;
const ENABLED: usize = PLIC + 0x2000;
const THRESHOLD: usize = PLIC + 0x20_0000;
const CLAIM: usize = PLIC + 0x20_0004;
const UART_INTERRUPT: u32 = 10;

/// When the timer's interrupt comes, in two halves.
const COMPARE: usize = 0x0200_4000;

pub(super) fn start() {
    write32(PRIORITY, 1);
    write32(ENABLED, 1 << UART_INTERRUPT);
    write32(THRESHOLD, 0);
    // SAFETY: no critical section relies on these interrupts being off, and their handlers are below.
    unsafe {
        mie::enable(Interrupt::MachineExternal);
        mstatus::set_mie();
    }
}

/// Wakes who waits for bytes, once.
pub(crate) fn wake_when_received() {
    turn_on(ON_RECEIVED);
}

/// Wakes who waits for room, once.
pub(crate) fn wake_when_room() {
    turn_on(ON_ROOM);
}

/// The handler changes the same register.
fn turn_on(causes: u8) {
    riscv::interrupt::free(|| write(UART0 + ENABLE, read(UART0 + ENABLE) | causes));
}

#[core_interrupt(Interrupt::MachineExternal)]
fn uart() {
    let claimed = read32(CLAIM);
    // None any more until somebody waits again.
    write(UART0 + ENABLE, 0);
    write32(CLAIM, claimed);
    RECEIVED.wake();
    ROOM.wake();
}

/// Wakes who waits for the time, at this one.
pub(crate) fn wake_at(time: u64) {
    let ticks = time.saturating_mul(TICKS);
    // No time that is too early may stand there in between.
    write32(COMPARE + 4, u32::MAX);
    write32(COMPARE, ticks as u32);
    write32(COMPARE + 4, (ticks >> 32) as u32);
    // SAFETY: as in `start`.
    unsafe { mie::enable(Interrupt::MachineTimer) };
}

#[core_interrupt(Interrupt::MachineTimer)]
fn timer() {
    // It would come again at once: the time stays over.
    mie::disable(Interrupt::MachineTimer);
    TIME.wake();
}
