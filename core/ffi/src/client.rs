//! The client: one session as a C program sees it.

mod command;
mod select;
mod session;

pub use command::*;
pub use select::*;
pub use session::*;

use core::ffi::c_void;
use core::mem::offset_of;
use core::slice;

use qmp_core::{Client, Slot};

use crate::calls::{act, handed, lend};
use crate::incoming::qmp_incoming;
use crate::layout::{QMP_ABI_VERSION, QMP_CLIENT_HEAD, QMP_CLIENT_PLACE, QMP_RX_MIN};
use crate::memory::{Object, Output, Region};
use crate::result::*;

type Core = Client<&'static mut [u8], &'static mut [Slot]>;

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
    core: Core,
}

impl Object for qmp_client {
    const MARK: u32 = 0x716d_7063;
    const MARK_AT: usize = offset_of!(qmp_client, mark);

    #[inline(always)]
    fn region(&self) -> Region {
        Region::of(self, self.size)
    }
}

impl qmp_client {
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
                core: Client::with_slots(session, buffer, slots),
            });
            output.set(handle);
        }
        Ok(())
    })
}

/// Gives where the next bytes from the server go: read any number of bytes up to `length` into it, then `qmp_client_commit` that
/// number. The window is good until the next call of `qmp_client_commit`, `qmp_client_poll`,
/// `qmp_client_poll_select` or `qmp_client_reset`.
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
    // SAFETY: the header's rules on handles and pointers.
    unsafe {
        lend(client, window, length, |client| {
            let free = client.core.window();
            (free.as_mut_ptr().cast(), free.len())
        })
    }
}

/// Says that the first `read` bytes of the window have come from the server.
///
/// Returns `QMP_OK`; `QMP_OVERRUN` where the window is shorter, and nothing was committed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_commit(client: *mut qmp_client, read: usize) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe { act(client, |client| client.core.commit(read).map_err(|_| QMP_OVERRUN)) }
}

/// Gives what came next.
///
/// What `incoming` points to lies in the client's buffer. It is lent until the next call of `qmp_client_window`,
/// `qmp_client_commit`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset` on this client.
///
/// Returns `QMP_OK`; `QMP_END` when all that was committed is used up, and `incoming` is as it was; `QMP_NULL_POINTER`,
/// `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_poll(client: *mut qmp_client, incoming: *mut qmp_incoming) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    let (client, place) = match unsafe { handed(client, incoming) } {
        Ok(both) => both,
        Err(result) => return result,
    };
    let Some(found) = client.core.step() else { return QMP_END };
    client.core.tell(found, place.place(qmp_incoming::BLANK));
    QMP_OK
}
