//! What is fuzzed: one plain function a target, of any bytes whatever. It panics where the library does not do what it has to.
//!
//! Each tells whether the input got past the first checks: a test that only ever fed rejects would test little.
//!
//! `core/fuzz` feeds them with what a coverage-guided fuzzer finds, `fuzz_bodies.rs` with seeded random input.

#![allow(dead_code, unused_imports, reason = "each user takes its part")]

mod client;
mod frame;
mod input;
mod json;
mod message;
mod select;
mod tree;
mod world;

pub(crate) use client::client;
pub(crate) use frame::frame;
pub(crate) use json::json;
pub(crate) use message::message;
pub(crate) use select::{Path, Step, filtered, select, tree, written};
pub(crate) use tree::Tree;

/// One of these.
pub(crate) type Body = fn(&[u8]) -> bool;
