//! What a client hands out, as one flat struct.

use qmp_core::{Discarded, Failure, Fault, Incoming, Json, Kind, Message, Phase, Timestamp};

use crate::json::{qmp_json, qmp_string};
use crate::memory::Output;
use crate::result::*;

/// What came next in a session. A program ignores the kinds that it does not know: later versions may have more.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_incoming_kind {
    /// The server greets; `value` is what its member `QMP` holds. Call `qmp_client_negotiate`. In the middle of a session it
    /// was restarted, and the open commands have ended just before.
    QMP_INCOMING_GREETING = 1,
    /// The negotiation is complete: commands can be executed. `oob` says whether out of band too.
    QMP_INCOMING_READY = 2,
    /// The server refused the negotiation; `value` is the error. Call `qmp_client_negotiate` with other capabilities.
    QMP_INCOMING_REFUSED = 3,
    /// An event; `name`, `value` (its data, NULL if it has none) and `timestamp`. Legal in every phase.
    QMP_INCOMING_EVENT = 4,
    /// The command `id` was answered by a return, `value`.
    QMP_INCOMING_RETURN = 5,
    /// The command `id` was answered by an error, `value`, an object with the members `class` and `desc`.
    QMP_INCOMING_ERROR = 6,
    /// The command `id` has ended without an answer; `failure` says why.
    QMP_INCOMING_FAILED = 7,
    /// A good message that belongs to nothing here, and completes no command; `message` says what it is, `value` what it holds.
    /// An error of this kind says that the server could not read something.
    QMP_INCOMING_UNMATCHED = 8,
    /// Bytes that are no message; `discarded` says why. The link is in step.
    QMP_INCOMING_DISCARDED = 9,
    /// The greeting or the answer to the negotiation did not come in time; `phase` says which. The session is closed.
    QMP_INCOMING_TIMED_OUT = 10,
}

/// How a command ended that will never be answered.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_failure {
    /// None has.
    QMP_FAILURE_NONE = 0,
    /// Its deadline passed. The server may still run it; a late reply is dropped and counted.
    QMP_FAILURE_TIMED_OUT = 1,
    /// The connection ended, or the server was restarted. Whether the command ran is not known.
    QMP_FAILURE_CONNECTION_LOST = 2,
    /// It was answered by a return of `bytes` bytes, which is more than the buffer holds.
    QMP_FAILURE_OVERSIZED_RETURN = 3,
    /// It was answered by an error of `bytes` bytes, which is more than the buffer holds.
    QMP_FAILURE_OVERSIZED_ERROR = 4,
}

/// Why bytes were discarded. All counts are of bytes on the wire.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_discarded {
    /// None were.
    QMP_DISCARDED_NONE = 0,
    /// `bytes` bytes between two messages that are not white space.
    QMP_DISCARDED_NOISE = 1,
    /// A message was cut off after `bytes` bytes.
    QMP_DISCARDED_TRUNCATED = 2,
    /// A message of `bytes` bytes is not valid: `fault` says why, `at` where.
    QMP_DISCARDED_MALFORMED = 3,
    /// A valid message of `bytes` bytes is larger than the buffer: `message` says what it was, `id` its id if that is an integer,
    /// `name` the start of an event's name.
    QMP_DISCARDED_OVERSIZED = 4,
}

/// Why a message is not valid.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_fault {
    /// It is.
    QMP_FAULT_NONE = 0,
    /// Not JSON (RFC 8259).
    QMP_FAULT_SYNTAX = 1,
    /// A control character in a string.
    QMP_FAULT_CONTROL_CHARACTER = 2,
    /// Not UTF-8 inside a string.
    QMP_FAULT_INVALID_UTF8 = 3,
    /// Nested deeper than 64.
    QMP_FAULT_TOO_DEEP = 4,
    /// A member that the protocol gives a meaning came twice.
    QMP_FAULT_DUPLICATE_MEMBER = 5,
    /// Two kinds of message in one object.
    QMP_FAULT_AMBIGUOUS_KIND = 6,
    /// Anything else.
    QMP_FAULT_OTHER = 7,
}

/// What a message is.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_message {
    /// No message.
    QMP_MESSAGE_NONE = 0,
    /// An object of no known kind; `value` is all of it.
    QMP_MESSAGE_UNKNOWN = 1,
    /// A greeting; `value` is what its member `QMP` holds.
    QMP_MESSAGE_GREETING = 2,
    /// A return; `value` is the value returned.
    QMP_MESSAGE_RETURN = 3,
    /// An error; `value` is what its member `error` holds.
    QMP_MESSAGE_ERROR = 4,
    /// An event; `value` is its data.
    QMP_MESSAGE_EVENT = 5,
    /// A command; `value` is all of it.
    QMP_MESSAGE_REQUEST = 6,
}

