//! A long life: 200,000 commands and 50,000 events over many connections, some of which end in the middle of a reply. Nothing
//! grows, and everything that was sent is accounted for.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::script::{Script, event, reply};
use common::{LONG, Random};
use qmp_core::HumanMonitorCommand;
use qmp_std_adapter::{Error, Notice, Options, Session};

const COMMANDS: u64 = 200_000;
const EVENTS: u64 = 50_000;

/// What the server has done.
#[derive(Default)]
struct Sent {
    replies: AtomicU64,
    cut: AtomicU64,
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
        for _ in 0..100 + dice.below(900) {
            let Some(request) = peer.receive() else { return };
            if dice.one_in(4) {
                peer.send(event("TICK"));
                add(&sent.events, 1);
            }
            let (_, line) = request.split_once("\"command-line\":\"").unwrap();
            let text = reply(&request, &format!("\"{}\"", line.split_once('"').unwrap().0));
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
    unsent: u64,
    events: u64,
    events_lost: u64,
    reconnected: u64,
}

impl Seen {
    /// One command.
    fn command(&mut self, session: &mut Session, line: &str) {
        match session.execute(&HumanMonitorCommand { command_line: line }) {
            Ok(text) => {
                assert_eq!(text, line);
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
    let options = Options { receive: 4096, events: 4096, ..Options::default() };
    let mut session = options.connect(&script.address).unwrap();
    let mut seen = Seen::default();
    let mut line = String::with_capacity(20);
    let mut issued = 0;
    let used = allocation_counter::measure(|| {
        while seen.answered < COMMANDS || session.counters().events < EVENTS {
            let connected = allocation_counter::measure(|| {
                let failures = seen.lost + seen.unsent;
                while seen.lost + seen.unsent == failures {
                    line.clear();
                    std::fmt::Write::write_fmt(&mut line, format_args!("{issued}")).unwrap();
                    seen.command(&mut session, &line);
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
    assert_eq!(seen.answered + seen.lost + seen.unsent, issued, "{seen:?}");
    assert_eq!(seen.answered, of(&sent.replies), "{seen:?}");
    assert_eq!(seen.events + seen.events_lost, of(&sent.events), "{seen:?}");
    assert_eq!(session.counters().events, of(&sent.events));
    assert_eq!(seen.reconnected + 1, of(&sent.connections), "{seen:?}");
    assert!(session.counters().discarded <= of(&sent.cut));
    assert!(seen.lost >= of(&sent.cut), "{seen:?}");
    assert!(seen.events_lost > 0 && of(&sent.cut) > 100, "{seen:?}");
    assert_eq!((session.counters().unmatched, session.counters().late_replies), (0, 0));
}
