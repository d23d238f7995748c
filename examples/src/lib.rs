//! What the examples share.

pub mod demo_vm;
