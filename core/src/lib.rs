#![doc = include_str!("../README.md")]
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

mod bytes;
mod client;
mod command;
mod de;
#[cfg(feature = "embedded-io")]
mod driver;
mod encode;
mod error;
mod frame;
#[cfg(feature = "embedded-io")]
pub mod io;
#[cfg(feature = "embedded-io-async")]
pub mod io_async;
mod json;
mod message;
mod scan;
mod select;
mod ser;
mod server;
mod write;

pub use client::{Client, CommandId, Failure, Incoming, NEVER, Phase, Reply, Slot, Ticket};
#[doc(hidden)]
pub use client::{Finding, Found, Told};
pub use command::{
    Command, Cont, Empty, HumanMonitorCommand, Named, QmpCapabilities, QueryCommands, QueryStatus, QueryVersion, Quit,
    StatusInfo, Stop, SystemPowerdown, SystemReset, VersionInfo, VersionTriple,
};
#[cfg(feature = "embedded-io")]
pub use driver::{Clock, Error, NoClock, Outcome, Settings};
pub use encode::{EncodeError, Writer};
pub use error::{DecodeError, Discarded, ExecuteError, Fault, Mismatch, Overrun};
pub use frame::{FrameReader, FromClient, FromServer, Source};
#[cfg(feature = "embedded-io")]
pub use io::Connection;
pub use json::{Chars, Elements, Json, JsonKind, Members, Str};
pub use message::{ErrorClass, ErrorReply, Event, Greeting, Kind, Message, Oversized, Request, Return, Timestamp};
pub use scan::MAX_DEPTH;
pub use select::{Counts, Part, Select, Selection, SelectionError};
pub use server::{
    Argument, ArgumentType, Call, CommandEntry, Dialect, Emission, EventPolicy, Inbound, Invocation, Profile,
    ReplyError, Server,
};
