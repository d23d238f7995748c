//! `libqmp`: the core's client, server, JSON reader and writer behind a C interface.
//!
//! The interface is `include/qmp.h`, which is generated from these files: what is said here of an item is what a C programmer reads.
//! So the text of each public item is written for C, and [`contract`](self#contract) holds for all of them.
//!
//! # Contract
//!
//! This is the only package of the repository with `unsafe` code. What makes it sound are the header's general rules: each
//! pointer that is not NULL points to as many bytes as its type or the length beside it says, which nobody else writes during
//! the call; a storage belongs to its object from its initialisation on; no two calls on one object overlap in time.
//! Everything that can be checked is checked: NULL, alignment, lengths that no object has, memory that overlaps, objects that
//! were not initialised.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn, clippy::undocumented_unsafe_blocks)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::arithmetic_side_effects
    )
)]
#![allow(non_camel_case_types, reason = "the names are those of the C interface")]
#![allow(clippy::missing_safety_doc, reason = "the contract of all functions stands above, and in the header")]

// Hosted programs have its panic handler. No function here has a panic to give it.
#[cfg(not(target_os = "none"))]
extern crate std;

mod calls;
mod client;
mod greeting;
mod inbound;
mod incoming;
mod json;
mod layout;
mod memory;
mod result;
mod select;
mod server;
mod settings;
mod string;
mod writer;

pub use client::*;
pub use greeting::*;
pub use inbound::*;
pub use incoming::*;
pub use json::*;
pub use layout::*;
pub use result::*;
pub use select::*;
pub use server::*;
pub use settings::*;
pub use string::*;
pub use writer::*;

/// On bare metal nobody else brings one. Nothing leads here.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
