//! The session's rules, without storage: what each message means in each phase.

use super::incoming::{Incoming, Phase, Reply};
use super::table::{CommandId, Failure, Full, Match, NEVER, Slot, Table};
use crate::command::{Command as _, QmpCapabilities};
use crate::error::ExecuteError;
use crate::frame::{Link, Role, Step};
use crate::json::parse_u64;
use crate::message::{ErrorClass, Kind, Message};
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
    /// What the negotiation under way asks for.
    pub(super) asked: bool,
    pub(super) attach: bool,
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
            asked: false,
            attach: false,
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
        self.attach = false;
    }

    pub(super) fn negotiate(&mut self, oob: bool, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        let enable: &[&str] = if oob { &["oob"] } else { &[] };
        let head = write::Head { name: QmpCapabilities::NAME, oob: false, id: self.table.next_id() };
        let length = write::negotiation(out, head, enable)?;
        self.table.open_negotiation();
        self.asked = oob;
        self.deadline = deadline;
        self.phase = Phase::Negotiating;
        Ok(length)
    }

    pub(super) fn synchronise(&mut self, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        let length = write::synchronisation(out, self.table.next_id())?;
        self.table.open_negotiation();
        self.asked = false;
        self.attach = false;
        self.deadline = deadline;
        self.phase = Phase::Negotiating;
        Ok(length)
    }

    /// Whether a command can be written now, and its head.
    pub(super) fn head<'n>(&self, slots: &[Slot], name: &'n str, oob: bool) -> Result<write::Head<'n>, ExecuteError> {
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
        Ok(write::Head { name, oob, id: self.table.next_id() })
    }

    pub(super) fn advance(&mut self, buffer: &mut [u8], slots: &mut [Slot]) -> Option<Head> {
        loop {
            if let Some((id, failure)) = self.table.take_ended(slots) {
                return Some(Head::Failed(id, failure));
            }
            match core::mem::replace(&mut self.held, Held::Nothing) {
                Held::Nothing => {}
                Held::Greeting => return Some(Head::Greeting),
                Held::TimedOut(phase) => return Some(Head::TimedOut(phase)),
            }
            let Some(step) = self.link.advance(buffer) else {
                if !self.ended {
                    return None;
                }
                let report = self.link.finish();
                if self.phase == Phase::Closed && report.is_none() {
                    return None;
                }
                self.phase = Phase::Closed;
                self.lose(slots);
                match report {
                    Some(step) => return Some(Head::Discarded(step)),
                    None => continue,
                }
            };
            let head = match step {
                Step::Message => self.message(buffer, slots),
                Step::Oversized => Some(self.oversized(slots)),
                _ => Some(Head::Discarded(step)),
            };
            if head.is_some() {
                return head;
            }
        }
    }

    /// What the message just finished is to this session; `None` if it is dropped, or held back.
    fn message(&mut self, buffer: &[u8], slots: &mut [Slot]) -> Option<Head> {
        let frame = self.link.frame(buffer);
        let kind = Kind::of(frame.seen());
        match kind {
            Kind::Event => Some(Head::Event),
            Kind::Return | Kind::Error => {
                let Some(id) = frame.member(Member::Id).and_then(parse_u64) else {
                    return Some(Head::Unmatched);
                };
                match self.table.settle(slots, id) {
                    Match::Command(id) => Some(Head::Reply(id)),
                    Match::Negotiation => Some(self.negotiated(buffer, kind)),
                    Match::Foreign => Some(Head::Unmatched),
                    Match::Late => None,
                }
            }
            Kind::Greeting if frame.member(Member::Qmp).is_some_and(|value| value.first() == Some(&b'{')) => {
                self.greeted(slots);
                self.held = Held::Greeting;
                None
            }
            Kind::Greeting | Kind::Request | Kind::Unknown => Some(Head::Unmatched),
        }
    }

    /// A server greets: whatever was open was another's.
    fn greeted(&mut self, slots: &mut [Slot]) {
        // A greeting may already have been in the line when its negotiation was begun: the next one's answer tells.
        let attach = self.attach;
        self.lose(slots);
        self.attach = attach;
        self.phase = Phase::Greeted;
    }

    /// The negotiation was answered.
    fn negotiated(&mut self, buffer: &[u8], kind: Kind) -> Head {
        self.deadline = NEVER;
        let complete = || match Message::new(self.link.frame(buffer)) {
            // In command mode QEMU does not know the command any more.
            Message::Error(error) => self.attach && error.class() == ErrorClass::CommandNotFound,
            _ => false,
        };
        if kind == Kind::Return {
            self.oob = Some(self.asked);
        } else if complete() {
            self.oob = None;
        } else {
            self.phase = Phase::Greeted;
            return Head::Refused;
        }
        self.attach = false;
        self.phase = Phase::Command;
        Head::Ready(self.oob)
    }

    /// A message was too long for the buffer.
    fn oversized(&mut self, slots: &mut [Slot]) -> Head {
        let (bytes, kind) = (self.link.length(), self.link.kind());
        match (kind, self.link.id()) {
            (Kind::Greeting, _) => self.greeted(slots),
            (Kind::Return | Kind::Error, Some(id)) => {
                let error = kind == Kind::Error;
                match self.table.settle(slots, id) {
                    Match::Command(id) => return Head::Failed(id, Failure::Oversized { bytes, error }),
                    Match::Negotiation => {
                        self.deadline = NEVER;
                        self.oob = Some(self.asked && !error);
                        self.phase = if error { Phase::Greeted } else { Phase::Command };
                        if !error {
                            self.attach = false;
                            return Head::Ready(self.oob);
                        }
                    }
                    Match::Late | Match::Foreign => {}
                }
            }
            _ => {}
        }
        Head::Discarded(Step::Oversized)
    }

    pub(super) fn lend<'a>(&'a self, head: Head, buffer: &'a [u8]) -> Incoming<'a> {
        let message = || Message::new(self.link.frame(buffer));
        match head {
            Head::Ready(oob) => Incoming::Ready { oob },
            Head::Failed(id, failure) => Incoming::Failed { id, failure },
            Head::TimedOut(phase) => Incoming::TimedOut(phase),
            Head::Discarded(step) => Incoming::Discarded(self.link.report(step, buffer)),
            _ => match (head, message()) {
                (Head::Reply(id), Message::Return(reply)) => Incoming::Reply(Reply { id, result: Ok(reply.value()) }),
                (Head::Reply(id), Message::Error(error)) => Incoming::Reply(Reply { id, result: Err(error) }),
                (Head::Event, Message::Event(event)) => Incoming::Event(event),
                (Head::Greeting, Message::Greeting(greeting)) => Incoming::Greeting(greeting),
                (Head::Refused, Message::Error(error)) => Incoming::Refused(error),
                (_, message) => Incoming::Unmatched(message),
            },
        }
    }
}
