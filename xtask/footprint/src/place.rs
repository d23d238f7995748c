//! Where firmware keeps what lives as long as it runs.

use core::cell::UnsafeCell;

/// Static memory that one owner takes. As in all firmware, the runtime fills it before `main`, for which there is no code here.
pub struct Place<T>(UnsafeCell<T>);

// SAFETY: there is one thread, and `take` is called once.
unsafe impl<T> Sync for Place<T> {}

impl<T> Place<T> {
    /// With this in it from the start.
    pub const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// What is in it.
    ///
    /// # Safety
    /// It is called once.
    #[expect(clippy::mut_from_ref, reason = "called once, it gives the only reference")]
    pub unsafe fn take(&'static self) -> &'static mut T {
        // SAFETY: as the caller's.
        unsafe { &mut *self.0.get() }
    }
}
