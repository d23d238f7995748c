//! What the core hands out, in the terms of C.

use qmp_core::{Counts, Discarded, Failure, Fault, Incoming, Json, Kind, Message, Part, Phase};

use super::*;

impl qmp_incoming {
    #[inline(always)]
    const fn new(kind: qmp_incoming_kind) -> Self {
        Self {
            kind,
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
        }
    }

    #[inline(always)]
    fn with(kind: qmp_incoming_kind, value: Json<'_>) -> Self {
        Self { value: qmp_json::lend(value), ..Self::new(kind) }
    }

    /// What the core hands out.
    #[inline(always)]
    pub(crate) fn lend(incoming: Incoming<'_>) -> Self {
        use qmp_incoming_kind::*;
        match incoming {
            Incoming::Greeting(greeting) => Self::with(QMP_INCOMING_GREETING, greeting.qmp()),
            Incoming::Ready { oob } => Self { oob: qmp_oob::from(oob), ..Self::new(QMP_INCOMING_READY) },
            Incoming::Refused(error) => Self::with(QMP_INCOMING_REFUSED, error.error()),
            Incoming::Event(event) => Self {
                name: qmp_string::lend(event.name()),
                value: qmp_json::lend_if(event.data()),
                timestamp: qmp_json::lend_if(event.raw_timestamp()),
                ..Self::new(QMP_INCOMING_EVENT)
            },
            Incoming::Reply(reply) => Self {
                id: reply.id().get(),
                ..match reply.result() {
                    Ok(value) => Self::with(QMP_INCOMING_RETURN, value),
                    Err(error) => Self::with(QMP_INCOMING_ERROR, error.error()),
                }
            },
            Incoming::Failed { id, failure } => {
                let (failure, bytes) = qmp_failure::of(failure);
                Self { id: id.get(), failure, bytes, ..Self::new(QMP_INCOMING_FAILED) }
            }
            Incoming::Unmatched(message) => Self::unmatched(message),
            Incoming::Discarded(discarded) => Self::discarded(discarded),
            Incoming::TimedOut(phase) => Self { phase: phase.into(), ..Self::new(QMP_INCOMING_TIMED_OUT) },
            _ => Self::new(QMP_INCOMING_UNMATCHED),
        }
    }

    /// A part of a reply that is delivered in parts.
    pub(crate) fn part(part: Part<'_>) -> Self {
        use qmp_incoming_kind::*;
        match part {
            Part::Begin => Self::new(QMP_INCOMING_BEGIN),
            Part::Element { index, value } => Self { index, ..Self::with(QMP_INCOMING_ELEMENT, value) },
            Part::Oversized { index } => Self { index, ..Self::new(QMP_INCOMING_OVERSIZED) },
            Part::Piece(bytes) => {
                let value = qmp_json { text: bytes.as_ptr().cast(), length: bytes.len() };
                Self { value, ..Self::new(QMP_INCOMING_PIECE) }
            }
            Part::End(Counts { delivered, dropped, oversized }) => {
                Self { delivered, dropped, oversized, ..Self::new(QMP_INCOMING_END) }
            }
            _ => Self::new(QMP_INCOMING_ABANDONED),
        }
    }

    fn unmatched(message: Message<'_>) -> Self {
        let (mut name, mut timestamp) = (qmp_string::NONE, qmp_json::NONE);
        let value = match message {
            Message::Greeting(greeting) => qmp_json::lend(greeting.qmp()),
            Message::Return(reply) => qmp_json::lend(reply.value()),
            Message::Error(error) => qmp_json::lend(error.error()),
            Message::Event(event) => {
                (name, timestamp) = (qmp_string::lend(event.name()), qmp_json::lend_if(event.raw_timestamp()));
                qmp_json::lend_if(event.data())
            }
            Message::Request(request) => qmp_json::lend(request.text()),
            Message::Unknown(text) => qmp_json::lend(text),
            _ => qmp_json::NONE,
        };
        let message = message.kind().into();
        Self { message, name, value, timestamp, ..Self::new(qmp_incoming_kind::QMP_INCOMING_UNMATCHED) }
    }

    fn discarded(report: Discarded<'_>) -> Self {
        use qmp_discarded::*;
        let new = |discarded, bytes| Self { discarded, bytes, ..Self::new(qmp_incoming_kind::QMP_INCOMING_DISCARDED) };
        match report {
            Discarded::Noise { bytes } => new(QMP_DISCARDED_NOISE, bytes),
            Discarded::Truncated { bytes } => new(QMP_DISCARDED_TRUNCATED, bytes),
            Discarded::Malformed { bytes, at, fault } => {
                Self { at, fault: fault.into(), ..new(QMP_DISCARDED_MALFORMED, bytes) }
            }
            Discarded::Oversized { bytes, kind, id, event } => Self {
                message: kind.into(),
                id: id.unwrap_or_default(),
                name: qmp_string { text: event.raw().as_ptr().cast(), length: event.raw().len() },
                ..new(QMP_DISCARDED_OVERSIZED, bytes)
            },
            _ => new(QMP_DISCARDED_NONE, 0),
        }
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
