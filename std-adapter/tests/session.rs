//! A session with scripted servers, which do what a real one would only do on a bad day.

mod common;

use std::sync::mpsc;
use std::time::Duration;

use common::script::{GREETING, Script, event, id, reply};
use common::{LONG, notices};
use qmp_core::{DecodeError, ExecuteError, Incoming, Mismatch, Phase, QueryStatus, Stop};
use qmp_std_adapter::{Error, Notice, Options, Session};

const STATUS: &str = "{\"status\": \"running\", \"running\": true}";

fn connect(script: &Script) -> Session {
    Options::default().connect(&script.address).unwrap()
}

#[test]
fn events_are_kept_in_order_in_every_phase() {
    let script = Script::once(|peer| {
        peer.send(event("A"));
        peer.send(GREETING);
        peer.send(event("B"));
        let request = peer.receive().unwrap();
        peer.send(event("C"));
        peer.send(reply(&request, "{}"));
        let request = peer.receive().unwrap();
        peer.send(event("D") + &reply(&request, STATUS) + &event("E"));
        peer.receive();
    });
    let mut session = connect(&script);
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    assert_eq!(notices(&mut session), ["A", "B", "C", "D", "E"]);
    drop(session);
    script.join();
}

#[test]
fn a_full_queue_marks_what_it_lost_in_its_place() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        (0..100).for_each(|_| peer.send(event("EARLY")));
        peer.send(reply(&request, STATUS));
        let request = peer.receive().unwrap();
        peer.send(event("LATE"));
        peer.send(reply(&request, STATUS));
        peer.receive();
    });
    let mut session = Options { events: 1000, ..Options::default() }.connect(&script.address).unwrap();
    session.execute(&QueryStatus {}).unwrap();
    let mut kept = 0;
    // Half of what is kept makes room for what comes.
    while let Some(Notice::Event(event)) = session.next_event(Duration::ZERO).unwrap() {
        assert_eq!(event.name(), "EARLY");
        kept += 1;
        if kept == 5 {
            break;
        }
    }
    session.execute(&QueryStatus {}).unwrap();
    let rest = notices(&mut session);
    let early = rest.iter().take_while(|name| *name == "EARLY").count();
    assert_eq!(rest[early..], [format!("{} lost", 100 - 5 - early), "LATE".into()]);
    drop(session);
    script.join();
}

#[test]
fn an_event_too_large_for_the_buffer_is_lost_in_its_place() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(event("A") + &event(&"X".repeat(600)) + &event("B") + &reply(&request, STATUS));
        peer.receive();
    });
    let mut session = Options { receive: 512, ..Options::default() }.connect(&script.address).unwrap();
    session.execute(&QueryStatus {}).unwrap();
    assert_eq!(notices(&mut session), ["A", "1 lost", "B"]);
    assert_eq!(session.counters().discarded, 1);
    drop(session);
    script.join();
}

#[test]
fn a_late_reply_is_dropped_and_counted() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let first = peer.receive().unwrap();
        let second = peer.receive().unwrap();
        peer.send(reply(&first, "{\"status\": \"wrong\", \"running\": false}") + &reply(&second, STATUS));
        peer.receive();
    });
    let mut session = connect(&script);
    session.set_command_timeout(Duration::from_millis(50));
    let error = session.execute(&QueryStatus {}).unwrap_err();
    assert!(matches!(error, Error::TimedOut { phase: Phase::Command, received: 0 }), "{error:?}");
    session.set_command_timeout(LONG);
    assert_eq!(session.execute(&QueryStatus {}).unwrap().status, "running");
    assert_eq!(session.counters().late_replies, 1);
    drop(session);
    script.join();
}

#[test]
fn a_timeout_in_the_middle_of_a_message_loses_none_of_it() {
    let (go, wait) = mpsc::channel();
    let script = Script::once(move |peer| {
        peer.negotiate();
        let first = peer.receive().unwrap();
        let text = reply(&first, STATUS);
        let (head, tail) = text.split_at(20);
        peer.send(head);
        wait.recv().unwrap();
        peer.send(tail);
        peer.send(event("A"));
        let second = peer.receive().unwrap();
        peer.send(reply(&second, STATUS));
        peer.receive();
    });
    let mut session = connect(&script);
    session.set_command_timeout(Duration::from_millis(100));
    let error = session.execute(&QueryStatus {}).unwrap_err();
    assert!(matches!(error, Error::TimedOut { phase: Phase::Command, received: 0 | 20 }), "{error:?}");
    go.send(()).unwrap();
    session.set_command_timeout(LONG);
    session.execute(&QueryStatus {}).unwrap();
    assert_eq!(notices(&mut session), ["A"]);
    assert_eq!(session.counters().discarded, 0);
    drop(session);
    script.join();
}

