//! The two ends of the line that the firmware is tested on: emulated boards, and real VMs.
//!
//! Nothing waits for longer than [`LONG`], and everything ends when it is dropped.

mod board;
mod guest;
mod noise;
mod vm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub use board::{Board, Model};
pub use guest::{Guest, Order};
pub use noise::Line;
pub use vm::Vm;

use qmp_std_adapter::Session;

/// Longer than anything takes here: a test that waits so long has failed.
pub const LONG: Duration = Duration::from_secs(120);

/// A folder of its own, removed when dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it.
    ///
    /// # Panics
    /// It cannot be made.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("firmware-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(path)
    }

    /// The path of a file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A session with the monitor at `path`, once somebody listens there.
fn connect(path: &Path) -> Session {
    let (address, start) = (format!("unix:{}", path.display()), Instant::now());
    loop {
        match qmp_std_adapter::connect(&address) {
            Ok(session) => return session,
            Err(error) if start.elapsed() > LONG => panic!("{address}: {error}"),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}
