//! Ids on the wire: a counter and the session's number in one integer.

use core::fmt;

/// A command's `id` on the wire, the same for nothing else.
///
/// It is a counter joined with the caller's session number, `counter × 10^6 + session`: short, since QEMU reads a byte at a time,
/// and below 2^53, so that any JSON implementation echoes it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CommandId {
    pub(crate) session: u32,
    pub(crate) counter: u32,
}

impl CommandId {
    /// The integer on the wire.
    pub const fn get(self) -> u64 {
        (self.counter as u64).wrapping_mul(SESSIONS as u64).wrapping_add(self.session as u64)
    }

    /// The id that is this integer, if it is one.
    pub fn from_wire(id: u64) -> Option<Self> {
        let (counter, session) = divide(id)?;
        // The first one has the counter 1.
        (counter != 0).then_some(Self { session, counter })
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

/// Session numbers.
pub(super) const SESSIONS: u32 = 1_000_000;

/// Quotient and remainder by [`SESSIONS`], where the quotient has no more than 32 bits.
#[cfg(target_pointer_width = "64")]
fn divide(id: u64) -> Option<(u32, u32)> {
    const MANY: u64 = SESSIONS as u64;
    Some((u32::try_from(id.wrapping_div(MANY)).ok()?, id.wrapping_rem(MANY) as u32))
}

/// Quotient and remainder by [`SESSIONS`], where the quotient has no more than 32 bits. A 64-bit division is a library call where
/// this is compiled: it is done in four steps.
#[cfg(not(target_pointer_width = "64"))]
fn divide(id: u64) -> Option<(u32, u32)> {
    let (mut rest, mut low) = ((id >> 32) as u32, id as u32);
    if rest >= SESSIONS {
        return None;
    }
    let mut quotient = 0;
    for _ in 0..4 {
        rest = (rest << 8) | (low >> 24);
        low <<= 8;
        quotient = (quotient << 8) | rest.wrapping_div(SESSIONS);
        rest = rest.wrapping_rem(SESSIONS);
    }
    Some((quotient, rest))
}
