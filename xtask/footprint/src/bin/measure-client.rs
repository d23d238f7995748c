//! As `measure-frame`, the stack that a client's receive path takes.
#![no_std]
#![no_main]
#![cfg(target_arch = "arm")]

use core::hint::black_box;

use footprint::board;
use footprint::measure::{copy, deepest};
use footprint::subject::{self, FourInFlight};
use qmp_core::Client;

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    board::print("state-client", size_of::<Client<[u8; 0]>>() as u32);
    board::print("stack-client", deepest(subject::client, feed, receive));
    board::exit()
}

fn feed(client: &mut FourInFlight, bytes: &[u8]) {
    copy(bytes, client.window());
    black_box(client.commit(bytes.len()).is_ok());
}

fn receive(client: &mut FourInFlight) {
    subject::receive_as_client(client, None);
}
