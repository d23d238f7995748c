//! Commands: those of the handshake, those of the program, and giving one up.

use core::ffi::{c_char, c_void};
use core::ptr::null;

use qmp_core::{CommandId, ExecuteError, Json, Select};

use super::{Core, qmp_client};
use crate::calls::{act, handed};
use crate::json::qmp_json;
use crate::memory::{Output, ascii, bytes};
use crate::result::*;

/// Sets the deadline for the greeting, in ticks of the caller's clock: `qmp_client_handle_timeout` at or after it closes a session
/// that has not been greeted. Of no effect once the server has greeted.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_await_greeting(client: *mut qmp_client, deadline: u64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(client, |client| {
            client.core.await_greeting(deadline);
            Ok(())
        })
    }
}

/// What is to be sent: `length` bytes. Of a client they lie in its storage, and are lent until the next call on this client that gives such,
/// or fails to, or `qmp_client_reset`. Of a server they lie in its storage, lent as `qmp_server_unsent` says.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_outgoing {
    /// The first byte.
    pub bytes: *const c_void,
    /// Bytes.
    pub length: usize,
    /// The command's id; 0 of the handshake, and of a server.
    pub id: u64,
}

impl qmp_client {
    /// What was written.
    #[inline(always)]
    fn outgoing(&self, length: usize, id: u64) -> qmp_outgoing {
        qmp_outgoing { bytes: self.tx.as_ptr().cast(), length, id }
    }
}

/// A function that writes one message and no more.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
unsafe fn write(
    client: *mut qmp_client,
    outgoing: *mut qmp_outgoing,
    write: impl FnOnce(&mut Core, &mut [u8]) -> Result<usize, ExecuteError>,
) -> qmp_result {
    answer(|| {
        // SAFETY: as the caller's.
        let (client, outgoing) = unsafe { handed(client, outgoing) }?;
        let length = write(&mut client.core, client.tx)?;
        outgoing.set(client.outgoing(length, 0));
        Ok(())
    })
}

/// Answers a greeting: writes the command `qmp_capabilities`, with out-of-band execution enabled or not. Send it.
///
/// `QMP_INCOMING_READY` or `QMP_INCOMING_REFUSED` is the answer. Where it has not come at `deadline`, the session is closed.
///
/// Returns `QMP_OK`; `QMP_WRONG_PHASE` unless the server has greeted, or `QMP_SELECTING`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_negotiate(
    client: *mut qmp_client,
    oob: bool,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { write(client, outgoing, |client, out| client.negotiate(oob, deadline, out)) }
}

/// As `qmp_client_negotiate`, for a link without connections, such as a serial line, where the server has greeted somebody long ago:
/// writes a byte 0xFF, which makes any QEMU forget a half-received command, and `qmp_capabilities`. A server that is in
/// command mode already says so, and that is success: `QMP_INCOMING_READY` with `QMP_OOB_UNKNOWN`. The server may answer the
/// byte 0xFF by an error, which is `QMP_INCOMING_UNMATCHED`.
///
/// Returns `QMP_OK`; `QMP_WRONG_PHASE` in command mode, or `QMP_SELECTING`: close and poll before; otherwise as `qmp_client_negotiate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_attach(
    client: *mut qmp_client,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { write(client, outgoing, |client, out| client.attach(deadline, out)) }
}

/// The guest agent's way to begin: writes a byte 0xFF and `guest-sync-delimited` with this client's id. Its reply is
/// `QMP_INCOMING_READY`, and everything before it was somebody else's: it is dropped, or told as unmatched or discarded.
/// An agent that is not up yet says nothing: when the deadline has passed, call this again. Commands that are open end as
/// `QMP_FAILURE_CONNECTION_LOST`: an agent in step answers nothing that was asked before.
///
/// Returns `QMP_OK`; otherwise as `qmp_client_negotiate`, but not because of the phase.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_synchronise(
    client: *mut qmp_client,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { write(client, outgoing, |client, out| client.synchronise(deadline, out)) }
}

