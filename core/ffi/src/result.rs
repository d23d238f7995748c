//! What the functions return, and its names.

use core::ffi::c_char;

use qmp_core::{EncodeError, ExecuteError, Fault, Phase, ReplyError, SelectionError};

/// What every function returns.
///
/// 0 is success. Otherwise nothing has changed, and no output was written, unless the function says so. The hundreds say
/// who must act. A number, once given, keeps its meaning; later versions may return numbers that are not listed here.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_result {
    /// Done.
    QMP_OK = 0,
    /// No error: there is no more, from a poll until more has been received, from a walk for good.
    QMP_END = 1,

    /// The program is wrong: a pointer is NULL that must not be.
    QMP_NULL_POINTER = 100,
    /// The program is wrong: a pointer is not aligned for what it points to.
    QMP_MISALIGNED = 101,
    /// The program is wrong: two regions of memory overlap of which one is written.
    QMP_OVERLAP = 102,
    /// The program was compiled with the header of another version: compile it anew.
    QMP_ABI_MISMATCH = 103,
    /// The program is wrong: the object was not initialised, or was overwritten or moved.
    QMP_NOT_INITIALISED = 104,
    /// The program is wrong: an argument is outside the values that the function names, or a length is larger than any object.
    QMP_INVALID_VALUE = 105,
    /// The program is wrong: more bytes were committed than the window has.
    QMP_OVERRUN = 106,

    /// Not now: the session is in another phase.
    QMP_WRONG_PHASE = 200,
    /// Not now: as many commands are open as there is room for. With out-of-band execution the last place is kept for an out-of-band
    /// command. Poll until one has ended, or give the client more room.
    QMP_TABLE_FULL = 201,
    /// Not now: the server has as many commands in its queue as it takes. Poll until one has ended.
    QMP_SERVER_QUEUE_FULL = 202,
    /// Not in this session: out-of-band execution was not negotiated.
    QMP_OOB_DISABLED = 203,
    /// Not any more: the command is not open, the call was answered, or its connection has ended.
    QMP_NOT_OPEN = 204,
    /// Not now: send what is unsent, then call again. If nothing is unsent, answer the command out of band first.
    QMP_BUSY = 205,
    /// Not now: a command with a selection is open. Poll until it has ended, or cancel it.
    QMP_SELECTING = 206,
    /// Not now: a command with a selection has to be the only one, and another is open. Poll until all have ended.
    QMP_NOT_ALONE = 207,

    /// More memory is needed: the storage is too small for the object.
    QMP_STORAGE_TOO_SMALL = 300,
    /// More memory is needed: the output buffer is too small.
    QMP_BUFFER_TOO_SMALL = 301,
    /// More memory is needed: all is sent, and there is still no room for the message in the server's transmit buffer. It is too large
    /// for good, but for a reply out of band while a command in band is being run: that has half of the buffer less the events that are
    /// kept, a quarter of it at most.
    QMP_TOO_LARGE = 302,

    /// The value is another: there is no such member.
    QMP_NOT_FOUND = 400,
    /// The value is another: it has another type.
    QMP_WRONG_TYPE = 401,
    /// The value is another: the number is outside the type's range.
    QMP_OUT_OF_RANGE = 402,
    /// The text is not one JSON value (RFC 8259).
    QMP_INVALID_JSON = 403,
    /// The text is not UTF-8.
    QMP_INVALID_UTF8 = 404,
    /// The value is nested too deeply: 64 levels are the most in a message.
    QMP_TOO_DEEP = 405,
    /// The calls on the writer do not make one JSON value: a member without a name, a name without a value, a bracket too many or
    /// too few.
    QMP_MISPLACED = 406,
    /// A number is infinite or not a number, which JSON cannot say.
    QMP_NOT_FINITE = 407,
    /// The paths are no selection: there is none, or there are more than `QMP_SELECT_PATHS`.
    QMP_PATH_COUNT = 408,
    /// The paths are no selection: one has more than 255 bytes.
    QMP_PATH_TOO_LONG = 409,
    /// The paths are no selection: one has more than eight steps.
    QMP_PATH_TOO_DEEP = 410,
    /// The paths are no selection: one is no path.
    QMP_PATH_SYNTAX = 411,
    /// The paths do not lead to what is to be delivered in parts: to the elements of one array, or to one string.
    QMP_PATH_DELIVERY = 412,
}

pub(crate) use qmp_result::*;

/// The numbers, and the names in the same order, each with a zero byte; behind the last one what is said of other numbers.
macro_rules! names {
    ($($name:ident)*) => {
        const NUMBERS: &[i16] = &[$($name as i16),*];
        const NAMES: &str = concat!($(stringify!($name), "\0",)* "unknown result\0");
    };
}

