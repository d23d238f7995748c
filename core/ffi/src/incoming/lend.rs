//! What the core hands out, in the terms of C.

use core::mem::offset_of;
use core::ptr::null_mut;

use qmp_core::{Counts, Fault, Finding, Kind, Part, Phase, Told};

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

/// `id`: the command's.
const ID: u8 = 1;
/// `value`: what the message holds.
const VALUE: u8 = 2;
/// `bytes`.
const BYTES: u8 = 4;
/// `message`, and what there is to say of such a one.
const MESSAGE: u8 = 8;
/// `name`, and `value` and `timestamp` where there are such.
const EVENT: u8 = 16;
/// `fault` and `at`.
const FAULT: u8 = 32;
/// `oob`.
const OOB: u8 = 64;
/// The detail of an error is the one after that of a return.
const EITHER: u8 = 128;

/// What is told of a finding, in four bytes: the kind; which enumeration has the detail, as a number of words from the start; the
/// detail; and which parts it has.
#[inline(always)]
fn outline(told: Told) -> [u8; 4] {
    const FAILURE: usize = offset_of!(qmp_incoming, failure);
    const DISCARDED: usize = offset_of!(qmp_incoming, discarded);
    const PHASE: usize = offset_of!(qmp_incoming, phase);
    const fn of(kind: qmp_incoming_kind, place: usize, detail: u32, parts: u8) -> u32 {
        assert!(place.is_multiple_of(4) && place <= offset_of!(qmp_incoming, phase));
        u32::from_le_bytes([kind as u8, (place / 4) as u8, detail as u8, parts])
    }
    /// With no detail but what it is itself.
    const fn just(kind: qmp_incoming_kind, parts: u8) -> u32 {
        of(kind, 0, kind as u32, parts)
    }
    const fn failed(why: qmp_failure, parts: u8) -> u32 {
        of(QMP_INCOMING_FAILED, FAILURE, why as u32, ID | parts)
    }
    const fn discarded(why: qmp_discarded, parts: u8) -> u32 {
        of(QMP_INCOMING_DISCARDED, DISCARDED, why as u32, BYTES | parts)
    }
    const fn timed_out(phase: qmp_phase) -> u32 {
        of(QMP_INCOMING_TIMED_OUT, PHASE, phase as u32, 0)
    }
    // In the order of `Told`, which begins with 1.
    static OUTLINES: [u32; 17] = [
        0,
        discarded(qmp_discarded::QMP_DISCARDED_NOISE, 0),
        discarded(qmp_discarded::QMP_DISCARDED_TRUNCATED, 0),
        discarded(qmp_discarded::QMP_DISCARDED_MALFORMED, FAULT),
        discarded(qmp_discarded::QMP_DISCARDED_OVERSIZED, MESSAGE),
        just(QMP_INCOMING_UNMATCHED, MESSAGE | VALUE),
        0,
        just(QMP_INCOMING_GREETING, VALUE),
        just(QMP_INCOMING_READY, OOB),
        just(QMP_INCOMING_REFUSED, VALUE),
        just(QMP_INCOMING_EVENT, EVENT),
        just(QMP_INCOMING_RETURN, ID | VALUE | EITHER),
        failed(qmp_failure::QMP_FAILURE_TIMED_OUT, 0),
        failed(qmp_failure::QMP_FAILURE_CONNECTION_LOST, 0),
        failed(qmp_failure::QMP_FAILURE_OVERSIZED_RETURN, BYTES | EITHER),
        timed_out(qmp_phase::QMP_PHASE_GREETING),
        timed_out(qmp_phase::QMP_PHASE_NEGOTIATING),
    ];
    OUTLINES.get(told as usize).copied().unwrap_or_default().to_le_bytes()
}

const _: () = {
    assert!(QMP_INCOMING_ERROR as u32 == QMP_INCOMING_RETURN as u32 + 1);
    assert!(qmp_failure::QMP_FAILURE_OVERSIZED_ERROR as u32 == qmp_failure::QMP_FAILURE_OVERSIZED_RETURN as u32 + 1);
    assert!(offset_of!(qmp_incoming, kind) == 0);
};

impl qmp_incoming {
    /// What the core hands out, in a blank one.
    #[inline(always)]
    pub(crate) fn lend(&mut self, finding: Finding<'_>) {
        // What comes most often, without a call.
        if cfg!(target_pointer_width = "64") && finding.told() == Told::Reply {
            self.lend_as(Told::Reply, finding);
        } else {
            self.lend_other(finding);
        }
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn lend_other(&mut self, finding: Finding<'_>) {
        self.lend_as(finding.told(), finding);
    }

    #[inline(always)]
    fn lend_as(&mut self, told: Told, finding: Finding<'_>) {
        let [kind, place, mut detail, parts] = outline(told);
        if parts & EITHER != 0 {
            detail = detail.wrapping_add(finding.is_error().into());
        }
        let words = core::ptr::from_mut(self).cast::<u32>();
        // SAFETY: the first is `kind`, and the other one of the enumerations up to `phase`. They are given numbers that they have.
        unsafe {
            words.write(kind.into());
            words.add(place.into()).write(detail.into());
        }
        if parts & ID != 0 {
            self.id = finding.id();
        }
        if parts & VALUE != 0 {
            self.value = qmp_json::lend(finding.value());
        }
        if parts & BYTES != 0 {
            self.bytes = finding.length();
        }
        if parts & OOB != 0 {
            self.oob = finding.oob().into();
        }
        if parts & EVENT != 0 {
            self.name = qmp_string::lend(finding.name());
            self.value = qmp_json::lend_if(finding.data());
            self.timestamp = qmp_json::lend_if(finding.timestamp());
        }
        if parts & FAULT != 0 {
            let (at, fault) = finding.fault();
            (self.at, self.fault) = (at, fault.into());
        }
        if parts & MESSAGE != 0 {
            let kind = finding.message();
            self.message = kind.into();
            if parts & VALUE == 0 {
                self.id = finding.oversized_id().unwrap_or_default();
                if kind == Kind::Event && !finding.name().is_empty() {
                    self.name = qmp_string::lend(finding.name());
                }
            } else if matches!(kind, Kind::Request | Kind::Unknown) {
                self.value = qmp_json::lend(finding.all());
            }
        }
    }

    /// A part of a delivery, in a blank one.
    pub(crate) fn lend_part(&mut self, part: Part<'_>) {
        match part {
            Part::Begin => self.kind = QMP_INCOMING_BEGIN,
            Part::Element { index, value } => {
                self.kind = QMP_INCOMING_ELEMENT;
                self.index = index;
                self.value = qmp_json::lend(value);
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
            Kind::Return => Self::QMP_MESSAGE_RETURN,
            Kind::Event => Self::QMP_MESSAGE_EVENT,
            Kind::Error => Self::QMP_MESSAGE_ERROR,
            Kind::Greeting => Self::QMP_MESSAGE_GREETING,
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
