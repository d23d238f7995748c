//! Which commands are open, and what a reply's `id` belongs to.

use core::fmt;
use core::num::NonZeroUsize;

use super::id::{CommandId, SESSIONS};
use crate::error::ExecuteError;
use crate::write;

/// No deadline.
pub const NEVER: u64 = u64::MAX;

/// Commands that QEMU takes in before it stops reading (`QMP_REQ_QUEUE_LEN_MAX`).
const SERVER_QUEUE: u32 = 8;

/// Room for one open command.
// Packed: the alignment of `urgency` would make a third more of it. A free one is all zeros, as the buffers beside it are.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub struct Slot {
    /// The larger, the sooner its command has to be answered; see [`urgency`]. The least ones stand for something else.
    urgency: u64,
    /// Its command's.
    counter: u32,
}

/// As an urgency: the slot is free.
pub(super) const FREE: u32 = 0;

/// As an urgency: the command's deadline has passed, and the caller is to be told.
pub(super) const TIMED_OUT: u32 = 1;

/// As an urgency: the command's connection has ended, and the caller is to be told.
const LOST: u32 = 2;

/// As an urgency: the command is open and has no deadline. All larger ones have one.
pub(super) const NONE: u64 = 3;

/// How urgent something with this deadline is.
pub(super) fn urgency(deadline: u64) -> u64 {
    // Nobody's clock comes that far: the last ticks stand for something else.
    (!deadline).max(NONE)
}

/// What has at least this urgency has to end now.
pub(super) fn limit(now: u64) -> u64 {
    (!now).max(const { NONE + 1 })
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self { urgency: FREE as u64, counter: 0 };

    fn is_open(&self) -> bool {
        self.urgency >= NONE
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
    /// An open command, which is not open any more: the one that was [`told`](Table::told).
    Command,
    /// A command of ours that is not open: timed out, cancelled, or answered before.
    Late,
    /// Nothing that this client sent.
    Foreign,
}

/// The ids given out, and which of them are waited for. The slots are the caller's.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    session: u32,
    /// The counter of the last id that was given out.
    last: u32,
    /// Which of the last 32 counters are in-band commands without an answer, the last one lowest. QEMU answers them in
    /// order, so an answer also settles all older ones.
    unanswered: u32,
    late: u32,
    /// The counter of the command that ended last.
    told: u32,
    /// How many commands in band are unanswered and older than the last 32.
    older: u8,
    /// Of the handshake: twice how many attempts came before the last one, whose replies are as good, and 1 if all are attempts to
    /// synchronise.
    attempts: u8,
    /// How many slots are in use: the first ones, the oldest command in the first.
    used: u16,
}

impl Table {
    pub(crate) const fn new() -> Self {
        Self { session: 0, last: 0, unanswered: 0, late: 0, told: 0, older: 0, attempts: 0, used: 0 }
    }

    /// The caller's number, without which all of a table is zero.
    pub(crate) const fn set_session(&mut self, session: u32) {
        self.session = session % SESSIONS;
    }

    /// The id that the next command gets.
    pub(crate) fn next_id(&self) -> CommandId {
        // An id below the number of sessions would be one without a counter. After 2^32 - 1 commands the ids begin again.
        self.id(self.last.wrapping_add(1).max(1))
    }

    fn id(&self, counter: u32) -> CommandId {
        CommandId { session: self.session, counter }
    }

    /// The command that ended last, in any way that was told.
    pub(crate) fn told(&self) -> CommandId {
        self.id(self.told)
    }

    /// Replies to commands that were not open any more.
    pub(crate) fn late(&self) -> u32 {
        self.late
    }