#[test]
fn the_events_before_the_end_can_still_be_asked_for() {
    let script = Script::once(|peer| {
        peer.negotiate();
        peer.receive();
        peer.send(event("SHUTDOWN") + "{\"retu");
    });
    let mut session = connect(&script);
    let error = session.execute(&QueryStatus {}).unwrap_err();
    assert!(matches!(error, Error::ConnectionLost { phase: Phase::Command, source: None, .. }), "{error:?}");
    assert!(matches!(session.next_event(LONG), Ok(Some(Notice::Event(event))) if event.name() == "SHUTDOWN"));
    assert!(matches!(session.next_event(LONG), Err(Error::ConnectionLost { .. })));
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::NotConnected)));
    assert_eq!(session.counters().discarded, 1);
    script.join();
}

#[test]
fn a_reply_that_does_not_fit_its_type_costs_nothing_else() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(reply(&request, "{\"status\": \"running\"}"));
        let request = peer.receive().unwrap();
        peer.send(reply(&request, STATUS));
        peer.receive();
    });
    let mut session = connect(&script);
    let error = session.execute(&QueryStatus {}).unwrap_err();
    let expected = DecodeError { mismatch: Mismatch::MissingMember, member: "running" };
    assert!(matches!(error, Error::Decode(error) if error == expected), "{error:?}");
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    drop(session);
    script.join();
}

#[test]
fn a_reply_may_begin_with_its_id() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(format!("{{\"id\": {}, \"return\": {STATUS}}}\r\n", id(&request)));
        let request = peer.receive().unwrap();
        let error = "{\"desc\": \"no\", \"class\": \"GenericError\"}";
        peer.send(format!("{{\"id\": {}, \"error\": {error}}}\r\n", id(&request)));
        peer.receive();
    });
    let mut session = connect(&script);
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    let error = session.execute(&QueryStatus {}).unwrap_err();
    assert!(matches!(&error, Error::Refused(refusal) if refusal.to_string() == "GenericError: no"), "{error:?}");
    assert_eq!(session.counters(), Default::default());
    drop(session);
    script.join();
}

#[test]
fn an_error_of_an_unknown_class_is_the_servers_answer() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        let error = "{\"class\": \"NeverHeardOf\", \"desc\": \"some \\\"text\\\"\"}";
        peer.send(format!("{{\"error\": {error}, \"id\": {}}}\r\n", id(&request)));
        let request = peer.receive().unwrap();
        peer.send(reply(&request, STATUS));
        peer.receive();
    });
    let mut session = connect(&script);
    match session.execute(&QueryStatus {}) {
        Err(Error::Refused(refusal)) => {
            assert_eq!((refusal.class(), refusal.desc()), ("NeverHeardOf", "some \"text\""));
        }
        other => panic!("{other:?}"),
    }
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    drop(session);
    script.join();
}

#[test]
fn a_server_without_a_clock_and_one_before_its_time_send_events() {
    let stamped = |name: &str, seconds: i64, microseconds: i64| {
        let stamp = format!("{{\"seconds\": {seconds}, \"microseconds\": {microseconds}}}");
        format!("{{\"timestamp\": {stamp}, \"event\": \"{name}\"}}\r\n")
    };
    let script = Script::once(move |peer| {
        peer.negotiate();
        peer.send(stamped("NO_CLOCK", -1, -1) + &stamped("EARLY", -86_400, 250_000));
        let request = peer.receive().unwrap();
        peer.send(reply(&request, STATUS));
        peer.receive();
    });
    let mut session = connect(&script);
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    for (name, seconds, microseconds) in [("NO_CLOCK", -1, -1), ("EARLY", -86_400, 250_000)] {
        let Some(Notice::Event(event)) = session.next_event(LONG).unwrap() else { panic!("{name} is missing") };
        assert!(event.name() == name, "{event:?}");
        let at = event.timestamp().unwrap();
        assert_eq!((at.seconds, at.microseconds), (seconds, microseconds));
    }
    assert_eq!(session.counters().discarded, 0);
    drop(session);
    script.join();
}

#[test]
fn a_number_that_is_none_costs_its_reply_and_nothing_else() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(reply(&request, "{\"status\": \"running\", \"ratio\": inf, \"running\": true}"));
        peer.send(event("A"));
        let request = peer.receive().unwrap();
        peer.send(reply(&request, STATUS) + &event("B"));
        peer.receive();
    });
    let mut session = connect(&script);
    session.set_command_timeout(Duration::from_millis(100));
    let error = session.execute(&QueryStatus {}).unwrap_err();
    assert!(matches!(error, Error::TimedOut { phase: Phase::Command, .. }), "{error:?}");
    session.set_command_timeout(LONG);
    assert_eq!(session.execute(&QueryStatus {}).unwrap().status, "running");
    assert!(matches!(session.next_event(LONG), Ok(Some(Notice::Event(event))) if event.name() == "A"));
    assert!(matches!(session.next_event(LONG), Ok(Some(Notice::Event(event))) if event.name() == "B"));
    assert!(session.counters().discarded >= 1);
    assert_eq!((session.counters().unmatched, session.counters().late_replies), (0, 0));
    drop(session);
    script.join();
}

