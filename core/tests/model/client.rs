//! What a [`Client`](qmp_core::Client) has to do, told by lists: which ids were given out, which commands are open, what is to be
//! told. It keeps every committed byte until the whole-buffer model of the reader has made something of it.

use super::Role;
use super::{Item, expect, first};
use qmp_core::{ExecuteError, Failure, Kind, NEVER, Phase};

/// What a client says next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Greeting(Item),
    Ready(Option<bool>),
    Refused(Item),
    Event(Item),
    /// Whose reply, whether it is a return, and the text of its value.
    Reply(u64, bool, String),
    Failed(u64, Failure),
    Unmatched(Item),
    Discarded(Item),
    TimedOut(Phase),
}

/// A negotiation that is not answered.
struct Negotiation {
    id: u64,
    oob: bool,
    attach: bool,
}

pub(crate) struct Session {
    capacity: usize,
    slots: usize,
    /// Committed, and nothing made of it yet.
    received: Vec<u8>,
    /// Every id given out, in that order.
    pub(crate) issued: Vec<u64>,
    /// In-band commands that the server has not answered, oldest first.
    unanswered: Vec<u64>,
    /// Commands somebody waits for, and their deadlines.
    pub(crate) open: Vec<(u64, u64)>,
    /// Commands that ended without a reply; each still has its slot.
    ended: Vec<(u64, Failure)>,
    held: Option<Said>,
    negotiation: Option<Negotiation>,
    /// Of the handshake.
    deadline: u64,
    /// Attached, and not ready since: the server may be in command mode for long.
    attached: bool,
    first_id: u64,
    pub(crate) phase: Phase,
    pub(crate) oob: Option<bool>,
    pub(crate) late: u32,
    /// The connection has ended: nothing arrives any more.
    pub(crate) closed: bool,
}

impl Session {
    pub(crate) fn new(session: u32, capacity: usize, slots: usize) -> Self {
        Self {
            capacity,
            slots,
            received: Vec::new(),
            issued: Vec::new(),
            unanswered: Vec::new(),
            open: Vec::new(),
            ended: Vec::new(),
            held: None,
            negotiation: None,
            attached: false,
            deadline: NEVER,
            first_id: 1_000_000 + u64::from(session),
            phase: Phase::Greeting,
            oob: Some(false),
            late: 0,
            closed: false,
        }
    }

    pub(crate) fn commit(&mut self, bytes: &[u8]) {
        self.received.extend(bytes);
    }

    pub(crate) fn next_id(&self) -> u64 {
        self.first_id + 1_000_000 * self.issued.len() as u64
    }

    /// The id of the negotiation that is not answered.
    pub(crate) fn negotiating(&self) -> Option<u64> {
        self.negotiation.as_ref().map(|negotiation| negotiation.id)
    }

    pub(crate) fn slots(&self) -> usize {
        self.slots
    }

    fn issue(&mut self, oob: bool) -> u64 {
        let id = self.next_id();
        self.issued.push(id);
        if !oob {
            self.unanswered.push(id);
        }
        id
    }

    pub(crate) fn await_greeting(&mut self, deadline: u64) {
        if self.phase == Phase::Greeting {
            self.deadline = deadline;
        }
    }

    /// The line to be sent, if there is `room` for it.
    pub(crate) fn negotiate(&mut self, oob: bool, deadline: u64, room: usize) -> Result<String, ExecuteError> {
        if self.phase != Phase::Greeted {
            return Err(ExecuteError::Phase(self.phase));
        }
        self.handshake(oob, false, deadline, room)
    }

    /// The line to be sent after the byte 0xFF.
    pub(crate) fn attach(&mut self, deadline: u64, room: usize) -> Result<String, ExecuteError> {
        if self.phase == Phase::Command {
            return Err(ExecuteError::Phase(self.phase));
        }
        let line = self.handshake(false, true, deadline, room.saturating_sub(1))?;
        // What has ended is the session before, told or not. The line is the same.
        self.closed = false;
        Ok(line)
    }

