//! Once a session is made, commands and events allocate nothing.

mod common;

use std::time::Duration;

use common::LONG;
use common::script::{Peer, Script, event, reply};
use qmp_core::{HumanMonitorCommand, QueryStatus, Stop};
use qmp_std_adapter::{Notice, Options};

/// Answers all that comes, with events before each reply.
fn serve(peer: &mut Peer) {
    peer.negotiate();
    while let Some(request) = peer.receive() {
        let value = if request.contains("query-status") {
            "{\"status\": \"running\", \"singlestep\": false, \"running\": true}"
        } else if request.contains("human-monitor-command") {
            "\"VM status: running\\r\\n\""
        } else {
            "{}"
        };
        peer.send(event("RESUME"));
        peer.send(event("STOP"));
        peer.send(reply(&request, value));
    }
}

#[test]
fn a_command_and_an_event_allocate_nothing() {
    let script = Script::once(serve);
    let mut session = Options::default().connect(&script.address).unwrap();
    // The counter counts: this thread's allocations, and only those.
    assert_eq!(allocation_counter::measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);

    let used = allocation_counter::measure(|| {
        for _ in 0..1000 {
            assert!(session.execute(&QueryStatus {}).unwrap().running);
            let text = session.execute(&HumanMonitorCommand { command_line: "info status" }).unwrap();
            assert_eq!(text, "VM status: running\r\n");
            session.execute_raw("anything", None, false).unwrap();
            let stopped = |event: qmp_core::Event<'_>| (event.name() == "STOP").then_some(());
            session.execute_until(&Stop {}, LONG, stopped).unwrap();
            for _ in 0..7 {
                assert!(matches!(session.next_event(LONG), Ok(Some(Notice::Event(_)))));
            }
        }
        assert!(session.next_event(Duration::ZERO).unwrap().is_none());
    });
    assert_eq!(used.count_total, 0);
    assert_eq!(session.counters().events, 8000);
    drop(session);
    script.join();
}

#[test]
fn events_that_find_no_room_allocate_nothing() {
    let script = Script::once(serve);
    let mut session = Options { events: 200, ..Options::default() }.connect(&script.address).unwrap();
    let mut lost = 0;
    let mut seen = 0;
    let used = allocation_counter::measure(|| {
        for _ in 0..100 {
            for _ in 0..10 {
                session.execute(&QueryStatus {}).unwrap();
            }
            while let Some(notice) = session.next_event(Duration::ZERO).unwrap() {
                match notice {
                    Notice::Event(_) => seen += 1,
                    Notice::Lost(count) => lost += count,
                    other => panic!("{other:?}"),
                }
            }
        }
    });
    assert_eq!(used.count_total, 0);
    assert!(lost > 0 && seen > 0);
    assert_eq!(lost + seen, 2000);
    drop(session);
    script.join();
}
