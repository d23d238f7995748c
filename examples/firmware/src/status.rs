//! Asks a VM for its status, pauses it, and lets it go on.

use embedded_io::{Read, Write};
use qmp_core::{Client, Clock, Connection, Cont, Error, ErrorReply, Event, QueryStatus, Settings, StatusInfo, Stop};

/// How long a VM may take for anything, in milliseconds.
const TIMEOUT: u64 = 5_000;

/// The whole session. `say` is given each thing that has happened.
///
/// # Errors
/// Those of the link. What the server refuses is said.
pub fn session<U: Read + Write>(
    uart: U,
    clock: impl Clock,
    session: u32,
    mut say: impl FnMut(&[u8]),
) -> Result<(), Error<U::Error>> {
    let settings = Settings { handshake: TIMEOUT, command: TIMEOUT, oob: false };
    let mut qmp = Connection::new(uart, clock, Client::new(session, [0; 512]), [0; 128], settings);
    // On a UART nobody knows whether the greeting is still to come: it may have been sent before the board was up.
    qmp.attach(|_| {})?;
    say(b"connected");
    say(state(qmp.execute(&QueryStatus {}, |_| {})?));
    let refused = qmp.execute_until(&Stop {}, TIMEOUT, named("STOP"), |_| {})?.is_err();
    say(if refused { b"refused" } else { b"STOP" });
    say(state(qmp.execute(&QueryStatus {}, |_| {})?));
    let refused = qmp.execute_until(&Cont {}, TIMEOUT, named("RESUME"), |_| {})?.is_err();
    say(if refused { b"refused" } else { b"RESUME" });
    say(state(qmp.execute(&QueryStatus {}, |_| {})?));
    Ok(())
}

/// A VM's state in a word, as it stands in the message.
fn state<'a>(outcome: Result<StatusInfo<'a>, ErrorReply<'a>>) -> &'a [u8] {
    outcome.map_or_else(|error| error.desc(), |status| status.status).raw()
}

/// Finds the events of that name.
fn named(name: &str) -> impl FnMut(Event<'_>) -> Option<()> {
    move |event| (event.name() == *name).then_some(())
}