    fn handshake(&mut self, oob: bool, attach: bool, deadline: u64, room: usize) -> Result<String, ExecuteError> {
        let enable = if oob { ",\"arguments\":{\"enable\":[\"oob\"]}" } else { "" };
        let line = format!("{{\"execute\":\"qmp_capabilities\",\"id\":{}{enable}}}\n", self.next_id());
        if line.len() > room {
            return Err(ExecuteError::OutputTooSmall);
        }
        let id = self.issue(false);
        self.attached |= attach;
        self.negotiation = Some(Negotiation { id, oob, attach: self.attached });
        self.deadline = deadline;
        self.phase = Phase::Negotiating;
        Ok(line)
    }

    /// The line to be sent for a command without arguments.
    pub(crate) fn execute(
        &mut self,
        name: &str,
        oob: bool,
        deadline: u64,
        room: usize,
    ) -> Result<String, ExecuteError> {
        if self.phase != Phase::Command {
            return Err(ExecuteError::Phase(self.phase));
        }
        if oob && self.oob == Some(false) {
            return Err(ExecuteError::OobDisabled);
        }
        // Where the server may be in out-of-band mode, one slot is kept, and it takes in eight commands.
        let strict = self.oob != Some(false) && !oob;
        let kept = usize::from(strict && self.slots > 1);
        if self.open.len() + self.ended.len() + kept >= self.slots {
            return Err(ExecuteError::TableFull);
        }
        if strict && self.unanswered.len() >= 8 {
            return Err(ExecuteError::ServerQueueFull);
        }
        let verb = if oob { "exec-oob" } else { "execute" };
        let line = format!("{{\"{verb}\":\"{name}\",\"id\":{}}}\n", self.next_id());
        if line.len() > room {
            return Err(ExecuteError::OutputTooSmall);
        }
        let id = self.issue(oob);
        self.open.push((id, deadline));
        Ok(line)
    }

    pub(crate) fn cancel(&mut self, id: u64) -> bool {
        let before = self.open.len();
        self.open.retain(|(open, _)| *open != id);
        self.open.len() < before
    }

