//! What the core hands out, in the terms of C.

use core::ptr::null_mut;

use qmp_core::{Counts, Failure, Fault, Json, Kind, Part, Phase, Report, Str, Told, Why};

use super::qmp_incoming_kind::*;
use super::*;

impl qmp_incoming {
    /// What has nothing in it.
    pub(crate) const BLANK: Self = Self {
        kind: QMP_INCOMING_NONE,
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
        window: qmp_window { start: null_mut(), length: 0 },
    };
}

/// What the core hands out, in a blank one.
impl<'a> Report<'a> for qmp_incoming {
    #[inline(always)]
    fn told(&mut self, told: Told) {
        self.kind = match told {
            Told::Greeting => QMP_INCOMING_GREETING,
            Told::Ready => QMP_INCOMING_READY,
            Told::Refused => QMP_INCOMING_REFUSED,
            Told::Event => QMP_INCOMING_EVENT,
            Told::Return => QMP_INCOMING_RETURN,
            Told::Error => QMP_INCOMING_ERROR,
            Told::Failed => QMP_INCOMING_FAILED,
            Told::Unmatched => QMP_INCOMING_UNMATCHED,
            Told::Discarded => QMP_INCOMING_DISCARDED,
            Told::TimedOut => QMP_INCOMING_TIMED_OUT,
        };
    }

    fn part(&mut self, part: Part<'a>) {
        match part {
            Part::Begin => self.kind = QMP_INCOMING_BEGIN,
            Part::Element { index, value } => {
                self.kind = QMP_INCOMING_ELEMENT;
                self.index = index;
                self.value(value);
            }
            Part::Oversized { index } => {
                self.kind = QMP_INCOMING_OVERSIZED;
                self.index = index;
            }
            Part::Piece(bytes) => {
                self.kind = QMP_INCOMING_PIECE;
                self.value = qmp_json { text: bytes.as_ptr().cast(), length: bytes.len() };
            }
            Part::End(Counts { delivered, dropped, oversized }) => {
                self.kind = QMP_INCOMING_END;
                (self.delivered, self.dropped, self.oversized) = (delivered, dropped, oversized);
            }
            _ => self.kind = QMP_INCOMING_ABANDONED,
        }
    }

    #[inline(always)]
    fn oob(&mut self, oob: Option<bool>) {
        self.oob = oob.into();
    }

    #[inline(always)]
    fn id(&mut self, id: u64) {
        self.id = id;
    }

    #[inline(always)]
    fn value(&mut self, value: Json<'a>) {
        self.value = qmp_json::lend(value);
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    #[inline(always)]
    fn name(&mut self, name: Str<'a>) {
        self.name = qmp_string::lend(name);
    }

    #[inline(always)]
    fn timestamp(&mut self, timestamp: Json<'a>) {
        self.timestamp = qmp_json::lend(timestamp);
    }

    #[inline(always)]
    fn failure(&mut self, failure: Failure) {
        self.failure = failure.into();
    }

    #[inline(always)]
    fn message(&mut self, kind: Kind) {
        self.message = kind.into();
    }

    #[inline(always)]
    fn discarded(&mut self, why: Why) {
        self.discarded = match why {
            Why::Noise => qmp_discarded::QMP_DISCARDED_NOISE,
            Why::Truncated => qmp_discarded::QMP_DISCARDED_TRUNCATED,
            Why::Malformed => qmp_discarded::QMP_DISCARDED_MALFORMED,
            Why::Oversized => qmp_discarded::QMP_DISCARDED_OVERSIZED,
        };
    }

    #[inline(always)]
    fn fault(&mut self, at: u64, fault: Fault) {
        (self.at, self.fault) = (at, fault.into());
    }

    #[inline(always)]
    fn phase(&mut self, phase: Phase) {
        self.phase = phase.into();
    }
}

impl From<Failure> for qmp_failure {
    #[inline(always)]
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::TimedOut => Self::QMP_FAILURE_TIMED_OUT,
            Failure::ConnectionLost => Self::QMP_FAILURE_CONNECTION_LOST,
            Failure::Oversized { error: false, .. } => Self::QMP_FAILURE_OVERSIZED_RETURN,
            Failure::Oversized { error: true, .. } => Self::QMP_FAILURE_OVERSIZED_ERROR,
            _ => Self::QMP_FAILURE_NONE,
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
