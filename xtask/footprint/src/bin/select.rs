//! As `session`, and commands with a selection, in every delivery.
#![no_std]
#![no_main]

use footprint::place::Place;
use footprint::{port, subject};
use qmp_core::{Select, Selection, selection};

// One path with a condition for both: the text of paths is the caller's.
const FILES: Selection<'_> = selection!["return[name=device_add].file"];
const DISKS: Selection<'_> = selection![elements: "return[name=device_add].file"];
const TEXT: Selection<'_> = selection![pieces: "return"];

static CLIENT: Place<subject::FourInFlight> = Place::new(subject::client());
static OUT: Place<[u8; subject::TRANSMIT]> = Place::new([0; subject::TRANSMIT]);

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    // SAFETY: only here.
    let (client, out) = unsafe { (CLIENT.take(), OUT.take()) };
    client.set_session(port::number());
    let mut open = None;
    let mut select = Select::new(match port::number() {
        0 => &FILES,
        1 => &DISKS,
        _ => &TEXT,
    });
    loop {
        let mut select = (port::number() != 0).then_some(&mut select);
        let read = port::read(client.window());
        port::take(client.commit(read).is_ok().into());
        port::take(subject::receive_as_client(client, select.as_deref_mut()).into());
        subject::ask_all(client, out, &mut open, select);
    }
}
