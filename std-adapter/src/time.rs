//! Time and chance, from the system.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use qmp_core::{Clock, NEVER};

/// The clock of a session: microseconds since it was made.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic(Instant);

impl Default for Monotonic {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now(&mut self) -> u64 {
        ticks(self.0.elapsed())
    }
}

/// `duration` on the clock of a session.
pub(crate) fn ticks(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(NEVER)
}

/// `timeout` from now on, or a time that nobody lives to see.
pub(crate) fn after(timeout: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(timeout).unwrap_or_else(|| now + Duration::from_secs(1 << 32))
}

/// A number that two runs of programs are unlikely to share: what [`qmp_core::Client::new`] asks for.
pub fn session_number() -> u32 {
    // The keys of std's hash maps come from the system's random source.
    RandomState::new().hash_one(0) as u32
}
