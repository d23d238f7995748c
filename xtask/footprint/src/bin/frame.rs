//! Frame and message only: finds, validates and classifies what a server sends.
#![no_std]
#![no_main]

use footprint::place::Place;
use footprint::{port, subject};

static READER: Place<subject::Reader> = Place::new(subject::reader());

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    // SAFETY: only here.
    let reader = unsafe { READER.take() };
    loop {
        let read = port::read(reader.window());
        port::take(reader.commit(read).is_ok().into());
        subject::receive(reader);
    }
}
