//! As `client`, and all else that can be asked of one.
#![no_std]
#![no_main]

use footprint::{port, subject};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut client = subject::client();
    let mut open = None;
    loop {
        let read = port::read(client.window());
        port::take(client.commit(read).is_ok().into());
        port::take(subject::receive_as_client(&mut client, None).into());
        subject::ask_all(&mut client, &mut open, None);
    }
}
