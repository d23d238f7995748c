//! Events at the server's end: when they are sent, kept, replaced and lost.

#[path = "server/peer.rs"]
mod peer;

use peer::{Peer, QEMU};
use qmp_core::{Emission, EncodeError, EventPolicy, Profile, Timestamp};

const LIMITED: Profile =
    Profile { events: &[EventPolicy::limited("RTC_CHANGE", 1000), EventPolicy::keep_last("PROGRESS")], ..QEMU };

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, microseconds: 5 }
}

const KEYED: Profile = Profile {
    events: &[EventPolicy::limited("VSERPORT_CHANGE", 1000).by("id"), EventPolicy::keep_last("PROGRESS").by("id")],
    ..QEMU
};

/// Tells of a port's event: `id` is JSON, or empty for none.
fn emit_port(peer: &mut Peer, name: &str, id: &str, open: bool) -> Emission {
    let data = |w: &mut qmp_core::Writer<'_>| {
        w.object().name("open").bool(open);
        if !id.is_empty() {
            w.name("id").json(qmp_core::Json::parse(id.as_bytes()).unwrap());
        }
        w.end();
    };
    peer.server.event(name, at(1), data).unwrap()
}

fn port(name: &str, id: &str, open: bool) -> String {
    let id = if id.is_empty() { String::new() } else { format!(", \"id\": {id}") };
    format!(
        "{{\"timestamp\": {{\"seconds\": 1, \"microseconds\": 5}}, \"event\": \"{name}\", \"data\": {{\"open\": {open}{id}}}}}\r\n"
    )
}

/// Tells of an event whose data is one number.
fn emit(peer: &mut Peer, name: &str, seconds: i64) -> Emission {
    let emitted = peer.server.event(name, at(seconds), |w| _ = w.object().name("n").i64(seconds).end());
    emitted.unwrap()
}

fn event(name: &str, seconds: i64) -> String {
    format!(
        "{{\"timestamp\": {{\"seconds\": {seconds}, \"microseconds\": 5}}, \"event\": \"{name}\", \"data\": {{\"n\": {seconds}}}}}\r\n"
    )
}

#[test]
fn nobody_hears_events_before_the_negotiation() {
    let mut peer = Peer::new(QEMU);
    peer.hear();
    assert_eq!(emit(&mut peer, "RESUME", 1), Emission::Unheard);
    let mut peer = peer.negotiated("");
    assert_eq!(peer.hear(), "");
    assert_eq!(emit(&mut peer, "RESUME", 2), Emission::Sent);
    assert_eq!(peer.hear(), event("RESUME", 2));
    peer.server.reset();
    assert_eq!(emit(&mut peer, "RESUME", 3), Emission::Unheard);
    assert_eq!(peer.server.lost_events(), 0);
}

#[test]
fn an_event_without_data_has_no_data() {
    let mut peer = Peer::ready(QEMU);
    peer.server.event("STOP", Timestamp { seconds: -1, microseconds: -1 }, |_| {}).unwrap();
    assert_eq!(peer.hear(), "{\"timestamp\": {\"seconds\": -1, \"microseconds\": -1}, \"event\": \"STOP\"}\r\n");
}

#[test]
fn what_a_command_causes_comes_before_its_reply() {
    let stop = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n{\"return\": {}}\r\n";
    assert_eq!(Peer::ready(QEMU).say(br#"{"execute":"stop"}"#), stop);
}

#[test]
fn of_limited_events_the_first_comes_at_once_and_the_last_when_its_time_has_come() {
    let mut peer = Peer::ready(LIMITED);
    peer.server.handle_timeout(10_000);
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 1), Emission::Sent);
    assert_eq!(peer.hear(), event("RTC_CHANGE", 1));
    assert_eq!(peer.server.next_deadline(), None);
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 2), Emission::Kept);
    assert_eq!(emit(&mut peer, "RESUME", 3), Emission::Sent);
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 4), Emission::Replaced);
    assert_eq!(peer.server.next_deadline(), Some(11_000));
    peer.server.handle_timeout(10_999);
    assert_eq!(peer.hear(), event("RESUME", 3));
    peer.server.handle_timeout(11_000);
    assert_eq!(peer.hear(), event("RTC_CHANGE", 4));
    // The interval starts anew with what was sent late.
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 5), Emission::Kept);
    assert_eq!(peer.server.next_deadline(), Some(12_000));
    peer.server.handle_timeout(12_000);
    assert_eq!(peer.hear(), event("RTC_CHANGE", 5));
    peer.server.handle_timeout(13_000);
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 6), Emission::Sent);
    assert_eq!(peer.server.lost_events(), 1);
}

