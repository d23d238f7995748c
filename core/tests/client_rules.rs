//! What a client promises about replies, events and the handshake, rule by rule.

mod common;
mod model;

use common::caller::{GREETING, Session, lost, reply, returned};
use common::said;
use model::Item;
use model::client::Said;
use qmp_core::{Client, CommandId, Empty, Failure, Incoming, Kind, NEVER, Named, Phase, QueryStatus, Slot};

fn event(name: &'static str) -> (String, Said) {
    let item = Item::Message(Kind::Event, vec![("event", name.to_string())]);
    (format!("{{\"event\": \"{name}\"}}\r\n"), Said::Event(item))
}

/// `text` is a message that was delivered and belongs to nothing.
fn unmatched(said: &Said) -> &Item {
    match said {
        Said::Unmatched(item) => item,
        other => panic!("{other:?}"),
    }
}

#[test]
fn replies_in_any_order_reach_the_commands_that_asked() {
    let mut session = Session::ready();
    let ids: Vec<u64> = (0..4).map(|_| session.stop(NEVER).get()).collect();
    assert_eq!(ids, [2_000_005, 3_000_005, 4_000_005, 5_000_005]);
    for id in [ids[2], ids[0], ids[3], ids[1]] {
        assert_eq!(session.hear(reply(id, &id.to_string())), [returned(id, &id.to_string())]);
    }
}

#[test]
fn ticket_does_not_read_the_reply_of_another_command() {
    let mut session = Session::ready();
    let (_, first) = session.client.execute(&QueryStatus {}, NEVER, &mut session.out).unwrap();
    let (_, second) = session.client.execute(&QueryStatus {}, NEVER, &mut session.out).unwrap();
    let bytes = reply(second.id().get(), "{\"running\": true, \"status\": \"running\"}");
    session.client.window()[..bytes.len()].copy_from_slice(bytes.as_bytes());
    session.client.commit(bytes.len()).unwrap();
    let Some(Incoming::Reply(reply)) = session.client.poll() else { panic!() };
    assert!(reply.decode(first).is_none());
    assert!(reply.decode(second).unwrap().unwrap().unwrap().running);
}

#[test]
fn late_reply_is_dropped_and_counted_and_the_next_command_gets_its_own() {
    let mut session = Session::ready();
    let first = session.stop(50).get();
    session.client.handle_timeout(50);
    assert_eq!(session.all(), [Said::Failed(first, Failure::TimedOut)]);
    let second = session.stop(NEVER).get();
    let both = reply(first, "\"first\"") + &reply(second, "\"second\"");
    assert_eq!(session.hear(both), [returned(second, "\"second\"")]);
    assert_eq!(session.client.late_replies(), 1);
}

#[test]
fn cancelled_command_frees_its_slot_at_once_and_its_reply_is_dropped() {
    let mut session = Session::ready();
    let ids: Vec<CommandId> = (0..4).map(|_| session.stop(NEVER)).collect();
    assert!(session.client.cancel(ids[1]));
    assert!(!session.client.cancel(ids[1]), "it is not open any more");
    let next = session.stop(NEVER).get();
    assert_eq!(session.hear(reply(ids[1].get(), "1")), []);
    assert_eq!(session.hear(reply(next, "2")), [returned(next, "2")]);
    assert_eq!(session.client.late_replies(), 1);
}

#[test]
fn second_reply_to_a_command_is_dropped_and_counted() {
    let mut session = Session::ready();
    let id = session.stop(NEVER).get();
    assert_eq!(session.hear(reply(id, "1") + &reply(id, "2")), [returned(id, "1")]);
    assert_eq!(session.client.late_replies(), 1);
}

#[test]
fn ids_are_integers_below_2_to_the_53_that_end_with_the_session() {
    let id = |number| {
        let mut session =
            Session { client: Client::with_slots(number, vec![0; 256], vec![Slot::FREE; 4]), out: [0; 128] };
        session.hear(GREETING);
        let line = session.negotiate();
        let (_, id) = line.split_once("\"id\":").unwrap();
        id.split_once(',').unwrap().0.parse::<u64>().unwrap()
    };
    assert_eq!(id(0), 1_000_000);
    assert_eq!(id(7), 1_000_007);
    assert_eq!(id(999_999), 1_999_999);
    assert_eq!(id(1_000_000), 1_000_000);
    // A client in static memory learns its number later.
    let mut client = const { Client::new(0, [0; 256]) };
    client.set_session(5_000_007);
    let mut out = [0; 128];
    let length = client.attach(NEVER, &mut out).unwrap();
    assert!(String::from_utf8_lossy(&out[..length]).contains("\"id\":1000007}"));
    // The counter has 32 bits.
    assert!(u64::from(u32::MAX) * 1_000_000 + id(u32::MAX) < 1 << 53);
}

