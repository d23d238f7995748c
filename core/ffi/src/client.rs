//! The client: one session as a C program sees it.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::slice;

use qmp_core::{Client, CommandId, ExecuteError, Json, NEVER, Slot};

use crate::incoming::{qmp_incoming, qmp_oob, qmp_phase};
use crate::json::qmp_json;
use crate::layout::{QMP_ABI_VERSION, QMP_CLIENT_HEAD, QMP_CLIENT_PLACE, QMP_RX_MIN};
use crate::memory::{Object, Output, Region, Run, name, object, room, shared};
use crate::result::*;

/// One session as a client. It lies in storage of the caller's, which must stay where it is.
///
/// The whole of it, in the order of a turn:
///
/// 1. `qmp_client_window`: read from the transport into it, then `qmp_client_commit` the bytes read.
/// 2. `qmp_client_poll` until it returns `QMP_END`, and act on each `qmp_incoming`: on a greeting `qmp_client_negotiate`.
/// 3. `qmp_client_execute` what is to be run, and send the bytes that it wrote.
/// 4. When `qmp_client_next_deadline` has come, `qmp_client_handle_timeout`, then step 2.
///
/// Time is a number of ticks of the caller's clock, which never goes back; `QMP_NEVER` is no deadline. Nothing blocks.
/// There is nothing to be freed: a client ends with its storage.
pub struct qmp_client {
    mark: u32,
    /// All of the caller's storage.
    size: usize,
    /// What of it is before the receive buffer.
    head: usize,
    client: Client<&'static mut [u8], &'static mut [Slot]>,
}

impl Object for qmp_client {
    const MARK: u32 = 0x716d_7063;
    const MARK_AT: usize = offset_of!(qmp_client, mark);
}

impl qmp_client {
    /// The storage, into which no output may be written.
    #[inline(always)]
    fn region(&self) -> Region {
        Region::of(self, self.size)
    }

    /// What of the storage is no receive buffer: nothing that is read may lie there.
    #[inline(always)]
    fn private(&self) -> Region {
        Region::of(self, self.head)
    }
}

/// Bytes of storage for a client, for storage whose size is known at run time only. Elsewhere use `QMP_CLIENT_STORAGE`.
///
/// `rx_bytes` is the length of the longest message that can be received, at least `QMP_RX_MIN`; `in_flight` the number of commands that
/// can be open at once, 1 to 65535. The storage must be aligned as a `uint64_t`; `malloc` does that.
///
/// Returns `QMP_OK`; `QMP_INVALID_VALUE`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_size(rx_bytes: usize, in_flight: usize, size: *mut usize) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let size = unsafe { Output::new(size, []) }?;
        let head = head(in_flight)?;
        if rx_bytes < QMP_RX_MIN {
            return Err(QMP_INVALID_VALUE);
        }
        let bytes = head.checked_add(rx_bytes).and_then(|bytes| bytes.checked_next_multiple_of(8));
        size.set(bytes.filter(|bytes| *bytes <= isize::MAX as usize).ok_or(QMP_INVALID_VALUE)?);
        Ok(())
    })
}

/// Bytes before the receive buffer.
fn head(in_flight: usize) -> Checked<usize> {
    if !(1..=0xffff).contains(&in_flight) {
        return Err(QMP_INVALID_VALUE);
    }
    let places = in_flight.checked_mul(QMP_CLIENT_PLACE);
    places.and_then(|places| places.checked_add(QMP_CLIENT_HEAD)).ok_or(QMP_INVALID_VALUE)
}