/// Where a session stands.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_phase {
    /// None.
    QMP_PHASE_NONE = 0,
    /// Waiting for the greeting.
    QMP_PHASE_GREETING = 1,
    /// The server has greeted: negotiate.
    QMP_PHASE_GREETED = 2,
    /// The negotiation is under way.
    QMP_PHASE_NEGOTIATING = 3,
    /// Command mode: commands can be executed.
    QMP_PHASE_COMMAND = 4,
    /// The session is over: reset, or attach where the link has no connections.
    QMP_PHASE_CLOSED = 5,
}

/// Whether commands can be executed out of band.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_oob {
    /// They cannot.
    QMP_OOB_OFF = 0,
    /// They can.
    QMP_OOB_ON = 1,
    /// Not known, after `qmp_client_attach`; they may be tried.
    QMP_OOB_UNKNOWN = 2,
}

/// What came next in a session. Which fields have a meaning depends on `kind`; the others are 0 or NULL.
///
/// What `value`, `name` and `timestamp` point to lies in the client's buffer. It is lent until the next call of
/// `qmp_client_window`, `qmp_client_commit`, `qmp_client_poll` or `qmp_client_reset` on this client.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_incoming {
    /// What it is.
    pub kind: qmp_incoming_kind,
    /// Of `QMP_INCOMING_FAILED`: why.
    pub failure: qmp_failure,
    /// Of `QMP_INCOMING_DISCARDED`: why.
    pub discarded: qmp_discarded,
    /// Of a malformed message: why.
    pub fault: qmp_fault,
    /// Of `QMP_INCOMING_UNMATCHED` and of an oversized message: what it is.
    pub message: qmp_message,
    /// Of `QMP_INCOMING_READY`: whether out-of-band execution is on.
    pub oob: qmp_oob,
    /// Of `QMP_INCOMING_TIMED_OUT`: the phase in which the session stood.
    pub phase: qmp_phase,
    /// 0.
    pub reserved: u32,
    /// Of a command's end: its id, as `qmp_client_execute` gave it. Of an oversized message: its id on the wire, 0 if it has none.
    pub id: u64,
    /// Bytes on the wire: of what was discarded, or of a reply that was too large.
    pub bytes: u64,
    /// Of a malformed message: the offset of the first byte that cannot stand there.
    pub at: u64,
    /// The value that comes with it.
    pub value: qmp_json,
    /// An event's name.
    pub name: qmp_string,
    /// An event's time, for `qmp_timestamp`.
    pub timestamp: qmp_json,
}

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

/// Reads the time of an event: `timestamp` of a `qmp_incoming`. It is wall-clock time since 1970 of the server's clock, which may
/// jump, and −1 where the server has no clock.
///
/// Returns `QMP_OK`; `QMP_WRONG_TYPE` where it is not in integers; `QMP_NULL_POINTER`, also where the event has no time;
/// `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_timestamp(timestamp: qmp_json, seconds: *mut i64, microseconds: *mut i64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (text, region) = unsafe { timestamp.bytes() }?;
        // SAFETY: the header's rules on pointers.
        let seconds = unsafe { Output::new(seconds, [region]) }?;
        // SAFETY: the header's rules on pointers.
        let microseconds = unsafe { Output::new(microseconds, [region, seconds.region]) }?;
        let time = Timestamp::read(Json::from_valid(text)).ok_or(QMP_WRONG_TYPE)?;
        seconds.set(time.seconds);
        microseconds.set(time.microseconds);
        Ok(())
    })
}

/// Reads the version in a greeting: `value` of `QMP_INCOMING_GREETING`. `micro` is 50 or more between two releases.
///
/// Returns `QMP_OK`; `QMP_NOT_FOUND` where the greeting does not say it; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
/// `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_greeting_version(
    greeting: qmp_json,
    major: *mut u64,
    minor: *mut u64,
    micro: *mut u64,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (text, region) = unsafe { greeting.bytes() }?;
        // SAFETY: the header's rules on pointers.
        let major = unsafe { Output::new(major, [region]) }?;
        // SAFETY: the header's rules on pointers.
        let minor = unsafe { Output::new(minor, [region, major.region]) }?;
        // SAFETY: the header's rules on pointers.
        let micro = unsafe { Output::new(micro, [region, major.region, minor.region]) }?;
        let version = Json::from_valid(text).member("version").and_then(|version| version.member("qemu"));
        let part = |name| version?.member(name)?.as_u64();
        let (Some(first), Some(second), Some(third)) = (part("major"), part("minor"), part("micro")) else {
            return Err(QMP_NOT_FOUND);
        };
        major.set(first);
        minor.set(second);
        micro.set(third);
        Ok(())
    })
}

/// Whether a greeting, `value` of `QMP_INCOMING_GREETING`, offers out-of-band execution. `false` also where it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_greeting_offers_oob(greeting: qmp_json) -> bool {
    // SAFETY: the header's rules on pointers.
    let Ok((text, _)) = (unsafe { greeting.bytes() }) else { return false };
    let offered = Json::from_valid(text).member("capabilities");
    offered.is_some_and(|list| list.elements().filter_map(Json::as_str).any(|name| name == "oob"))
}
