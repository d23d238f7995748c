//! Selections: what is wanted of replies that are larger than the buffer.

use core::ffi::c_char;
use core::mem::offset_of;
use core::ptr::{addr_of, addr_of_mut};
use core::slice;

use qmp_core::{Select, Selection};

use crate::memory::{Object, Region, name, object};
use crate::result::*;

/// The most paths of one selection.
pub const QMP_SELECT_PATHS: usize = 8;

/// Words of a `qmp_select`.
pub const QMP_SELECT_WORDS: usize = 80;

/// How the reply to a command with a selection is delivered.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_delivery {
    /// As any other: one `QMP_INCOMING_RETURN`, with only the selected parts in it.
    QMP_DELIVERY_WHOLE = 0,
    /// The elements of one array one by one, each with only the selected parts in it: all that has to fit the client's buffer is one
    /// of them, and, where a path has a condition, all of it up to the member that meets it. `QMP_INCOMING_BEGIN`, then
    /// `QMP_INCOMING_ELEMENT` or `QMP_INCOMING_OVERSIZED` for each, `QMP_INCOMING_END`, and then the `QMP_INCOMING_RETURN` without them.
    /// All paths have to lead through the same array first, as `return[*].device` and `return[*].inserted.file` do.
    QMP_DELIVERY_ELEMENTS = 1,
    /// One string, decoded, piece by piece, however long it is: `QMP_INCOMING_BEGIN`, `QMP_INCOMING_PIECE` as often as it takes,
    /// `QMP_INCOMING_END`, and then the `QMP_INCOMING_RETURN` with an empty string in its place. There has to be one path, to one
    /// value, as `return` or `return.buf-b64`. A value that is no string is left in the return.
    QMP_DELIVERY_PIECES = 2,
}

/// What is wanted of the reply to a command, where all of it would not fit the client's buffer. The rest is dropped while it arrives.
///
/// It is declared as any variable, initialised by `qmp_select_init`, and serves any number of commands of one client, one after the
/// other: `qmp_client_execute_select` takes it, and `qmp_client_poll_select` in place of `qmp_client_poll` until that command has
/// ended. It stays where it is, and so do the paths, for it refers to itself and to them.
///
/// ```c
/// static const char *const paths[] = { "return[*].device", "return[*].inserted.file" };
/// qmp_select disks;
/// qmp_select_init(&disks, paths, 2, QMP_DELIVERY_ELEMENTS);
/// qmp_client_execute_select(client, &disks, "query-block", NULL, QMP_NEVER, &outgoing);
/// ...
/// while (qmp_client_poll_select(client, &disks, &incoming) == QMP_OK) { ... }
/// ```
///
/// A path starts with the name of a member of the message (`return`, or `data` for events) and goes on with steps: `.name` for a member
/// of an object, `["name"]` for one whose name has one of `.`, `[`, `]`, `=` in it, `[*]` for every element of an array, `[3]` for the
/// element with this number, `[name=value]` and `[name="value"]` for the elements that are objects with such a member, a string, a
/// number, `true`, `false` or `null`. It has at most eight steps and 255 bytes. What a path ends at is kept whole, so are the objects
/// and arrays on the way to it, with nothing else in them. Elements in which nothing was asked for are dropped, and those that stay
/// close up. `error`, events, greetings, and whatever tells messages from each other, are kept whole.
#[repr(C)]
#[derive(Debug)]
pub struct qmp_select {
    /// The library's.
    pub state: [u64; QMP_SELECT_WORDS],
}

/// What a [`qmp_select`] holds. The working part refers to the others, which do not change: so they are no part of it.
#[repr(C)]
struct State {
    working: Working,
    selection: Selection<'static>,
    paths: [&'static str; QMP_SELECT_PATHS],
}

/// What changes of it, and its mark.
pub(crate) struct Working {
    mark: u32,
    pub(crate) select: Select<'static>,
}

impl Object for Working {
    const MARK: u32 = 0x716d_706c;
    const MARK_AT: usize = offset_of!(Working, mark);

