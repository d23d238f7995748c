//! The empty program: the loop and the port, without the library.
#![no_std]
#![no_main]

use footprint::{port, subject};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut buffer = [0; subject::BUFFER];
    loop {
        let read = port::read(&mut buffer);
        port::take(read as u32);
        port::write(buffer.get(..read).unwrap_or_default());
    }
}
