//! A program that can panic. The search for panic symbols must find some here, or it proves nothing.
#![no_std]
#![no_main]

use footprint::{port, subject};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut buffer = [0; subject::BUFFER];
    loop {
        let read = port::read(&mut buffer);
        port::write(&buffer[read..]);
    }
}
