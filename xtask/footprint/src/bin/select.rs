//! As `session`, and commands with a selection, in every delivery.
#![no_std]
#![no_main]

use footprint::{port, subject};
use qmp_core::{Select, Selection, selection};

// One path with a condition for both: the text of paths is the caller's.
const FILES: Selection<'_> = selection!["return[name=device_add].file"];
const DISKS: Selection<'_> = selection![elements: "return[name=device_add].file"];
const TEXT: Selection<'_> = selection![pieces: "return"];

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut client = subject::client();
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
        port::take(subject::receive_as_client(&mut client, select.as_deref_mut()).into());
        subject::ask_all(&mut client, &mut open, select);
    }
}
