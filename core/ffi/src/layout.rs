//! Sizes that a C program is compiled with, and that they are true.
//!
//! They are a little larger than what is needed, so that the library can change without a change of the interface. Where one does
//! not suffice any more, it grows, and so does `QMP_ABI_VERSION`.

use crate::*;

/// The version of this interface: of the sizes and the layout of everything in this header. Each `qmp_..._init` compares
/// it with the library's.
pub const QMP_ABI_VERSION: u32 = 1;

/// No deadline: this is later than everything.
pub const QMP_NEVER: u64 = 0xffff_ffff_ffff_ffff;

/// Bytes. The least for what is received by a client or a server.
pub const QMP_RX_MIN: usize = 128;

/// Bytes. The least for what is to be sent by a client: the handshake always fits.
pub const QMP_CLIENT_TX_MIN: usize = 104;

/// Bytes of a client beside its buffers and its places for open commands. Use `QMP_CLIENT_STORAGE`.
#[cfg(target_pointer_width = "64")]
pub const QMP_CLIENT_HEAD: usize = 240;
/// Bytes of a client beside its buffers and its places for open commands. Use `QMP_CLIENT_STORAGE`.
#[cfg(target_pointer_width = "32")]
pub const QMP_CLIENT_HEAD: usize = 208;

/// Bytes of a client's place for one open command. Use `QMP_CLIENT_STORAGE`.
pub const QMP_CLIENT_PLACE: usize = 12;

/// Bytes. The least for what is to be sent by a server.
pub const QMP_TX_MIN: usize = 256;

/// Bytes of a server beside its buffers and policies. Use `QMP_SERVER_STORAGE`.
#[cfg(target_pointer_width = "64")]
pub const QMP_SERVER_HEAD: usize = 432;
/// Bytes of a server beside its buffers and policies. Use `QMP_SERVER_STORAGE`.
#[cfg(target_pointer_width = "32")]
pub const QMP_SERVER_HEAD: usize = 336;

/// Bytes of a server's policy for events of one name. Use `QMP_SERVER_STORAGE`.
#[cfg(target_pointer_width = "64")]
pub const QMP_SERVER_POLICY: usize = 48;
/// Bytes of a server's policy for events of one name. Use `QMP_SERVER_STORAGE`.
#[cfg(target_pointer_width = "32")]
pub const QMP_SERVER_POLICY: usize = 32;

/// Whether `size` bytes serve for a `T`, and a `T` may come behind them.
const fn fits<T>(size: usize) -> bool {
    size_of::<T>() <= size && size.is_multiple_of(align_of::<T>()) && align_of::<T>() <= align_of::<u64>()
}

const _: () = {
    assert!(fits::<qmp_client>(QMP_CLIENT_HEAD));
    assert!(fits::<qmp_core::Slot>(QMP_CLIENT_PLACE));
    // SAFETY: it has three words, and no padding.
    let free: [u32; 3] = unsafe { core::mem::transmute(qmp_core::Slot::FREE) };
    assert!(matches!(free, [0, 0, 0]));
    assert!(fits::<qmp_server>(QMP_SERVER_HEAD));
    assert!(fits::<qmp_core::EventPolicy>(QMP_SERVER_POLICY));
    assert!(fits::<writer::State>(size_of::<qmp_writer>()));
    assert!(select::fits());

    assert!(QMP_NEVER == qmp_core::NEVER);
    let word = size_of::<usize>();
    assert!(size_of::<qmp_result>() == 4);
    assert!(size_of::<qmp_json>() == 2 * word);
    assert!(size_of::<qmp_string>() == 2 * word);
    assert!(size_of::<qmp_window>() == 2 * word);
    assert!(size_of::<qmp_incoming>() == 72 + 8 * word);
    assert!(align_of::<qmp_incoming>() == align_of::<u64>());
    assert!(size_of::<qmp_outgoing>() == 8 + 2 * word);
    assert!(size_of::<qmp_call>() == 12);
    assert!(size_of::<qmp_inbound>() == 24 + 6 * word);
    assert!(size_of::<qmp_event_policy>() == 16 + 2 * word);
    assert!(size_of::<qmp_server_settings>() == 32 + 6 * word);
    assert!(size_of::<qmp_writer>() == 80);
    assert!(size_of::<qmp_select>() == 8 * QMP_SELECT_WORDS);
};

/// The version of the interface that the library was compiled with: `QMP_ABI_VERSION` of its header.
#[unsafe(no_mangle)]
pub extern "C" fn qmp_abi_version() -> u32 {
    QMP_ABI_VERSION
}
