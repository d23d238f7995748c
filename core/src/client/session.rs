//! The session's rules, without storage: what each message means in each phase.

use core::num::NonZeroUsize;

use super::incoming::{Incoming, Phase, Reply};
use super::table::{self, Failure, Match, Slot, Table, urgency};
use crate::command::{Command as _, QmpCapabilities};
use crate::error::ExecuteError;
use crate::frame::{Link, Step};
use crate::message::{ErrorClass, ErrorReply, Event, Greeting, Kind, Message};
use crate::scan::Member;
use crate::select::Select;
use crate::write;

/// What a step of the session found. Whose reply it is, and what else there is to it, is in the session until the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Head {
    // What a step is by itself comes first, in the order of `Step`: one is the other.
    Noise = 1,
    Truncated,
    Malformed,
    /// A message is too long, and was no reply that somebody waits for.
    TooLong,
    Unmatched,
    /// Of a reply that is delivered in parts.
    Part,
    Greeting,
    Ready,
    Refused,
    Event,
    Reply,
    /// A command's deadline has passed.
    Expired,
    /// A command's connection has ended.
    Lost,
    /// A command's reply is too long.
    Oversized,
    /// The deadline of the greeting has passed.
    NotGreeted,
    /// The deadline of the negotiation has passed.
    NotNegotiated,
}

impl Head {
    /// What a step is if it is nothing to the session.
    #[inline(always)]
    const fn of(step: Step) -> Self {
        match step {
            Step::Noise => Self::Noise,
            Step::Truncated => Self::Truncated,
            Step::Malformed => Self::Malformed,
            Step::Oversized => Self::TooLong,
            Step::Message => Self::Unmatched,
            Step::Part => Self::Part,
        }
    }
}

/// That the connection has ended: [`Session::end`] comes next, once what was received is delivered. On small machines it is the function
/// itself, so that a program that never closes has nothing of it; on hosts, where a pointer would make each client larger, a mark.
#[cfg(not(target_pointer_width = "64"))]
pub(super) type End = fn(&mut Session, &mut [Slot]) -> Option<Option<Head>>;
/// That the connection has ended: [`Session::end`] comes next, once what was received is delivered.
#[cfg(target_pointer_width = "64")]
#[derive(Clone, Copy, Debug)]
pub(super) struct End;

/// Whether [`Session::advance_alone`] leaves it to its caller to read what an error says, with code that the caller has anyway. Elsewhere
/// that would cost each step more than it is worth.
const LEAN: bool = cfg!(not(target_pointer_width = "64"));

/// The session without its storage: all the code, compiled once.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Session {
    pub(super) link: Link,
    pub(super) phase: Phase,
    /// What is to be told before anything that was received since, after the commands that have ended; [`Head::Lost`] if it is only
    /// those.
    pub(super) due: Option<Head>,
    /// In command mode. Before, what is asked for.
    pub(super) oob: Option<bool>,
    /// Whether the negotiation is to attach to a server that may be in command mode.
    pub(super) attach: bool,
    /// Whether the connection has ended.
    pub(super) ended: Option<End>,
    pub(super) table: Table,
    /// Of the greeting or the negotiation: see [`urgency`]. 0 for none.
    // At the end, where no padding comes after it: with that the slots would be copied rather than filled when a client is made.
    pub(super) urgency: u64,
}

impl Session {
    pub(super) const fn new() -> Self {
        Self {
            link: Link::new(),
            table: Table::new(),
            urgency: 0,
            due: None,
            phase: Phase::Greeting,
            oob: Some(false),
            attach: false,
            ended: None,
        }
    }

    /// Whether something is still to be told that came with a message, which lies in the buffer and must stay where it is.
    pub(super) const fn holds(&self) -> bool {
        !matches!(self.due, None | Some(Head::Lost))
    }

    /// Where the session stands. That a command with a selection has ended is not noted, since any poll may have told it.
    pub(super) const fn phase(&self) -> Phase {
        if matches!(self.phase, Phase::Selecting) && !self.table.is_waiting() && !self.holds() {
            return Phase::Command;
        }
        self.phase
    }

    pub(super) const fn oob(&self) -> Option<bool> {
        if matches!(self.phase, Phase::Command | Phase::Selecting) { self.oob } else { Some(false) }
    }

    pub(super) fn reset(&mut self, slots: &mut [Slot]) {
        // Its end has come, and is not told.
        if matches!(self.due, Some(Head::Reply | Head::Oversized)) {
            self.table.reopen(slots);
        }
        self.lose(slots, Phase::Greeting);
        self.link.reset();
        self.attach = false;
        self.ended = None;
    }

    /// The server of the open commands is gone.
    #[cfg_attr(target_pointer_width = "64", cold, inline(never))]
    fn lose(&mut self, slots: &mut [Slot], next: Phase) {
        self.table.lose(slots);
        self.due = Some(Head::Lost);
        self.urgency = 0;
        self.phase = next;
    }

