//! Which commands are open, and what a reply's `id` belongs to.

use core::fmt;

/// No deadline.
pub const NEVER: u64 = u64::MAX;

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
        let (counter, session) = divide(id);
        Some(Self { counter: u32::try_from(counter).ok()?, session: session as u32 })
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

/// Session numbers.
const SESSIONS: u32 = 1_000_000;

/// Quotient and remainder by [`SESSIONS`].
#[cfg(target_pointer_width = "64")]
#[expect(clippy::arithmetic_side_effects, reason = "a division by a constant that is not zero")]
const fn divide(id: u64) -> (u64, u64) {
    (id / SESSIONS as u64, id % SESSIONS as u64)
}

/// Quotient and remainder by [`SESSIONS`]. Where a 64-bit division is a library call, bit by bit takes less room.
#[cfg(not(target_pointer_width = "64"))]
fn divide(id: u64) -> (u64, u64) {
    let (mut quotient, mut rest) = (0u64, id);
    for bit in (0..32).rev() {
        let step = u64::from(SESSIONS) << bit;
        if rest >= step {
            rest = rest.wrapping_sub(step);
            quotient |= 1 << bit;
        }
    }
    // What is left of an id that is too large is no session number.
    if rest < u64::from(SESSIONS) { (quotient, rest) } else { (u64::MAX, 0) }
}

/// Commands that QEMU takes in before it stops reading (`QMP_REQ_QUEUE_LEN_MAX`).
const SERVER_QUEUE: u32 = 8;

/// Room for one open command.
// Packed: the deadline's alignment would make a third more of it.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub struct Slot {
    /// [`TIMED_OUT`] or [`LOST`] once it has ended without a reply, until that is told to the caller.
    deadline: u64,
    /// Its command's, 0 if it is free.
    counter: u32,
}

/// As a deadline: it has passed.
const TIMED_OUT: u64 = NEVER - 1;

/// As a deadline: the connection has ended.
const LOST: u64 = NEVER - 2;

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self { deadline: NEVER, counter: 0 };

    fn is_free(&self) -> bool {
        self.counter == 0
    }

    /// Whether its command has ended without a reply.
    fn has_ended(&self) -> bool {
        (LOST..NEVER).contains(&{ self.deadline })
    }

    fn is_open(&self) -> bool {
        !self.is_free() && !self.has_ended()
    }
}

impl Default for Slot {
    fn default() -> Self {
        Self::FREE
    }
}

/// How a command ended that will never be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// Its deadline passed. The server may still run it; a late reply is dropped and counted.
    TimedOut,
    /// The connection ended, or the server was restarted. Whether it ran is not known.
    ConnectionLost,
    /// It was answered, in more bytes than the buffer holds.
    Oversized {
        /// The reply's length in bytes.
        bytes: u64,
        /// Whether the reply was an error.
        error: bool,
    },
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("no reply before the deadline"),
            Self::ConnectionLost => f.write_str("connection lost"),
            Self::Oversized { bytes, .. } => write!(f, "reply of {bytes} bytes is larger than the buffer"),
        }
    }
}

/// What a reply's id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// The negotiation.
    Negotiation,
    /// An open command, which is not open any more.
    Command(CommandId),
    /// A command of ours that is not open: timed out, cancelled, or answered before.
    Late,
    /// Nothing that this client sent.
    Foreign,
}

/// Why a command cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Table,
    Server,
}

/// Of the negotiation: it is the last in-band command, and under way.
const UNDER_WAY: u8 = 0x80;

/// Of the negotiation: it asks for out-of-band execution.
const WITH_OOB: u8 = 0x40;