    /// The slot for the next command, if it can be opened now. If it is `queued`, the server takes in no more than eight, and the
    /// last free slot is for one that is not.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn admit<'s>(&self, slots: &'s mut [Slot], queued: bool) -> Result<&'s mut Slot, ExecuteError> {
        let kept = usize::from(queued && slots.len() > 1);
        let place = usize::from(self.used);
        // More slots than can be counted are not used.
        if place.wrapping_add(kept) >= slots.len().min(u16::MAX.into()) {
            return Err(ExecuteError::TableFull);
        }
        if queued && self.owed() >= SERVER_QUEUE {
            return Err(ExecuteError::ServerQueueFull);
        }
        slots.get_mut(place).ok_or(ExecuteError::TableFull)
    }

    /// How many commands in band the server has not answered.
    fn owed(&self) -> u32 {
        let mut owed = u32::from(self.older);
        let mut rest = self.unanswered;
        while rest != 0 {
            rest &= rest.wrapping_sub(1);
            owed = owed.wrapping_add(1);
        }
        owed
    }

    /// Opens the last id in this slot.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn keep(&mut self, slot: &mut Slot, deadline: u64) -> CommandId {
        self.used = self.used.wrapping_add(1);
        *slot = Slot { urgency: urgency(deadline), counter: self.last };
        self.id(self.last)
    }

    /// Opens the next id in this slot.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn open(&mut self, slot: &mut Slot, deadline: u64, oob: bool) -> CommandId {
        self.issue(!oob);
        self.keep(slot, deadline)
    }

    /// Writes a command with the next id, and gives that out. The command's length, if `out` has room for it; otherwise nothing has
    /// changed.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn send(&mut self, name: &[u8], oob: bool, arguments: &[u8], out: &mut [u8]) -> Option<NonZeroUsize> {
        let length = write::raw_command(out, name, oob, self.next_id(), arguments)?;
        self.issue(!oob);
        Some(length)
    }

    /// The command that was sent last is the negotiation.
    pub(crate) fn negotiate(&mut self) {
        self.attempts = 0;
    }

    /// Gives out the next id, to synchronise: what answers an earlier attempt is good for this one.
    pub(crate) fn open_attempt(&mut self) {
        self.attempts = self.attempts.saturating_add((self.attempts & 1).wrapping_add(1));
        self.issue(true);
    }

    fn issue(&mut self, in_band: bool) {
        // Where it matters there are at most eight, and the attempts of a handshake.
        self.older = self.older.wrapping_add((self.unanswered >> 31) as u8);
        self.unanswered = self.unanswered << 1 | u32::from(in_band);
        self.last = self.next_id().counter;
    }

    /// How many commands have been issued since this one.
    fn age(&self, counter: u32) -> u32 {
        self.last.wrapping_sub(counter)
    }

    /// The counter of an id of this session.
    pub(super) fn counter(&self, id: u64) -> Option<u32> {
        // Of a multiple of an odd number the low bits are enough to divide it, by multiplying with the inverse.
        const INVERSE: u32 = 1_757_569_337;
        const { assert!((SESSIONS >> 6).wrapping_mul(INVERSE) == 1 && SESSIONS & 63 == 0) };
        let multiple = id.wrapping_sub(self.session.into());
        let counter = ((multiple >> 6) as u32).wrapping_mul(INVERSE);
        (counter != 0 && self.id(counter).get() == id).then_some(counter)
    }

    /// Whether the reply with this counter answers the handshake. Nothing is owed from before that.
    #[inline]
    pub(super) fn settle_handshake(&mut self, counter: u32) -> bool {
        let answers = self.age(counter) <= u32::from(self.attempts >> 1);
        if answers {
            (self.unanswered, self.older, self.attempts) = (0, 0, 0);
        }
        answers
    }

    /// Who waits for the reply with this counter. What waited does not any more.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn settle(&mut self, slots: &mut [Slot], counter: u32) -> Match {
        let age = self.age(counter);
        match self.unanswered.checked_shr(age) {
            // This one and all older ones.
            Some(settled) if settled & 1 != 0 => {
                self.unanswered ^= settled.wrapping_shl(age);
                self.older = 0;
            }
            Some(_) => {}
            // One of those that are only counted. They are answered one after the other.
            None => self.older = self.older.saturating_sub((counter <= self.last).into()),
        }
        if self.take(slots, counter) != 0 {
            return Match::Command;
        }
        // Not given out yet, or before the counters began again.
        if counter > self.last {
            return Match::Foreign;
        }
        self.late = self.late.wrapping_add(1);
        Match::Late
    }

    /// Takes the open command with this counter out, or with 0 the oldest one that has ended: it is the one that is
    /// [`told`](Self::told), and those after it move up. The urgency that it had, 0 if there is none.
    fn take(&mut self, slots: &mut [Slot], counter: u32) -> u64 {
        let mut rest = self.in_use(slots).iter_mut();
        let wanted = |slot: &&mut Slot| (if slot.is_open() { slot.counter } else { 0 }) == counter;
        let Some(mut slot) = rest.find(wanted) else { return 0 };
        self.used = self.used.wrapping_sub(1);
        self.told = slot.counter;
        let urgency = slot.urgency;
        for next in rest {
            (slot.urgency, slot.counter) = (next.urgency, next.counter);
            slot = next;
        }
        urgency
    }

    /// The slots in use. What the others hold does not matter.
    fn in_use<'s>(&self, slots: &'s mut [Slot]) -> &'s mut [Slot] {
        slots.get_mut(..usize::from(self.used)).unwrap_or_default()
    }

    /// Frees the slot of an open command. Whether it was open. Of one that was never sent the server owes no answer.
    pub(crate) fn cancel(&mut self, slots: &mut [Slot], id: CommandId, sent: bool) -> bool {
        let open = id.session == self.session && self.take(slots, id.counter) != 0;
        if open && !sent {
            self.unanswered &= !1u32.checked_shl(self.age(id.counter)).unwrap_or_default();
        }
        open
    }

    /// Whether a command is open, or has ended and that is still to be told.
    pub(crate) const fn is_waiting(&self) -> bool {
        self.used != 0
    }

    /// The command that was told last, the only one, is open again.
    pub(crate) fn reopen(&mut self, slots: &mut [Slot]) {
        if let Some(slot) = slots.first_mut() {
            *slot = Slot { urgency: NONE, counter: self.told };
            self.used = 1;
        }
    }

    /// All open commands end with their connection; the server of the next one owes no answers.
    pub(crate) fn lose(&mut self, slots: &mut [Slot]) {
        (self.unanswered, self.older, self.attempts) = (0, 0, 0);
        end(NONE, self.in_use(slots), LOST);
    }

    /// The next command that ended without a reply, oldest first, once each: [`TIMED_OUT`] or [`LOST`], or [`FREE`] if there is none.
    pub(super) fn take_ended(&mut self, slots: &mut [Slot]) -> u32 {
        self.take(slots, 0) as u32
    }

    /// The urgency of the open command that is the most urgent one.
    pub(super) fn most_urgent(&self, slots: &[Slot]) -> u64 {
        slots.iter().take(self.used.into()).fold(NONE, |most, slot| most.max(slot.urgency))
    }

    /// The deadlines of the open commands with at least this urgency have passed. Whether there is any.
    pub(super) fn expire(&self, slots: &mut [Slot], limit: u64) -> bool {
        end(limit, self.in_use(slots), TIMED_OUT)
    }
}

/// Ends the open commands with at least this urgency. Whether there is any.
// In this order the arguments fit into four registers.
fn end(limit: u64, slots: &mut [Slot], how: u32) -> bool {
    let mut any = false;
    for slot in slots {
        if slot.urgency >= limit {
            slot.urgency = how.into();
            any = true;
        }
    }
    any
}
