//! The board's interrupts: they wake who waits.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::peripheral::NVIC;
use lm3s6965::{Interrupt, interrupt};

use super::{UART0, now, read, write};
use crate::waiting::{RECEIVED, ROOM, TIME};

/// A register of the UART: which interrupts are on.
const MASK: usize = 0x038;
/// Of it: bytes were received, or few and some time ago; there is room.
const ON_RECEIVED: u32 = 1 << 4 | 1 << 6;
const ON_ROOM: u32 = 1 << 5;

pub(super) fn start() {
    // SAFETY: no critical section relies on this interrupt being off.
    unsafe { NVIC::unmask(Interrupt::UART0) };
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
fn turn_on(causes: u32) {
    cortex_m::interrupt::free(|_| write(UART0 + MASK, read(UART0 + MASK) | causes));
}

#[interrupt]
fn UART0() {
    // None any more until somebody waits again.
    write(super::UART0 + MASK, 0);
    RECEIVED.wake();
    ROOM.wake();
}

/// The lower half of the time at which somebody is to be woken.
static ALARM: AtomicU32 = AtomicU32::new(0);

/// Wakes who waits for the time, at this one or before.
pub(crate) fn wake_at(time: u64) {
    ALARM.store(time as u32, Ordering::Relaxed);
    // It may have come meanwhile.
    if now() >= time {
        TIME.wake();
    }
}

/// A millisecond has gone by.
pub(super) fn ticked(now: u32) {
    if now == ALARM.load(Ordering::Relaxed) {
        TIME.wake();
    }
}
