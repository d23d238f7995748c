//! A long life: 200,000 commands and 50,000 events over many connections, some of which end in the middle of a reply. Some commands
//! are out of band, some replies come too late, are too large or have noise before them. Nothing grows, and everything that was sent
//! is accounted for.

mod common;

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::script::{Script, event, reply};
use common::{LONG, Random};
use qmp_core::{HumanMonitorCommand, Json};
use qmp_std_adapter::{Error, Notice, Options, Session};

const COMMANDS: u64 = 200_000;
const EVENTS: u64 = 50_000;
const BUFFER: usize = 4096;

/// What a command asks for, which is the first letter of what it has the server echo.
const PLAIN: char = 'p';
const OOB: char = 'o';
const LATE: char = 'l';
const LARGE: char = 'x';
const NOISY: char = 'n';

/// What the server has done.
#[derive(Default)]
struct Sent {
    replies: AtomicU64,
    cut: AtomicU64,
    late: AtomicU64,
    large: AtomicU64,
    noise: AtomicU64,
    oob: AtomicU64,
    events: AtomicU64,
    connections: AtomicU64,
}

/// Answers some commands on each connection, echoing what is in them, until it has answered enough.
fn server(sent: Arc<Sent>) -> Script {
    let mut dice = Random(1);
    Script::many(u32::MAX, move |_, peer| {
        let add = |counter: &AtomicU64, more| counter.fetch_add(more, Ordering::Relaxed);
        add(&sent.connections, 1);
        peer.negotiate();
        // The reply to a command that is not waited for any more when it comes.
        let mut held = None;
        for _ in 0..100 + dice.below(900) {
            let Some(request) = peer.receive() else { return };
            let (_, line) = request.split_once("\"command-line\":\"").unwrap();
            let line = line.split_once('"').unwrap().0;
            let text = reply(&request, &format!("\"{line}\""));
            if line.starts_with(LATE) {
                assert!(held.is_none());
                held = Some(text);
                continue;
            }
            // Only where the client waits: a connection that ends meanwhile would take the event with it.
            if dice.one_in(4) {
                peer.send(event("TICK"));
                add(&sent.events, 1);
            }
            if let Some(late) = held.take() {
                peer.send(late);
                add(&sent.late, 1);
            }
            assert_eq!(request.contains("exec-oob"), line.starts_with(OOB));
            add(&sent.oob, u64::from(line.starts_with(OOB)));
            if line.starts_with(LARGE) {
                peer.send(reply(&request, &format!("\"{}\"", "x".repeat(BUFFER + dice.below(10_000) as usize))));
                add(&sent.large, 1);
                continue;
            }
            if line.starts_with(NOISY) {
                peer.send("{\"return\": inf, \"id\": 0}\r\n");
                add(&sent.noise, 1);
            }
            if dice.one_in(500) {
                // The link breaks before the reply's last brace.
                peer.send(&text[..dice.below(text.len() as u64 - 2) as usize]);
                add(&sent.cut, 1);
                return;
            }
            peer.send(text);
            add(&sent.replies, 1);
        }
    })
}

/// What has become of the commands and the events.
#[derive(Debug, Default)]
struct Seen {
    answered: u64,
    lost: u64,
    timed_out: u64,
    oversized: u64,
    unsent: u64,
    events: u64,
    events_lost: u64,
    reconnected: u64,
}

impl Seen {
    /// One command.
    fn command(&mut self, session: &mut Session, line: &str) {
        let late = line.starts_with(LATE);
        if late {
            session.set_command_timeout(Duration::from_millis(1));
        }
        let result = session.execute(&HumanMonitorCommand { command_line: line });
        match result {
            Err(Error::TimedOut { .. }) if late => self.timed_out += 1,
            Err(Error::Oversized { error: false, .. }) if line.starts_with(LARGE) => self.oversized += 1,
            Ok(text) => {
                assert_eq!(text, line);
                self.answered += 1;
            }
            Err(Error::ConnectionLost { .. }) => self.lost += 1,
            Err(Error::NotConnected) => self.unsent += 1,
            Err(error) => panic!("{error:?}"),
        }
        if late {
            session.set_command_timeout(LONG);
        }
    }

