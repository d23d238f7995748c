//! What a client hands out, as one flat struct.

mod lend;

use core::ffi::c_void;

use crate::json::qmp_json;
use crate::string::qmp_string;

/// What came next in a session. A program ignores the kinds that it does not know: later versions may have more.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_incoming_kind {
    /// Nothing, together with `QMP_END`: `window`.
    QMP_INCOMING_NONE = 0,
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
    /// Of a delivery in parts: the array, or the string, begins. All that follows is provisional until `QMP_INCOMING_END`.
    QMP_INCOMING_BEGIN = 11,
    /// Of a delivery in parts: the element `index` of the array, `value`, with only the selected parts in it.
    QMP_INCOMING_ELEMENT = 12,
    /// Of a delivery in parts: the element `index` is wanted, or may be, and does not fit the buffer. It is left out.
    QMP_INCOMING_OVERSIZED = 13,
    /// Of a delivery in parts: the next bytes of the string, decoded: UTF-8, and never a part of a character. `value` says where they
    /// lie; they are no JSON.
    QMP_INCOMING_PIECE = 14,
    /// Of a delivery in parts: it was the reply to the command, and it was whole. `delivered`, `dropped` and `oversized` count.
    /// `QMP_INCOMING_RETURN` comes next, without what was delivered.
    QMP_INCOMING_END = 15,
    /// Of a delivery in parts: it was not the reply to this command, or was not whole. Forget what came since `QMP_INCOMING_BEGIN`. The
    /// wait for the reply goes on, unless the command's end is told as well.
    QMP_INCOMING_ABANDONED = 16,
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
    /// A return; `value` is the value returned.
    QMP_MESSAGE_RETURN = 1,
    /// An event. It is told as such unless it is oversized.
    QMP_MESSAGE_EVENT = 2,
    /// An error; `value` is what its member `error` holds.
    QMP_MESSAGE_ERROR = 3,
    /// A greeting; `value` is what its member `QMP` holds.
    QMP_MESSAGE_GREETING = 4,
    /// A command; `value` is all of it.
    QMP_MESSAGE_REQUEST = 5,
    /// An object of no known kind; `value` is all of it.
    QMP_MESSAGE_UNKNOWN = 6,
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
    /// Command mode, with a command open that has a selection: no other can be executed until it has ended.
    QMP_PHASE_SELECTING = 5,
    /// The session is over: reset, or attach where the link has no connections.
    QMP_PHASE_CLOSED = 6,
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

/// Where the next bytes of a connection go: as many as are there, up to `length`, of which the number is committed then.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_window {
    /// Where the first byte goes.
    pub start: *mut c_void,
    /// How many there is room for.
    pub length: usize,
}

/// What came next in a session. Which fields have a meaning depends on `kind`; the others are 0 or NULL. After `QMP_END` only `kind` and
/// `window` have one, and the others are as they were.
///
/// What `value`, `name` and `timestamp` point to lies in the client's buffer. It is lent until the next call of
/// `qmp_client_window`, `qmp_client_commit`, `qmp_client_receive`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset` on
/// this client.
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
    /// Of an element: its number in the array as the server sent it, counted from 0.
    pub index: u32,
    /// Of the end of a delivery: elements delivered, or bytes of the string.
    pub delivered: u32,
    /// Of the end of a delivery: elements of which nothing is selected.
    pub dropped: u32,
    /// Of the end of a delivery: elements that did not fit.
    pub oversized: u32,
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
    /// Of `QMP_END`: where the next bytes from the server go, as `qmp_client_window` says it.
    pub window: qmp_window,
}
