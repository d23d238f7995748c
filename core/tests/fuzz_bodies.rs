//! What the fuzzer checks, with seeded random input and with everything it has found so far: `core/fuzz` without its toolchain.

mod bodies;
mod common;
mod model;

use bodies::Body;
use common::caller::Session;
use common::generate::{self, Value};
use common::{Rng, panics, shrink};
use model::Role;
use qmp_core::{ExecuteError, NEVER, Stop};
use std::path::Path;

/// Feeds `body` with what `input` makes of each seed, then with its corpus. The environment variable `QMP_SEEDS` makes the seeds
/// fewer, for an emulator. At least every eighth input has to be a good one.
fn holds(body: Body, name: &str, seeds: u64, input: impl Fn(&mut Rng) -> Vec<u8>) {
    let most = std::env::var("QMP_SEEDS").map_or(u64::MAX, |most| most.parse().expect("a number of seeds"));
    let seeds = seeds.min(most);
    let mut good = 0;
    for seed in 0..seeds {
        let data = input(&mut Rng::new(seed));
        good += u64::from(feed(body, &data, &format!("seed {seed}")));
    }
    assert!(good >= seeds / 8, "only {good} of {seeds} inputs were good ones");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = 0;
    for file in files {
        let file = file.unwrap().path();
        feed(body, &std::fs::read(&file).unwrap(), &file.display().to_string());
        found += 1;
    }
    assert!(found > 0, "no corpus in {}", folder.display());
}

/// What `body` says of `data`. If it panics, so does this, with the shortest input that makes it.
fn feed(body: Body, data: &[u8], origin: &str) -> bool {
    let mut good = false;
    if panics(|| good = body(data)) {
        let small = shrink(data, |data| {
            panics(|| {
                body(data);
            })
        });
        println!("{origin}, shortest input b\"{}\"", small.escape_ascii());
        body(&small);
        unreachable!("{origin} fails only sometimes");
    }
    good
}

/// So many bytes of decisions.
fn decisions(rng: &mut Rng, length: usize) -> Vec<u8> {
    (0..length).map(|_| rng.below(256) as u8).collect()
}

/// A text that is whole, or nearly so.
fn text(rng: &mut Rng, value: &Value) -> Vec<u8> {
    let style = generate::style(rng);
    let mut text = value.write(style, "\r\n", rng).into_bytes();
    if rng.one_in(3) {
        generate::mutate(rng, &mut text);
    }
    text
}

#[test]
fn frame_body_holds_for_random_streams() {
    holds(bodies::frame, "frame", 10_000, |rng| {
        let role = rng.pick(&[Role::Client, Role::Server]);
        [decisions(rng, 4), generate::stream(rng, role, 200)].concat()
    });
}

#[test]
fn json_body_holds_for_random_texts() {
    holds(bodies::json, "json", 20_000, |rng| {
        let value = match rng.below(8) {
            0 => Value::Scalar(generate::number(rng)),
            1 => Value::Scalar(generate::string(rng, 6)),
            2 => Value::Scalar(
                rng.pick(&["\"running\"", "{\"return\": 7}", "{\"name\": \"\", \"id\": [1]}"]).to_string(),
            ),
            depth => generate::value(rng, depth - 2),
        };
        text(rng, &value)
    });
}

#[test]
fn message_body_holds_for_random_messages() {
    holds(bodies::message, "message", 20_000, |rng| {
        let role = rng.pick(&[Role::Client, Role::Server]);
        let message = generate::message(rng, role, 0);
        [decisions(rng, 1), text(rng, &message)].concat()
    });
}

#[test]
fn select_body_holds_for_random_streams() {
    holds(bodies::select, "select", 10_000, |rng| {
        let role = rng.pick(&[Role::Client, Role::Client, Role::Client, Role::Server]);
        let length = 8 + rng.below(30);
        [decisions(rng, length), generate::stream(rng, role, 200)].concat()
    });
}

#[test]
fn client_body_holds_for_random_steps() {
    holds(bodies::client, "client", 20_000, |rng| {
        let length = 20 + rng.below(300);
        // In command mode from the start, with or without out-of-band execution.
        let handshake = rng.pick(&[20, 140]);
        [decisions(rng, 2), vec![handshake], decisions(rng, length)].concat()
    });
}

/// What the client's body found.
#[test]
fn command_without_arguments_fits_a_slice_of_its_length() {
    for room in 0..64 {
        let mut session = Session::ready();
        let line = session.client.clone().execute_raw("stop", None, false, NEVER, &mut session.out).unwrap().0;
        let sent = session.client.execute(&Stop {}, NEVER, &mut session.out[..room]);
        let expected = if room < line { Err(ExecuteError::OutputTooSmall) } else { Ok(line) };
        assert_eq!(sent.map(|(length, _)| length), expected, "room for {room}");
    }
}