#[test]
fn a_reply_too_large_for_the_buffer_costs_its_command_and_nothing_else() {
    let large = format!("{{\"status\": \"{}\", \"running\": true}}", "x".repeat(300 << 10));
    let (length, lengths) = mpsc::channel();
    let script = Script::once(move |peer| {
        peer.negotiate();
        for id_first in [false, true] {
            let request = peer.receive().unwrap();
            let text = match id_first {
                false => reply(&request, &large),
                true => format!("{{\"id\": {}, \"return\": {large}}}\r\n", id(&request)),
            };
            length.send(text.trim_end().len() as u64).unwrap();
            peer.send(text + &event("A"));
            let request = peer.receive().unwrap();
            peer.send(reply(&request, STATUS));
        }
        peer.receive();
    });
    let mut session = Options { receive: 512, ..Options::default() }.connect(&script.address).unwrap();
    for _ in 0..2 {
        let error = session.execute(&QueryStatus {}).unwrap_err();
        let length = lengths.recv().unwrap();
        assert!(
            matches!(error, Error::Oversized { bytes, error: false } if bytes == length),
            "{error:?}, not {length}"
        );
        assert!(session.execute(&QueryStatus {}).unwrap().running);
        assert_eq!(notices(&mut session), ["A"]);
    }
    assert_eq!((session.counters().unmatched, session.counters().late_replies), (0, 0));
    drop(session);
    script.join();
}

#[test]
fn the_smallest_receive_buffer_is_still_a_session() {
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send(reply(&request, STATUS));
        peer.receive();
    });
    let mut session = Options { receive: 0, ..Options::default() }.connect(&script.address).unwrap();
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    drop(session);
    script.join();
}

#[test]
fn a_command_too_long_for_the_transmit_buffer_is_not_sent() {
    let script = Script::once(|peer| {
        peer.negotiate();
        assert!(peer.receive().unwrap().contains("query-status"));
        assert_eq!(peer.receive(), None);
    });
    let options = Options { transmit: 128, command: Duration::from_millis(50), ..Options::default() };
    let mut session = options.connect(&script.address).unwrap();
    let error = session.execute_raw(&"x".repeat(200), None, false).unwrap_err();
    assert!(matches!(error, Error::Execute(ExecuteError::OutputTooSmall)), "{error:?}");
    assert!(matches!(session.execute(&QueryStatus {}), Err(Error::TimedOut { .. })));
    drop(session);
    script.join();
}

#[test]
fn a_command_that_was_sent_in_part_is_finished_first() {
    let (go, wait) = mpsc::channel();
    let long = "x".repeat(16 << 20);
    let expected = long.clone();
    let script = Script::once(move |peer| {
        peer.negotiate();
        wait.recv().unwrap();
        let first = peer.receive().unwrap();
        assert!(first.starts_with(&format!("{{\"execute\":\"{expected}\",\"id\":")), "it is not whole");
        let second = peer.receive().unwrap();
        peer.send(reply(&first, "1") + &reply(&second, STATUS));
        peer.receive();
    });
    let mut session = Options { transmit: 17 << 20, ..Options::default() }.connect(&script.address).unwrap();
    session.set_command_timeout(Duration::from_millis(50));
    for _ in 0..2 {
        let result = session.execute_raw(&long, None, false);
        assert!(matches!(result, Err(Error::TimedOut { phase: Phase::Command, received: 0 })), "{result:?}");
    }
    go.send(()).unwrap();
    session.set_command_timeout(LONG);
    assert!(session.execute(&QueryStatus {}).unwrap().running);
    assert_eq!(session.counters().late_replies, 1);
    drop(session);
    script.join();
}

#[test]
fn the_observer_sees_what_is_not_the_reply() {
    thread_local! {
        static SEEN: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    fn observe(incoming: Incoming<'_>) {
        let text = match incoming {
            Incoming::Event(event) => format!("event {}", event.name()),
            Incoming::Unmatched(message) => format!("unmatched {}", message.kind()),
            Incoming::Discarded(report) => format!("discarded {report}"),
            Incoming::Greeting(_) => "greeting".into(),
            other => format!("{other:?}"),
        };
        SEEN.with_borrow_mut(|seen| seen.push(text));
    }
    let script = Script::once(|peer| {
        peer.negotiate();
        let request = peer.receive().unwrap();
        peer.send("{\"error\": {\"class\": \"GenericError\", \"desc\": \"\"}}\r\nnoise\r\n");
        peer.send(event("A") + &event("STOP") + &reply(&request, "{}"));
        peer.receive();
    });
    let mut session = Options { observe, ..Options::default() }.connect(&script.address).unwrap();
    session.execute_until(&Stop {}, LONG, |event| (event.name() == "STOP").then_some(())).unwrap();
    let expected =
        ["greeting", "unmatched error", "discarded 5 bytes of noise between messages", "event A", "event STOP"];
    SEEN.with_borrow(|seen| assert_eq!(*seen, expected));
    assert_eq!((session.counters().events, session.counters().unmatched, session.counters().discarded), (2, 1, 1));
    assert_eq!(notices(&mut session), ["A"]);
    drop(session);
    script.join();
}
