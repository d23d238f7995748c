//! The frame reader against a whole-buffer model, for every way of cutting a stream into pieces.

mod common;
mod model;

use common::{Rng, generate, panics, read, shrink};
use model::expect;
use qmp_core::Role;

const CAPACITIES: [usize; 9] = [128, 129, 131, 160, 200, 256, 512, 1024, 4096];

/// Reads `stream` in pieces of `chunk` bytes and compares with the model. `seed` tells where the stream came from.
fn check(seed: u64, stream: &[u8], role: Role, capacity: usize, chunk: impl Fn() -> Box<dyn FnMut() -> usize>) {
    let differs = |stream: &[u8]| {
        let mut got = Vec::new();
        panics(|| got = read(stream, role, capacity, chunk())) || got != expect(stream, role, capacity)
    };
    if !differs(stream) {
        return;
    }
    let small = shrink(stream, differs);
    let mut got = None;
    panics(|| got = Some(read(&small, role, capacity, chunk())));
    panic!(
        "seed {seed}, {role:?}, capacity {capacity}, shortest stream b\"{}\"\nexpected {:#?}\ngot {:#?}",
        small.escape_ascii(),
        expect(&small, role, capacity),
        got
    );
}

fn steady(length: usize) -> Box<dyn FnMut() -> usize> {
    Box::new(move || length)
}

/// Pieces of changing length, mostly short ones.
fn ragged(seed: u64) -> Box<dyn FnMut() -> usize> {
    let mut rng = Rng::new(seed);
    Box::new(move || match rng.below(4) {
        0 => 1,
        1 => 1 + rng.below(8),
        2 => 1 + rng.below(100),
        _ => 1 + rng.below(2000),
    })
}

fn random_streams(role: Role, seeds: std::ops::Range<u64>) {
    for seed in seeds {
        let mut rng = Rng::new(seed);
        let capacity = rng.pick(&CAPACITIES);
        let stream = generate::stream(&mut rng, role, capacity);
        check(seed, &stream, role, capacity, || steady(1));
        check(seed, &stream, role, capacity, || steady(usize::MAX));
        check(seed, &stream, role, capacity, || ragged(seed));
    }
}

#[test]
fn reader_in_client_role_does_what_the_model_does() {
    random_streams(Role::Client, 0..4000);
}

#[test]
fn reader_in_server_role_does_what_the_model_does() {
    random_streams(Role::Server, 0..4000);
}