/// Makes a client in `storage`, at the start of a connection, and gives its handle.
///
/// `abi` is `QMP_ABI_VERSION`. `storage` has `size` bytes, see `QMP_CLIENT_STORAGE` and `qmp_client_size`; what it holds does not
/// matter. From now on it belongs to the client: it is not moved, copied, read or written until the program has done with
/// the client. What is beside the client itself and `in_flight` places for open commands is the receive buffer.
///
/// `session` keeps the ids of one program run from those of another: on a link that outlives the program (a serial line, or a server
/// that still owes the last client a reply) no two runs should have the same. Take it from a random source or a boot counter; the
/// remainder by 1,000,000 counts. With a constant, no reply is misattributed within one power cycle.
///
/// Returns `QMP_OK`; `QMP_ABI_MISMATCH`; `QMP_STORAGE_TOO_SMALL`; `QMP_INVALID_VALUE` where `in_flight` is not 1 to 65535;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_init(
    abi: u32,
    storage: *mut c_void,
    size: usize,
    in_flight: usize,
    session: u32,
    client: *mut *mut qmp_client,
) -> qmp_result {
    answer(|| {
        if abi != QMP_ABI_VERSION {
            return Err(QMP_ABI_MISMATCH);
        }
        if !storage.cast::<u64>().is_aligned() {
            return Err(QMP_MISALIGNED);
        }
        let region = Region::new(storage.cast::<u8>(), size)?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(client, [region]) }?;
        let head = head(in_flight)?;
        let rx = size.checked_sub(head).filter(|rx| *rx >= QMP_RX_MIN).ok_or(QMP_STORAGE_TOO_SMALL)?;
        // SAFETY: `size` bytes are there by the contract, and no others are used: head, places and the rest are one after the
        // other. They are aligned, since the storage is and the sizes are multiples of 8, and nobody else uses them as long as
        // the client lives. They are all written before a reference to them is made.
        unsafe {
            storage.cast::<u8>().write_bytes(0, size);
            let places = storage.byte_add(QMP_CLIENT_HEAD).cast::<Slot>();
            (0..in_flight).for_each(|place| places.add(place).write(Slot::FREE));
            let slots = slice::from_raw_parts_mut(places, in_flight);
            let buffer = slice::from_raw_parts_mut(storage.byte_add(head).cast::<u8>(), rx);
            let handle = storage.cast::<qmp_client>();
            handle.write(qmp_client {
                mark: qmp_client::MARK,
                size,
                head,
                client: Client::with_slots(session, buffer, slots),
            });
            output.set(handle);
        }
        Ok(())
    })
}

/// Gives where the next bytes from the server go: read any number of bytes up to `length` into it, then `qmp_client_commit` that
/// number. The window is good until the next call of `qmp_client_commit`, `qmp_client_poll` or `qmp_client_reset`.
///
/// `length` is never 0 after `qmp_client_poll` returned `QMP_END`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_window(
    client: *mut qmp_client,
    window: *mut *mut c_void,
    length: *mut usize,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { object(client) }?;
        // SAFETY: the header's rules on pointers.
        let run = unsafe { Run::new(window, length, client.region()) }?;
        let free = client.client.window();
        run.set(free.as_mut_ptr().cast(), free.len());
        Ok(())
    })
}

/// Says that the first `read` bytes of the window have come from the server.
///
/// Returns `QMP_OK`; `QMP_OVERRUN` where the window is shorter, and nothing was committed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_commit(client: *mut qmp_client, read: usize) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { object(client) }?;
        client.client.commit(read).map_err(|_| QMP_OVERRUN)
    })
}

/// Gives what came next.
///
/// What `incoming` points to lies in the client's buffer. It is lent until the next call of `qmp_client_window`,
/// `qmp_client_commit`, `qmp_client_poll` or `qmp_client_reset` on this client.
///
/// Returns `QMP_OK`; `QMP_END` when all that was committed is used up, and `incoming` is as it was; `QMP_NULL_POINTER`,
/// `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_poll(client: *mut qmp_client, incoming: *mut qmp_incoming) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { object(client) }?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(incoming, [client.region()]) }?;
        output.set(qmp_incoming::lend(client.client.poll().ok_or(QMP_END)?));
        Ok(())
    })
}

/// Sets the deadline for the greeting, in ticks of the caller's clock: `qmp_client_handle_timeout` at or after it closes a session
/// that has not been greeted. Of no effect once the server has greeted.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_await_greeting(client: *mut qmp_client, deadline: u64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        unsafe { object(client) }?.client.await_greeting(deadline);
        Ok(())
    })
}

/// A function that writes one message and no more.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
unsafe fn write(
    client: *mut qmp_client,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
    write: impl FnOnce(&mut Client<&'static mut [u8], &'static mut [Slot]>, &mut [u8]) -> Result<usize, ExecuteError>,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { object(client) }?;
        let storage = client.region();
        // SAFETY: the header's rules on pointers.
        let (out, written) = unsafe { room(out, capacity) }?;
        written.apart([storage])?;
        // SAFETY: the header's rules on pointers.
        let length = unsafe { Output::new(length, [storage, written]) }?;
        length.set(write(&mut client.client, out)?);
        Ok(())
    })
}

