//! Time, the end of a connection, and what a client tells of itself.

use qmp_core::NEVER;

use super::qmp_client;
use crate::calls::{act, tell};
use crate::incoming::{qmp_oob, qmp_phase};
use crate::result::*;

/// Gives the earliest deadline there is, in ticks of the caller's clock: call `qmp_client_handle_timeout` then. `QMP_NEVER` if there is
/// none.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_next_deadline(client: *const qmp_client, deadline: *mut u64) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(client, deadline, |client| client.core.next_deadline().unwrap_or(NEVER)) }
}

/// Ends what had to be answered at or before `now`; `qmp_client_poll` then says what. Call it after everything that was received has
/// been polled.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_handle_timeout(client: *mut qmp_client, now: u64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(client, |client| {
            client.core.handle_timeout(now);
            Ok(())
        })
    }
}

/// Says that the connection has ended. `qmp_client_poll` delivers what was received, tells a message that was cut off, ends each
/// open command as `QMP_FAILURE_CONNECTION_LOST`, and returns `QMP_END` from then on. `qmp_client_attach` and
/// `qmp_client_synchronise` before that begin another session on a line that goes on: an unfinished message may go on too.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_close(client: *mut qmp_client) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(client, |client| {
            client.core.close();
            Ok(())
        })
    }
}

/// Begins a new connection: a greeting is due. Commands that are still open end as `QMP_FAILURE_CONNECTION_LOST` on the next polls;
/// what was received and not polled is forgotten, so close and poll first. Ids go on counting, so that replies owed to the
/// old connection are recognised.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_reset(client: *mut qmp_client) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(client, |client| {
            client.core.reset();
            Ok(())
        })
    }
}

/// Gives where the session stands. It is usable unless this is `QMP_PHASE_CLOSED`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_phase(client: *const qmp_client, phase: *mut qmp_phase) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(client, phase, |client| client.core.phase().into()) }
}

/// Gives whether out-of-band execution is on.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_oob(client: *const qmp_client, oob: *mut qmp_oob) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(client, oob, |client| client.core.oob().into()) }
}

/// Counts the replies that came after their command had timed out or was cancelled, or twice. They were dropped.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_late_replies(client: *const qmp_client, count: *mut u32) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(client, count, |client| client.core.late_replies()) }
}

/// Counts the bytes received of an unfinished message, or of what is being discarded: 0 when the link is in step and idle.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_pending(client: *const qmp_client, bytes: *mut u64) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(client, bytes, |client| client.core.pending()) }
}
