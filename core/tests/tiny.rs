//! Buffers of no or few bytes, for which nothing is promised but this: no panic, no endless loop, room to read into, and an end for each
//! command.

mod common;
mod model;
#[path = "server/peer.rs"]
mod peer;

use std::collections::BTreeSet;

use common::{Rng, generate};
use model::Role;
use peer::{COMMANDS, QEMU, Vm};
use qmp_core::{
    Client, CommandId, Dialect, EventPolicy, FrameReader, Incoming, NEVER, Profile, Select, Selection, Server, Slot,
    Timestamp,
};

/// Bytes. The least with which the reader gets on.
const LEAST: usize = 2;

/// Many more than any call can have to tell of the bytes that it has got.
const ENDLESS: usize = 2000;

fn stream(rng: &mut Rng, role: Role) -> Vec<u8> {
    let mut stream = generate::stream(rng, role, 64);
    if rng.one_in(2) {
        generate::mutate(rng, &mut stream);
    }
    stream
}

/// As many bytes as there is room for.
fn feed(window: &mut [u8], stream: &mut Vec<u8>) -> usize {
    let length = window.len().min(stream.len());
    window[..length].copy_from_slice(&stream[..length]);
    stream.drain(..length);
    length
}

const PATHS: [&[&str]; 4] = [&["return"], &["return[*].a"], &["return[a=b]"], &["return.a", "data.b"]];

fn selection(rng: &mut Rng) -> Selection<'static> {
    let paths = rng.pick(&PATHS);
    let made = Selection::new(paths).unwrap();
    match rng.below(3) {
        0 => made.elements(),
        1 => made.pieces(),
        _ => Ok(made),
    }
    .unwrap_or(Selection::new(paths).unwrap())
}

#[test]
fn reader_gets_through_any_stream() {
    for seed in 0..3000 {
        let mut rng = Rng::new(seed);
        let role = rng.pick(&[Role::Server, Role::Client]);
        let mut stream = stream(&mut rng, role);
        let capacity = rng.below(65);
        let selection = selection(&mut rng);
        let mut select = Select::new(&selection);
        let mut reader = FrameReader::new(vec![b'{'; capacity]);
        while !stream.is_empty() {
            let read = feed(reader.window(), &mut stream);
            reader.commit(read).unwrap();
            let selects = rng.one_in(2);
            let mut told = 0;
            while if selects { reader.poll_select(&mut select).is_some() } else { reader.poll().is_some() } {
                told += 1;
                assert!(told < ENDLESS, "seed {seed}");
            }
            let stuck = reader.window().is_empty();
            assert!(!stuck || capacity < LEAST, "seed {seed}, capacity {capacity}");
            if stuck {
                break;
            }
        }
        let _ = reader.finish();
        assert_eq!(reader.pending(), 0);
    }
}

