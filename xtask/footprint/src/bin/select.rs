//! As `client`, and commands with a selection, in every delivery.
#![no_std]
#![no_main]

use footprint::{port, subject};
use qmp_core::{Select, Selection, selection};

const FILES: Selection<'_> = selection!["return[*].device", "return[name=device_add].file"];
const TEXT: Selection<'_> = selection!["return"];

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let mut client = subject::client();
    let mut open = None;
    let mut whole = Select::new(&FILES);
    let (Ok(mut elements), Ok(mut pieces)) = (Select::elements(&FILES), Select::pieces(&TEXT)) else {
        loop {
            port::take(1);
        }
    };
    loop {
        let mut select = match port::number() {
            0 => None,
            1 => Some(&mut whole),
            2 => Some(&mut elements),
            _ => Some(&mut pieces),
        };
        let read = port::read(client.window());
        port::take(client.commit(read).is_ok().into());
        port::take(subject::receive_as_client(&mut client, select.as_deref_mut()).into());
        subject::ask(&mut client, &mut open, select);
    }
}