    /// Writes `qmp_capabilities`.
    pub(super) fn negotiate(&mut self, oob: bool, deadline: u64, out: &mut [u8]) -> Option<NonZeroUsize> {
        let arguments: &[u8] = if oob { b"{\"enable\":[\"oob\"]}" } else { b"" };
        let length = self.table.send(QmpCapabilities::NAME.as_bytes(), false, arguments, out)?;
        self.table.negotiate();
        self.oob = Some(oob);
        self.urgency = urgency(deadline);
        self.phase = Phase::Negotiating;
        Some(length)
    }

    pub(super) fn synchronise(&mut self, slots: &mut [Slot], deadline: u64, out: &mut [u8]) -> Option<NonZeroUsize> {
        let length = write::synchronisation(out, self.table.next_id())?;
        if matches!(self.phase, Phase::Command | Phase::Selecting) {
            // Once it is in step the agent answers nothing that was asked before.
            self.table.lose(slots);
            self.due.get_or_insert(Head::Lost);
        }
        self.table.open_attempt();
        (self.attach, self.ended) = (false, None);
        self.oob = Some(false);
        self.urgency = urgency(deadline);
        self.phase = Phase::Negotiating;
        Some(length)
    }

    /// The slot for the next command, if it can be executed now and this is a name.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn admit<'s>(
        &mut self,
        slots: &'s mut [Slot],
        name: &[u8],
        oob: bool,
    ) -> Result<&'s mut Slot, ExecuteError> {
        let phase = self.phase();
        if phase != Phase::Command {
            return Err(ExecuteError::Phase(phase));
        }
        self.phase = phase;
        if !write::is_plain(name) {
            return Err(ExecuteError::InvalidName);
        }
        let off = self.oob == Some(false);
        if oob && off {
            return Err(ExecuteError::OobDisabled);
        }
        self.table.admit(slots, !off && !oob)
    }

    /// Whether [`advance`](Self::advance) has nothing to do. Only for speed: `false` is always right.
    #[inline]
    pub(super) fn is_quiet(&mut self, buffer: &[u8]) -> bool {
        self.ended.is_none() && self.due.is_none() && self.link.is_idle(buffer)
    }

    /// The next step, with what `select` drops left out of messages.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn advance(
        &mut self,
        buffer: &mut [u8],
        slots: &mut [Slot],
        select: Option<&mut Select<'_>>,
    ) -> Option<Head> {
        self.steps::<false>(buffer, slots, select)
    }

    /// The next step, in code that has nothing of selections, and on small machines does not read what an error says: for a library
    /// that has all of it, of which a program may use none.
    #[inline(always)]
    pub(super) fn advance_alone(&mut self, buffer: &mut [u8], slots: &mut [Slot]) -> Option<Head> {
        self.steps::<true>(buffer, slots, None)
    }

    #[inline(always)]
    fn steps<const ALONE: bool>(
        &mut self,
        buffer: &mut [u8],
        slots: &mut [Slot],
        mut select: Option<&mut Select<'_>>,
    ) -> Option<Head> {
        loop {
            if self.due.is_some()
                && let Some(head) = self.held_back(slots)
            {
                return Some(head);
            }
            let step = if ALONE {
                self.link.advance_alone(buffer)
            } else if cfg!(target_pointer_width = "64") && select.is_none() {
                self.link.advance(buffer)
            } else {
                self.filtered_step(buffer, select.as_deref_mut())
            };
            let head = match step {
                Some(Step::Part) => return Some(Head::Part),
                Some(step @ (Step::Message | Step::Oversized)) => self.message::<ALONE>(buffer, slots, step),
                Some(step) => Some(Head::of(step)),
                None if self.ended.is_some() => None,
                None => return None,
            };
            if let Some(select) = &mut select
                && select.end(head == Some(Head::Reply))
            {
                // Told before anything else: nothing is due where something has been received.
                if head.is_some() {
                    self.due = head;
                }
                return Some(Head::Part);
            }
            if let (None, Some(end)) = (step, self.ended) {
                #[cfg(not(target_pointer_width = "64"))]
                let told = end(self, slots);
                #[cfg(target_pointer_width = "64")]
                let (End, told) = (end, self.end(slots));
                match told? {
                    None => continue,
                    head => return head,
                }
            }
            if head.is_some() {
                return head;
            }
        }
    }

    /// What is to be told before anything that was received since.
    #[cfg_attr(target_pointer_width = "64", cold)]
    pub(super) fn held_back(&mut self, slots: &mut [Slot]) -> Option<Head> {
        match self.table.take_ended(slots) {
            table::FREE => self.due.take().filter(|head| *head != Head::Lost),
            table::TIMED_OUT => Some(Head::Expired),
            _ => Some(Head::Lost),
        }
    }

    /// The connection has ended.
    #[cfg(not(target_pointer_width = "64"))]
    pub(super) const END: End = Self::end;
    /// The connection has ended.
    #[cfg(target_pointer_width = "64")]
    pub(super) const END: End = End;

    /// All that was received is used up, and the connection has ended. `None` once all is told.
    #[cfg_attr(target_pointer_width = "64", cold, inline(never))]
    fn end(&mut self, slots: &mut [Slot]) -> Option<Option<Head>> {
        let report = self.link.finish();
        if self.phase == Phase::Closed && report.is_none() {
            return None;
        }
        self.lose(slots, Phase::Closed);
        self.attach = false;
        Some(report.map(Head::of))
    }

    /// What the message just finished is to this session; `None` if it is dropped, or held back. Of an oversized one there is
    /// only its kind and its id.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn message<const ALONE: bool>(&mut self, buffer: &[u8], slots: &mut [Slot], step: Step) -> Option<Head> {
        let whole = step == Step::Message;
        let kind = Kind::of_frame(self.link.frame(buffer));
        match kind {
            Kind::Event if whole => Some(Head::Event),
            Kind::Return | Kind::Error => {
                let id = self.link.id(buffer, whole);
                let Some(counter) = id.and_then(|id| self.table.counter(id)) else { return Some(Head::of(step)) };
                if self.phase == Phase::Negotiating && self.table.settle_handshake(counter) {
                    return Some(self.negotiated::<ALONE>(buffer, kind, step));
                }
                match self.table.settle(slots, counter) {
                    Match::Command if whole => Some(Head::Reply),
                    Match::Command => Some(Head::Oversized),
                    Match::Late if whole => None,
                    Match::Late | Match::Foreign => Some(Head::of(step)),
                }
            }
            Kind::Greeting => {
                // A greeting may already have been in the line when its negotiation was begun: whether that was to attach
                // stays, and the next one's answer tells.
                self.lose(slots, Phase::Greeted);
                if !whole {
                    return Some(Head::of(step));
                }
                self.due = Some(Head::Greeting);
                None
            }
            _ => Some(Head::of(step)),
        }
    }

    /// The negotiation was answered.
    #[cfg_attr(target_pointer_width = "64", cold)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn negotiated<const ALONE: bool>(&mut self, buffer: &[u8], kind: Kind, step: Step) -> Head {
        self.urgency = 0;
        let whole = step == Step::Message;
        if kind != Kind::Return {
            let not_found = || ErrorReply::of(self.link.frame(buffer)).class() == ErrorClass::CommandNotFound;
            if ALONE && LEAN || !whole || !self.attach || !not_found() {
                self.phase = Phase::Greeted;
                return if whole { Head::Refused } else { Head::of(step) };
            }
            // In command mode QEMU does not know the command any more.
            self.oob = None;
        }
        self.ready()
    }

    /// A negotiation was refused because the server is in command mode already.
    #[inline(always)]
    pub(super) fn attached(&mut self) -> Head {
        self.oob = None;
        self.ready()
    }

    #[inline(always)]
    fn ready(&mut self) -> Head {
        self.attach = false;
        self.phase = Phase::Command;
        Head::Ready
    }

    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn lend<'a>(&'a self, head: Head, buffer: &'a [u8]) -> Incoming<'a> {
        // What comes most often.
        if cfg!(target_pointer_width = "64") && head == Head::Reply {
            return Incoming::Reply(Reply { id: self.table.told(), frame: self.link.frame(buffer) });
        }
        self.lend_any(head, buffer)
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn lend_any<'a>(&'a self, head: Head, buffer: &'a [u8]) -> Incoming<'a> {
        let frame = self.link.frame(buffer);
        let id = self.table.told();
        match head {
            Head::Reply => Incoming::Reply(Reply { id, frame }),
            Head::Event => Incoming::Event(Event::of(frame)),
            Head::Greeting => Incoming::Greeting(Greeting::of(frame)),
            Head::Ready => Incoming::Ready { oob: self.oob },
            Head::Refused => Incoming::Refused(ErrorReply::of(frame)),
            Head::Expired => Incoming::Failed { id, failure: Failure::TimedOut },
            Head::Lost => Incoming::Failed { id, failure: Failure::ConnectionLost },
            Head::Oversized => {
                let (bytes, error) = (self.link.length(), frame.seen() & Member::Error.bit() != 0);
                Incoming::Failed { id, failure: Failure::Oversized { bytes, error } }
            }
            Head::Unmatched | Head::Part => Incoming::Unmatched(Message::new(frame)),
            Head::Noise => Incoming::Discarded(self.link.report(Step::Noise, buffer)),
            Head::Truncated => Incoming::Discarded(self.link.report(Step::Truncated, buffer)),
            Head::Malformed => Incoming::Discarded(self.link.report(Step::Malformed, buffer)),
            Head::TooLong => Incoming::Discarded(self.link.report(Step::Oversized, buffer)),
            Head::NotGreeted => Incoming::TimedOut(Phase::Greeting),
            Head::NotNegotiated => Incoming::TimedOut(Phase::Negotiating),
        }
    }
}