#[test]
fn reply_that_the_server_owed_the_last_client_is_unmatched() {
    let capture = include_str!("captures/stale_reply_after_reconnect.bin");
    let (greeting, replies) = capture.split_at(capture.find('\n').unwrap() + 1);
    let mut session = Session::new();
    assert!(matches!(session.hear(greeting)[..], [Said::Greeting(_)]));
    session.negotiate();
    // As it was captured neither is ours; with our id in its place, the second is.
    let told = session.hear(replies);
    assert_eq!(
        told.iter().map(|said| unmatched(said).id()).collect::<Vec<_>>(),
        ["\"old-session\"", "\"new-session\""]
    );
    assert_eq!(session.client.phase(), Phase::Negotiating);
    let told = session.hear(replies.replace("\"new-session\"", "1000005"));
    assert_eq!(unmatched(&told[0]).id(), "\"old-session\"");
    assert_eq!(told[1..], [Said::Ready(Some(true))]);
}

#[test]
fn reply_to_a_command_of_the_connection_before_is_dropped() {
    let mut session = Session::ready();
    let old = session.stop(NEVER).get();
    session.client.reset();
    assert_eq!(session.all(), [lost(old)]);
    session.hear(GREETING);
    session.negotiate();
    assert_eq!(session.hear(reply(old, "1")), []);
    assert_eq!(session.client.phase(), Phase::Negotiating);
    assert_eq!(session.client.late_replies(), 1);
}

#[test]
fn reply_with_an_id_not_given_out_yet_or_of_another_type_is_unmatched() {
    let mut session = Session::ready();
    session.stop(NEVER);
    for id in [
        "3000005",
        "4999999999",
        "3000000000000005",
        "4294967295000005",
        "2000005.0",
        "\"2000005\"",
        "[2000005]",
        "null",
        "5.000000001e9",
    ] {
        let told = session.hear(format!("{{\"id\": {id}, \"return\": {{}}}}\r\n"));
        assert_eq!(unmatched(&told[0]).id(), id);
    }
    assert_eq!(session.client.late_replies(), 0);
}

#[test]
fn event_before_the_greeting_is_delivered_before_it() {
    let mut session = Session::new();
    let told = session.hear(include_bytes!("captures/event_before_greeting.bin"));
    assert!(matches!(&told[..], [Said::Event(_), Said::Greeting(_)]), "{told:?}");
}

#[test]
fn events_are_delivered_in_order_in_every_phase() {
    let mut session = Session::new();
    let [(stop, stopped), (resume, resumed)] = [event("STOP"), event("RESUME")];
    let (text, both) = (stop + &resume, [stopped, resumed]);
    assert_eq!(session.hear(&text), both);
    session.hear(GREETING);
    assert_eq!(session.hear(&text), both);
    session.negotiate();
    assert_eq!(session.hear(&text), both);
    session.hear(reply(1_000_005, "{}"));
    assert_eq!(session.client.phase(), Phase::Command);
    let id = session.stop(NEVER).get();
    assert_eq!(session.hear(&text), both);
    let told = session.hear(text.clone() + &reply(id, "1") + &text);
    assert_eq!(told, [&both[..], &[returned(id, "1")], &both].concat());
}

#[test]
fn error_without_id_is_unmatched_and_completes_nothing() {
    let mut session = Session::new();
    let error = "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n";
    assert_eq!(unmatched(&session.hear(error)[0]).id(), "");
    session.hear(GREETING);
    session.negotiate();
    assert_eq!(session.hear(error).iter().map(|said| unmatched(said).id()).collect::<Vec<_>>(), [""]);
    session.hear(reply(1_000_005, "{}"));
    let id = session.stop(NEVER).get();
    assert_eq!(session.hear(error).len(), 1);
    assert_eq!(session.hear(reply(id, "1")), [returned(id, "1")]);
}

