//! The session's rules, without storage: what each message means in each phase.

use super::incoming::{Incoming, Phase, Reply};
use super::table::{CommandId, Failure, Full, Match, NEVER, Slot, Table};
use crate::command::{Command as _, QmpCapabilities};
use crate::error::ExecuteError;
use crate::frame::{Link, Role, Step};
use crate::json::parse_u64;
use crate::message::{ErrorClass, ErrorReply, Event, Greeting, Kind, Message};
use crate::scan::Member;
use crate::write;

/// What a step of the session found, without the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Head {
    Greeting,
    Ready(Option<bool>),
    Refused,
    Event,
    Reply(CommandId),
    Failed(CommandId, Failure),
    Unmatched,
    Discarded(Step),
    TimedOut(Phase),
    /// Of a reply that is delivered in parts.
    Part,
}

/// What is to be told once the commands that ended with it have been.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    Nothing,
    Greeting,
    TimedOut(Phase),
}

/// The session without its storage: all the code, compiled once.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) link: Link,
    pub(super) table: Table,
    /// Of the greeting or the negotiation.
    pub(super) deadline: u64,
    pub(super) held: Held,
    pub(super) phase: Phase,
    pub(super) oob: Option<bool>,
    /// The connection has ended; what was received is still to be delivered.
    pub(super) ended: bool,
}

impl Session {
    pub(super) const fn new(session: u32) -> Self {
        Self {
            link: Link::new(Role::Client),
            table: Table::new(session),
            deadline: NEVER,
            held: Held::Nothing,
            phase: Phase::Greeting,
            oob: Some(false),
            ended: false,
        }
    }

    /// Whether a greeting that is still to be told lies in the buffer: it must stay where it is.
    pub(super) fn keeps(&self) -> bool {
        matches!(self.held, Held::Greeting)
    }

    pub(super) fn reset(&mut self, slots: &mut [Slot]) {
        self.lose(slots);
        self.link.reset();
        self.held = Held::Nothing;
        self.phase = Phase::Greeting;
        self.ended = false;
    }

    /// The server of the open commands is gone.
    fn lose(&mut self, slots: &mut [Slot]) {
        self.table.lose(slots);
        self.deadline = NEVER;
        self.oob = Some(false);
        self.table.attach = false;
    }

    pub(super) fn negotiate(&mut self, oob: bool, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        let head = write::Head::new(QmpCapabilities::NAME, false, self.table.next_id());
        let length = write::negotiation(out, head, oob)?;
        self.table.open_negotiation(oob);
        self.deadline = deadline;
        self.phase = Phase::Negotiating;
        Ok(length)
    }

    pub(super) fn synchronise(&mut self, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        let length = write::synchronisation(out, self.table.next_id())?;
        self.table.open_attempt();
        self.table.attach = false;
        self.deadline = deadline;
        self.phase = Phase::Negotiating;
        Ok(length)
    }

