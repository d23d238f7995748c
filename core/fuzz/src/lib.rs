//! What each target checks: the same functions that `core/tests/fuzz_bodies.rs` feeds with seeded random input.

#[path = "../../tests/bodies/mod.rs"]
mod bodies;
#[path = "../../tests/common/mod.rs"]
mod common;
#[path = "../../tests/model/mod.rs"]
mod model;

/// The frame reader against the whole-buffer model.
pub fn frame(data: &[u8]) {
    bodies::frame(data);
}

/// JSON values against `serde_json`.
pub fn json(data: &[u8]) {
    bodies::json(data);
}

/// The messages' accessors against a tree of the whole object.
pub fn message(data: &[u8]) {
    bodies::message(data);
}

/// A selection against a filter over whole trees.
pub fn select(data: &[u8]) {
    bodies::select(data);
}

/// The client against its model.
pub fn client(data: &[u8]) {
    bodies::client(data);
}
