//! Frame and message only: finds, validates and classifies what a server sends.
#![no_std]
#![no_main]

use footprint::{port, subject};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut reader = subject::reader();
    loop {
        let read = port::read(reader.window());
        port::take(reader.commit(read).is_ok().into());
        subject::receive(&mut reader);
    }
}
