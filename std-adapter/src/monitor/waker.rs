//! What ends a monitor's wait.

use std::io;
use std::sync::Arc;

/// Ends a wait of [`Monitor::turn`](super::Monitor::turn) from another thread: for what the application hears of elsewhere, such as the end of a job.
#[derive(Clone, Debug)]
pub struct Waker(Arc<mio::Waker>);

impl Waker {
    pub(super) fn new(waker: Arc<mio::Waker>) -> Self {
        Self(waker)
    }

    /// The turn that waits, or the next one, returns.
    ///
    /// # Errors
    /// Those of the system.
    pub fn wake(&self) -> io::Result<()> {
        self.0.wake()
    }
}
