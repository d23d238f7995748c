//! The server: one connection as a C program sees it.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;
use core::slice;

use qmp_core::{Emission, ErrorClass, EventPolicy, Json, NEVER, Server, Str, Timestamp, Writer};

use crate::inbound::{qmp_call, qmp_inbound};
use crate::json::qmp_json;
use crate::layout::{QMP_ABI_VERSION, QMP_RX_MIN, QMP_SERVER_HEAD, QMP_SERVER_POLICY, QMP_TX_MIN};
use crate::memory::{Object, Output, Region, Run, name, object, shared};
use crate::result::*;
use crate::settings::{qmp_emission, qmp_server_settings};

type Core = Server<&'static mut [u8], &'static mut [u8], &'static mut [u8]>;

/// One connection as a server. It lies in storage of the caller's, which must stay where it is.
///
/// The whole of it, in the order of a turn:
///
/// 1. `qmp_server_poll` until it returns `QMP_END`, and run each command: `qmp_server_reply` or `qmp_server_error`, at once or
///    later. `qmp_server_event` whenever something happens. Where events have intervals, `qmp_server_handle_timeout` before that.
/// 2. Write what is `qmp_server_unsent` to the transport, as much as it takes now, and say how much with `qmp_server_sent`. If there
///    was any, step 1.
/// 3. `qmp_server_window`: read from the transport into it, then `qmp_server_commit` the bytes read. An empty window means: not now.
///
/// Commands come one at a time, each after the reply to the one before has been sent. With out-of-band execution one that may
/// overtake comes at once. What QEMU answers by itself is answered here: the greeting, the negotiation, input that is no
/// command. A client that does not read costs nothing but its own commands and events.
pub struct qmp_server {
    mark: u32,
    /// All of the caller's storage.
    size: usize,
    server: Core,
}

impl Object for qmp_server {
    const MARK: u32 = 0x716d_7073;
    const MARK_AT: usize = offset_of!(qmp_server, mark);
}

impl qmp_server {
    /// The storage, into which no output may be written.
    #[inline(always)]
    fn region(&self) -> Region {
        Region::of(self, self.size)
    }
}

/// Gives the bytes of storage for a server with these settings. The storage must be aligned as a `uint64_t`; `malloc` does
/// that. Where the sizes are constants there is `QMP_SERVER_STORAGE`.
///
/// Returns `QMP_OK`; `QMP_INVALID_VALUE` for settings that cannot be; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_size(settings: *const qmp_server_settings, size: *mut usize) -> qmp_result {
    answer(|| {
        let region = Region::one(settings)?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(size, [region]) }?;
        // SAFETY: checked just now, and there by the contract.
        output.set(bytes_for(unsafe { &*settings })?);
        Ok(())
    })
}

/// Bytes of storage.
fn bytes_for(settings: &qmp_server_settings) -> Checked<usize> {
    if settings.rx_bytes < QMP_RX_MIN || settings.tx_bytes < QMP_TX_MIN || settings.policies_length > 255 {
        return Err(QMP_INVALID_VALUE);
    }
    let policies = settings.policies_length.checked_mul(QMP_SERVER_POLICY);
    let sizes = [settings.rx_bytes, settings.tx_bytes, settings.store_bytes];
    let sum = sizes.into_iter().try_fold(policies.unwrap_or_default(), |sum, size| {
        sum.checked_add(size).filter(|sum| *sum <= isize::MAX as usize)
    });
    let sum = sum.and_then(|sum| sum.checked_add(QMP_SERVER_HEAD)).and_then(|sum| sum.checked_next_multiple_of(8));
    sum.ok_or(QMP_INVALID_VALUE)
}

