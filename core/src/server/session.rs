//! The server's rules, without storage: which request is next, and which the server answers itself.

use super::arguments::{capabilities, sync};
use super::check::{self, Refusal};
use super::events::Emission;
use super::inbound::{Call, Inbound, ReplyError};
use super::output::{self, Output};
use super::profile::{Dialect, Profile};
use super::store::{Entry, Store};
use crate::encode::{EncodeError, Writer};
use crate::frame::{Answering, Step};
use crate::json::Json;
use crate::message::{Request, Timestamp};

/// Requests that QEMU takes in before it stops reading (`QMP_REQ_QUEUE_LEN_MAX`).
const QUEUE: u8 = 8;

/// The caller's slices.
pub(super) struct Buffers<'b> {
    pub(super) rx: &'b mut [u8],
    pub(super) tx: &'b mut [u8],
    pub(super) store: &'b mut [u8],
}

/// Where the text of a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the receive buffer, as the frame just finished.
    Frame,
    /// The first in the store.
    Store,
}

/// What a step found, without the bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Head {
    Ready(bool),
    Request(Place, Call),
    Answered,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    Negotiation,
    Command,
}

/// The server without its storage: all the code, compiled once.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) profile: Profile,
    pub(super) link: Answering,
    pub(super) output: Output,
    store: Store,
    phase: Phase,
    /// Whether out-of-band execution is on.
    oob: bool,
    /// What the link has found and cannot be dealt with yet.
    waiting: Option<Step>,
    /// The number of the next call.
    serial: u32,
    /// The application's number for the connection.
    pub(super) connection: u32,
    /// The calls that are open: in band, out of band.
    inside: Option<u32>,
    outside: Option<u32>,
}

impl Session {
    pub(super) const fn new(profile: Profile) -> Self {
        Self {
            link: Answering::new(),
            output: Output::new(&profile),
            store: Store::new(),
            phase: Self::first_phase(&profile),
            oob: false,
            waiting: None,
            serial: 0,
            connection: 0,
            inside: None,
            outside: None,
            profile,
        }
    }

    const fn first_phase(profile: &Profile) -> Phase {
        match profile.dialect {
            Dialect::Qmp => Phase::Greeting,
            Dialect::Agent => Phase::Command,
        }
    }

    pub(super) fn reset(&mut self) {
        self.link = Answering::new();
        self.output.reset();
        self.store = Store::new();
        self.phase = Self::first_phase(&self.profile);
        self.oob = false;
        self.waiting = None;
        (self.inside, self.outside) = (None, None);
    }

