//! The client without serde, four commands in flight.
#![no_std]
#![no_main]

use footprint::{port, subject};

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut client = subject::client();
    loop {
        let read = port::read(client.window());
        port::take(client.commit(read).is_ok().into());
        port::take(subject::receive_as_client(&mut client, None).into());
        subject::ask(&mut client);
    }
}
