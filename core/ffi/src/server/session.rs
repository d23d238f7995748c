//! Time, the next connection, and what a server tells of itself.

use qmp_core::NEVER;

use super::qmp_server;
use crate::calls::{act, tell};
use crate::result::*;

/// Gives when an event that was kept for its interval may be sent, in ticks of the caller's clock: call
/// `qmp_server_handle_timeout` then. `QMP_NEVER` if there is none.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_next_deadline(server: *const qmp_server, deadline: *mut u64) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(server, deadline, |server| server.core.next_deadline().unwrap_or(NEVER)) }
}

/// Says that the time is `now`, in ticks of the caller's clock, which never goes back: events whose interval is over are sent. Of use
/// only where a `qmp_event_policy` has an interval, and then to be called also before `qmp_server_event`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_handle_timeout(server: *mut qmp_server, now: u64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(server, |server| {
            server.core.handle_timeout(now);
            Ok(())
        })
    }
}

/// Begins a new connection: what was received, to be sent or being run is forgotten, and a greeting is due. A `qmp_call` of the old
/// connection is refused from now on. Not to be called on a line without connections.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_reset(server: *mut qmp_server) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(server, |server| {
            server.core.reset();
            Ok(())
        })
    }
}

/// Gives whether commands and events can pass: the client has negotiated.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_is_ready(server: *const qmp_server, ready: *mut bool) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(server, ready, |server| server.core.is_ready()) }
}

/// Counts the events that were lost for want of room, since `qmp_server_init`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_lost_events(server: *const qmp_server, count: *mut u32) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { tell(server, count, |server| server.core.lost_events()) }
}
