//! Commands with a selection.

use core::ffi::c_char;

use super::command::{Opening, qmp_outgoing};
use super::{end, qmp_client, window};
use crate::calls::handed;
use crate::incoming::qmp_incoming;
use crate::json::qmp_json;
use crate::memory::{Object, Region};
use crate::result::*;
use crate::select::{apart_from, qmp_select};

/// As `qmp_client_execute_n`, for a reply of which only a selection is wanted: from now on until the command has ended, call
/// `qmp_client_poll_select` with the same `select` in place of `qmp_client_poll`.
///
/// The server sends `id` after `return`, so what arrives belongs to this command only because there is no other: all other commands
/// must have ended, and until this one has, others are refused by `QMP_SELECTING`, those with a selection by `QMP_NOT_ALONE`.
///
/// Returns as `qmp_client_execute_n`, and `QMP_NOT_ALONE` while another command is open, or has ended and that has not been polled. `QMP_NOT_INITIALISED`, `QMP_OVERLAP` are said of
/// `select` and its paths, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_execute_select_n(
    client: *mut qmp_client,
    select: *mut qmp_select,
    name: *const c_char,
    name_length: usize,
    arguments: *const qmp_json,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        let opening = unsafe { Opening::new(client, (name, name_length), arguments, outgoing) }?;
        // What is read.
        let (name, text) = (opening.name, opening.arguments.map_or(&[][..], |arguments| arguments.text()));
        let read = [Region::of(name.as_ptr(), name.len().max(1)), Region::of(text.as_ptr(), text.len())];
        let used = [opening.client.region(), opening.outgoing.region];
        // SAFETY: the header's rules on handles.
        let select = unsafe { apart_from(select, used, read) }?;
        opening.execute_select(select, deadline)
    })
}

/// As `qmp_client_poll`, with only the selected parts left in messages. `incoming` is lent as by `qmp_client_poll`.
///
/// A message is read to its end with one selection: a call of `qmp_client_poll` in the middle of one ends that, and the message counts
/// as one that is larger than the buffer; of a delivery that had begun the next call with `select` gives `QMP_INCOMING_ABANDONED`.
///
/// Returns as `qmp_client_poll`. `QMP_NOT_INITIALISED`, `QMP_OVERLAP` are said of `select` and its paths, too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_poll_select(
    client: *mut qmp_client,
    select: *mut qmp_select,
    incoming: *mut qmp_incoming,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        let (client, place) = unsafe { handed(client, incoming) }?;
        // SAFETY: the header's rules on handles.
        let select = unsafe { apart_from(select, [client.region(), place.region], []) }?;
        let Some(found) = client.core.step_select(select) else {
            return Err(end(place, window(client.core.window())));
        };
        let incoming = place.place(qmp_incoming::BLANK);
        match client.core.part(select, found) {
            Some(part) => incoming.lend_part(part),
            None => incoming.lend(client.core.finding(found)),
        }
        Ok(())
    })
}