/// Makes a server in `storage`, at the start of a connection, and gives its handle.
///
/// `abi` is `QMP_ABI_VERSION`. `storage` has `size` bytes, see `QMP_SERVER_STORAGE` and `qmp_server_size`; what it holds does not matter.
/// From now on it belongs to the server: it is not moved, copied, read or written until the program has done with the server.
/// `settings` is copied, but the strings that it points to have to live as long as the server.
///
/// Returns `QMP_OK`; `QMP_ABI_MISMATCH`; `QMP_STORAGE_TOO_SMALL`; `QMP_INVALID_VALUE` for settings that cannot be; `QMP_INVALID_UTF8`;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_init(
    abi: u32,
    storage: *mut c_void,
    size: usize,
    settings: *const qmp_server_settings,
    server: *mut *mut qmp_server,
) -> qmp_result {
    answer(|| {
        if abi != QMP_ABI_VERSION {
            return Err(QMP_ABI_MISMATCH);
        }
        if !storage.cast::<u64>().is_aligned() {
            return Err(QMP_MISALIGNED);
        }
        let region = Region::new(storage.cast::<u8>(), size)?;
        region.apart([Region::one(settings)?])?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(server, [region]) }?;
        // SAFETY: checked just now, and there by the contract.
        let settings = unsafe { &*settings };
        if bytes_for(settings)? > size {
            return Err(QMP_STORAGE_TOO_SMALL);
        }
        // SAFETY: the header's rules on pointers and names; what a profile names lives as long as the server.
        let (mut profile, policies) = unsafe { settings.profile(region) }?;
        // SAFETY: `size` bytes are there by the contract, and the parts, one after the other, have no more. They are aligned, since
        // the storage is and the sizes are multiples of 8, and nobody else uses them as long as the server lives. They are
        // all written before a reference to them is made; the policies were read before, and are not in the storage.
        unsafe {
            for policy in policies {
                policy.read(region)?;
            }
            storage.cast::<u8>().write_bytes(0, size);
            let kept = storage.byte_add(QMP_SERVER_HEAD).cast::<EventPolicy>();
            for (place, policy) in policies.iter().enumerate() {
                kept.add(place).write(policy.read(region)?);
            }
            profile.events = slice::from_raw_parts(kept, policies.len());
            let rx = kept.cast::<u8>().add(QMP_SERVER_POLICY.wrapping_mul(policies.len()));
            let tx = rx.add(settings.rx_bytes);
            let store = tx.add(settings.tx_bytes);
            let core = Server::new(
                profile,
                slice::from_raw_parts_mut(rx, settings.rx_bytes),
                slice::from_raw_parts_mut(tx, settings.tx_bytes),
                slice::from_raw_parts_mut(store, settings.store_bytes),
            );
            let handle = storage.cast::<qmp_server>();
            handle.write(qmp_server { mark: qmp_server::MARK, size, server: core });
            output.set(handle);
        }
        Ok(())
    })
}

/// Gives where the next bytes from the client go: read any number of bytes up to `length` into it, then `qmp_server_commit` that
/// number. `length` is 0 while a command in the buffer has to wait: read again after the next reply.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_window(
    server: *mut qmp_server,
    window: *mut *mut c_void,
    length: *mut usize,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        // SAFETY: the header's rules on pointers.
        let run = unsafe { Run::new(window, length, server.region()) }?;
        let free = server.server.window();
        run.set(free.as_mut_ptr().cast(), free.len());
        Ok(())
    })
}

/// Says that the first `read` bytes of the window have come from the client.
///
/// Returns `QMP_OK`; `QMP_OVERRUN` where the window is shorter, and nothing was committed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_commit(server: *mut qmp_server, read: usize) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        server.server.commit(read).map_err(|_| QMP_OVERRUN)
    })
}

/// Gives what came next.
///
/// What `inbound` points to lies in the server's storage, and is lent until the next call on this server that is no query.
///
/// Returns `QMP_OK`; `QMP_END` when nothing can be done before more has been received, sent or answered, and `inbound` is as it was;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_poll(server: *mut qmp_server, inbound: *mut qmp_inbound) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(inbound, [server.region()]) }?;
        let found = loop {
            if let Some(found) = qmp_inbound::lend(server.server.poll().ok_or(QMP_END)?) {
                break found;
            }
        };
        output.set(found);
        Ok(())
    })
}

/// Gives what is to be sent, oldest first: `length` bytes, 0 if all is sent. They are lent until the next call on this server that is
/// no query.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_unsent(
    server: *const qmp_server,
    bytes: *mut *const c_void,
    length: *mut usize,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { shared(server) }?;
        // SAFETY: the header's rules on pointers.
        let run = unsafe { Run::new(bytes, length, server.region()) }?;
        let unsent = server.server.unsent();
        run.set(unsent.as_ptr().cast(), unsent.len());
        Ok(())
    })
}

