//! The server: one connection as a C program sees it.

mod answer;
mod session;

pub use answer::*;
pub use session::*;

use core::ffi::c_void;
use core::mem::offset_of;
use core::slice;

use qmp_core::{EventPolicy, Server};

use crate::calls::{act, handed, next, tell};
use crate::client::qmp_outgoing;
use crate::inbound::qmp_inbound;
use crate::incoming::qmp_window;
use crate::layout::{QMP_ABI_VERSION, QMP_RX_MIN, QMP_SERVER_HEAD, QMP_SERVER_POLICY, QMP_TX_MIN};
use crate::memory::{Object, Output, Region};
use crate::result::*;
use crate::settings::qmp_server_settings;

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
    core: Core,
}

impl Object for qmp_server {
    const MARK: u32 = 0x716d_7073;
    const MARK_AT: usize = offset_of!(qmp_server, mark);

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
        let read = Region::one(settings)?;
        region.apart([read])?;
        // SAFETY: the header's rules on pointers.
        let output = unsafe { Output::new(server, [region, read]) }?;
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
            handle.write(qmp_server { mark: qmp_server::mark(handle), size, core });
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
pub unsafe extern "C" fn qmp_server_window(server: *mut qmp_server, window: *mut qmp_window) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles and pointers.
        let (server, window) = unsafe { handed(server, window) }?;
        let free = server.core.window();
        window.set(qmp_window { start: free.as_mut_ptr().cast(), length: free.len() });
        Ok(())
    })
}

/// Says that the first `read` bytes of the window have come from the client.
///
/// Returns `QMP_OK`; `QMP_OVERRUN` where the window is shorter, and nothing was committed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_commit(server: *mut qmp_server, read: usize) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe { act(server, |server| server.core.commit(read).map_err(|_| QMP_OVERRUN)) }
}

/// Gives what came next.
///
/// What `inbound` points to lies in the server's storage, and is lent until the next call on this server that does not take it as `const`.
///
/// Returns `QMP_OK`; `QMP_END` when nothing can be done before more has been received, sent or answered, and `inbound` is as it was:
/// other than a client's `QMP_END` it brings no window; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_poll(server: *mut qmp_server, inbound: *mut qmp_inbound) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe { next(server, inbound, qmp_inbound::BLANK, |server| server.core.poll().ok_or(QMP_END), qmp_inbound::lend) }
}

/// Gives what is to be sent, oldest first: no bytes if all is sent. They are lent until the next call on this server that does not take it
/// as `const`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_unsent(server: *const qmp_server, outgoing: *mut qmp_outgoing) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe {
        tell(server, outgoing, |server| {
            let unsent = server.core.unsent();
            qmp_outgoing { bytes: unsent.as_ptr().cast(), length: unsent.len(), id: 0 }
        })
    }
}

/// Says that the first `length` bytes of what was unsent have been sent.
///
/// Returns `QMP_OK`; `QMP_OVERRUN` where there are fewer, and nothing has changed; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_server_sent(server: *mut qmp_server, length: usize) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        act(server, |server| {
            if length > server.core.unsent().len() {
                return Err(QMP_OVERRUN);
            }
            server.core.sent(length);
            Ok(())
        })
    }
}
