//! A session with a real QEMU over a link that fragments, delays, adds, damages and breaks. A run is one connection and is
//! repeated by its seed.

#![cfg(unix)]

mod common;

use std::env;
use std::time::Duration;

use common::proxy::{Plan, Proxy};
use common::qemu::Server;
use common::{LONG, Random};
use qmp_core::{Cont, HumanMonitorCommand, Stop};
use qmp_std_adapter::{Error, Notice, Options, Session};

/// The seeds of a test's runs: two thousand, or the one in `QMP_SEED`.
fn seeds() -> std::ops::Range<u64> {
    match env::var("QMP_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..2000,
    }
}

/// A command whose answer shows which command it is an answer to.
fn print(session: &mut Session, number: u64) -> Result<(), Error> {
    let line = format!("print /d {number}");
    let text = session.execute(&HumanMonitorCommand { command_line: &line })?;
    assert_eq!(text, format!("{number}\r\n").as_str(), "the answer to another command");
    Ok(())
}

/// Says which run it was when a test panics.
struct Run(u64);

impl Drop for Run {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat it with QMP_SEED={}", self.0);
        }
    }
}

/// The names of the events that are there.
fn events(session: &mut Session) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(notice) = session.next_event(Duration::ZERO).unwrap() {
        match notice {
            Notice::Event(event) => names.push(event.name().to_string()),
            Notice::Reconnected => names.clear(),
            other => panic!("{other:?}"),
        }
    }
    names
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn fragments_noise_and_stale_replies_cost_nothing() {
    let server = Server::system(false, &[]);
    drop(server.connect());
    let proxy = Proxy::new(server.path());
    let mut session = Options { command: LONG, ..Options::default() }.connect(&proxy.address).unwrap();
    for seed in seeds() {
        let run = Run(seed);
        let mut dice = Random(seed);
        proxy.set(Plan {
            seed,
            fragment: [0, 1, 1, 3, 40][dice.below(5) as usize],
            delay: if dice.one_in(8) { 50 } else { 0 },
            junk: dice.below(4),
            stale: dice.below(4),
            ..Plan::default()
        });
        session.reconnect(LONG).unwrap();
        session.execute(&Stop {}).unwrap();
        events(&mut session);
        print(&mut session, dice.below(1000)).unwrap();
        session.execute_until(&Cont {}, LONG, |event| (event.name() == "RESUME").then_some(())).unwrap();
        session.execute(&Stop {}).unwrap();
        print(&mut session, dice.below(1000)).unwrap();
        assert_eq!(events(&mut session), ["STOP"]);
        drop(run);
    }
    let counters = session.counters();
    if env::var_os("QMP_SEED").is_none() {
        assert!(counters.late_replies > 0 && counters.discarded > 0, "{counters:?}");
    }
}

#[test]
#[ignore = "needs QEMU: run by cargo xtask test"]
fn damage_and_lost_links_give_no_command_another_ones_reply() {
    let server = Server::system(false, &[]);
    drop(server.connect());
    let proxy = Proxy::new(server.path());
    let options =
        Options { handshake: Duration::from_millis(300), command: Duration::from_millis(50), ..Options::default() };
    let mut session = options.connect(&proxy.address).unwrap();
    let (mut answered, mut lost, mut timed_out) = (0, 0, 0);
    for seed in seeds() {
        let run = Run(seed);
        let mut dice = Random(seed);
        let some = |dice: &mut Random| (!dice.one_in(3)).then(|| 100 + dice.below(500));
        proxy.set(Plan {
            seed,
            fragment: [0, 1, 7][dice.below(3) as usize],
            junk: dice.below(3),
            stale: dice.below(3),
            damage: some(&mut dice),
            drop_reply: some(&mut dice),
            drop_request: some(&mut dice),
            ..Plan::default()
        });
        // Every attempt meets the same faults: one that breaks the handshake does so each time.
        if session.reconnect(Duration::from_millis(50)).is_ok() {
            for _ in 0..6 {
                match print(&mut session, dice.below(1000)) {
                    Ok(()) => answered += 1,
                    Err(Error::TimedOut { .. }) => timed_out += 1,
                    Err(Error::ConnectionLost { .. } | Error::NotConnected) => {
                        lost += 1;
                        break;
                    }
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
        drop(run);
    }
    if env::var_os("QMP_SEED").is_none() {
        assert!(answered > 1000 && lost > 100 && timed_out > 100, "{answered} {lost} {timed_out}");
    }
    // After all that a good link is good.
    proxy.set(Plan::default());
    session.reconnect(LONG).unwrap();
    session.set_command_timeout(LONG);
    for number in 0..10 {
        print(&mut session, number).unwrap();
    }
}