/// The ids given out, and which of them are waited for. The slots are the caller's.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    session: u32,
    /// The next id's counter.
    next: u32,
    /// Which of the last 32 counters are in-band commands without an answer, the last one lowest. QEMU answers them in
    /// order, so an answer also settles all older ones.
    unanswered: u32,
    /// How many such commands are older than that.
    older: u8,
    /// [`UNDER_WAY`], [`WITH_OOB`], and how many of the last commands are attempts to synchronise: a reply to any of them will
    /// do.
    negotiation: u8,
    /// Whether the negotiation is to attach to a server that may be in command mode.
    pub(super) attach: bool,
    /// Whether there may be slots that are to be told to the caller.
    ended: bool,
    late: u32,
}

impl Table {
    pub(crate) const fn new(session: u32) -> Self {
        Self {
            session: session % SESSIONS,
            // An id below the number of sessions would be one without a counter.
            next: 1,
            unanswered: 0,
            older: 0,
            negotiation: 0,
            attach: false,
            ended: false,
            late: 0,
        }
    }

    /// The id that the next command gets.
    pub(crate) fn next_id(&self) -> CommandId {
        CommandId { session: self.session, counter: self.next }
    }

    /// Replies to commands that were not open any more.
    pub(crate) fn late(&self) -> u32 {
        self.late
    }

    /// Whether there is something for [`take_ended`](Self::take_ended).
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Whether a command can be opened now. With `strict`, the server takes in eight in-band commands, and the last free slot is
    /// for an out-of-band one.
    pub(crate) fn admits(&self, slots: &[Slot], strict: bool, oob: bool) -> Result<(), Full> {
        let queued = strict && !oob;
        let free = slots.iter().filter(|slot| slot.is_free()).count();
        if free <= usize::from(queued && slots.len() > 1) {
            return Err(Full::Table);
        }
        if queued && self.unanswered.count_ones().saturating_add(self.older.into()) >= SERVER_QUEUE {
            return Err(Full::Server);
        }
        Ok(())
    }

    /// Gives out the next id and opens it in a free slot.
    pub(crate) fn open(&mut self, slots: &mut [Slot], deadline: u64, oob: bool) -> CommandId {
        let id = self.issue(!oob);
        if let Some(slot) = slots.iter_mut().find(|slot| slot.is_free()) {
            // Nobody's clock comes that far: two of the last ticks stand for something else.
            let deadline = if deadline == NEVER { NEVER } else { deadline.min(const { LOST - 1 }) };
            *slot = Slot { deadline, counter: id.counter };
        }
        id
    }

    /// Gives out the next id for the negotiation.
    pub(crate) fn open_negotiation(&mut self, oob: bool) -> CommandId {
        self.negotiation = UNDER_WAY | if oob { WITH_OOB } else { 0 };
        self.issue(true)
    }

    /// Whether the last negotiation asked for out-of-band execution.
    pub(crate) fn asked_oob(&self) -> bool {
        self.negotiation & WITH_OOB != 0
    }

    fn attempts(&self) -> u8 {
        self.negotiation & const { WITH_OOB - 1 }
    }

    /// As [`open_negotiation`](Self::open_negotiation), to synchronise: what answers an earlier attempt is good for this one.
    pub(crate) fn open_attempt(&mut self) -> CommandId {
        self.negotiation = UNDER_WAY | self.attempts().saturating_add(1).min(const { WITH_OOB - 1 });
        self.issue(true)
    }

    /// The negotiation is over, or given up.
    pub(crate) fn end_negotiation(&mut self) {
        self.negotiation &= !UNDER_WAY;
    }

    fn issue(&mut self, in_band: bool) -> CommandId {
        let id = self.next_id();
        self.older = self.older.saturating_add((self.unanswered >> 31) as u8);
        self.unanswered = self.unanswered << 1 | u32::from(in_band);
        // After 2^32 - 1 commands the ids begin again.
        self.next = self.next.wrapping_add(1).max(1);
        id
    }

    /// How many commands have been issued since this one.
    fn age(&self, counter: u32) -> u32 {
        self.next.wrapping_sub(counter).wrapping_sub(1)
    }

