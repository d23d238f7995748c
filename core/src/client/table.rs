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
const SERVER_QUEUE: usize = 8;

/// Room for one open command.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    deadline: u64,
    counter: u32,
    state: SlotState,
}

impl Slot {
    /// A free slot.
    pub const FREE: Self = Self { deadline: NEVER, counter: 0, state: SlotState::Free };
}

impl Default for Slot {
    fn default() -> Self {
        Self::FREE
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SlotState {
    Free,
    Open,
    /// Ended without a reply; to be told to the caller.
    TimedOut,
    /// Ended with the connection; to be told to the caller.
    Lost,
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

/// The ids given out, and which of them are waited for. The slots are the caller's.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// In-band commands without an answer, each by its counter; 0 is a free place. QEMU answers them in order, so an
    /// answer also settles all older ones. Of more than fit, the oldest are forgotten: then nothing limits them.
    unanswered: [u32; SERVER_QUEUE],
    session: u32,
    /// The next id's counter.
    next: u32,
    /// The negotiation's counter, 0 if there is none.
    negotiation: u32,
    /// Slots that are to be told to the caller.
    ended: u16,
    late: u32,
}

impl Table {
    pub(crate) const fn new(session: u32) -> Self {
        Self {
            unanswered: [0; SERVER_QUEUE],
            session: session % SESSIONS,
            // An id below the number of sessions would be one without a counter.
            next: 1,
            negotiation: 0,
            ended: 0,
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

    /// Whether a command can be opened now. With `strict`, the server takes in eight in-band commands, and the last free slot is
    /// for an out-of-band one.
    pub(crate) fn admits(&self, slots: &[Slot], strict: bool, oob: bool) -> Result<(), Full> {
        let free = slots.iter().filter(|slot| slot.state == SlotState::Free).count();
        let reserved = usize::from(strict && !oob && slots.len() > 1);
        if free <= reserved {
            return Err(Full::Table);
        }
        if strict && !oob && !self.unanswered.contains(&0) {
            return Err(Full::Server);
        }
        Ok(())
    }

    /// Gives out the next id and opens it in a free slot.
    pub(crate) fn open(&mut self, slots: &mut [Slot], deadline: u64, oob: bool) -> CommandId {
        let id = self.issue(!oob);
        if let Some(slot) = slots.iter_mut().find(|slot| slot.state == SlotState::Free) {
            *slot = Slot { deadline, counter: id.counter, state: SlotState::Open };
        }
        id
    }

    /// Gives out the next id for the negotiation.
    pub(crate) fn open_negotiation(&mut self) -> CommandId {
        let id = self.issue(true);
        self.negotiation = id.counter;
        id
    }

    /// The negotiation is over, or given up.
    pub(crate) fn end_negotiation(&mut self) {
        self.negotiation = 0;
    }

    fn issue(&mut self, in_band: bool) -> CommandId {
        let id = self.next_id();
        // A free place, or else that of the oldest.
        if in_band && let Some(place) = self.unanswered.iter_mut().min() {
            *place = id.counter;
        }
        // After 2^32 - 1 commands the ids begin again.
        self.next = self.next.wrapping_add(1).max(1);
        id
    }

    /// Who waits for the reply with this id. What waited does not any more.
    pub(crate) fn settle(&mut self, slots: &mut [Slot], id: u64) -> Match {
        let counter = match CommandId::from_wire(id) {
            Some(CommandId { session, counter }) if session == self.session && counter != 0 => counter,
            _ => return Match::Foreign,
        };
        if self.unanswered.contains(&counter) {
            self.unanswered.iter_mut().filter(|place| **place <= counter).for_each(|place| *place = 0);
        }
        if counter == self.negotiation {
            self.end_negotiation();
            return Match::Negotiation;
        }
        let waiting = |slot: &&mut Slot| slot.state == SlotState::Open && slot.counter == counter;
        match slots.iter_mut().find(waiting) {
            Some(slot) => {
                *slot = Slot::FREE;
                Match::Command(CommandId { session: self.session, counter })
            }
            None if counter < self.next => {
                self.late = self.late.saturating_add(1);
                Match::Late
            }
            None => Match::Foreign,
        }
    }

    /// Frees the slot of an open command. Whether it was open.
    pub(crate) fn cancel(&mut self, slots: &mut [Slot], id: CommandId) -> bool {
        let open = |slot: &&mut Slot| slot.state == SlotState::Open && slot.counter == id.counter;
        match slots.iter_mut().find(open) {
            Some(slot) if id.session == self.session => {
                *slot = Slot::FREE;
                true
            }
            _ => false,
        }
    }

    /// As [`cancel`](Self::cancel), for a command that was never sent: the server owes no answer.
    pub(crate) fn withdraw(&mut self, slots: &mut [Slot], id: CommandId) -> bool {
        let open = self.cancel(slots, id);
        if open {
            self.unanswered.iter_mut().filter(|place| **place == id.counter).for_each(|place| *place = 0);
        }
        open
    }

    /// The earliest deadline of an open command.
    pub(crate) fn next_deadline(&self, slots: &[Slot]) -> u64 {
        let open = slots.iter().filter(|slot| slot.state == SlotState::Open);
        open.map(|slot| slot.deadline).min().unwrap_or(NEVER)
    }

    /// Ends the open commands whose deadline is not after `now`.
    pub(crate) fn expire(&mut self, slots: &mut [Slot], now: u64) {
        self.end(slots, SlotState::TimedOut, |slot| slot.deadline <= now && slot.deadline != NEVER);
    }

    /// Ends all open commands with their connection; the server of the next one owes no answers.
    pub(crate) fn lose(&mut self, slots: &mut [Slot]) {
        self.end(slots, SlotState::Lost, |_| true);
        self.unanswered = [0; SERVER_QUEUE];
        self.end_negotiation();
    }

    fn end(&mut self, slots: &mut [Slot], state: SlotState, which: impl Fn(&Slot) -> bool) {
        for slot in slots.iter_mut().filter(|slot| slot.state == SlotState::Open && which(slot)) {
            slot.state = state;
            self.ended = self.ended.saturating_add(1);
        }
    }

    /// The next command that ended without a reply, oldest first, once each.
    pub(crate) fn take_ended(&mut self, slots: &mut [Slot]) -> Option<(CommandId, Failure)> {
        if self.ended == 0 {
            return None;
        }
        let ended = slots.iter_mut().filter(|slot| matches!(slot.state, SlotState::TimedOut | SlotState::Lost));
        let Some(slot) = ended.max_by_key(|slot| self.next.wrapping_sub(slot.counter)) else {
            self.ended = 0;
            return None;
        };
        self.ended = self.ended.saturating_sub(1);
        let failure = match slot.state {
            SlotState::TimedOut => Failure::TimedOut,
            _ => Failure::ConnectionLost,
        };
        let id = CommandId { session: self.session, counter: slot.counter };
        *slot = Slot::FREE;
        Some((id, failure))
    }
}
