//! QMP, the QEMU Machine Protocol, over the sockets of an operating system: `qmp-core` with a transport, a clock and a queue.
//!
//! ```no_run
//! use std::time::Duration;
//! use qmp_core::{Cont, QueryStatus};
//! use qmp_std_adapter::Notice;
//!
//! // unix:PATH, tcp:HOST:PORT, telnet:HOST:PORT, or a path by itself.
//! let mut vm = qmp_std_adapter::connect("unix:/run/vm.qmp")?;
//! if !vm.execute(&QueryStatus {})?.running {
//!     vm.execute(&Cont {})?;
//! }
//! // What happened in the meantime, then what happens in the next ten seconds.
//! while let Some(notice) = vm.next_event(Duration::from_secs(10))? {
//!     match notice {
//!         Notice::Event(event) => println!("{}", event.name()),
//!         Notice::Lost(count) => println!("{count} events lost"),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), qmp_std_adapter::Error>(())
//! ```
//!
//! Every wait has an end: [`Options`] has the time limits, and an [`Error`] says what was waited for and how much had arrived. A
//! command that ran out of time leaves the session usable; its late reply never reaches another command. When the connection is
//! lost, [`Session::reconnect`] makes a new one.
//!
//! The other end is a [`Monitor`]: it listens, and serves any number of clients in one thread. With [`Options::dialect`] the server
//! is a guest agent.
//!
//! Commands and what they return are `qmp-core`'s; it says how a program adds its own.
//!
//! Not supported: TLS and websocket chardevs (put a tunnel in front, or use a unix socket), file descriptors sent along
//! with a command (`getfd`, `add-fd`), commands that are in flight side by side (drive a [`qmp_core::Client`] for that), and a
//! session used by two threads at once. [`Options::spawn`] needs a unix.

#![forbid(unsafe_code)]

mod address;
mod error;
mod monitor;
mod options;
mod queue;
mod session;
mod telnet;
mod time;
mod transport;

pub use address::{Address, AddressError};
pub use error::{Error, Refusal};
pub use monitor::{Limits, Monitor, Server, Waker};
pub use options::Options;
pub use queue::Notice;
pub use session::{Counters, Session};
pub use time::{Monotonic, session_number, timestamp};
pub use transport::Transport;

/// Connects to the monitor at `address`, which is an [`Address`] as text, with the default [`Options`].
///
/// # Errors
/// See [`Options::connect`].
pub fn connect(address: &str) -> Result<Session, Error> {
    Options::default().connect(address)
}

/// The repository's front page: its programs are compiled with this crate's tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct FrontPage;