/// Answers a greeting: writes the command `qmp_capabilities`, with out-of-band execution enabled or not, to `out`, which has
/// `capacity` bytes, and its length to `length`: send these bytes. 96 bytes are always enough.
///
/// `QMP_INCOMING_READY` or `QMP_INCOMING_REFUSED` is the answer. Where it has not come at `deadline`, the session is closed.
///
/// Returns `QMP_OK`; `QMP_WRONG_PHASE` unless the server has greeted; `QMP_BUFFER_TOO_SMALL`, and what `out` holds then is
/// unspecified; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_negotiate(
    client: *mut qmp_client,
    oob: bool,
    deadline: u64,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { write(client, out, capacity, length, |client, out| client.negotiate(oob, deadline, out)) }
}

/// As `qmp_client_negotiate`, for a link without connections, such as a serial line, where the server has greeted somebody long ago:
/// writes a byte 0xFF, which makes any QEMU forget a half-received command, and `qmp_capabilities`. A server that is in
/// command mode already says so, and that is success: `QMP_INCOMING_READY` with `QMP_OOB_UNKNOWN`. The server may answer the
/// byte 0xFF by an error, which is `QMP_INCOMING_UNMATCHED`. 96 bytes are always enough.
///
/// Returns `QMP_OK`; `QMP_WRONG_PHASE` in command mode; otherwise as `qmp_client_negotiate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_attach(
    client: *mut qmp_client,
    deadline: u64,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { write(client, out, capacity, length, |client, out| client.attach(deadline, out)) }
}

/// The guest agent's way to begin: writes a byte 0xFF and `guest-sync-delimited` with this client's id. Its reply is
/// `QMP_INCOMING_READY`, and everything before it was somebody else's: it is dropped, or told as unmatched or discarded.
/// An agent that is not up yet says nothing: when the deadline has passed, call this again. 100 bytes are always enough.
///
/// Returns `QMP_OK`; otherwise as `qmp_client_negotiate`, `QMP_WRONG_PHASE` excepted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_synchronise(
    client: *mut qmp_client,
    deadline: u64,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { write(client, out, capacity, length, |client, out| client.synchronise(deadline, out)) }
}

/// Writes a command to `out`, which has `capacity` bytes, and opens it: send these bytes.
///
/// `name` is the command's, UTF-8, ended by a zero byte. `arguments` is NULL for none, or points to an object, which is checked: from
/// `qmp_writer_finish`, a text of the program's, or a value that this client has lent. `deadline`
/// is in ticks of the caller's clock, or `QMP_NEVER`. `length` gets the bytes written, `id` the command's id: the incoming
/// `QMP_INCOMING_RETURN`, `QMP_INCOMING_ERROR` or `QMP_INCOMING_FAILED` with this id is its end. One of them comes, once.
///
/// Returns `QMP_OK`; `QMP_WRONG_PHASE` unless in command mode; `QMP_TABLE_FULL`; `QMP_SERVER_QUEUE_FULL`; `QMP_BUFFER_TOO_SMALL`, and
/// what `out` holds then is unspecified; `QMP_WRONG_TYPE` where the arguments are no object; `QMP_INVALID_JSON`,
/// `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`,
/// `QMP_NOT_INITIALISED`. After any of these no command was opened.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_execute(
    client: *mut qmp_client,
    name: *const c_char,
    arguments: *const qmp_json,
    deadline: u64,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
    id: *mut u64,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    answer(|| unsafe { execute(client, name, arguments, false, deadline, (out, capacity), length, id) })
}

/// As `qmp_client_execute`, out of band: the server runs the command at once, whatever it is busy with. Only commands with
/// `allow-oob` in the server's schema can be run so; of another it sends an error.
///
/// Returns as `qmp_client_execute`, and `QMP_OOB_DISABLED` where the negotiation did not enable it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_exec_oob(
    client: *mut qmp_client,
    name: *const c_char,
    arguments: *const qmp_json,
    deadline: u64,
    out: *mut c_void,
    capacity: usize,
    length: *mut usize,
    id: *mut u64,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    answer(|| unsafe { execute(client, name, arguments, true, deadline, (out, capacity), length, id) })
}

