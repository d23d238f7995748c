//! What a server says: answers to commands, and events.

use core::ffi::c_char;

use qmp_core::{Emission, ErrorClass, Json, Str, Timestamp, Writer};

use super::qmp_server;
use crate::calls::act;
use crate::inbound::qmp_call;
use crate::json::qmp_json;
use crate::memory::{Object, Output, name, object};
use crate::result::*;
use crate::settings::qmp_emission;

/// Answers the command of `call` by a return. `value` is NULL for `{}`, as for commands without a return, or points to a value, which
/// is checked and must not lie in the server's storage: what a command brought is written by a `qmp_writer` first.
///
/// Returns `QMP_OK`; `QMP_NOT_OPEN` where the command was answered, or its connection has ended; `QMP_BUSY`: send what is unsent, and if
/// nothing is answer the command out of band, then reply again; `QMP_TOO_LARGE`: there is no room, answer by an error; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`, `QMP_NOT_INITIALISED`. After any of these the command is
/// still to be answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_reply(
    server: *mut qmp_server,
    call: qmp_call,
    value: *const qmp_json,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        // SAFETY: the header's rules on pointers.
        let value = unsafe { qmp_json::optional(value, [server.region()]) }?;
        server.core.reply(call.read(), |writer| write(writer, value)).map_err(Into::into)
    })
}

fn write(writer: &mut Writer<'_>, value: Option<Json<'_>>) {
    if let Some(value) = value {
        writer.json(value);
    }
}

/// Answers the command of `call` by an error. `class` is one of QEMU's, such as `"GenericError"`, or another name in ASCII without
/// quotes and backslashes; `desc` a text for people in UTF-8. Both are ended by a zero byte.
///
/// Returns as `qmp_server_reply`; `QMP_INVALID_VALUE` also for a class that is no such name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_error(
    server: *mut qmp_server,
    call: qmp_call,
    class: *const c_char,
    desc: *const c_char,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        let storage = server.region();
        // SAFETY: the header's rules on names.
        let (class, first) = unsafe { name(class) }?;
        // SAFETY: the header's rules on names.
        let (desc, second) = unsafe { name(desc) }?;
        storage.apart([first, second])?;
        if class.bytes().any(|byte| !(b' '..=b'~').contains(&byte) || byte == b'"' || byte == b'\\') {
            return Err(QMP_INVALID_VALUE);
        }
        let class = ErrorClass::Other(Str::from_valid(class.as_bytes()));
        server.core.error(call.read(), class, desc).map_err(Into::into)
    })
}

/// Says that the command of `call` is over and has no reply, as `guest-shutdown` of the guest agent where it succeeds.
///
/// Returns `QMP_OK`; `QMP_NOT_OPEN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_withhold(server: *mut qmp_server, call: qmp_call) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe { act(server, |server| if server.core.withhold(call.read()) { Ok(()) } else { Err(QMP_NOT_OPEN) }) }
}

/// Says that something happened. `event` is its name, UTF-8, ended by a zero byte; the time is wall-clock time since 1970, −1 and −1
/// without a clock; `data` is NULL for none, or points to an object, which is checked and must not lie in the server's storage.
///
/// It is in the order of the wire: what a command caused comes before its reply if it is told before it. `emission` says what
/// became of it.
///
/// Returns `QMP_OK`, whatever became of it; `QMP_BUFFER_TOO_SMALL` where it is larger than half of the transmit buffer, so
/// that it could never be sent; `QMP_WRONG_TYPE` where `data` is no object; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`,
/// `QMP_TOO_DEEP`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_event(
    server: *mut qmp_server,
    event: *const c_char,
    seconds: i64,
    microseconds: i64,
    data: *const qmp_json,
    emission: *mut qmp_emission,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        let storage = server.region();
        // SAFETY: the header's rules on names.
        let (event, named) = unsafe { name(event) }?;
        storage.apart([named])?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(emission, [storage, named]) }?;
        // SAFETY: the header's rules on pointers.
        let data = unsafe { qmp_json::optional(data, [storage, output.region]) }?;
        if data.is_some_and(|data| data.text().first() != Some(&b'{')) {
            return Err(QMP_WRONG_TYPE);
        }
        let told = server.core.event(event, Timestamp { seconds, microseconds }, |writer| write(writer, data))?;
        output.set(match told {
            Emission::Sent => qmp_emission::QMP_EMISSION_SENT,
            Emission::Kept => qmp_emission::QMP_EMISSION_KEPT,
            Emission::Replaced => qmp_emission::QMP_EMISSION_REPLACED,
            Emission::Unheard => qmp_emission::QMP_EMISSION_UNHEARD,
            _ => qmp_emission::QMP_EMISSION_LOST,
        });
        Ok(())
    })
}
