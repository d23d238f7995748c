//! Connects to a VM over the board's UART, asks for its status, pauses it and lets it go on. The session is in `src/status.rs`.
#![no_std]
#![no_main]

use firmware::{board, boots, end, entry, println, status};
use qmp_core::io::Polled;

#[entry]
fn main() -> ! {
    let uart = Polled(board::start());
    end(status::session(uart, board::now, boots(), |what| println!("{}", what.escape_ascii())))
}
