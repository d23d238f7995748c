//! Time and chance, from the system.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use qmp_core::{Clock, NEVER, Timestamp};

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

/// A connection's clock, with an end for all of a handshake, whatever its parts may take: then it leaps ahead by what one part
/// may take, so that the deadline of either has passed.
#[derive(Debug)]
pub(crate) struct Leaping<K> {
    real: K,
    ahead: u64,
    limit: Arc<Limit>,
}

/// Where a [`Leaping`] clock is told when to leap while it is another's.
#[derive(Debug)]
pub(crate) struct Limit {
    /// On the clock that does not leap. [`NEVER`]: there is no end.
    end: AtomicU64,
    leap: AtomicU64,
}

impl Limit {
    /// At `end`, the clock leaps so far.
    pub(crate) fn set(&self, end: u64, leap: u64) {
        self.leap.store(leap, Ordering::Relaxed);
        self.end.store(end, Ordering::Relaxed);
    }

    /// It does not leap any more.
    pub(crate) fn clear(&self) {
        self.end.store(NEVER, Ordering::Relaxed);
    }
}

impl<K: Clock> Leaping<K> {
    pub(crate) fn new(real: K) -> (Self, Arc<Limit>) {
        let limit = Arc::new(Limit { end: AtomicU64::new(NEVER), leap: AtomicU64::new(0) });
        (Self { real, ahead: 0, limit: Arc::clone(&limit) }, limit)
    }
}

impl<K: Clock> Clock for Leaping<K> {
    fn now(&mut self) -> u64 {
        let real = self.real.now();
        if real >= self.limit.end.load(Ordering::Relaxed) {
            self.limit.clear();
            self.ahead = self.ahead.saturating_add(self.limit.leap.load(Ordering::Relaxed));
        }
        real.saturating_add(self.ahead)
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

/// The time of day, for an event.
pub fn timestamp() -> Timestamp {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: time.as_secs() as i64, microseconds: i64::from(time.subsec_micros()) }
}

/// A number that two runs of programs are unlikely to share: what [`qmp_core::Client::new`] asks for.
pub fn session_number() -> u32 {
    // The keys of std's hash maps come from the system's random source.
    RandomState::new().hash_one(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_leaps_once_at_the_limit_and_never_goes_back() {
        let mut time = 0;
        let (mut clock, limit) = Leaping::new(move || {
            time += 10;
            time
        });
        assert_eq!(clock.now(), 10);
        limit.set(30, 500);
        assert_eq!([clock.now(), clock.now(), clock.now()], [20, 530, 540]);
        limit.set(60, 7);
        limit.clear();
        assert_eq!([clock.now(), clock.now()], [550, 560]);
    }

    #[test]
    fn a_negotiation_that_starts_late_ends_with_the_handshake() {
        let mut time = 0;
        let (mut clock, limit) = Leaping::new(move || {
            time += 40;
            time
        });
        // Each part may take 100, and all of it 100.
        limit.set(100, 100);
        let negotiation = clock.now() + 100;
        assert!(clock.now() < negotiation);
        assert!(clock.now() >= negotiation);
    }
}
