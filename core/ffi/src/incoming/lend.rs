//! What the core hands out, in the terms of C.

use qmp_core::{Counts, Discarded, Event, Failure, Fault, Incoming, Json, Kind, Message, Part, Phase, Reply};

use super::*;

impl qmp_incoming {
    /// What has nothing in it.
    pub(crate) const BLANK: Self = Self {
        kind: qmp_incoming_kind::QMP_INCOMING_NONE,
        failure: qmp_failure::QMP_FAILURE_NONE,
        discarded: qmp_discarded::QMP_DISCARDED_NONE,
        fault: qmp_fault::QMP_FAULT_NONE,
        message: qmp_message::QMP_MESSAGE_NONE,
        oob: qmp_oob::QMP_OOB_OFF,
        phase: qmp_phase::QMP_PHASE_NONE,
        index: 0,
        delivered: 0,
        dropped: 0,
        oversized: 0,
        reserved: 0,
        id: 0,
        bytes: 0,
        at: 0,
        value: qmp_json::NONE,
        name: qmp_string::NONE,
        timestamp: qmp_json::NONE,
    };

    /// What the core hands out, in a blank one.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn lend(&mut self, incoming: Incoming<'_>) {
        use qmp_incoming_kind::*;
        self.kind = match incoming {
            Incoming::Greeting(greeting) => self.with(QMP_INCOMING_GREETING, greeting.qmp()),
            Incoming::Ready { oob } => {
                self.oob = oob.into();
                QMP_INCOMING_READY
            }
            Incoming::Refused(error) => self.with(QMP_INCOMING_REFUSED, error.error()),
            Incoming::Event(event) => self.event(QMP_INCOMING_EVENT, event),
            Incoming::Reply(reply) => return self.reply(reply),
            Incoming::Failed { id, failure } => {
                self.id = id.get();
                (self.failure, self.bytes) = qmp_failure::of(failure);
                QMP_INCOMING_FAILED
            }
            Incoming::Unmatched(message) => self.unmatched(message),
            Incoming::Discarded(discarded) => self.discarded(discarded),
            Incoming::TimedOut(phase) => {
                self.phase = phase.into();
                QMP_INCOMING_TIMED_OUT
            }
            _ => QMP_INCOMING_UNMATCHED,
        }
    }

    /// A command's reply, in a blank one.
    #[inline(always)]
    pub(crate) fn reply(&mut self, reply: Reply<'_>) {
        self.id = reply.id().get();
        self.kind = match reply.result() {
            Ok(value) => self.with(qmp_incoming_kind::QMP_INCOMING_RETURN, value),
            Err(error) => self.with(qmp_incoming_kind::QMP_INCOMING_ERROR, error.error()),
        }
    }

    #[inline(always)]
    fn with(&mut self, kind: qmp_incoming_kind, value: Json<'_>) -> qmp_incoming_kind {
        self.value = qmp_json::lend(value);
        kind
    }

    #[inline]
    fn event(&mut self, kind: qmp_incoming_kind, event: Event<'_>) -> qmp_incoming_kind {
        self.name = qmp_string::lend(event.name());
        self.value = qmp_json::lend_if(event.data());
        self.timestamp = qmp_json::lend_if(event.raw_timestamp());
        kind
    }

    /// A part of a reply that is delivered in parts, in a blank one.
    pub(crate) fn part(&mut self, part: Part<'_>) {
        use qmp_incoming_kind::*;
        self.kind = match part {
            Part::Begin => QMP_INCOMING_BEGIN,
            Part::Element { index, value } => {
                self.index = index;
                self.with(QMP_INCOMING_ELEMENT, value)
            }
            Part::Oversized { index } => {
                self.index = index;
                QMP_INCOMING_OVERSIZED
            }
            Part::Piece(bytes) => {
                self.value = qmp_json { text: bytes.as_ptr().cast(), length: bytes.len() };
                QMP_INCOMING_PIECE
            }
            Part::End(Counts { delivered, dropped, oversized }) => {
                (self.delivered, self.dropped, self.oversized) = (delivered, dropped, oversized);
                QMP_INCOMING_END
            }
            _ => QMP_INCOMING_ABANDONED,
        }
    }

    #[inline(never)]
    fn unmatched(&mut self, message: Message<'_>) -> qmp_incoming_kind {
        let kind = qmp_incoming_kind::QMP_INCOMING_UNMATCHED;
        self.message = message.kind().into();
        match message {
            Message::Greeting(greeting) => self.with(kind, greeting.qmp()),
            Message::Return(reply) => self.with(kind, reply.value()),
            Message::Error(error) => self.with(kind, error.error()),
            Message::Event(event) => self.event(kind, event),
            Message::Request(request) => self.with(kind, request.text()),
            Message::Unknown(text) => self.with(kind, text),
            _ => kind,
        }
    }

    #[inline(never)]
    fn discarded(&mut self, report: Discarded<'_>) -> qmp_incoming_kind {
        use qmp_discarded::*;
        (self.discarded, self.bytes) = match report {
            Discarded::Noise { bytes } => (QMP_DISCARDED_NOISE, bytes),
            Discarded::Truncated { bytes } => (QMP_DISCARDED_TRUNCATED, bytes),
            Discarded::Malformed { bytes, at, fault } => {
                (self.at, self.fault) = (at, fault.into());
                (QMP_DISCARDED_MALFORMED, bytes)
            }
            Discarded::Oversized(message) => {
                (self.message, self.id) = (message.kind().into(), message.id().unwrap_or_default());
                self.name = message.event().map_or(qmp_string::NONE, qmp_string::lend);
                (QMP_DISCARDED_OVERSIZED, message.bytes())
            }
            _ => (QMP_DISCARDED_NONE, 0),
        };
        qmp_incoming_kind::QMP_INCOMING_DISCARDED
    }
}

