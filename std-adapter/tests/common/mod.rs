//! Servers to test against: real QEMU, and scripts for what QEMU would not do.

// Each test file uses a part of this.
#![allow(dead_code, unreachable_pub)]

pub mod monitor;
#[cfg(unix)]
pub mod proxy;
pub mod qemu;
pub mod script;

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use qmp_std_adapter::{Notice, Session};

/// Longer than anything takes here: a test that waits so long has failed.
pub const LONG: Duration = Duration::from_secs(20);

/// A folder of its own, removed when dropped.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("qmp-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads from a socket that has a time limit. The system does not take such a read up again when a signal, or a stop of the
/// process or the machine, has interrupted it.
pub fn read(socket: &mut impl Read, to: &mut [u8]) -> io::Result<usize> {
    loop {
        match socket.read(to) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// All that is queued, in a few words.
pub fn notices(session: &mut Session) -> Vec<String> {
    let mut seen = Vec::new();
    while let Some(notice) = session.next_event(Duration::ZERO).unwrap() {
        seen.push(match notice {
            Notice::Event(event) => event.name().to_string(),
            Notice::Lost(count) => format!("{count} lost"),
            Notice::Reconnected => "reconnected".into(),
            other => panic!("{other:?}"),
        });
    }
    seen
}

/// `unix:` and the path.
pub fn unix(path: &Path) -> String {
    format!("unix:{}", path.display())
}

/// Small random numbers from a seed (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// One time in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