    /// Who waits for the reply with this id. What waited does not any more.
    pub(crate) fn settle(&mut self, slots: &mut [Slot], id: u64) -> Match {
        let counter = match CommandId::from_wire(id) {
            Some(CommandId { session, counter }) if session == self.session && counter != 0 => counter,
            _ => return Match::Foreign,
        };
        let issued = counter < self.next;
        let age = self.age(counter);
        match 1u32.checked_shl(age) {
            Some(place) if self.unanswered & place != 0 => {
                self.unanswered &= place.wrapping_sub(1);
                self.older = 0;
            }
            // One of those that are only counted. They are answered one after the other.
            None if issued => self.older = self.older.saturating_sub(1),
            _ => {}
        }
        if self.negotiation & UNDER_WAY != 0 && age < self.attempts().max(1).into() {
            self.negotiation &= WITH_OOB;
            return Match::Negotiation;
        }
        if self.free(slots, counter) {
            return Match::Command(CommandId { session: self.session, counter });
        }
        if !issued {
            return Match::Foreign;
        }
        self.late = self.late.saturating_add(1);
        Match::Late
    }

    /// Frees the slot of the open command with this counter. Whether there is one.
    fn free(&self, slots: &mut [Slot], counter: u32) -> bool {
        let open = slots.iter_mut().find(|slot| slot.counter == counter && slot.is_open());
        open.is_some_and(|slot| {
            *slot = Slot::FREE;
            true
        })
    }

    /// Frees the slot of an open command. Whether it was open.
    pub(crate) fn cancel(&mut self, slots: &mut [Slot], id: CommandId) -> bool {
        id.session == self.session && self.free(slots, id.counter)
    }

    /// As [`cancel`](Self::cancel), for a command that was never sent: the server owes no answer.
    pub(crate) fn withdraw(&mut self, slots: &mut [Slot], id: CommandId) -> bool {
        let open = self.cancel(slots, id);
        if open {
            self.unanswered &= !1u32.checked_shl(self.age(id.counter)).unwrap_or_default();
        }
        open
    }

    /// Whether a command is open.
    pub(crate) fn is_waiting(&self, slots: &[Slot]) -> bool {
        slots.iter().any(Slot::is_open)
    }

    /// The earliest deadline of an open command.
    pub(crate) fn next_deadline(&self, slots: &[Slot]) -> u64 {
        let open = slots.iter().filter(|slot| !slot.has_ended());
        open.map(|slot| slot.deadline).min().unwrap_or(NEVER)
    }

    /// Ends the open commands whose deadline is not after `now`.
    pub(crate) fn expire(&mut self, slots: &mut [Slot], now: u64) {
        self.end(slots, now.min(const { LOST - 1 }), TIMED_OUT);
    }

    /// Ends all open commands with their connection; the server of the next one owes no answers.
    pub(crate) fn lose(&mut self, slots: &mut [Slot]) {
        self.end(slots, NEVER, LOST);
        (self.unanswered, self.older, self.negotiation) = (0, 0, 0);
        self.end_negotiation();
    }

    /// Ends the open commands whose deadline is not after `now`.
    fn end(&mut self, slots: &mut [Slot], now: u64, how: u64) {
        for slot in slots.iter_mut().filter(|slot| slot.is_open() && slot.deadline <= now) {
            slot.deadline = how;
            self.ended = true;
        }
    }

    /// The next command that ended without a reply, oldest first, once each.
    pub(crate) fn take_ended(&mut self, slots: &mut [Slot]) -> Option<(CommandId, Failure)> {
        let ended = slots.iter_mut().filter(|slot| slot.has_ended());
        let Some(slot) = ended.max_by_key(|slot| self.next.wrapping_sub(slot.counter)) else {
            self.ended = false;
            return None;
        };
        let failure = if slot.deadline == TIMED_OUT { Failure::TimedOut } else { Failure::ConnectionLost };
        let id = CommandId { session: self.session, counter: slot.counter };
        *slot = Slot::FREE;
        Some((id, failure))
    }
}
