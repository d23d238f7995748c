//! A session that reads replies larger than its buffer: what the example `inventory` does, with the blocking driver and types.
#![no_std]
#![no_main]

use embedded_io::{Read, Write};
use footprint::port::{self, Uart};
use qmp_core::io::Polled;
use qmp_core::{
    Client, Clock, Connection, Empty, Error, HumanMonitorCommand, Incoming, Named, Part, Select, Selection, Settings,
    selection,
};

const ADD: Selection<'_> = selection!["return[name=device_add].meta-type"];
const DISKS: Selection<'_> = selection![elements: "return[*].device", "return[*].inserted.file"];
const TEXT: Selection<'_> = selection![pieces: "return"];

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    loop {
        let clock = || u64::from(port::number());
        port::take(session(Polled(Uart), clock).is_ok().into());
    }
}

fn session<U: Read + Write>(uart: U, clock: impl Clock) -> Result<(), Error<U::Error>> {
    let settings = Settings { handshake: 5_000, command: 5_000, oob: false };
    let mut qmp = Connection::new(uart, clock, Client::new(port::number(), [0; 512]), [0; 128], settings);
    qmp.attach(|_| {})?;
    let query = |name| Named { name, arguments: Empty {} };
    if let Ok(found) = qmp.execute_select(&query("query-qmp-schema"), Select::new(&ADD), |_| {})? {
        port::write(found.text());
    }
    let disks = qmp.execute_select(&query("query-block"), Select::new(&DISKS), |incoming| match incoming {
        Incoming::Part(Part::Element { value, .. }) => port::write(value.text()),
        Incoming::Part(Part::End(counts)) => port::take(counts.delivered),
        _ => {}
    })?;
    port::take(disks.is_ok().into());
    let tree = HumanMonitorCommand { command_line: "info mtree" };
    let text = qmp.execute_select(&tree, Select::new(&TEXT), |incoming| {
        if let Incoming::Part(Part::Piece(piece)) = incoming {
            port::write(piece);
        }
    })?;
    port::take(text.is_ok().into());
    Ok(())
}
