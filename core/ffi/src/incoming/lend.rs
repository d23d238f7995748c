//! What the core hands out, in the terms of C.

use core::ptr::null_mut;

use qmp_core::{CommandId, Counts, Failure, Fault, Json, Kind, Part, Phase, Report, Str};

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

    #[inline(always)]
    fn discard(&mut self, why: qmp_discarded) {
        self.kind = QMP_INCOMING_DISCARDED;
        self.discarded = why;
    }
}

/// What the core hands out, in a blank one.
impl<'a> Report<'a> for qmp_incoming {
    #[inline(always)]
    fn greeting(&mut self) {
        self.kind = QMP_INCOMING_GREETING;
    }

    #[inline(always)]
    fn ready(&mut self, oob: Option<bool>) {
        self.kind = QMP_INCOMING_READY;
        self.oob = oob.into();
    }

    #[inline(always)]
    fn refused(&mut self) {
        self.kind = QMP_INCOMING_REFUSED;
    }

    #[inline(always)]
    fn event(&mut self, name: Str<'a>, data: Option<Json<'a>>, timestamp: Option<Json<'a>>) {
        self.kind = QMP_INCOMING_EVENT;
        self.name = qmp_string::lend(name);
        self.value = qmp_json::lend_if(data);
        self.timestamp = qmp_json::lend_if(timestamp);
    }

    #[inline(always)]
    fn reply(&mut self, is_error: bool) {
        self.kind = if is_error { QMP_INCOMING_ERROR } else { QMP_INCOMING_RETURN };
    }

    #[inline(always)]
    fn failed(&mut self, failure: Failure) {
        self.kind = QMP_INCOMING_FAILED;
        self.failure = failure.into();
    }

    #[inline(always)]
    fn unmatched(&mut self, kind: Kind) {
        self.kind = QMP_INCOMING_UNMATCHED;
        self.message = kind.into();
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
    fn noise(&mut self) {
        self.discard(qmp_discarded::QMP_DISCARDED_NOISE);
    }

    #[inline(always)]
    fn truncated(&mut self) {
        self.discard(qmp_discarded::QMP_DISCARDED_TRUNCATED);
    }

    #[inline(always)]
    fn malformed(&mut self, at: u64, fault: Fault) {
        self.discard(qmp_discarded::QMP_DISCARDED_MALFORMED);
        self.at = at;
        self.fault = fault.into();
    }

    #[inline(always)]
    fn oversized(&mut self, kind: Kind, id: Option<u64>, event: Option<Str<'a>>) {
        self.discard(qmp_discarded::QMP_DISCARDED_OVERSIZED);
        self.message = kind.into();
        self.id = id.unwrap_or_default();
        if let Some(name) = event {
            self.name = qmp_string::lend(name);
        }
    }

    #[inline(always)]
    fn timed_out(&mut self, phase: Phase) {
        self.kind = QMP_INCOMING_TIMED_OUT;
        self.phase = phase.into();
    }

    #[inline(always)]
    fn id(&mut self, id: CommandId) {
        self.id = id.get();
    }

    #[inline(always)]
    fn value(&mut self, value: Json<'a>) {
        self.value = qmp_json::lend(value);
    }

    #[inline(always)]
    fn bytes(&mut self, bytes: u64) {
        self.bytes = bytes;
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