#[test]
fn events_that_find_no_room_are_lost_or_the_last_is_kept() {
    let mut peer = Peer::sized(LIMITED, 512, 512, 64).negotiated("");
    let mut sent = String::new();
    let mut number = 0;
    while emit(&mut peer, "RESUME", number) == Emission::Sent {
        sent += &event("RESUME", number);
        number += 1;
    }
    assert_eq!(number, 2);
    assert_eq!(peer.server.lost_events(), 1);
    assert_eq!(emit(&mut peer, "PROGRESS", 50), Emission::Kept);
    assert_eq!(emit(&mut peer, "PROGRESS", 51), Emission::Replaced);
    assert_eq!(emit(&mut peer, "PROGRESS", 52), Emission::Replaced);
    assert_eq!(peer.server.lost_events(), 3);
    assert_eq!(peer.hear(), sent + &event("PROGRESS", 52));
    assert_eq!(emit(&mut peer, "PROGRESS", 53), Emission::Sent);
}

#[test]
fn kept_events_of_several_names_come_in_order() {
    let mut peer = Peer::sized(LIMITED, 512, 1024, 64).negotiated("");
    peer.server.handle_timeout(5);
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 1), Emission::Sent);
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 2), Emission::Kept);
    while emit(&mut peer, "RESUME", 9) == Emission::Sent {}
    assert_eq!(emit(&mut peer, "PROGRESS", 3), Emission::Kept);
    peer.server.handle_timeout(2000);
    let heard = peer.hear();
    assert!(heard.ends_with(&(event("RTC_CHANGE", 2) + &event("PROGRESS", 3))), "{heard}");
}

#[test]
fn an_event_that_can_never_be_sent_is_an_error() {
    let mut peer = Peer::sized(QEMU, 512, 512, 64).negotiated("");
    let long = |w: &mut qmp_core::Writer<'_>| _ = w.object().name("x").string(&"x".repeat(250)).end();
    assert_eq!(peer.server.event("LONG", at(1), long), Err(EncodeError::Full));
    assert_eq!(peer.server.event("WRONG", at(1), |w| _ = w.object()), Err(EncodeError::Misplaced));
    assert_eq!(peer.hear(), "");
}

#[test]
fn a_client_that_does_not_read_holds_nothing_up() {
    let mut peer = Peer::sized(LIMITED, 512, 512, 64).negotiated("");
    // The reply stays unsent, and so the next command waits; the application goes on.
    let window = peer.server.window();
    let sent = br#"{"execute":"query-name","id":1}{"execute":"query-name","id":2}"#;
    window[..sent.len()].copy_from_slice(sent);
    peer.server.commit(sent.len()).unwrap();
    for number in 0..10_000 {
        peer.server.dispatch(peer::COMMANDS, &mut peer.vm);
        emit(&mut peer, "RESUME", number);
        emit(&mut peer, "PROGRESS", number);
        assert!(peer.server.unsent().len() <= 512);
    }
    assert_eq!(peer.vm.ran.len(), 1);
    assert!(peer.server.lost_events() > 19_000);
    let heard = peer.hear();
    assert!(heard.starts_with("{\"return\": {}, \"id\": 1}\r\n"), "{heard}");
    assert!(heard.contains("{\"return\": {}, \"id\": 2}\r\n") && heard.contains(&event("PROGRESS", 9999)), "{heard}");
}

#[test]
fn limited_events_with_a_key_wait_for_those_of_the_same_key_only() {
    const NAME: &str = "VSERPORT_CHANGE";
    let mut peer = Peer::ready(KEYED);
    peer.server.handle_timeout(10_000);
    // Whatever the key is: a string, its beginning, a number, none.
    let ids = ["\"port1\"", "\"port\"", "7", ""];
    for id in ids {
        assert_eq!(emit_port(&mut peer, NAME, id, true), Emission::Sent);
        assert_eq!(peer.hear(), port(NAME, id, true));
    }
    peer.server.handle_timeout(10_500);
    for id in ids {
        assert_eq!(emit_port(&mut peer, NAME, id, true), Emission::Kept);
        assert_eq!(emit_port(&mut peer, NAME, id, false), Emission::Replaced);
    }
    assert_eq!(emit_port(&mut peer, NAME, "\"new\"", true), Emission::Sent);
    assert_eq!(peer.hear(), port(NAME, "\"new\"", true));
    assert_eq!(peer.server.next_deadline(), Some(11_000));
    peer.server.handle_timeout(11_000);
    let expected: String = ids.iter().map(|id| port(NAME, id, false)).collect();
    assert_eq!(peer.hear(), expected);
    assert_eq!(emit_port(&mut peer, NAME, "7", true), Emission::Kept);
    peer.server.handle_timeout(12_000);
    assert_eq!(peer.hear(), port(NAME, "7", true));
    peer.server.handle_timeout(14_000);
    assert_eq!(emit_port(&mut peer, NAME, "7", false), Emission::Sent);
    assert_eq!(peer.server.lost_events(), 4);
}