    pub(super) const fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Command)
    }

    /// Whether no more input can be taken in: a request waits in the receive buffer.
    pub(super) fn is_suspended(&self) -> bool {
        self.waiting.is_some()
    }

    pub(super) fn advance(&mut self, buffers: &mut Buffers<'_>) -> Option<Head> {
        if self.phase == Phase::Greeting {
            self.phase = Phase::Negotiation;
            // A buffer that is too small for it is too small for everything.
            let _ = self.output.greet(buffers.tx, &self.profile);
        }
        self.send_held(buffers.tx);
        loop {
            if self.outside.is_some() {
                return None;
            }
            let free = self.inside.is_none() && self.output.is_empty();
            if free && let Some(head) = self.next_stored(buffers) {
                return Some(head);
            }
            let step = match self.waiting.take() {
                Some(step) => step,
                None if self.queued() >= QUEUE || !self.oob && !free => return None,
                None => self.link.advance(buffers.rx)?,
            };
            let text = Json::new(self.link.text(buffers.rx));
            let oob = self.oob && matches!(step, Step::Message) && check::is_oob(text);
            let taken = if oob {
                self.take_outside(text, buffers.tx, buffers.store)
            } else if free && self.store.entries() == 0 {
                self.take(step, text, buffers.tx, buffers.store)
            } else if self.oob && self.keep(step, text, buffers.store) {
                continue;
            } else {
                None
            };
            if taken.is_none() {
                self.waiting = Some(step);
            }
            return taken;
        }
    }

    /// Requests that wait for an earlier one, in the store.
    fn queued(&self) -> u8 {
        self.store.entries().saturating_sub(u8::from(self.inside.is_some()))
    }

    /// What has waited longest, if anything has. Nothing else is being run, and all is sent.
    fn next_stored(&mut self, buffers: &mut Buffers<'_>) -> Option<Head> {
        let (entry, text) = self.store.first(buffers.store)?;
        let text = Json::new(text);
        let head = if entry == Entry::Reply {
            // Unless this slice is shorter than the one that it was written in, it fits.
            let _ = self.output.message(buffers.tx, 0, b"", &mut |w| _ = w.json(text));
            Head::Answered
        } else if let Some(head) = self.answer(text, false, buffers.tx, buffers.store.len()) {
            head
        } else {
            return Some(self.open(Place::Store, false));
        };
        self.store.pop(buffers.store);
        Some(head)
    }

    /// An in-band request, or what could not be read, while nothing else is being run.
    fn take(&mut self, step: Step, text: Json<'_>, tx: &mut [u8], store: &mut [u8]) -> Option<Head> {
        if step != Step::Message {
            let report = self.link.report(step, &[]);
            output::with_id(report, |id| self.output.refuse(tx, 0, id, &Refusal::discarded(report)));
            return Some(Head::Answered);
        }
        if let Some(head) = self.answer(text, false, tx, store.len()) {
            return Some(head);
        }
        let id = text.member("id").map_or(&[][..], Json::text);
        self.store.push(store, Entry::Id, id);
        Some(self.open(Place::Frame, false))
    }

    /// An out-of-band request. `None`: there is no room for its reply, or its id, yet.
    fn take_outside(&mut self, text: Json<'_>, tx: &mut [u8], store: &mut [u8]) -> Option<Head> {
        if self.output.free(tx) < self.kept_for(true, tx).saturating_add(tx.len() / 4) {
            return None;
        }
        let id = text.member("id");
        if Store::could_hold(id, true, store.len()) && !self.store.keep_outside(store, id) {
            return None;
        }
        match self.answer(text, true, tx, store.len()) {
            None => Some(self.open(Place::Frame, true)),
            head => head,
        }
    }

    /// Puts a request, or the answer to what could not be read, behind those that wait. Whether there was room.
    fn keep(&mut self, step: Step, text: Json<'_>, store: &mut [u8]) -> bool {
        match step {
            Step::Message => self.store.push(store, Entry::Request, text.text()),
            _ => {
                let report = self.link.report(step, &[]);
                output::with_id(report, |id| {
                    let refusal = Refusal::discarded(report);
                    let desc = &mut |w: &mut Writer<'_>| _ = w.pieces(&refusal.desc());
                    self.store.push_reply(store, &mut |w| output::error(w, id, refusal.class(), desc))
                })
            }
        }
    }

    /// A request is handed out.
    fn open(&mut self, place: Place, oob: bool) -> Head {
        self.serial = self.serial.wrapping_add(1);
        let calls = if oob { &mut self.outside } else { &mut self.inside };
        *calls = Some(self.serial);
        Head::Request(place, Call { serial: self.serial, connection: self.connection, oob })
    }

    /// Answers a request, if it is one that the server answers itself. `None`: it is to be handed out.
    fn answer(&mut self, text: Json<'_>, oob: bool, tx: &mut [u8], store: usize) -> Option<Head> {
        let keep = self.kept_for(oob, tx);
        let id = text.member("id");
        let answer = self.judge(text, oob, store);
        match answer {
            Ok(Answer::HandOut) => return None,
            Ok(Answer::Ready(oob)) => {
                // The smallest of replies.
                let _ = self.output.reply(tx, keep, b"", id, &mut |_| {});
                self.phase = Phase::Command;
                self.output.events.heard = true;
                self.oob = oob;
                return Some(Head::Ready(oob));
            }
            Ok(Answer::Sync(value, delimiter)) => {
                let _ = self.output.reply(tx, keep, delimiter, id, &mut |w| _ = w.i64(value));
            }
            Err(refusal) => self.output.refuse(tx, keep, id.filter(|_| refusal.echoes_id()), &refusal),
        }
        Some(Head::Answered)
    }

    /// What is to become of a request. `store` is the store's length.
    fn judge<'t>(&self, text: Json<'t>, oob: bool, store: usize) -> Result<Answer, Refusal<'t>> {
        check::request(text, self.oob)?;
        let request = Request::new(text);
        if !Store::could_hold(request.id(), self.oob, store) {
            return Err(Refusal::Generic("QMP input member 'id' is too long"));
        }
        let name = request.name();
        match self.profile.dialect {
            Dialect::Qmp if name == "qmp_capabilities" && oob => Err(Refusal::NotOutside(name)),
            Dialect::Qmp if name == "qmp_capabilities" => {
                let oob = capabilities(request.arguments())?;
                if self.phase == Phase::Command {
                    Err(Refusal::NotFound("Capabilities negotiation is already complete, command ignored"))
                } else if oob && !self.profile.oob {
                    Err(Refusal::Generic("Capability oob not available"))
                } else {
                    Ok(Answer::Ready(oob))
                }
            }
            Dialect::Qmp if self.phase == Phase::Negotiation => {
                Err(Refusal::NotFound("Expecting capabilities negotiation with 'qmp_capabilities'"))
            }
            Dialect::Agent if name == "guest-sync" => Ok(Answer::Sync(sync(request.arguments())?, b"")),
            Dialect::Agent if name == "guest-sync-delimited" => Ok(Answer::Sync(sync(request.arguments())?, b"\xff")),
            _ => Ok(Answer::HandOut),
        }
    }

    /// Bytes of the transmit buffer that a reply leaves free for that of the other command: half of it is an in-band
    /// command's, a quarter an out-of-band one's.
    fn kept_for(&self, oob: bool, tx: &[u8]) -> usize {
        match oob {
            true if self.inside.is_some() => tx.len() / 2,
            false if self.outside.is_some() => tx.len() / 4,
            _ => 0,
        }
    }

    /// Answers a call.
    pub(super) fn reply(
        &mut self,
        call: Call,
        tx: &mut [u8],
        store: &mut [u8],
        write: Reply<'_>,
    ) -> Result<(), ReplyError> {
        self.write_reply(call, tx, store, write)?;
        self.close(call, store);
        Ok(())
    }

    /// Writes the answer to a call, which stays open.
    pub(super) fn write_reply(
        &mut self,
        call: Call,
        tx: &mut [u8],
        store: &[u8],
        write: Reply<'_>,
    ) -> Result<(), ReplyError> {
        if !self.is_open(call) {
            return Err(ReplyError::Closed);
        }
        let keep = self.kept_for(call.oob, tx);
        match write(&mut self.output, tx, keep, self.store.id(store, call.oob)) {
            Ok(()) => Ok(()),
            Err(EncodeError::Full) if self.output.is_empty() && (call.oob || keep == 0) => Err(ReplyError::TooLarge),
            Err(EncodeError::Full) => Err(ReplyError::Busy),
            Err(error) => Err(ReplyError::Invalid(error)),
        }
    }

    /// Something happened.
    pub(super) fn event(
        &mut self,
        tx: &mut [u8],
        name: &str,
        timestamp: Timestamp,
        data: output::Write<'_>,
    ) -> Result<Emission, EncodeError> {
        let keep = self.kept_from_events(tx);
        self.output.event(tx, keep, name, timestamp, data)
    }

    /// Sends events that were kept, as far as there is room now.
    pub(super) fn send_held(&mut self, tx: &mut [u8]) {
        let keep = self.kept_from_events(tx);
        self.output.send_held(tx, keep);
    }

    /// Bytes of the transmit buffer that events leave free: half of it for a reply, a quarter more where two are due.
    fn kept_from_events(&self, tx: &[u8]) -> usize {
        let both = self.inside.is_some() && self.outside.is_some();
        (tx.len() / 2).saturating_add(if both { tx.len() / 4 } else { 0 })
    }

    fn is_open(&self, call: Call) -> bool {
        let open = if call.oob { self.outside } else { self.inside };
        Some(call.serial) == open && call.connection == self.connection
    }

    /// The call is over. Whether it was open.
    pub(super) fn close(&mut self, call: Call, store: &mut [u8]) -> bool {
        let open = self.is_open(call);
        if open && call.oob {
            self.outside = None;
        } else if open {
            self.inside = None;
            self.store.pop(store);
        }
        open
    }

    pub(super) fn lend<'a>(&self, head: Head, rx: &'a [u8], store: &'a [u8]) -> Inbound<'a> {
        match head {
            Head::Ready(oob) => Inbound::Ready { oob },
            Head::Answered => Inbound::Answered,
            Head::Request(place, call) => Inbound::Request { request: Request::new(self.text(place, rx, store)), call },
        }
    }

    /// The text of the request that is being run.
    pub(super) fn text<'a>(&self, place: Place, rx: &'a [u8], store: &'a [u8]) -> Json<'a> {
        Json::new(match place {
            Place::Frame => self.link.text(rx),
            Place::Store => self.store.first(store).map_or(b"{}", |(_, text)| text),
        })
    }
}

/// What writes a reply: it is given the output, the transmit buffer, how much of it to leave free, and the id.
pub(super) type Reply<'w> =
    &'w mut dyn FnMut(&mut Output, &mut [u8], usize, Option<Json<'_>>) -> Result<(), EncodeError>;

/// How a request is answered.
enum Answer {
    /// By the application.
    HandOut,
    /// The negotiation is complete, with out-of-band execution or without.
    Ready(bool),
    /// The guest agent's synchronisation: the value that comes back, and what stands before the reply.
    Sync(i64, &'static [u8]),
}
