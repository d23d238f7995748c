//! The server end fed with anything: what comes out is valid, in order, and the same however the input is cut.

#[path = "server/peer.rs"]
mod peer;

use peer::{Peer, QEMU};
use qmp_core::{Emission, EventPolicy, Json, Profile, Timestamp};

/// Numbers from a seed (splitmix64).
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) % bound as u64) as usize
    }
}

const PARTS: &[&[u8]] = &[
    b"{\"execute\":\"query-name\"}",
    b"{\"execute\":\"query-name\",\"id\":7}\n",
    b"{\"execute\":\"query-status\",\"id\":\"\\u00e9\xc3\xa9\"}\r\n",
    b"{\"execute\":\"stop\"}{\"execute\":\"cont\"}",
    b"{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"x\\n\"},\"id\":{\"a\":[{}]}}",
    b"{\"execute\":\"large\",\"arguments\":{\"length\":60}}",
    b"{\"execute\":\"large\",\"arguments\":{\"length\":100000}}",
    b"{\"exec-oob\":\"query-yank\",\"id\":1}",
    b"{\"exec-oob\":\"query-name\",\"id\":2}",
    b"{\"execute\":\"qmp_capabilities\"}",
    b"{\"execute\":\"nope\",\"id\":[1,2,[3]]}",
    b"{\"execute\":\"query-commands\"}",
    b"{\"id\":\"0123456789012345678901234567890123456789012345678901234567890123456789\",\"execute\":\"query-name\"}",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b",",
    b":",
    b" ",
    b"\n",
    b"\xff",
    b"\x01",
    b"\t",
    b"12",
    b"null",
    b"\"abc\"",
    b"@",
    b"{\"a\":1,\"a\":2}",
    b"[{\"execute\":\"quit\"}]",
    b"{\"x\":\"\\ud800\"}",
    b"{\"execute\":",
    b"\"execute\"",
    b"\xc3",
];

fn stream(rng: &mut Rng) -> Vec<u8> {
    (0..1 + rng.below(30)).flat_map(|_| PARTS[rng.below(PARTS.len())]).copied().collect()
}

/// Every line is an object with the members that QEMU's messages have.
fn check(output: &str) {
    for line in output.split_terminator("\r\n") {
        let message = Json::parse(line.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {line}"));
        let kinds = ["QMP", "return", "error", "event"].into_iter().filter(|kind| message.member(kind).is_some());
        assert_eq!(kinds.count(), 1, "{line}");
        assert!(line.is_ascii());
    }
}

#[test]
fn answers_do_not_depend_on_how_the_input_is_cut() {
    for seed in 0..3000 {
        let mut rng = Rng(seed);
        let (rx, tx, store) = (64 + rng.below(400), 256 + rng.below(400), 16 + rng.below(200));
        let stream = [&b"{\"execute\":\"qmp_capabilities\"}"[..], &stream(&mut rng)].concat();
        let mut outputs = [1, 7, usize::MAX].map(|piece| {
            let mut peer = Peer::sized(QEMU, rx, tx, store);
            let output = peer.say_in_pieces(&stream, piece);
            check(&output);
            (output, peer.vm.ran)
        });
        let first = outputs[0].clone();
        for other in &mut outputs[1..] {
            assert_eq!(*other, first, "seed {seed}: {}", stream.escape_ascii());
        }
    }
}

#[test]
fn whatever_is_done_with_it_a_server_writes_whole_valid_messages_and_no_more_than_its_buffer_holds() {
    const PROFILE: Profile =
        Profile { events: &[EventPolicy::limited("LIMITED", 5), EventPolicy::keep_last("KEPT")], ..QEMU };
    let mut ran = 0;
    for seed in 0..1500 {
        let mut rng = Rng(seed);
        let (rx, tx, store) = (64 + rng.below(300), 256 + rng.below(300), rng.below(200));
        let mut peer = Peer::sized(PROFILE, rx, tx, store);
        let mut output = Vec::new();
        let mut input: Vec<u8> = b"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}".to_vec();
        let mut now = 0;
        for _ in 0..400 {
            match rng.below(7) {
                0 => {
                    input.extend(stream(&mut rng));
                    // However that ended, this brings the server back in step.
                    input.extend(b"\x01{\"execute\":\"query-name\"}");
                }
                1 => input.extend(b"{\"execute\":\"wait\"}{\"exec-oob\":\"wait\",\"id\":3}"),
                2 => {
                    let length = peer.server.window().len().min(input.len()).min(1 + rng.below(200));
                    let rest = input.split_off(length);
                    peer.server.window()[..length].copy_from_slice(&input);
                    peer.server.commit(length).unwrap();
                    input = rest;
                }
                3 => peer.server.dispatch(peer::COMMANDS, &mut peer.vm),
                4 => {
                    let length = peer.server.unsent().len().min(rng.below(100));
                    output.extend_from_slice(&peer.server.unsent()[..length]);
                    peer.server.sent(length);
                }
                5 if !peer.vm.waiting.is_empty() => {
                    let place = rng.below(peer.vm.waiting.len());
                    if peer.server.reply(peer.vm.waiting[place], |w| _ = w.string("done")).is_ok() {
                        peer.vm.waiting.remove(place);
                    }
                }
                _ => {
                    now += rng.below(4) as u64;
                    peer.server.handle_timeout(now);
                    let name = ["LIMITED", "KEPT", "PLAIN"][rng.below(3)];
                    let time = Timestamp { seconds: now as i64, microseconds: 0 };
                    let emitted = peer.server.event(name, time, |w| _ = w.object().name("n").u64(now).end());
                    assert_eq!(emitted == Ok(Emission::Unheard), !peer.server.is_ready());
                }
            }
            assert!(peer.server.unsent().len() <= tx);
            assert!(peer.vm.waiting.len() <= 2);
        }
        output.extend(peer.hear().bytes());
        check(std::str::from_utf8(&output).unwrap());
        ran += peer.vm.ran.len();
    }
    assert!(ran > 500, "{ran}");
}
