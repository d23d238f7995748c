//! Logs all that happens in a session, and everything the library hands out, by `defmt`.
#![no_std]
#![no_main]

use defmt::info;
use defmt_semihosting as _;
use firmware::{Uart, board, entry, exit};
use qmp_core::io::{Polled, PolledError};
use qmp_core::{Client, Connection, Error, HumanMonitorCommand, Incoming, Named, QueryStatus, Settings, Stop};

defmt::timestamp!("{=u64:ms}", board::now());

#[entry]
fn main() -> ! {
    let uart = Polled(board::start());
    let result = session(uart);
    if let Err(error) = &result {
        defmt::error!("failed: {}", error);
    }
    exit(result.is_ok())
}

fn session(uart: Polled<Uart>) -> Result<(), Error<PolledError<core::convert::Infallible>>> {
    let settings = Settings { handshake: 5_000, command: 5_000, oob: true };
    info!("settings: {}", settings);
    let log = |incoming: Incoming<'_>| info!("- {}", incoming);
    let mut qmp = Connection::new(uart, board::now, Client::new(1, [0; 512]), [0; 128], settings);
    info!("phase: {}", qmp.client().phase());
    // The board is up before the VM: the greeting is still to come.
    qmp.connect(log)?;
    info!("phase: {}", qmp.client().phase());
    info!("query-status: {}", qmp.execute(&QueryStatus {}, log)?);
    info!("stop: {}", qmp.execute(&Stop {}, log)?);
    info!("query-status: {}", qmp.execute(&QueryStatus {}, log)?);

    // A return that is no object, with escapes.
    let text = qmp.execute(&HumanMonitorCommand { command_line: "info status" }, log)?;
    info!("info status: {}", text);
    // What the server refuses, what does not fit, what is asked for wrongly, and what does not come.
    info!("make-coffee: {}", qmp.execute_raw("make-coffee", None, false, log)?);
    info!("query-commands: {}", qmp.execute_raw("query-commands", None, false, log).err());
    let version = qmp.execute_raw("query-version", None, false, log)?;
    info!("query-version: {}", version);
    info!("as a number: {}", version.map(|version| version.decode::<u32>()));
    let long = Named { name: "system_wakeup", arguments: [("a", "b"); 20] };
    info!("too long: {}", qmp.execute(&long, log).err());
    info!("nothing more: {}", qmp.wait(50, |_| Some(()), log).err());
    Ok(())
}
