//! QMP core.
#![no_std]
#![forbid(unsafe_code)]
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

mod error;
mod frame;
mod json;
mod message;
mod scan;

pub use error::{Discarded, Fault, Overrun};
pub use frame::{FrameReader, Role};
pub use json::{Chars, Elements, Json, JsonKind, Members, Str};
pub use message::{ErrorClass, ErrorReply, Event, Greeting, Kind, Message, Request, Return, Timestamp};
pub use scan::MAX_DEPTH;
