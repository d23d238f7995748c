//! Out-of-band execution at the server's end: what overtakes what, and what has to wait.

#[path = "server/peer.rs"]
mod peer;

use peer::{Peer, QEMU};

fn returned(id: &str) -> String {
    format!("{{\"return\": {{}}, \"id\": \"{id}\"}}\r\n")
}

fn refused(id: &str, class: &str, desc: &str) -> String {
    format!("{{\"id\": \"{id}\", \"error\": {{\"class\": \"{class}\", \"desc\": \"{desc}\"}}}}\r\n")
}

const YANK: &str = "{\"return\": [{\"type\": \"chardev\", \"id\": \"c0\"}], \"id\": \"o\"}\r\n";

#[test]
fn without_it_a_command_waits_for_the_one_before() {
    let mut peer = Peer::ready(QEMU);
    assert_eq!(peer.say(br#"{"execute":"wait","id":"a"}{"execute":"query-name","id":"b"} nonsense"#), "");
    assert!(peer.vm.ran.is_empty());
    let rest = peer.finish();
    assert_eq!(rest, returned("a") + &returned("b"));
}

#[test]
fn a_command_out_of_band_overtakes_those_in_band() {
    let mut peer = Peer::with_oob();
    let sent = br#"{"execute":"wait","id":"a"}{"execute":"query-name","id":"b"}{"exec-oob":"query-yank","id":"o"}"#;
    assert_eq!(peer.say(sent), YANK);
    assert!(peer.vm.ran.is_empty());
    assert_eq!(peer.finish(), returned("a") + &returned("b"));
}

#[test]
fn errors_in_band_wait_for_their_turn_and_those_out_of_band_do_not() {
    let mut peer = Peer::with_oob();
    let sent = concat!(
        r#"{"execute":"wait","id":"a"}{"id":"none"}@"#,
        "\n",
        r#"{"exec-oob":"query-name","execute":"query-name","id":"both"}"#,
        r#"{"exec-oob":"nope","id":"unknown"}{"exec-oob":"query-name","id":"inband"}{"exec-oob":1,"id":"mistyped"}"#,
        r#"{"exec-oob":"qmp_capabilities","id":"late"}"#,
    );
    let outside = [
        refused("unknown", "CommandNotFound", "The command nope has not been found"),
        refused("inband", "GenericError", "The command query-name does not support OOB"),
        refused("mistyped", "GenericError", "QMP input member 'exec-oob' must be a string"),
        refused("late", "GenericError", "The command qmp_capabilities does not support OOB"),
    ];
    assert_eq!(peer.say(sent.as_bytes()), outside.concat());
    let rest = peer.finish();
    let inside = [
        returned("a"),
        refused("none", "GenericError", "QMP input lacks member 'execute'"),
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error, invalid syntax\"}}\r\n".into(),
        refused("both", "GenericError", "QMP input member 'execute' clashes with 'exec-oob'"),
    ];
    assert_eq!(rest, inside.concat());
}

/// Lets `queued` commands wait behind one that is running, then sends one out of band.
fn behind(queued: usize) -> (String, String) {
    let mut peer = Peer::with_oob();
    let mut sent = String::from(r#"{"execute":"wait","id":"w"}"#);
    (0..queued).for_each(|number| sent += &format!(r#"{{"execute":"query-name","id":"{number}"}}"#));
    sent += r#"{"exec-oob":"query-yank","id":"o"}"#;
    let at_once = peer.say(sent.as_bytes());
    (at_once, peer.finish())
}

#[test]
fn eight_commands_in_band_are_taken_in_as_by_qemu() {
    let order =
        |numbers: std::ops::Range<usize>| numbers.map(|number| returned(&number.to_string())).collect::<String>();
    // One is running and seven wait.
    assert_eq!(behind(7), (YANK.into(), returned("w") + &order(0..7)));
    // One more, and nothing is read before the first of them has begun.
    assert_eq!(behind(8), (String::new(), returned("w") + &order(0..1) + YANK + &order(1..8)));
    assert_eq!(behind(9), (String::new(), returned("w") + &order(0..2) + YANK + &order(2..9)));
}

#[test]
fn commands_that_find_no_room_to_wait_are_not_lost() {
    for store in [24, 40, 80] {
        let mut peer = Peer::sized(QEMU, 256, 512, store).negotiated(r#","arguments":{"enable":["oob"]}"#);
        let mut sent = String::from(r#"{"execute":"wait","id":"w"}"#);
        (0..6).for_each(|number| sent += &format!(r#"{{"execute":"query-name","id":"{number}"}}"#));
        let mut heard = peer.say(&sent.as_bytes()[..200]);
        heard += &peer.finish();
        heard += &peer.say(&sent.as_bytes()[200..]);
        let expected = (0..6).fold(returned("w"), |all, number| all + &returned(&number.to_string()));
        assert_eq!(heard, expected, "{store} bytes");
    }
}

#[test]
fn with_room_for_two_of_the_longest_ids_a_command_overtakes_and_with_less_both_are_refused() {
    let wait = r#"{"execute":"wait","id":"12345678"}"#;
    let yank = r#"{"exec-oob":"query-yank","id":"abcdefgh"}"#;
    let mut peer = Peer::sized(QEMU, 256, 512, 24).negotiated(r#","arguments":{"enable":["oob"]}"#);
    assert_eq!(peer.say([wait, yank].concat().as_bytes()), YANK.replace("\"o\"", "\"abcdefgh\""));
    assert_eq!(peer.finish(), returned("12345678"));

    let mut peer = Peer::sized(QEMU, 256, 512, 23).negotiated(r#","arguments":{"enable":["oob"]}"#);
    let long = |id| refused(id, "GenericError", "QMP input member 'id' is too long");
    assert_eq!(peer.say([wait, yank].concat().as_bytes()), long("12345678") + &long("abcdefgh"));
    assert!(peer.vm.ran.is_empty() && peer.vm.waiting.is_empty());
    // Without out-of-band execution there is one id at a time.
    let mut peer = Peer::sized(QEMU, 256, 512, 14).negotiated("");
    assert_eq!(peer.say(wait.as_bytes()), "");
    assert_eq!(peer.finish(), returned("12345678"));
}

#[test]
fn a_command_out_of_band_can_be_answered_later_too() {
    let mut peer = Peer::with_oob();
    assert_eq!(peer.say(br#"{"execute":"wait","id":"in"}{"exec-oob":"wait","id":"out"}"#), "");
    assert_eq!(peer.vm.waiting.len(), 2);
    let inside = peer.vm.waiting.remove(0);
    assert_eq!(peer.finish(), returned("out"));
    peer.vm.waiting.push(inside);
    assert_eq!(peer.finish(), returned("in"));
}

#[test]
fn a_call_is_answered_once() {
    let mut peer = Peer::ready(QEMU);
    peer.say(br#"{"execute":"wait","id":"a"}"#);
    let call = peer.vm.waiting[0];
    peer.finish();
    assert_eq!(peer.server.reply(call, |_| {}), Err(qmp_core::ReplyError::Closed));
    assert!(!peer.server.withhold(call));
    assert_eq!(peer.hear(), "");
}

#[test]
fn replies_keep_their_room_while_nobody_reads() {
    let mut peer = Peer::sized(QEMU, 512, 512, 128).negotiated(r#","arguments":{"enable":["oob"]}"#);
    peer.say(br#"{"execute":"wait","id":"in"}"#);
    // Events fill what they may.
    let time = qmp_core::Timestamp { seconds: 0, microseconds: 0 };
    while peer.server.event("E", time, |_| {}).unwrap() == qmp_core::Emission::Sent {}
    let call = peer.vm.waiting.remove(0);
    let half = 256 - "{\"return\": \"\", \"id\": \"in\"}\r\n".len();
    peer.server.reply(call, |w| _ = w.string(&"x".repeat(half))).unwrap();
    let sent = peer.hear();
    assert!(sent.ends_with(", \"id\": \"in\"}\r\n") && sent.len() <= 512);
}
