//! Measures, on an emulated Cortex-M3 that executes one instruction per tick of its clock, the stack and the instructions of
//! the receive path, and prints one `name number` per line. Runs on `lm3s6965evb`, with semihosting.
#![no_std]
#![no_main]
#![cfg(target_arch = "arm")]

use core::hint::black_box;

use footprint::board::{self, Clock};
use footprint::inputs;
use footprint::measure::{copy, deepest};
use footprint::subject::{self, Reader};
use qmp_core::FrameReader;

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    board::print("state-frame", size_of::<FrameReader<[u8; 0]>>() as u32);
    board::print("stack-frame", deepest(subject::reader, feed, subject::receive));
    let clock = Clock::start();
    for (name, message) in inputs::TIMED {
        board::print(name, instructions(&clock, message, message.len()));
    }
    let (_, status) = inputs::TIMED[2];
    board::print("status-bytewise", instructions(&clock, status, 1));
    board::exit()
}

fn feed(reader: &mut Reader, bytes: &[u8]) {
    copy(bytes, reader.window());
    black_box(reader.commit(bytes.len()).is_ok());
}

/// Runs per measurement: the clock is that much coarser than an instruction.
const RUNS: u32 = 200;

/// Instructions of `window`, `commit` and `poll` for `message` in chunks of `chunk` bytes. The copying is not counted.
fn instructions(clock: &Clock, message: &[u8], chunk: usize) -> u32 {
    let mut reader = subject::reader();
    let with = clock.instructions(RUNS, || {
        for bytes in message.chunks(chunk) {
            feed(&mut reader, bytes);
            subject::receive(&mut reader);
        }
    });
    let mut nowhere = [0; subject::BUFFER];
    let without = clock.instructions(RUNS, || message.chunks(chunk).for_each(|bytes| copy(bytes, &mut nowhere)));
    with - without
}