/// # Safety
/// The header's rules on handles and pointers.
#[allow(clippy::too_many_arguments, reason = "they are those of the C function")]
unsafe fn execute(
    client: *mut qmp_client,
    command: *const c_char,
    arguments: *const qmp_json,
    oob: bool,
    deadline: u64,
    (out, capacity): (*mut c_void, usize),
    length: *mut usize,
    id: *mut u64,
) -> Checked {
    // SAFETY: the header's rules on handles.
    let client = unsafe { object(client) }?;
    let storage = client.region();
    // SAFETY: the header's rules on names.
    let (command, named) = unsafe { name(command) }?;
    // SAFETY: the header's rules on pointers.
    let (out, written) = unsafe { room(out, capacity) }?;
    written.apart([storage, named])?;
    named.apart([client.private()])?;
    let arguments = if arguments.is_null() {
        None
    } else {
        let private = client.private();
        let given = Region::one(arguments)?;
        given.apart([private, written])?;
        // SAFETY: checked just now, and there by the contract.
        let (text, region) = unsafe { arguments.read().bytes() }?;
        region.apart([private, written])?;
        Some(Json::parse(text)?)
    };
    // SAFETY: the header's rules on pointers.
    let length = unsafe { Output::new(length, [storage, written]) }?;
    // SAFETY: the header's rules on pointers.
    let id = unsafe { Output::new(id, [storage, written, length.region]) }?;
    let (bytes, command) = client.client.execute_raw(command, arguments, oob, deadline, out)?;
    length.set(bytes);
    id.set(command.get());
    Ok(())
}

/// Gives up a command: nobody waits for it any more. Its place is free at once; its reply, when it comes, is dropped and counted,
/// and until then it counts towards what the server takes in.
///
/// Returns `QMP_OK`; `QMP_NOT_OPEN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_cancel(client: *mut qmp_client, id: u64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { object(client) }?;
        let open = CommandId::from_wire(id).is_some_and(|id| client.client.cancel(id));
        if open { Ok(()) } else { Err(QMP_NOT_OPEN) }
    })
}

/// As `qmp_client_cancel`, for a command of which no byte was sent: no reply is due.
///
/// Returns as `qmp_client_cancel`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_withdraw(client: *mut qmp_client, id: u64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { object(client) }?;
        let open = CommandId::from_wire(id).is_some_and(|id| client.client.withdraw(id));
        if open { Ok(()) } else { Err(QMP_NOT_OPEN) }
    })
}

/// Gives the earliest deadline there is, in ticks of the caller's clock: call `qmp_client_handle_timeout` then. `QMP_NEVER` if there is
/// none.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_next_deadline(client: *const qmp_client, deadline: *mut u64) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(client, deadline, |client| client.next_deadline().unwrap_or(NEVER)) }
}

/// Ends what had to be answered at or before `now`; `qmp_client_poll` then says what. Call it after everything that was received has
/// been polled.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_handle_timeout(client: *mut qmp_client, now: u64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        unsafe { object(client) }?.client.handle_timeout(now);
        Ok(())
    })
}

/// Says that the connection has ended. `qmp_client_poll` delivers what was received, tells a message that was cut off, ends each
/// open command as `QMP_FAILURE_CONNECTION_LOST`, and returns `QMP_END` from then on.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_close(client: *mut qmp_client) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        unsafe { object(client) }?.client.close();
        Ok(())
    })
}

/// Begins a new connection: a greeting is due. Commands that are still open end as `QMP_FAILURE_CONNECTION_LOST` on the next polls;
/// what was received and not polled is forgotten, so close and poll first. Ids go on counting, so that replies owed to the
/// old connection are recognised.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_reset(client: *mut qmp_client) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        unsafe { object(client) }?.client.reset();
        Ok(())
    })
}

/// A function that tells one thing of a client.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
unsafe fn query<T>(
    client: *const qmp_client,
    output: *mut T,
    read: impl FnOnce(&Client<&'static mut [u8], &'static mut [Slot]>) -> T,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let client = unsafe { shared(client) }?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(output, [client.region()]) }?;
        output.set(read(&client.client));
        Ok(())
    })
}

/// Gives where the session stands. It is usable unless this is `QMP_PHASE_CLOSED`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_phase(client: *const qmp_client, phase: *mut qmp_phase) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(client, phase, |client| client.phase().into()) }
}

/// Gives whether out-of-band execution is on.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_oob(client: *const qmp_client, oob: *mut qmp_oob) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(client, oob, |client| client.oob().into()) }
}

/// Counts the replies that came after their command had timed out or was cancelled, or twice. They were dropped.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_late_replies(client: *const qmp_client, count: *mut u32) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(client, count, Client::late_replies) }
}

/// Counts the bytes received of an unfinished message, or of what is being discarded: 0 when the link is in step and idle.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_pending(client: *const qmp_client, bytes: *mut u64) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(client, bytes, Client::pending) }
}