    /// Whether a command can be written now, and its head.
    pub(super) fn head<'n>(&self, slots: &[Slot], name: &'n str, oob: bool) -> Result<write::Head<'n>, ExecuteError> {
        let head = write::Head::new(name, oob, self.table.next_id());
        if self.phase != Phase::Command {
            return Err(ExecuteError::Phase(self.phase));
        }
        if oob && self.oob == Some(false) {
            return Err(ExecuteError::OobDisabled);
        }
        self.table.admits(slots, self.oob != Some(false), oob).map_err(|full| match full {
            Full::Table => ExecuteError::TableFull,
            Full::Server => ExecuteError::ServerQueueFull,
        })?;
        Ok(head)
    }

    /// Whether [`advance`](Self::advance) has nothing to do. Only for speed: `false` is always right.
    #[inline]
    pub(super) fn is_quiet(&mut self, buffer: &[u8]) -> bool {
        !self.ended && !self.table.has_ended() && matches!(self.held, Held::Nothing) && self.link.is_idle(buffer)
    }

    pub(super) fn advance(&mut self, buffer: &mut [u8], slots: &mut [Slot]) -> Option<Head> {
        loop {
            if (self.table.has_ended() || !matches!(self.held, Held::Nothing))
                && let Some(head) = self.held_back(slots)
            {
                return Some(head);
            }
            let head = match self.link.advance(buffer) {
                Some(step @ (Step::Message | Step::Oversized)) => self.message(buffer, slots, step),
                Some(step) => Some(Head::Discarded(step)),
                None if self.ended => self.end(slots)?,
                None => return None,
            };
            if head.is_some() {
                return head;
            }
        }
    }

    /// What is to be told before anything that was received since.
    #[cold]
    pub(super) fn held_back(&mut self, slots: &mut [Slot]) -> Option<Head> {
        if let Some((id, failure)) = self.table.take_ended(slots) {
            return Some(Head::Failed(id, failure));
        }
        match core::mem::replace(&mut self.held, Held::Nothing) {
            Held::Nothing => None,
            Held::Greeting => Some(Head::Greeting),
            Held::TimedOut(phase) => Some(Head::TimedOut(phase)),
        }
    }

    /// The connection has ended, and all that was received is used up. `None` once all is told.
    #[cold]
    pub(super) fn end(&mut self, slots: &mut [Slot]) -> Option<Option<Head>> {
        let report = self.link.finish();
        if self.phase == Phase::Closed && report.is_none() {
            return None;
        }
        self.phase = Phase::Closed;
        self.lose(slots);
        Some(report.map(Head::Discarded))
    }

    /// What the message just finished is to this session; `None` if it is dropped, or held back. Of an oversized one there is
    /// only its kind and its id.
    pub(super) fn message(&mut self, buffer: &[u8], slots: &mut [Slot], step: Step) -> Option<Head> {
        let frame = self.link.frame(buffer);
        let whole = step == Step::Message;
        // What it is where it means nothing here.
        let other = if whole { Head::Unmatched } else { Head::Discarded(step) };
        let kind = if whole { Kind::of_whole(frame) } else { self.link.kind() };
        match kind {
            Kind::Event if whole => Some(Head::Event),
            Kind::Return | Kind::Error => {
                let id = if whole { frame.member(Member::Id).and_then(parse_u64) } else { self.link.id() };
                let Some(id) = id else { return Some(other) };
                match self.table.settle(slots, id) {
                    Match::Command(id) if whole => Some(Head::Reply(id)),
                    Match::Command(id) => {
                        let (bytes, error) = (self.link.length(), kind == Kind::Error);
                        Some(Head::Failed(id, Failure::Oversized { bytes, error }))
                    }
                    Match::Negotiation => Some(self.negotiated(buffer, kind, step)),
                    Match::Late if whole => None,
                    Match::Late | Match::Foreign => Some(other),
                }
            }
            Kind::Greeting => {
                self.greeted(slots);
                if !whole {
                    return Some(other);
                }
                self.held = Held::Greeting;
                None
            }
            _ => Some(other),
        }
    }

    /// A server greets: whatever was open was another's.
    fn greeted(&mut self, slots: &mut [Slot]) {
        // A greeting may already have been in the line when its negotiation was begun: the next one's answer tells.
        let attach = self.table.attach;
        self.lose(slots);
        self.table.attach = attach;
        self.phase = Phase::Greeted;
    }

    /// The negotiation was answered.
    #[cold]
    fn negotiated(&mut self, buffer: &[u8], kind: Kind, step: Step) -> Head {
        self.deadline = NEVER;
        let whole = step == Step::Message;
        if kind == Kind::Return {
            self.oob = Some(self.table.asked_oob());
        } else if whole
            && self.table.attach
            && matches!(ErrorReply::of(self.link.frame(buffer)).class(), ErrorClass::CommandNotFound)
        {
            // In command mode QEMU does not know the command any more.
            self.oob = None;
        } else {
            self.phase = Phase::Greeted;
            if whole {
                return Head::Refused;
            }
            self.oob = Some(false);
            return Head::Discarded(step);
        }
        self.table.attach = false;
        self.phase = Phase::Command;
        Head::Ready(self.oob)
    }

    pub(super) fn lend<'a>(&'a self, head: Head, buffer: &'a [u8]) -> Incoming<'a> {
        let frame = self.link.frame(buffer);
        match head {
            Head::Reply(id) => Incoming::Reply(Reply { id, frame }),
            Head::Event => Incoming::Event(Event::of(frame)),
            Head::Greeting => Incoming::Greeting(Greeting::of(frame)),
            Head::Ready(oob) => Incoming::Ready { oob },
            Head::Refused => Incoming::Refused(ErrorReply::of(frame)),
            Head::Failed(id, failure) => Incoming::Failed { id, failure },
            Head::Unmatched | Head::Part => Incoming::Unmatched(Message::new(frame)),
            Head::Discarded(step) => Incoming::Discarded(self.link.report(step, buffer)),
            Head::TimedOut(phase) => Incoming::TimedOut(phase),
        }
    }
}