impl qmp_failure {
    /// Why a command failed, and the bytes of its reply.
    fn of(failure: Failure) -> (Self, u64) {
        match failure {
            Failure::TimedOut => (Self::QMP_FAILURE_TIMED_OUT, 0),
            Failure::ConnectionLost => (Self::QMP_FAILURE_CONNECTION_LOST, 0),
            Failure::Oversized { bytes, error: false } => (Self::QMP_FAILURE_OVERSIZED_RETURN, bytes),
            Failure::Oversized { bytes, error: true } => (Self::QMP_FAILURE_OVERSIZED_ERROR, bytes),
            _ => (Self::QMP_FAILURE_NONE, 0),
        }
    }
}

impl From<Fault> for qmp_fault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Syntax => Self::QMP_FAULT_SYNTAX,
            Fault::ControlCharacter => Self::QMP_FAULT_CONTROL_CHARACTER,
            Fault::InvalidUtf8 => Self::QMP_FAULT_INVALID_UTF8,
            Fault::TooDeep => Self::QMP_FAULT_TOO_DEEP,
            Fault::DuplicateMember => Self::QMP_FAULT_DUPLICATE_MEMBER,
            Fault::AmbiguousKind => Self::QMP_FAULT_AMBIGUOUS_KIND,
            _ => Self::QMP_FAULT_OTHER,
        }
    }
}

impl From<Kind> for qmp_message {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Greeting => Self::QMP_MESSAGE_GREETING,
            Kind::Return => Self::QMP_MESSAGE_RETURN,
            Kind::Error => Self::QMP_MESSAGE_ERROR,
            Kind::Event => Self::QMP_MESSAGE_EVENT,
            Kind::Request => Self::QMP_MESSAGE_REQUEST,
            _ => Self::QMP_MESSAGE_UNKNOWN,
        }
    }
}

impl From<Phase> for qmp_phase {
    #[inline(always)]
    fn from(phase: Phase) -> Self {
        match phase {
            Phase::Greeting => Self::QMP_PHASE_GREETING,
            Phase::Greeted => Self::QMP_PHASE_GREETED,
            Phase::Negotiating => Self::QMP_PHASE_NEGOTIATING,
            Phase::Command => Self::QMP_PHASE_COMMAND,
            Phase::Closed => Self::QMP_PHASE_CLOSED,
            Phase::Selecting => Self::QMP_PHASE_SELECTING,
            _ => Self::QMP_PHASE_NONE,
        }
    }
}

impl From<Option<bool>> for qmp_oob {
    #[inline(always)]
    fn from(oob: Option<bool>) -> Self {
        match oob {
            Some(false) => Self::QMP_OOB_OFF,
            Some(true) => Self::QMP_OOB_ON,
            None => Self::QMP_OOB_UNKNOWN,
        }
    }
}
