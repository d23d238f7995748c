//! Measures, on an emulated Cortex-M3 that executes one instruction per tick of its clock, the stack and the instructions of
//! the receive path, and prints one `name number` per line. Runs on `lm3s6965evb`, with semihosting.
#![no_std]
#![no_main]
#![cfg(target_arch = "arm")]

use core::hint::black_box;

use footprint::board::{self, Clock};
use footprint::{inputs, subject};
use qmp_core::{Client, FrameReader};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    board::print("state-frame", size_of::<FrameReader<[u8; 0]>>() as u32);
    board::print("state-client", size_of::<Client<[u8; 0]>>() as u32);
    board::print("stack-frame", deepest(stack_of_frame));
    board::print("stack-client", deepest(stack_of_client));
    let clock = Clock::start();
    for (name, message) in inputs::TIMED {
        board::print(name, instructions(&clock, message, message.len()));
    }
    let (_, status) = inputs::TIMED[2];
    board::print("status-bytewise", instructions(&clock, status, 1));
    board::exit()
}

/// Runs per measurement: the clock is that much coarser than an instruction.
const RUNS: u32 = 200;

/// Instructions of `window`, `commit` and `poll` for `message` in chunks of `chunk` bytes. The copying is not counted.
fn instructions(clock: &Clock, message: &[u8], chunk: usize) -> u32 {
    let mut reader = subject::reader();
    let with = clock.instructions(RUNS, || {
        for bytes in message.chunks(chunk) {
            copy(bytes, reader.window());
            black_box(reader.commit(bytes.len()).is_ok());
            subject::receive(&mut reader);
        }
    });
    let mut nowhere = [0; subject::BUFFER];
    let without = clock.instructions(RUNS, || message.chunks(chunk).for_each(|bytes| copy(bytes, &mut nowhere)));
    with - without
}

/// As a UART would: one byte after the other, at the same cost wherever they go.
#[inline(never)]
fn copy(from: &[u8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = black_box(*from);
    }
}

/// The most stack that `of` says for any input, whole or byte by byte.
fn deepest(of: fn(&[u8], usize) -> u32) -> u32 {
    let inputs = inputs::all();
    inputs.flat_map(|input| [of(input, subject::BUFFER / 2), of(input, 1)]).max().unwrap_or(0)
}

fn stack_of_frame(input: &[u8], chunk: usize) -> u32 {
    let mut reader = subject::reader();
    let mut most = 0;
    for bytes in input.chunks(chunk) {
        copy(bytes, reader.window());
        black_box(reader.commit(bytes.len()).is_ok());
        most = most.max(board::stack(|| subject::receive(&mut reader)));
    }
    most
}

fn stack_of_client(input: &[u8], chunk: usize) -> u32 {
    let mut client = subject::client();
    let mut most = 0;
    for bytes in input.chunks(chunk) {
        copy(bytes, client.window());
        black_box(client.commit(bytes.len()).is_ok());
        most = most.max(board::stack(|| {
            subject::receive_as_client(&mut client);
        }));
    }
    most
}
