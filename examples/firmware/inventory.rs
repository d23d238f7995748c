//! Asks a VM, over the board's UART and with 512 bytes to receive in, what takes hundreds of kilobytes to answer: its commands, its
//! disks, and its memory map.
#![no_std]
#![no_main]

use embedded_io::{Read, Write};
use firmware::{board, boots, end, entry, println};
use qmp_core::io::Polled;
use qmp_core::{
    Client, Clock, Connection, Counts, Error, Incoming, Json, Part, Select, Selection, Settings, selection,
};
use semihosting::print;

/// How long a VM may take for anything, in milliseconds: a UART is not fast.
const TIMEOUT: u64 = 120_000;

/// The member that tells comes after some that do not fit.
const COMMANDS: Selection<'_> = selection![elements: "return[meta-type=command].name"];
const TWO: Selection<'_> = selection!["return[name=device_add].meta-type", "return[name=migrate-pause].allow-oob"];
const DISKS: Selection<'_> = selection![elements: "return[*].device", "return[*].inserted.file"];
const TEXT: Selection<'_> = selection![pieces: "return"];

type Qmp<U, K> = Connection<U, K, [u8; 512], [u8; 128]>;

#[entry]
fn main() -> ! {
    let uart = Polled(board::start());
    let settings = Settings { handshake: TIMEOUT, command: TIMEOUT, oob: false };
    let mut qmp = Connection::new(uart, board::now, Client::new(boots(), [0; 512]), [0; 128], settings);
    end(inventory(&mut qmp))
}

#[derive(Debug)]
enum Failure<E> {
    Link(Error<E>),
    /// The server said no.
    Refused,
}

impl<E> From<Error<E>> for Failure<E> {
    fn from(error: Error<E>) -> Self {
        Self::Link(error)
    }
}

fn inventory<U: Read + Write>(qmp: &mut Qmp<U, impl Clock>) -> Result<(), Failure<U::Error>> {
    qmp.attach(|_| {})?;

    let commands = deliver(qmp, "query-qmp-schema", None, Select::new(&COMMANDS), |_, _| {})?;
    println!("commands: {}, other entities: {}", commands.delivered, commands.dropped);

    // Small enough for a reply in one piece.
    let found = qmp.execute_raw_select("query-qmp-schema", None, Select::new(&TWO), |_| {})?;
    let found = found.map_err(|_| Failure::Refused)?;
    let says =
        |name: &str, what: fn(Json<'_>) -> bool| found.elements().filter_map(|entity| entity.member(name)).any(what);
    let add = says("meta-type", |kind| kind.as_str().is_some_and(|kind| kind == "command"));
    println!("device_add is a command: {add}");
    println!("migrate-pause allows oob: {}", says("allow-oob", |allows| allows.as_bool() == Some(true)));

    let disks = deliver(qmp, "query-block", None, Select::new(&DISKS), |index, disk| {
        let name = disk.member("device").and_then(Json::as_str);
        let file = disk.member("inserted").and_then(|inserted| inserted.member("file")).and_then(Json::as_str);
        if let (Some(name), Some(file)) = (name, file) {
            println!("disk {index}: {name} is {file}");
        }
    })?;
    println!("disks: {}, without a medium or too large: {}", disks.delivered, disks.oversized);

    println!("info mtree:");
    let line = Json::parse(br#"{"command-line": "info mtree"}"#).ok();
    deliver(qmp, "human-monitor-command", line, Select::new(&TEXT), |_, _| {})?;
    Ok(())
}

/// Runs a command whose reply is delivered in parts: `each` is given the elements, and pieces of text are printed. All of it is
/// provisional until the counts are there, which only the right reply has.
fn deliver<U: Read + Write>(
    qmp: &mut Qmp<U, impl Clock>,
    name: &str,
    arguments: Option<Json<'_>>,
    select: Select<'_>,
    mut each: impl FnMut(u32, Json<'_>),
) -> Result<Counts, Failure<U::Error>> {
    let mut counts = Counts::default();
    let outcome = qmp.execute_raw_select(name, arguments, select, |incoming| match incoming {
        Incoming::Part(Part::Element { index, value }) => each(index, value),
        Incoming::Part(Part::Piece(text)) => print!("{}", core::str::from_utf8(text).unwrap_or("?")),
        Incoming::Part(Part::Abandoned) => println!("another's reply: forget that"),
        Incoming::Part(Part::End(all)) => counts = all,
        _ => {}
    })?;
    outcome.map_err(|_| Failure::Refused)?;
    Ok(counts)
}