#[test]
fn of_events_with_a_key_that_find_no_room_the_last_of_each_key_is_kept() {
    let mut peer = Peer::sized(KEYED, 512, 1024, 64).negotiated("");
    let mut sent = String::new();
    while emit(&mut peer, "RESUME", 7) == Emission::Sent {
        sent += &event("RESUME", 7);
    }
    for open in [true, false] {
        for id in ["1", "2", "3"] {
            let expected = if open { Emission::Kept } else { Emission::Replaced };
            assert_eq!(emit_port(&mut peer, "PROGRESS", id, open), expected);
        }
    }
    // A quarter of the buffer is for what is kept; more keys than fit there are lost, and nothing else is.
    let more = (4..40).filter(|id| emit_port(&mut peer, "PROGRESS", &id.to_string(), true) == Emission::Kept).count();
    assert_eq!(more, 1);
    let kept =
        ["1", "2", "3"].iter().map(|id| port("PROGRESS", id, false)).collect::<String>() + &port("PROGRESS", "4", true);
    assert_eq!(peer.hear(), sent + &kept);
    assert_eq!(peer.server.lost_events(), 1 + 3 + 35);
}

#[test]
fn the_key_is_found_in_pretty_events_too() {
    let mut peer = Peer::new(Profile { pretty: true, ..KEYED });
    peer.say(br#"{"execute":"qmp_capabilities"}"#);
    assert_eq!(emit_port(&mut peer, "VSERPORT_CHANGE", "\"a b\"", true), Emission::Sent);
    assert_eq!(emit_port(&mut peer, "VSERPORT_CHANGE", "\"c\"", true), Emission::Sent);
    assert_eq!(emit_port(&mut peer, "VSERPORT_CHANGE", "\"a b\"", true), Emission::Kept);
    assert_eq!(peer.hear().matches("\"open\": true").count(), 2);
}

/// A peer to which something is on its way, so that an event has to be kept.
fn busy(profile: Profile, tx: usize) -> Peer {
    let mut peer = Peer::sized(profile, 512, tx, 64);
    peer.say(br#"{"execute":"qmp_capabilities"}"#);
    while emit(&mut peer, "RESUME", 1) == Emission::Sent {}
    peer
}

/// The length of an event's message.
fn length(profile: Profile, name: &str, data: &str) -> usize {
    let mut peer = Peer::new(profile);
    peer.say(br#"{"execute":"qmp_capabilities"}"#);
    assert_eq!(text(&mut peer, name, data), Ok(Emission::Sent));
    peer.hear().len()
}

fn text(peer: &mut Peer, name: &str, data: &str) -> Result<Emission, EncodeError> {
    peer.server.event(name, at(1), |w| _ = w.object().name("x").array().string(data).u64(1).end().end())
}

#[test]
fn what_is_kept_is_sent_though_it_is_half_of_the_buffer() {
    for pretty in [false, true] {
        let profile = Profile { pretty, ..LIMITED };
        let data = "x";
        let length = length(profile, "PROGRESS", data);
        for (tx, expected) in [(2 * length, Ok(Emission::Kept)), (2 * length - 1, Err(EncodeError::Full))] {
            let mut peer = busy(profile, tx);
            let lost = peer.server.lost_events();
            assert_eq!(text(&mut peer, "PROGRESS", data), expected);
            assert!(!peer.hear().is_empty() && peer.server.lost_events() == lost);
            // Nothing is in the way of what is kept next.
            while emit(&mut peer, "RESUME", 2) == Emission::Sent {}
            assert_eq!(emit(&mut peer, "PROGRESS", 3), Emission::Kept);
            assert_eq!(peer.hear().matches("\"PROGRESS\"").count(), 1);
        }
    }
}

#[test]
fn an_event_that_can_never_be_sent_is_an_error_while_something_is_on_its_way_too() {
    for (name, data) in [("PROGRESS", 250), ("RTC_CHANGE", 250), ("RESUME", 250)] {
        let mut peer = busy(LIMITED, 512);
        let lost = peer.server.lost_events();
        assert_eq!(text(&mut peer, name, &"x".repeat(data)), Err(EncodeError::Full), "{name}");
        assert_eq!(peer.server.lost_events(), lost);
    }
    // Nor while its interval runs.
    let mut peer = Peer::sized(LIMITED, 512, 512, 64).negotiated("");
    assert_eq!(emit(&mut peer, "RTC_CHANGE", 1), Emission::Sent);
    assert_eq!(text(&mut peer, "RTC_CHANGE", &"x".repeat(250)), Err(EncodeError::Full));
}

#[test]
fn an_event_that_is_too_large_only_while_two_commands_run_is_kept_or_lost() {
    for (name, expected) in [("PROGRESS", Emission::Kept), ("RESUME", Emission::Lost)] {
        let profile = Profile { oob: true, ..LIMITED };
        let mut peer = Peer::sized(profile, 512, 1024, 256).negotiated(r#","arguments":{"enable":["oob"]}"#);
        assert_eq!(peer.say(br#"{"execute":"wait","id":"in"}{"exec-oob":"wait","id":"out"}"#), "");
        assert_eq!(peer.vm.waiting.len(), 2);
        let data = "x".repeat(180);
        assert_eq!(text(&mut peer, name, &data), Ok(expected));
        assert_eq!(peer.hear(), "");
        // One of the two is over.
        let heard = peer.finish();
        assert_eq!(heard.contains(&data), expected == Emission::Kept, "{heard}");
        assert_eq!(peer.server.lost_events(), u32::from(expected == Emission::Lost));
    }
}

#[test]
fn kept_events_come_though_the_one_before_them_says_more_each_time_it_is_asked() {
    let mut peer = busy(Profile { pretty: true, ..LIMITED }, 1024);
    let lost = peer.server.lost_events();
    // Indented, the last is more than half of the buffer.
    let mut lengths = [5, 5, 60].into_iter();
    let grows = |w: &mut qmp_core::Writer<'_>| {
        w.object().name("x").array();
        (0..lengths.next().unwrap()).for_each(|_| _ = w.u64(1));
        w.end().end();
    };
    assert_eq!(peer.server.event("PROGRESS", at(1), grows), Ok(Emission::Kept));
    peer.hear();
    assert_eq!(emit(&mut peer, "PROGRESS", 2), Emission::Sent);
    assert_eq!(peer.hear().matches("\"PROGRESS\"").count(), 1);
    assert_eq!(peer.server.lost_events(), lost + 1);
}

#[test]
fn a_reply_has_the_room_of_events_that_are_kept_if_there_is_no_other() {
    let reply = |length: usize| format!("{{\"return\": \"{}\"}}\r\n", "x".repeat(length));
    let most = 512 - reply(0).len();
    let mut losses = Vec::new();
    for length in (300..=most + 1).rev() {
        let mut peer = Peer::sized(LIMITED, 512, 512, 64).negotiated("");
        assert_eq!(emit(&mut peer, "RTC_CHANGE", 1), Emission::Sent);
        peer.hear();
        assert_eq!(emit(&mut peer, "RTC_CHANGE", 2), Emission::Kept);
        let heard = peer.say(format!(r#"{{"execute":"large","arguments":{{"length":{length}}}}}"#).as_bytes());
        if length <= most {
            assert_eq!(heard, reply(length), "{length}");
        } else {
            assert!(heard.contains("The reply is too large"), "{heard}");
        }
        // What was kept comes, or is counted.
        peer.server.handle_timeout(5000);
        let kept = peer.hear();
        let lost = peer.server.lost_events();
        assert_eq!(kept, if lost == 0 { event("RTC_CHANGE", 2) } else { String::new() }, "{length}");
        losses.push(lost);
    }
    // Only where it was in the way: its head and its data.
    let needed = 32 + "{\"n\": 2}".len();
    assert_eq!(losses.iter().sum::<u32>() as usize, 1 + needed);
    assert!(losses.is_sorted_by(|a, b| a >= b));
}
