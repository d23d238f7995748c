//! A guest agent behind the board's UART, until it is told to shut the board down. What it can do is in `src/agent.rs`.
#![no_std]
#![no_main]

use firmware::{agent, board, end, entry};

#[entry]
fn main() -> ! {
    end(agent::serve(board::start()))
}