    pub(crate) fn withdraw(&mut self, id: u64) -> bool {
        let open = self.cancel(id);
        if open {
            self.unanswered.retain(|unanswered| *unanswered != id);
        }
        open
    }

    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let deadlines = self.open.iter().map(|(_, deadline)| *deadline).chain([self.deadline]);
        deadlines.min().filter(|first| *first != NEVER)
    }

    pub(crate) fn handle_timeout(&mut self, now: u64) {
        let late = |deadline: u64| deadline <= now && deadline != NEVER;
        self.end(Failure::TimedOut, late);
        // What is to be told is told before anything else happens.
        if late(self.deadline) && self.held.is_none() {
            self.deadline = NEVER;
            self.negotiation = None;
            self.held = Some(Said::TimedOut(self.phase));
            self.phase = Phase::Closed;
        }
    }

    fn end(&mut self, failure: Failure, which: impl Fn(u64) -> bool) {
        self.ended.extend(self.open.iter().filter(|(_, deadline)| which(*deadline)).map(|(id, _)| (*id, failure)));
        self.open.retain(|(_, deadline)| !which(*deadline));
    }

    pub(crate) fn close(&mut self) {
        self.closed = true;
    }

    pub(crate) fn reset(&mut self) {
        self.lose();
        self.received.clear();
        self.held = None;
        self.phase = Phase::Greeting;
        self.closed = false;
    }

    /// The server of the open commands is gone.
    fn lose(&mut self) {
        self.attached = false;
        self.end(Failure::ConnectionLost, |_| true);
        self.unanswered.clear();
        self.negotiation = None;
        self.deadline = NEVER;
        self.oob = Some(false);
    }

    pub(crate) fn poll(&mut self) -> Option<Said> {
        loop {
            self.ended.sort_by_key(|(id, _)| *id);
            if !self.ended.is_empty() {
                let (id, failure) = self.ended.remove(0);
                return Some(Said::Failed(id, failure));
            }
            if self.held.is_some() {
                return self.held.take();
            }
            if let Some(found) = first(&self.received, Role::Client, self.capacity).filter(|found| found.over) {
                self.received.drain(..found.end);
                match self.meet(found.item) {
                    Some(said) => return Some(said),
                    None => continue,
                }
            }
            if !self.closed {
                return None;
            }
            let report = expect(&self.received, Role::Client, self.capacity).pop();
            if report.is_none() && self.phase == Phase::Closed {
                return None;
            }
            self.received.clear();
            self.phase = Phase::Closed;
            self.lose();
            if let Some(report) = report {
                return Some(Said::Discarded(report));
            }
        }
    }

    /// What an item of the stream means; `None` if that is nothing, or told later.
    fn meet(&mut self, item: Item) -> Option<Said> {
        match &item {
            Item::Message(Kind::Greeting, _) => {
                self.greeted();
                self.held = Some(Said::Greeting(item));
                None
            }
            Item::Message(Kind::Event, _) => Some(Said::Event(item)),
            Item::Message(kind @ (Kind::Return | Kind::Error), fields) => {
                let field = |name| fields.iter().find(|(field, _)| *field == name).map(|(_, text)| text.clone());
                let Some(id) = field("id").and_then(|id| id.parse::<u64>().ok()) else {
                    return Some(Said::Unmatched(item));
                };
                let value = field("return").or(field("error")).unwrap();
                match self.settle(id) {
                    Owner::Command => Some(Said::Reply(id, *kind == Kind::Return, value)),
                    Owner::Negotiation(negotiation) => {
                        let known = value.contains("\"class\": \"CommandNotFound\"");
                        let complete = *kind == Kind::Error && negotiation.attach && known;
                        if *kind == Kind::Error && !complete {
                            self.phase = Phase::Greeted;
                            return Some(Said::Refused(item));
                        }
                        Some(self.ready((!complete).then_some(negotiation.oob)))
                    }
                    Owner::Late => None,
                    Owner::Nobody => Some(Said::Unmatched(item)),
                }
            }
            Item::Message(..) => Some(Said::Unmatched(item)),
            Item::Oversized { kind: Kind::Greeting, .. } => {
                self.greeted();
                Some(Said::Discarded(item))
            }
            Item::Oversized { bytes, kind: kind @ (Kind::Return | Kind::Error), id: Some(id), .. } => {
                let error = *kind == Kind::Error;
                match self.settle(*id) {
                    Owner::Command => return Some(Said::Failed(*id, Failure::Oversized { bytes: *bytes, error })),
                    Owner::Negotiation(negotiation) if !error => return Some(self.ready(Some(negotiation.oob))),
                    Owner::Negotiation(_) => self.phase = Phase::Greeted,
                    Owner::Late | Owner::Nobody => {}
                }
                Some(Said::Discarded(item))
            }
            _ => Some(Said::Discarded(item)),
        }
    }

    fn greeted(&mut self) {
        let attached = self.attached;
        self.lose();
        self.attached = attached;
        self.phase = Phase::Greeted;
    }

    fn ready(&mut self, oob: Option<bool>) -> Said {
        self.attached = false;
        self.phase = Phase::Command;
        self.oob = oob;
        Said::Ready(oob)
    }

    /// A reply with this id has come: whose it is. In-band commands are answered in order.
    fn settle(&mut self, id: u64) -> Owner {
        if !self.issued.contains(&id) {
            return Owner::Nobody;
        }
        if let Some(place) = self.unanswered.iter().position(|unanswered| *unanswered == id) {
            self.unanswered.drain(..=place);
        }
        if self.negotiation.as_ref().is_some_and(|negotiation| negotiation.id == id) {
            self.deadline = NEVER;
            return Owner::Negotiation(self.negotiation.take().unwrap());
        }
        if self.cancel(id) {
            return Owner::Command;
        }
        self.late += 1;
        Owner::Late
    }
}

/// Whose a reply is.
enum Owner {
    Command,
    Negotiation(Negotiation),
    /// A command of this client that is not open any more.
    Late,
    Nobody,
}
