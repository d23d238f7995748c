//! As `client`, and commands with a selection, in every delivery.
#![no_std]
#![no_main]

use footprint::{port, subject};
use qmp_core::{Select, Selection, selection};

const FILES: Selection<'_> = selection!["return[*].device", "return[name=device_add].file"];

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut client = subject::client();
    let mut open = None;
    let mut select = Select::new(&FILES);
    loop {
        let read = port::read(client.window());
        port::take(client.commit(read).is_ok().into());
        if port::number() == 0 {
            port::take(subject::receive_as_client(&mut client).into());
            subject::ask(&mut client, &mut open);
        } else {
            subject::receive_selected(&mut client, &mut select);
            subject::ask_selected(&mut client, &mut select, &FILES);
        }
    }
}