/// The id of what was written last.
fn last_id(out: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(out);
    let digits = text.split("\"id\":").nth(1).map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
    digits.flatten().and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[test]
fn each_command_of_a_client_ends() {
    let mut commands = 0;
    for seed in 0..3000 {
        let mut rng = Rng::new(seed);
        let capacity = rng.below(65);
        let slots = rng.below(4);
        let mut client = Client::with_slots(5, vec![b'{'; capacity], vec![Slot::FREE; slots]);
        let selection = selection(&mut rng);
        let mut select = Select::new(&selection);
        let (mut open, mut ended) = (BTreeSet::new(), BTreeSet::new());
        let mut out = vec![0; rng.pick(&[1, 60, 128, 128])];
        let mut input = Vec::new();
        for now in 0..60 {
            input.extend(match rng.below(10) {
                0 => b"{\"QMP\": {}}\r\n".to_vec(),
                1 => stream(&mut rng, Role::Client),
                _ => format!("{{\"id\": {}, \"return\": []}}\r\n", last_id(&out)).into_bytes(),
            });
            let read = feed(client.window(), &mut input);
            client.commit(read).unwrap();
            let mut told = 0;
            loop {
                let with = rng.one_in(2).then_some(&mut select);
                let Some(incoming) = client.poll_select(with) else { break };
                let id = match incoming {
                    Incoming::Reply(reply) => reply.id(),
                    Incoming::Failed { id, .. } => id,
                    _ => {
                        told += 1;
                        assert!(told < ENDLESS, "seed {seed}");
                        continue;
                    }
                };
                assert!(ended.insert(id.get()), "seed {seed}: {id} ended twice");
            }
            assert!(!client.window().is_empty() || capacity < LEAST, "seed {seed}, capacity {capacity}");
            let deadline = if rng.one_in(2) { NEVER } else { now + 5 };
            match rng.below(12) {
                0 => _ = client.negotiate(true, deadline, &mut out),
                1 => _ = client.attach(deadline, &mut out),
                2 => _ = client.synchronise(deadline, &mut out),
                3 => client.handle_timeout(now),
                4 if rng.one_in(4) => client.reset(),
                5 if rng.one_in(4) => client.close(),
                6.. => {
                    let (oob, with) = (rng.one_in(9), rng.one_in(2).then_some(&mut select));
                    if let Ok((_, id)) = client.execute_raw_select("stop", None, oob, with, deadline, &mut out) {
                        open.insert(id.get());
                        commands += 1;
                    }
                }
                _ => {}
            }
            if rng.one_in(9)
                && let Some(id) = open.difference(&ended).next().and_then(|id| CommandId::from_wire(*id))
            {
                // Not one of which the end is still to be told.
                if if rng.one_in(2) { client.cancel(id) } else { client.withdraw(id) } {
                    ended.insert(id.get());
                }
            }
        }
        client.close();
        for _ in 0..ENDLESS {
            match client.poll() {
                Some(Incoming::Reply(reply)) => assert!(ended.insert(reply.id().get())),
                Some(Incoming::Failed { id, .. }) => assert!(ended.insert(id.get())),
                Some(_) => {}
                None => break,
            }
        }
        assert!(client.poll().is_none());
        assert_eq!(open, ended, "seed {seed}");
        assert_eq!(client.next_deadline(), None, "seed {seed}");
    }
    assert!(commands > 2000, "{commands}");
}

#[test]
fn server_of_any_size_takes_and_says_what_fits() {
    const PROFILE: Profile =
        Profile { events: &[EventPolicy::limited("LIMITED", 5), EventPolicy::keep_last("KEPT").by("n")], ..QEMU };
    for seed in 0..3000 {
        let mut rng = Rng::new(seed);
        let (rx, tx, store) = (rng.below(65), rng.below(200), rng.below(65));
        let dialect = rng.pick(&[Dialect::Qmp, Dialect::Agent]);
        let profile = Profile { dialect, pretty: rng.one_in(2), ..PROFILE };
        let mut server = Server::new(profile, vec![b'{'; rx], vec![b'{'; tx], vec![b'{'; store]);
        let mut vm = Vm::default();
        let mut input = Vec::new();
        for now in 0..100 {
            input.extend(match rng.below(5) {
                0 => b"{\"execute\":\"qmp_capabilities\",\"arguments\":{\"enable\":[\"oob\"]}}".to_vec(),
                1 => b"{\"execute\":\"qmp_capabilities\"}".to_vec(),
                2 => b"{\"execute\":\"wait\"}{\"exec-oob\":\"wait\",\"id\":3}".to_vec(),
                3 => b"{\"execute\":\"guest-sync-delimited\",\"arguments\":{\"id\":1}}".to_vec(),
                _ => stream(&mut rng, Role::Server),
            });
            let read = feed(server.window(), &mut input);
            server.commit(read).unwrap();
            server.dispatch(COMMANDS, &mut vm);
            server.handle_timeout(now);
            let name = rng.pick(&["LIMITED", "KEPT", "PLAIN"]);
            let _ = server.event(name, Timestamp { seconds: -1, microseconds: -1 }, |w| {
                _ = w.object().name("n").u64(now % 3).end();
            });
            if let Some(&call) = vm.waiting.first()
                && (server.reply(call, |w| _ = w.string("done")).is_ok() || server.withhold(call))
            {
                vm.waiting.remove(0);
            }
            assert!(server.unsent().len() <= tx);
            let length = server.unsent().len().min(rng.below(100));
            server.sent(length);
            if rng.one_in(30) {
                server.reset();
                vm.waiting.clear();
            }
        }
    }
}