/// Writes a command, and opens it: send what `outgoing` says.
///
/// `name` is the command's, ASCII without control characters, quotes and backslashes, `name_length` bytes; `qmp_client_execute` is the
/// same for one that ends with a zero byte. `arguments` is NULL for none, or points to an object, which is checked: from
/// `qmp_writer_finish`, a text of the program's, or a value that this client has lent. `deadline` is in ticks of the caller's clock, or
/// `QMP_NEVER`. `outgoing` tells the command's id, too: the incoming `QMP_INCOMING_RETURN`, `QMP_INCOMING_ERROR` or
/// `QMP_INCOMING_FAILED` with this id is its end. One of them comes, once, unless the command is cancelled.
///
/// Returns `QMP_OK`; `QMP_WRONG_PHASE` unless in command mode; `QMP_SELECTING`; `QMP_TABLE_FULL`; `QMP_SERVER_QUEUE_FULL`; `QMP_BUFFER_TOO_SMALL` where
/// it is longer than `tx_bytes`; `QMP_WRONG_TYPE` where the arguments are no object; `QMP_INVALID_JSON`,
/// `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`,
/// `QMP_NOT_INITIALISED`. After any of these no command was opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_execute_n(
    client: *mut qmp_client,
    name: *const c_char,
    name_length: usize,
    arguments: *const qmp_json,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        unsafe { Opening::new(client, (name, name_length), arguments, outgoing) }?.execute(false, deadline)
    })
}

/// As `qmp_client_execute_n`, without arguments. `qmp_client_execute` calls it where it is given none, so that a program whose commands
/// have none does not link what arguments need.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_run_n(
    client: *mut qmp_client,
    name: *const c_char,
    name_length: usize,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        unsafe { Opening::new(client, (name, name_length), null(), outgoing) }?.execute(false, deadline)
    })
}

/// As `qmp_client_execute_n`, out of band: the server runs the command at once, whatever it is busy with. Only commands with
/// `allow-oob` in the server's schema can be run so; of another it sends an error.
///
/// Returns as `qmp_client_execute_n`, and `QMP_OOB_DISABLED` where the negotiation did not enable it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_exec_oob_n(
    client: *mut qmp_client,
    name: *const c_char,
    name_length: usize,
    arguments: *const qmp_json,
    deadline: u64,
    outgoing: *mut qmp_outgoing,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        unsafe { Opening::new(client, (name, name_length), arguments, outgoing) }?.execute(true, deadline)
    })
}

/// The arguments of a function that opens a command, checked.
pub(super) struct Opening<'a> {
    pub(super) client: &'a mut qmp_client,
    pub(super) name: &'a [u8],
    pub(super) arguments: Option<Json<'a>>,
    pub(super) outgoing: Output<qmp_outgoing>,
}

impl Opening<'_> {
    /// Checks them.
    ///
    /// # Safety
    /// The header's rules on handles and pointers.
    #[inline(always)]
    pub(super) unsafe fn new(
        client: *mut qmp_client,
        (command, command_length): (*const c_char, usize),
        arguments: *const qmp_json,
        outgoing: *mut qmp_outgoing,
    ) -> Checked<Self> {
        // SAFETY: as the caller's.
        let (client, outgoing) = unsafe { handed(client, outgoing) }?;
        // What is written, or is the client's own.
        let used = [client.private(), outgoing.region];
        // SAFETY: as the caller's.
        let (name, named) = unsafe { bytes(command, command_length) }?;
        named.apart(used)?;
        // SAFETY: as the caller's.
        let arguments = unsafe { qmp_json::optional(arguments, used) }?;
        Ok(Self { client, name, arguments, outgoing })
    }

    /// Opens the command.
    #[inline(always)]
    fn execute(self, oob: bool, deadline: u64) -> Checked {
        let Self { client, name, arguments, outgoing } = self;
        let (length, id) = client.core.execute_named(name, arguments, oob, deadline, client.tx)?;
        outgoing.set(client.outgoing(length, id.get()));
        Ok(())
    }

    /// Opens the command, of whose reply only a selection is wanted.
    #[inline(always)]
    pub(super) fn execute_select(self, select: &mut Select<'_>, deadline: u64) -> Checked {
        let Self { client, name, arguments, outgoing } = self;
        let name = ascii(name)?;
        let (length, id) = client.core.execute_raw_select(name, arguments, false, Some(select), deadline, client.tx)?;
        outgoing.set(client.outgoing(length, id.get()));
        Ok(())
    }
}

/// Gives up a command: nobody waits for it any more. Its place is free at once; its reply, when it comes, is dropped and counted,
/// and until then it counts towards what the server takes in.
///
/// Returns `QMP_OK`; `QMP_NOT_OPEN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_cancel(client: *mut qmp_client, id: u64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(client, |client| {
            let open = CommandId::from_wire(id).is_some_and(|id| client.core.cancel(id));
            if open { Ok(()) } else { Err(QMP_NOT_OPEN) }
        })
    }
}

/// As `qmp_client_cancel`, for a command of which no byte was sent: no reply is due.
///
/// Returns as `qmp_client_cancel`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_withdraw(client: *mut qmp_client, id: u64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(client, |client| {
            let open = CommandId::from_wire(id).is_some_and(|id| client.core.withdraw(id));
            if open { Ok(()) } else { Err(QMP_NOT_OPEN) }
        })
    }
}
