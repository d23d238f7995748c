//! The client: one session as a C program sees it.

mod command;
mod selecting;
mod session;

pub use command::*;
pub use selecting::*;
pub use session::*;

use core::ffi::c_void;
use core::mem::offset_of;
use core::ptr::addr_of_mut;
use core::slice;

use qmp_core::{Client, Found, Json, Slot};

use crate::calls::{act, handed};
use crate::incoming::{qmp_incoming, qmp_incoming_kind, qmp_window};
use crate::layout::{QMP_ABI_VERSION, QMP_CLIENT_HEAD, QMP_CLIENT_PLACE, QMP_CLIENT_TX_MIN, QMP_RX_MIN};
use crate::memory::{Object, Output, Region};
use crate::result::*;

type Core = Client<&'static mut [u8], &'static mut [Slot]>;

/// One session as a client. It lies in storage of the caller's, which must stay where it is.
///
/// The whole of it, in the order of a turn:
///
/// 1. `qmp_client_poll` until it returns `QMP_END`, and act on each `qmp_incoming`: on a greeting `qmp_client_negotiate`.
/// 2. Read from the transport into the `window` that came with `QMP_END`, and `qmp_client_commit` the bytes read.
/// 3. `qmp_client_execute` what is to be run, and send the `qmp_outgoing`.
/// 4. When `qmp_client_next_deadline` has come, `qmp_client_handle_timeout`, then step 1.
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
    /// Where what is to be sent is written.
    tx: &'static mut [u8],
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
/// `rx_bytes` is the length of the longest message that can be received, at least `QMP_RX_MIN`; `tx_bytes` that of the longest command
/// that can be sent, at least `QMP_CLIENT_TX_MIN`; `in_flight` the number of commands that can be open at once, 1 to 65535. The storage
/// must be aligned as a `uint64_t`; `malloc` does that.
///
/// Returns `QMP_OK`; `QMP_INVALID_VALUE`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_size(
    rx_bytes: usize,
    tx_bytes: usize,
    in_flight: usize,
    size: *mut usize,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let size = unsafe { Output::new(size, []) }?;
        let head = head(tx_bytes, in_flight)?;
        if rx_bytes < QMP_RX_MIN {
            return Err(QMP_INVALID_VALUE);
        }
        let bytes = head.checked_add(rx_bytes).and_then(|bytes| bytes.checked_next_multiple_of(8));
        size.set(bytes.filter(|bytes| *bytes <= isize::MAX as usize).ok_or(QMP_INVALID_VALUE)?);
        Ok(())
    })
}

/// Bytes before the receive buffer.
fn head(tx_bytes: usize, in_flight: usize) -> Checked<usize> {
    if !(1..=0xffff).contains(&in_flight) || tx_bytes < QMP_CLIENT_TX_MIN {
        return Err(QMP_INVALID_VALUE);
    }
    // At most 65535 places: with the head they are fewer bytes than a `usize` can count.
    let places = in_flight.wrapping_mul(QMP_CLIENT_PLACE).wrapping_add(QMP_CLIENT_HEAD);
    places.checked_add(tx_bytes).ok_or(QMP_INVALID_VALUE)
}

/// Makes a client in `storage`, at the start of a connection, and gives its handle.
///
/// `abi` is `QMP_ABI_VERSION`. `storage` has `size` bytes, see `QMP_CLIENT_STORAGE` and `qmp_client_size`; what it holds does not
/// matter. From now on it belongs to the client: it is not moved, copied, read or written until the program has done with
/// the client. What is beside the client itself, `tx_bytes` for what is sent and `in_flight` places for open commands is the receive
/// buffer.
///
/// `session` keeps the ids of one program run from those of another: on a link that outlives the program (a serial line, or a server
/// that still owes the last client a reply) no two runs should have the same. Take it from a random source or a boot counter; the
/// remainder by 1,000,000 counts. With a constant, no reply is misattributed within one power cycle.
///
/// Returns `QMP_OK`; `QMP_ABI_MISMATCH`; `QMP_STORAGE_TOO_SMALL`; `QMP_INVALID_VALUE` where `in_flight` is not 1 to 65535, or
/// `tx_bytes` less than `QMP_CLIENT_TX_MIN`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_init(
    abi: u32,
    storage: *mut c_void,
    size: usize,
    tx_bytes: usize,
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
        let region = Region::bytes(storage, size)?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(client, [region]) }?;
        let head = head(tx_bytes, in_flight)?;
        let rx = size.checked_sub(head).filter(|rx| *rx >= QMP_RX_MIN).ok_or(QMP_STORAGE_TOO_SMALL)?;
        // SAFETY: `size` bytes are there by the contract, and no others are used: head, places, what is sent and the rest are one
        // after the other. They are aligned, since the storage is and the sizes are multiples of 4 or those of bytes, and nobody else
        // uses them as long as the client lives. They are all written before a reference to them is made: a place of zeros is free.
        unsafe {
            storage.cast::<u8>().write_bytes(0, size);
            let places = storage.byte_add(QMP_CLIENT_HEAD).cast::<Slot>();
            let tx = places.add(in_flight).cast::<u8>();
            let buffer = slice::from_raw_parts_mut(storage.byte_add(head).cast::<u8>(), rx);
            let handle = storage.cast::<qmp_client>();
            // One field after the other, so that none is put together elsewhere.
            addr_of_mut!((*handle).core).write(Client::with_slots(
                session,
                buffer,
                slice::from_raw_parts_mut(places, in_flight),
            ));
            addr_of_mut!((*handle).tx).write(slice::from_raw_parts_mut(tx, tx_bytes));
            addr_of_mut!((*handle).size).write(size);
            addr_of_mut!((*handle).head).write(head);
            addr_of_mut!((*handle).mark).write(qmp_client::mark(handle));
            output.set(handle);
        }
        Ok(())
    })
}

