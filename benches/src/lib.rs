//! How fast `qmp-core` is, beside its peers, on real QEMU traffic.
//!
//! Every parser reads the same [`Corpus`] in the same [`Chunks`], and its [`Answer`] is compared with one found independently before anything is
//! measured. Three kinds of numbers come out: instructions (callgrind, exact, the same on every run), times (interleaved in one process, so that
//! their ratios mean something on a noisy machine), and round trips over a socket.
//!
//! `cargo run --release -p qmp-benches --bin bench -- --quick` prints the table.

mod answer;
mod chunks;
pub mod corpus;
pub mod count;
pub mod exchange;
pub mod guard;
pub mod latency;
mod ours;
pub mod parser;
#[cfg(feature = "peers")]
pub mod peers;
pub mod report;
pub mod svg;
pub mod table;
pub mod timing;

pub use answer::{Answer, CLASSES, class_index};
pub use chunks::Chunks;
pub use corpus::Corpus;
pub use parser::{Contender, Finds, Parser, contenders};
