//! Watches over a VM: resets it when its guest has panicked, was shut down or hangs, and when QEMU itself has hung.
//!
//! Nothing that happens to the line, to QEMU or to this board ends the watch: who comes back gets into step anew.

use core::cell::Cell;

use embedded_io_async::{Read, Write};
use qmp_core::io_async::{Connection, Timer};
use qmp_core::{Client, Cont, Error, Event, Failure, Incoming, Phase, QueryStatus, Settings, SystemReset};

/// How long nothing may happen until the VM is asked, and how long an answer may take. Milliseconds.
const PERIOD: u64 = 500;
const DEADLINE: u64 = 1_000;

/// How often in a row QEMU may fail to answer before it has hung. One answer may have been lost on the line.
const PATIENCE: u32 = 3;

/// Why a VM is reset.
#[derive(Clone, Copy)]
enum Trouble {
    Panicked,
    ShutDown,
    Watchdog,
    Hung,
}

impl Trouble {
    fn in_event(event: Event<'_>) -> Option<Self> {
        let event = event.name();
        let troubles = [("GUEST_PANICKED", Self::Panicked), ("SHUTDOWN", Self::ShutDown), ("WATCHDOG", Self::Watchdog)];
        troubles.into_iter().find(|(name, _)| event == **name).map(|(_, trouble)| trouble)
    }

    /// What is left of an event that was missed. A VM that somebody has paused is none of our business.
    fn in_state(state: &qmp_core::StatusInfo<'_>) -> Option<Self> {
        let states = [("guest-panicked", Self::Panicked), ("shutdown", Self::ShutDown), ("watchdog", Self::Watchdog)];
        states.into_iter().find(|(name, _)| state.status == **name).map(|(_, trouble)| trouble)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Panicked => "the guest has panicked",
            Self::ShutDown => "the guest was shut down",
            Self::Watchdog => "the guest hangs",
            Self::Hung => "QEMU has hung",
        }
    }
}

/// Watches until the UART fails. `session` is another number each time the board starts; `say` is told what happens.
pub async fn watch<U: Read + Write>(uart: U, timer: impl Timer, session: u32, say: impl Fn(&str)) -> U::Error {
    let settings = Settings { handshake: DEADLINE, command: DEADLINE, oob: false };
    let mut qmp = Connection::new(uart, timer, Client::new(session, [0; 512]), [0; 128], settings);
    let (trouble, greeted) = (Cell::new(None), Cell::new(false));
    // What comes while something else is waited for.
    let note = |incoming: Incoming<'_>| match incoming {
        Incoming::Event(event) => trouble.set(Trouble::in_event(event).or(trouble.get())),
        Incoming::Greeting(_) => greeted.set(true),
        _ => {}
    };
    let (mut watched, mut failures) = (false, 0);
    loop {
        // A greeting comes with each new QEMU only, not with each new run of this program.
        let joined = match qmp.client().phase() {
            Phase::Greeted => qmp.connect(note).await,
            _ => qmp.attach(note).await,
        };
        match joined {
            Ok(()) => {}
            Err(Error::Transport(error)) => return error,
            Err(_) => {
                failures += 1;
                if failures == PATIENCE {
                    say("no answer");
                }
                continue;
            }
        }
        if greeted.take() {
            trouble.set(None);
        } else if watched && failures >= PATIENCE {
            trouble.set(Some(Trouble::Hung));
        }
        if !watched || failures >= PATIENCE {
            say("watching");
        }
        (watched, failures) = (true, 0);
        while failures == 0 {
            match attend(&mut qmp, &trouble, note, &say).await {
                Ok(()) => {}
                Err(Error::Transport(error)) => return error,
                Err(Error::Failed(Failure::ConnectionLost)) => (watched, failures) = (false, 1),
                Err(_) => failures = 1,
            }
        }
    }
}

/// Waits for trouble, asks whether there is any when none has come, and does away with it.
async fn attend<U: Read + Write, T: Timer>(
    qmp: &mut Connection<U, T, [u8; 512], [u8; 128]>,
    trouble: &Cell<Option<Trouble>>,
    note: impl Fn(Incoming<'_>),
    say: impl Fn(&str),
) -> Result<(), Error<U::Error>> {
    if trouble.get().is_none() {
        trouble.set(match qmp.wait(PERIOD, Trouble::in_event, &note).await {
            Ok(trouble) => Some(trouble),
            Err(Error::TimedOut(_)) => {
                let state = qmp.execute(&QueryStatus {}, &note).await?;
                state.ok().as_ref().and_then(Trouble::in_state)
            }
            Err(error) => return Err(error),
        });
    }
    // It is forgotten only when it is over.
    if let Some(found) = trouble.get() {
        say(found.name());
        let reset = |event: Event<'_>| (event.name() == *"RESET").then_some(());
        if qmp.execute_until(&SystemReset {}, DEADLINE, reset, &note).await?.is_ok() {
            // QEMU pauses a VM that has panicked or was shut down.
            if qmp.execute(&Cont {}, &note).await?.is_ok() {
                trouble.set(None);
                say("it was reset");
            }
        }
    }
    Ok(())
}