#[test]
fn reply_too_large_for_the_buffer_completes_its_command() {
    let mut session = Session::ready();
    let ids = [session.stop(NEVER).get(), session.stop(NEVER).get(), session.stop(10).get()];
    session.client.handle_timeout(10);
    session.all();
    let mut told = Vec::new();
    for (id, kind) in ids.into_iter().zip(["return", "error", "return"]) {
        let text = format!("{{\"{kind}\": {{\"desc\": \"{}\"}}, \"id\": {id}}}\r\n", "x".repeat(600));
        told.extend(session.hear(text));
    }
    let oversized = |bytes, error| Failure::Oversized { bytes, error };
    let late = Item::Oversized { bytes: 639, kind: Kind::Return, id: Some(ids[2]), event: String::new() };
    let failed = [Said::Failed(ids[0], oversized(639, false)), Said::Failed(ids[1], oversized(638, true))];
    assert_eq!(told, [&failed[..], &[Said::Discarded(late)]].concat());
    assert_eq!(session.client.late_replies(), 1);
}

#[test]
fn greeting_in_the_middle_of_a_session_ends_the_open_commands_and_negotiates_anew() {
    let mut session = Session::ready();
    let ids = [session.stop(NEVER).get(), session.stop(NEVER).get()];
    let told = session.hear(event("STOP").0 + GREETING);
    assert!(matches!(&told[..], [Said::Event(_), first, second, Said::Greeting(_)]
        if *first == lost(ids[0]) && *second == lost(ids[1])));
    assert_eq!(session.client.phase(), Phase::Greeted);
    assert!(session.negotiate().contains("\"id\":4000005,"));
    // What the server before still sends is nobody's.
    assert_eq!(session.hear(reply(ids[1], "1")), []);
    assert_eq!(session.hear(reply(4_000_005, "{}")), [Said::Ready(Some(true))]);
}

#[test]
fn greeting_whose_member_is_no_object_is_unmatched_and_ends_nothing() {
    let mut session = Session::ready();
    let id = session.stop(NEVER).get();
    assert!(matches!(session.hear("{\"QMP\": 1}\r\n")[..], [Said::Unmatched(_)]));
    assert_eq!(session.client.phase(), Phase::Command);
    assert_eq!(session.hear(reply(id, "1")), [returned(id, "1")]);
}

#[test]
fn greeting_is_kept_when_the_caller_reads_before_it_is_told() {
    let mut session = Session::ready();
    let id = session.stop(NEVER).get();
    session.client.window()[..GREETING.len()].copy_from_slice(GREETING.as_bytes());
    session.client.commit(GREETING.len()).unwrap();
    assert_eq!(session.client.poll().map(said), Some(lost(id)));
    assert!(session.client.window().is_empty());
    assert!(session.client.commit(1).is_err());
    session.client.commit(0).unwrap();
    let Some(Incoming::Greeting(greeting)) = session.client.poll() else { panic!() };
    assert!(greeting.offers_oob());
    assert!(!session.client.window().is_empty());
}

#[test]
fn attach_to_a_server_in_command_mode_is_success_with_oob_unknown() {
    let mut session = Session::new();
    let length = session.client.attach(NEVER, &mut session.out).unwrap();
    assert_eq!(&session.out[..length], b"\xff{\"execute\":\"qmp_capabilities\",\"id\":1000005}\n");
    let told = session.hear("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, stray\"}}\r\n");
    assert!(matches!(told[..], [Said::Unmatched(_)]));
    let refused = "{\"id\": 1000005, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"already complete\"}}\r\n";
    assert_eq!(session.hear(refused), [Said::Ready(None)]);
    let named = Named { name: "query-yank", arguments: Empty {} };
    assert!(session.client.exec_oob(&named, NEVER, &mut session.out).is_ok());
}

#[test]
fn attach_to_a_server_that_has_not_negotiated_negotiates() {
    let mut session = Session::new();
    session.client.attach(NEVER, &mut session.out).unwrap();
    assert_eq!(session.hear(reply(1_000_005, "{}")), [Said::Ready(Some(false))]);
}

#[test]
fn refused_negotiation_can_be_tried_again() {
    for class in ["GenericError", "CommandNotFound"] {
        let mut session = Session::new();
        session.hear(GREETING);
        session.negotiate();
        let told = session.hear(format!("{{\"id\": 1000005, \"error\": {{\"class\": \"{class}\", \"desc\": \"\"}}}}"));
        assert!(matches!(told[..], [Said::Refused(_)]), "{class}: {told:?}");
        assert!(session.negotiate().contains("2000005"));
        assert_eq!(session.hear(reply(2_000_005, "{}")), [Said::Ready(Some(true))]);
    }
}
