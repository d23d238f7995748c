//! Commands with a selection.

use core::ffi::{c_char, c_void};

use qmp_core::Incoming;

use super::command::open;
use super::qmp_client;
use crate::calls::next;
use crate::incoming::qmp_incoming;
use crate::json::qmp_json;
use crate::memory::{Object, Region};
use crate::result::*;
use crate::select::{apart_from, qmp_select};

/// As `qmp_client_execute`, for a reply of which only a selection is wanted: from now on until the command has ended, call
/// `qmp_client_poll_select` with the same `select` in place of `qmp_client_poll`.
///
/// The server sends `id` after `return`, so what arrives belongs to this command only because there is no other: all other commands
/// must have ended, and until this one has, others are refused by `QMP_SELECTING`.
///
/// Returns as `qmp_client_execute`, and `QMP_NOT_ALONE` while another command is open. `QMP_NOT_INITIALISED`, `QMP_OVERLAP` are said of
/// `select` and its paths, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_execute_select(
    client: *mut qmp_client,
    select: *mut qmp_select,
    name: *const c_char,
    arguments: *const qmp_json,
    deadline: u64,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
    id: *mut u64,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe {
        open(client, name, arguments, (out, capacity), length, id, |client, name, arguments, out, used| {
            // What is read: the name with the zero byte at its end, and the arguments.
            let text = arguments.map_or(&[][..], |arguments| arguments.text());
            let read = [Region::of(name.as_ptr(), name.len().wrapping_add(1)), Region::of(text.as_ptr(), text.len())];
            let select = apart_from(select, used, read)?;
            Ok(client.core.execute_raw_select(name, arguments, select, deadline, out)?)
        })
    }
}

/// As `qmp_client_poll`, with only the selected parts left in messages. `incoming` is lent as by `qmp_client_poll`.
///
/// A message is read to its end with one selection: a call of `qmp_client_poll` in the middle of one ends that, and the message counts
/// as one that is larger than the buffer.
///
/// Returns as `qmp_client_poll`. `QMP_NOT_INITIALISED`, `QMP_OVERLAP` are said of `select` and its paths, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_poll_select(
    client: *mut qmp_client,
    select: *mut qmp_select,
    incoming: *mut qmp_incoming,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe {
        next(client, incoming, |client| {
            let used = [client.region(), Region::of(incoming, size_of::<qmp_incoming>())];
            let select = apart_from(select, used, [])?;
            Ok(match client.core.poll_select(select).ok_or(QMP_END)? {
                Incoming::Part(part) => qmp_incoming::part(part),
                other => qmp_incoming::lend(other),
            })
        })
    }
}
