//! A guest agent for a machine without an operating system: the server end, on a line without connections.

use embedded_io::{Read, Write};
use qmp_core::{CommandEntry, Invocation, Profile, Server, VersionTriple};

use crate::board;

/// What the agent speaks for.
#[derive(Default)]
struct Machine {
    off: bool,
}

fn host_name(_: &mut Machine, call: &mut Invocation<'_>) {
    // A reply that fails leaves an error reply in its place; here and below, none can.
    let _ = call.reply(|w| _ = w.object().name("host-name").string("board").end());
}

/// Nanoseconds. The board has no calendar: it counts from its start.
fn time(_: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| _ = w.u64(board::now().saturating_mul(1_000_000)));
}

fn shut_down(machine: &mut Machine, _: &mut Invocation<'_>) {
    machine.off = true;
}

/// `guest-ping`, `guest-info` and the synchronisation are the server's own.
const COMMANDS: &[CommandEntry<Machine>] = &[
    CommandEntry::new("guest-get-host-name", &[], host_name),
    CommandEntry::new("guest-get-time", &[], time),
    CommandEntry::new("guest-shutdown", &[], shut_down).without_reply(),
];

/// Serves until the machine is shut down.
///
/// # Errors
/// Those of the UART.
pub fn serve<U: Read + Write>(mut uart: U) -> Result<(), U::Error> {
    let profile = Profile::agent(VersionTriple { major: 1, minor: 0, micro: 0 });
    let mut server = Server::new(profile, [0; 512], [0; 1024], [0; 64]);
    let mut machine = Machine::default();
    while !machine.off {
        server.dispatch(COMMANDS, &mut machine);
        match server.unsent() {
            [] if machine.off => {}
            [] => {
                let read = uart.read(server.window())?;
                // A transport that claims more than there was room for has given nothing.
                let _ = server.commit(read);
            }
            unsent => {
                let sent = uart.write(unsent)?;
                server.sent(sent);
            }
        }
    }
    Ok(())
}