    /// One command out of band, without types.
    fn oob(&mut self, session: &mut Session, line: &str, arguments: &str) {
        let arguments = Json::parse(arguments.as_bytes()).unwrap();
        match session.execute_raw("human-monitor-command", Some(arguments), true) {
            Ok(text) => {
                assert_eq!(text.as_str().unwrap(), line);
                self.answered += 1;
            }
            Err(Error::ConnectionLost { .. }) => self.lost += 1,
            Err(Error::NotConnected) => self.unsent += 1,
            Err(error) => panic!("{error:?}"),
        }
    }

    /// All that is queued.
    fn drain(&mut self, session: &mut Session) {
        while let Ok(Some(notice)) = session.next_event(Duration::ZERO) {
            match notice {
                Notice::Event(_) => self.events += 1,
                Notice::Lost(count) => self.events_lost += count,
                Notice::Reconnected => self.reconnected += 1,
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_long_life_leaves_no_memory_behind_and_the_accounts_balanced() {
    let sent = Arc::new(Sent::default());
    let script = server(Arc::clone(&sent));
    let options = Options { receive: BUFFER, events: 4096, oob: true, command: LONG, ..Options::default() };
    let mut session = options.connect(&script.address).unwrap();
    let mut seen = Seen::default();
    let mut line = String::with_capacity(20);
    let mut arguments = String::with_capacity(60);
    let mut dice = Random(2);
    let mut kind = PLAIN;
    let mut issued = 0;
    let used = allocation_counter::measure(|| {
        while seen.answered < COMMANDS || session.counters().events < EVENTS {
            let connected = allocation_counter::measure(|| {
                let failures = seen.lost + seen.unsent;
                while seen.lost + seen.unsent == failures {
                    kind = match dice.below(500) {
                        // The server holds back one reply at a time.
                        0 if kind != LATE => LATE,
                        1 => LARGE,
                        2..10 => NOISY,
                        10..60 => OOB,
                        _ => PLAIN,
                    };
                    line.clear();
                    write!(line, "{kind}{issued}").unwrap();
                    if kind == OOB {
                        arguments.clear();
                        write!(arguments, "{{\"command-line\":\"{line}\"}}").unwrap();
                        seen.oob(&mut session, &line, &arguments);
                    } else {
                        seen.command(&mut session, &line);
                    }
                    issued += 1;
                    if issued % 200 == 0 {
                        seen.drain(&mut session);
                    }
                }
            });
            assert_eq!(connected.count_total, 0, "commands and events allocate");
            session.reconnect(LONG).unwrap();
        }
        seen.drain(&mut session);
    });
    assert_eq!((used.count_current, used.bytes_current), (0, 0), "something grows");

    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let failed = seen.lost + seen.unsent + seen.timed_out + seen.oversized;
    assert_eq!(seen.answered + failed, issued, "{seen:?}");
    assert_eq!(seen.answered, of(&sent.replies), "{seen:?}");
    assert_eq!(seen.events + seen.events_lost, of(&sent.events), "{seen:?}");
    assert_eq!(session.counters().events, of(&sent.events));
    assert_eq!(seen.reconnected + 1, of(&sent.connections), "{seen:?}");
    assert_eq!(seen.oversized, of(&sent.large), "{seen:?}");
    assert!(seen.timed_out >= of(&sent.late), "{seen:?}");
    let noise = of(&sent.noise);
    assert!((noise..=noise + of(&sent.cut)).contains(&session.counters().discarded));
    assert!(seen.lost >= of(&sent.cut), "{seen:?}");
    assert!(seen.events_lost > 0 && of(&sent.cut) > 100, "{seen:?}");
    assert!(of(&sent.late) > 100 && of(&sent.large) > 100 && noise > 1000 && of(&sent.oob) > 10_000, "{seen:?}");
    assert_eq!((session.counters().unmatched, session.counters().late_replies), (0, of(&sent.late)));
}