/// Says that the first `length` bytes of what was unsent have been sent.
///
/// Returns `QMP_OK`; `QMP_OVERRUN` where there are fewer, and nothing has changed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_sent(server: *mut qmp_server, length: usize) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        if length > server.server.unsent().len() {
            return Err(QMP_OVERRUN);
        }
        server.server.sent(length);
        Ok(())
    })
}

/// A value of the caller's that is to be written: checked, and not in the server's storage.
///
/// # Safety
/// `value` is NULL or points to a value that lends bytes as `bytes` wants them.
unsafe fn optional<'a>(value: *const qmp_json, storage: Region) -> Checked<Option<Json<'a>>> {
    if value.is_null() {
        return Ok(None);
    }
    Region::one(value)?.apart([storage])?;
    // SAFETY: checked just now, and there by the contract.
    let (text, region) = unsafe { value.read().bytes() }?;
    region.apart([storage])?;
    Ok(Some(Json::parse(text)?))
}

/// Answers the command of `call` by a return. `value` is NULL for `{}`, as for commands without a return, or points to a value, which
/// is checked and must not lie in the server's storage: what a command brought is written by a `qmp_writer` first.
///
/// Returns `QMP_OK`; `QMP_NOT_OPEN` where the command was answered, or its connection has ended; `QMP_BUSY`: send what is unsent, then
/// reply again; `QMP_TOO_LARGE`: it never fits, answer by an error; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`;
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
        let value = unsafe { optional(value, server.region()) }?;
        server.server.reply(call.read(), |writer| write(writer, value)).map_err(Into::into)
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
        server.server.error(call.read(), class, desc).map_err(Into::into)
    })
}

/// Says that the command of `call` is over and has no reply, as `guest-shutdown` of the guest agent where it succeeds.
///
/// Returns `QMP_OK`; `QMP_NOT_OPEN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_withhold(server: *mut qmp_server, call: qmp_call) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { object(server) }?;
        if server.server.withhold(call.read()) { Ok(()) } else { Err(QMP_NOT_OPEN) }
    })
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
        let data = unsafe { optional(data, storage) }?;
        if data.is_some_and(|data| data.text().first() != Some(&b'{')) {
            return Err(QMP_WRONG_TYPE);
        }
        let told = server.server.event(event, Timestamp { seconds, microseconds }, |writer| write(writer, data))?;
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

/// Gives when an event that was kept for its interval may be sent, in ticks of the caller's clock: call
/// `qmp_server_handle_timeout` then. `QMP_NEVER` if there is none.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_next_deadline(server: *const qmp_server, deadline: *mut u64) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(server, deadline, |server| server.next_deadline().unwrap_or(NEVER)) }
}

/// Says that the time is `now`, in ticks of the caller's clock, which never goes back: events whose interval is over are sent. Of use
/// only where a `qmp_event_policy` has an interval, and then to be called also before `qmp_server_event`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_handle_timeout(server: *mut qmp_server, now: u64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        unsafe { object(server) }?.server.handle_timeout(now);
        Ok(())
    })
}

/// Begins a new connection: what was received, to be sent or being run is forgotten, and a greeting is due. A `qmp_call` of the old
/// connection is refused from now on. Not to be called on a line without connections.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_reset(server: *mut qmp_server) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        unsafe { object(server) }?.server.reset();
        Ok(())
    })
}

/// Gives whether commands and events can pass: the client has negotiated.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_is_ready(server: *const qmp_server, ready: *mut bool) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(server, ready, Server::is_ready) }
}

/// Counts the events that were lost for want of room, since `qmp_server_init`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_lost_events(server: *const qmp_server, count: *mut u32) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { query(server, count, Server::lost_events) }
}

/// A function that tells one thing of a server.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
unsafe fn query<T>(server: *const qmp_server, output: *mut T, read: impl FnOnce(&Core) -> T) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let server = unsafe { shared(server) }?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(output, [server.region()]) }?;
        output.set(read(&server.server));
        Ok(())
    })
}
