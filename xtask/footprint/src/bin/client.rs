//! The client without serde, four commands in flight.
#![no_std]
#![no_main]

use footprint::place::Place;
use footprint::{port, subject};

static CLIENT: Place<subject::FourInFlight> = Place::new(subject::client());
static OUT: Place<[u8; subject::TRANSMIT]> = Place::new([0; subject::TRANSMIT]);

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    // SAFETY: only here.
    let (client, out) = unsafe { (CLIENT.take(), OUT.take()) };
    client.set_session(port::number());
    loop {
        let read = port::read(client.window());
        port::take(client.commit(read).is_ok().into());
        port::take(subject::receive_as_client(client, None).into());
        subject::ask(client, out);
    }
}
