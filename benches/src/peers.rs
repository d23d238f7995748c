//! The other parsers, each used as its documentation suggests.
//!
//! Those that need a whole message get a `lines::Lines` in front; what it costs is part of what they cost, because a program that uses them
//! pays it too. Those that read from a [`std::io::Read`] get the chunks through a `BufReader`. All are built with the flags of this
//! package, so no instruction set beyond the target's baseline unless they look for it at run time, as `memchr` and `simd-json` do.

mod envelope;
mod exchange;
mod lines;
mod newline;
mod picojson;
mod qapi;
mod qapi_tokio;
mod serde_json;
mod serde_json_core;
mod simd_json;
mod sonic;

use crate::Contender;
use crate::exchange::Exchanger;
use crate::latency::Caller;
use std::os::unix::net::UnixStream;

/// All of them, cheapest question first.
pub(crate) fn all() -> [Contender; 9] {
    [
        newline::MEMCHR,
        serde_json::IGNORED,
        serde_json::TYPED,
        serde_json::READER,
        serde_json_core::TYPED,
        sonic::TYPED,
        simd_json::TYPED,
        picojson::PUSH,
        qapi::CLIENT,
    ]
}

/// Those that make up a client.
pub(crate) fn exchangers() -> [Exchanger; 4] {
    [exchange::SERDE_JSON, exchange::SERDE_JSON_CORE, exchange::SONIC, qapi::EXCHANGER]
}

/// The name of the peer that brings its own socket loop.
pub(crate) const BLOCKING: &str = qapi::EXCHANGER.name;

/// The name of the peer that brings a runtime.
pub(crate) const ASYNCHRONOUS: &str = "qapi, tokio";

/// That peer, connected.
pub(crate) fn asynchronous(stream: UnixStream) -> std::io::Result<Box<dyn Caller>> {
    qapi_tokio::caller(stream)
}

/// The peer with its own loop, connected.
pub(crate) fn blocking(stream: UnixStream) -> Box<dyn Caller> {
    qapi::caller(stream)
}