    #[inline(always)]
    fn region(&self) -> Region {
        Region::of(self, size_of::<qmp_select>())
    }
}

/// Whether a `qmp_select` has room for what it holds.
pub(crate) const fn fits() -> bool {
    size_of::<State>() <= size_of::<qmp_select>() && align_of::<State>() <= align_of::<qmp_select>()
}

/// The selection at work behind a handle. Nothing of it is in `used` or in `read`, and no path in `used`.
///
/// # Safety
/// The header's rules on handles.
pub(crate) unsafe fn apart_from<'a, const N: usize, const M: usize>(
    select: *mut qmp_select,
    used: [Region; N],
    read: [Region; M],
) -> Checked<&'a mut Select<'static>> {
    let own = Region::one(select)?;
    own.apart(used)?;
    own.apart(read)?;
    // SAFETY: as the caller's; the reference is to the working part alone, to which nothing refers.
    let working = unsafe { object(select.cast::<Working>()) }?;
    // SAFETY: there, as the mark says; nobody writes it before it is initialised again.
    let paths = unsafe { &*addr_of!((*select.cast::<State>()).paths) };
    for path in paths {
        Region::of(path.as_ptr(), path.len()).apart(used)?;
    }
    Ok(&mut working.select)
}

/// Makes a selection of `count` paths, 1 to `QMP_SELECT_PATHS`, each of them UTF-8 and ended by a zero byte. `delivery` is one of
/// `qmp_delivery`.
///
/// The array `paths` is copied, but the strings that it points to have to live, and stay as they are, as long as the selection is used.
///
/// Returns `QMP_OK`; `QMP_PATH_COUNT`, `QMP_PATH_TOO_LONG`, `QMP_PATH_TOO_DEEP`, `QMP_PATH_SYNTAX` for paths that are none;
/// `QMP_PATH_DELIVERY` for paths that cannot be delivered so; `QMP_INVALID_UTF8`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_OVERLAP`, `QMP_INVALID_VALUE`. The selection is not initialised after any of these.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_select_init(
    select: *mut qmp_select,
    paths: *const *const c_char,
    count: usize,
    delivery: u32,
) -> qmp_result {
    answer(|| {
        let own = Region::one(select)?;
        let state = select.cast::<State>();
        // SAFETY: a `qmp_select` has room for a `State`, and its alignment. What was in it is over, whatever comes of this.
        unsafe { addr_of_mut!((*state).working.mark).write(0) };
        Region::one(paths)?;
        if !(1..=QMP_SELECT_PATHS).contains(&count) {
            return Err(QMP_PATH_COUNT);
        }
        own.apart([Region::new(paths, count)?])?;
        let mut texts = [""; QMP_SELECT_PATHS];
        for (index, text) in texts.iter_mut().take(count).enumerate() {
            // SAFETY: checked just now, and there by the contract; the strings live as long as the selection is used.
            let (path, region) = unsafe { name(paths.add(index).read()) }?;
            own.apart([region])?;
            *text = path;
        }
        // SAFETY: as above. The paths are written before they are referred to, and the selection too; neither is written again before it
        // is initialised anew. The mark comes last.
        unsafe {
            addr_of_mut!((*state).paths).write(texts);
            let texts = slice::from_raw_parts(addr_of!((*state).paths).cast::<&'static str>(), count);
            let selection = Selection::new(texts)?;
            addr_of_mut!((*state).selection).write(match delivery {
                delivery if delivery == qmp_delivery::QMP_DELIVERY_WHOLE as u32 => selection,
                delivery if delivery == qmp_delivery::QMP_DELIVERY_ELEMENTS as u32 => selection.elements()?,
                delivery if delivery == qmp_delivery::QMP_DELIVERY_PIECES as u32 => selection.pieces()?,
                _ => return Err(QMP_INVALID_VALUE),
            });
            let select = Select::new(&*addr_of!((*state).selection));
            addr_of_mut!((*state).working).write(Working { mark: Working::mark(state), select });
        }
        Ok(())
    })
}