/// Gives where the next bytes from the server go: read any number of bytes up to `length` into it, then `qmp_client_commit` that
/// number. The window, this one and the one that comes with `QMP_END`, is good until the next call of `qmp_client_commit`,
/// `qmp_client_receive`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset`.
///
/// `length` is never 0 after `qmp_client_poll` returned `QMP_END`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_window(client: *mut qmp_client, window: *mut qmp_window) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        let (client, window) = unsafe { handed(client, window) }?;
        window.set(self::window(client.core.window()));
        Ok(())
    })
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
/// `qmp_client_commit`, `qmp_client_receive`, `qmp_client_poll`, `qmp_client_poll_select` or `qmp_client_reset` on this client.
///
/// Returns `QMP_OK`; `QMP_END` when all that was committed is used up, and of `incoming` only `kind`, which is `QMP_INCOMING_NONE`, and
/// `window` are written; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_poll(client: *mut qmp_client, incoming: *mut qmp_incoming) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    match unsafe { handed(client, incoming) } {
        Ok((client, place)) => match client.core.quiet_window() {
            Some(free) => end(place, window(free)),
            None => client.poll(place),
        },
        Err(result) => result,
    }
}

/// Says that the first `read` bytes of the window have come from the server, and gives what came next: `qmp_client_commit` and
/// `qmp_client_poll` in one call.
///
/// ```c
/// for (result = qmp_client_receive(client, read, &in); result == QMP_OK; result = qmp_client_poll(client, &in)) { ... }
/// ```
///
/// Returns as `qmp_client_poll`; `QMP_OVERRUN` where the window is shorter, and nothing was committed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_client_receive(
    client: *mut qmp_client,
    read: usize,
    incoming: *mut qmp_incoming,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    match unsafe { handed(client, incoming) } {
        Ok((client, place)) => match client.core.commit(read) {
            Ok(()) => client.poll(place),
            Err(_) => QMP_OVERRUN,
        },
        Err(result) => result,
    }
}

#[inline(always)]
fn window(free: &mut [u8]) -> qmp_window {
    qmp_window { start: free.as_mut_ptr().cast(), length: free.len() }
}

/// Tells that there is nothing more, and where more goes.
#[inline(always)]
fn end(place: Output<qmp_incoming>, window: qmp_window) -> qmp_result {
    place.with(|place| {
        // SAFETY: the place is there, as was checked, and a kind and a window in it.
        unsafe {
            addr_of_mut!((*place).kind).write(qmp_incoming_kind::QMP_INCOMING_NONE);
            addr_of_mut!((*place).window).write(window);
        }
    });
    QMP_END
}

impl qmp_client {
    /// What came next, if anything has.
    #[inline(always)]
    fn step(&mut self) -> Option<Found> {
        if cfg!(target_pointer_width = "64") {
            return self.core.step();
        }
        let found = self.core.step()?;
        let class = self.core.refusal(found).and_then(|error| error.member("class")).and_then(Json::as_str);
        Some(if class.is_some_and(|class| class == "CommandNotFound") { self.core.attached() } else { found })
    }

    /// Tells what came next, if anything has.
    #[inline(never)]
    fn poll(&mut self, place: Output<qmp_incoming>) -> qmp_result {
        match self.step() {
            Some(found) => {
                place.place(qmp_incoming::BLANK).lend(self.core.finding(found));
                QMP_OK
            }
            None => end(place, window(self.core.window())),
        }
    }
}