names! {
    QMP_OK QMP_END QMP_NULL_POINTER QMP_MISALIGNED QMP_OVERLAP QMP_ABI_MISMATCH QMP_NOT_INITIALISED QMP_INVALID_VALUE
    QMP_OVERRUN QMP_WRONG_PHASE QMP_TABLE_FULL QMP_SERVER_QUEUE_FULL QMP_OOB_DISABLED QMP_NOT_OPEN QMP_BUSY
    QMP_SELECTING QMP_NOT_ALONE QMP_STORAGE_TOO_SMALL QMP_BUFFER_TOO_SMALL QMP_TOO_LARGE QMP_NOT_FOUND QMP_WRONG_TYPE
    QMP_OUT_OF_RANGE QMP_INVALID_JSON QMP_INVALID_UTF8 QMP_TOO_DEEP QMP_MISPLACED QMP_NOT_FINITE QMP_PATH_COUNT
    QMP_PATH_TOO_LONG QMP_PATH_TOO_DEEP QMP_PATH_SYNTAX QMP_PATH_DELIVERY
}

/// The name of a result, such as `"QMP_OK"`; `"unknown result"` for a number that is none.
///
/// Never NULL. The string is constant.
#[unsafe(no_mangle)]
pub extern "C" fn qmp_result_name(result: i32) -> *const c_char {
    let place = NUMBERS.iter().position(|number| i32::from(*number) == result).unwrap_or(NUMBERS.len());
    let mut rest = NAMES.as_bytes();
    for _ in 0..place {
        while let [byte, after @ ..] = rest {
            rest = after;
            if *byte == 0 {
                break;
            }
        }
    }
    rest.as_ptr().cast()
}

/// What a function's body comes back with.
pub(crate) type Checked<T = ()> = Result<T, qmp_result>;

/// A result as the rest of the library has it.
#[inline(always)]
pub(crate) fn checked(result: qmp_result) -> Checked {
    if result == QMP_OK { Ok(()) } else { Err(result) }
}

/// The result of a function that is this body.
#[inline(always)]
pub(crate) fn answer(body: impl FnOnce() -> Checked) -> qmp_result {
    match body() {
        Ok(()) => QMP_OK,
        Err(result) => result,
    }
}

impl From<ExecuteError> for qmp_result {
    fn from(error: ExecuteError) -> Self {
        match error {
            ExecuteError::Phase(Phase::Selecting) => QMP_SELECTING,
            ExecuteError::Phase(_) => QMP_WRONG_PHASE,
            ExecuteError::NotAlone => QMP_NOT_ALONE,
            ExecuteError::TableFull => QMP_TABLE_FULL,
            ExecuteError::ServerQueueFull => QMP_SERVER_QUEUE_FULL,
            ExecuteError::OobDisabled => QMP_OOB_DISABLED,
            ExecuteError::OutputTooSmall => QMP_BUFFER_TOO_SMALL,
            ExecuteError::InvalidArguments => QMP_WRONG_TYPE,
            _ => QMP_INVALID_VALUE,
        }
    }
}

impl From<Fault> for qmp_result {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::InvalidUtf8 => QMP_INVALID_UTF8,
            Fault::TooDeep => QMP_TOO_DEEP,
            _ => QMP_INVALID_JSON,
        }
    }
}

impl From<SelectionError> for qmp_result {
    fn from(error: SelectionError) -> Self {
        match error {
            SelectionError::Paths => QMP_PATH_COUNT,
            SelectionError::TooLong { .. } => QMP_PATH_TOO_LONG,
            SelectionError::TooDeep { .. } => QMP_PATH_TOO_DEEP,
            SelectionError::Delivery => QMP_PATH_DELIVERY,
            _ => QMP_PATH_SYNTAX,
        }
    }
}

impl From<EncodeError> for qmp_result {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Full => QMP_BUFFER_TOO_SMALL,
            EncodeError::TooDeep => QMP_TOO_DEEP,
            EncodeError::Misplaced => QMP_MISPLACED,
            EncodeError::NotFinite => QMP_NOT_FINITE,
            _ => QMP_INVALID_VALUE,
        }
    }
}

impl From<ReplyError> for qmp_result {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::Closed => QMP_NOT_OPEN,
            ReplyError::Busy => QMP_BUSY,
            ReplyError::TooLarge => QMP_TOO_LARGE,
            ReplyError::Invalid(error) => error.into(),
            _ => QMP_INVALID_VALUE,
        }
    }
}
