//! Watches over a VM by way of the board's UART, for as long as there is power. How is in `src/watchdog.rs`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use firmware::{Timer, board, boots, end, println, watchdog};

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let (uart, run) = (board::start(), boots());
    println!("run {run}");
    let failure = watchdog::watch(uart, Timer, run, |what| println!("{what}")).await;
    end(Err(failure));
}
