//! Writing values, call by call.

use core::ffi::{c_char, c_void};
use core::mem::offset_of;

use qmp_core::{Json, Writer};

use crate::json::qmp_json;
use crate::memory::{Object, Output, Region, bytes, name, object, room};
use crate::result::*;

/// Writes one JSON value into memory of the caller's, and cannot write anything else.
///
/// It is declared as any variable, and initialised by `qmp_writer_init`. Each call writes one piece: `qmp_writer_object`, then for
/// each member `qmp_writer_name` and one value, then `qmp_writer_end`. The first call that fails makes all after it do nothing, and
/// return the same: so it is enough to look at what `qmp_writer_finish` returns.
///
/// ```c
/// char text[64];
/// qmp_writer writer;
/// qmp_json arguments;
/// qmp_writer_init(&writer, text, sizeof text);
/// qmp_writer_object(&writer);
/// qmp_writer_name(&writer, "id");
/// qmp_writer_string(&writer, device);
/// qmp_writer_end(&writer);
/// if (qmp_writer_finish(&writer, &arguments) == QMP_OK) { ... }
/// ```
#[repr(C)]
#[derive(Debug)]
pub struct qmp_writer {
    /// The library's.
    pub state: [u64; 10],
}

/// What a [`qmp_writer`] holds.
pub(crate) struct State {
    mark: u32,
    /// The first error.
    failed: qmp_result,
    out: Region,
    writer: Writer<'static>,
}

impl Object for State {
    const MARK: u32 = 0x716d_7077;
    const MARK_AT: usize = offset_of!(State, mark);

    #[inline(always)]
    fn region(&self) -> Region {
        Region::of(self, size_of::<qmp_writer>())
    }
}

/// Begins a value in `out`, which has `capacity` bytes and belongs to the writer until `qmp_writer_finish`.
///
/// Returns `QMP_OK`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_init(writer: *mut qmp_writer, out: *mut c_void, capacity: usize) -> qmp_result {
    answer(|| {
        let own = Region::one(writer)?;
        // SAFETY: the header's rules on pointers; it lives as long as the writer does.
        let (bytes, region) = unsafe { room::<'static>(out, capacity) }?;
        region.apart([own])?;
        let state = State { mark: State::mark(writer), failed: QMP_OK, out: region, writer: Writer::new(bytes) };
        // SAFETY: checked just now; a `qmp_writer` has room for it, and its alignment.
        unsafe { writer.cast::<State>().write(state) };
        Ok(())
    })
}

/// One piece.
///
/// # Safety
/// The header's rules on handles.
#[inline(always)]
unsafe fn piece(writer: *mut qmp_writer, write: impl FnOnce(&mut State) -> Checked) -> qmp_result {
    answer(|| {
        // SAFETY: as the caller's.
        let state = unsafe { object(writer.cast::<State>()) }?;
        if state.failed == QMP_OK {
            let written = write(state).and_then(|()| state.writer.error().map_or(Ok(()), |error| Err(error.into())));
            state.failed = answer(|| written);
        }
        if state.failed == QMP_OK { Ok(()) } else { Err(state.failed) }
    })
}

/// Opens an object: names and values come next, then `qmp_writer_end`.
///
/// Returns `QMP_OK`; `QMP_BUFFER_TOO_SMALL`; `QMP_TOO_DEEP` beyond 64 levels; `QMP_MISPLACED` where no value can stand;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_NOT_INITIALISED`; or what an earlier call has failed with.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_object(writer: *mut qmp_writer) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.object();
            Ok(())
        })
    }
}

/// Opens an array: values come next, then `qmp_writer_end`.
///
/// Returns as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_array(writer: *mut qmp_writer) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.array();
            Ok(())
        })
    }
}

/// Closes the innermost object or array.
///
/// Returns `QMP_OK`; `QMP_MISPLACED` where none is open, or a name waits for its value; otherwise as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_end(writer: *mut qmp_writer) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.end();
            Ok(())
        })
    }
}

/// Writes the name of a member of the innermost object. Its value comes next. `member` is UTF-8, ended by a zero byte.
///
/// Returns `QMP_OK`; `QMP_MISPLACED` outside of an object; `QMP_INVALID_UTF8`, `QMP_OVERLAP`; otherwise as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_name(writer: *mut qmp_writer, member: *const c_char) -> qmp_result {
    // SAFETY: the header's rules on handles and names.
    unsafe {
        piece(writer, |state| {
            let (member, region) = name(member)?;
            region.apart([state.out, state.region()])?;
            state.writer.name(member);
            Ok(())
        })
    }
}

/// Writes a string, with the escapes that it needs. `string` is UTF-8, ended by a zero byte.
///
/// Returns `QMP_OK`; `QMP_INVALID_UTF8`, `QMP_OVERLAP`; otherwise as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_string(writer: *mut qmp_writer, string: *const c_char) -> qmp_result {
    // SAFETY: the header's rules on handles and names.
    unsafe {
        piece(writer, |state| {
            let (string, region) = name(string)?;
            region.apart([state.out, state.region()])?;
            state.writer.string(string);
            Ok(())
        })
    }
}

/// Writes a string of `length` bytes, UTF-8, zero bytes included.
///
/// Returns `QMP_OK`; `QMP_INVALID_UTF8`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`; otherwise as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_string_n(
    writer: *mut qmp_writer,
    string: *const c_char,
    length: usize,
) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe {
        piece(writer, |state| {
            let (string, region) = bytes(string, length)?;
            region.apart([state.out, state.region()])?;
            state.writer.string(core::str::from_utf8(string).map_err(|_| QMP_INVALID_UTF8)?);
            Ok(())
        })
    }
}

/// Writes an integer.
///
/// Returns as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_i64(writer: *mut qmp_writer, value: i64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.i64(value);
            Ok(())
        })
    }
}

/// Writes an integer that is not negative.
///
/// Returns as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_u64(writer: *mut qmp_writer, value: u64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.u64(value);
            Ok(())
        })
    }
}

/// Writes a number, in as few digits as tell it from its neighbours.
///
/// Returns `QMP_OK`; `QMP_NOT_FINITE`; otherwise as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_double(writer: *mut qmp_writer, value: f64) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.f64(value);
            Ok(())
        })
    }
}

/// Writes `true` or `false`.
///
/// Returns as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_bool(writer: *mut qmp_writer, value: bool) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.bool(value);
            Ok(())
        })
    }
}

/// Writes `null`.
///
/// Returns as `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_null(writer: *mut qmp_writer) -> qmp_result {
    // SAFETY: the header's rules on handles.
    unsafe {
        piece(writer, |state| {
            state.writer.null();
            Ok(())
        })
    }
}

/// Writes a value that is JSON already, such as one that a client has lent. It is checked.
///
/// Returns `QMP_OK`; `QMP_INVALID_JSON`, `QMP_INVALID_UTF8`, `QMP_TOO_DEEP`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`; otherwise as
/// `qmp_writer_object`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_json(writer: *mut qmp_writer, value: qmp_json) -> qmp_result {
    // SAFETY: the header's rules on handles and pointers.
    unsafe {
        piece(writer, |state| {
            let (text, region) = value.bytes()?;
            region.apart([state.out, state.region()])?;
            state.writer.json(Json::parse(text)?);
            Ok(())
        })
    }
}

/// Ends the writing, and gives the value: it lies in the memory given to `qmp_writer_init`, and is lent as long as that is left alone.
///
/// The writer has to be initialised again before it is used again, also after an error.
///
/// Returns `QMP_OK`; `QMP_MISPLACED` where nothing was written, or something is still open; what an earlier call has failed
/// with; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_NOT_INITIALISED`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_writer_finish(writer: *mut qmp_writer, value: *mut qmp_json) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on handles.
        let state = unsafe { object(writer.cast::<State>()) }?;
        // SAFETY: the header's rules on pointers.
        let value = unsafe { Output::new(value, [state.region(), state.out]) }?;
        state.mark = 0;
        if state.failed != QMP_OK {
            return Err(state.failed);
        }
        let writer = core::mem::replace(&mut state.writer, Writer::new(&mut []));
        value.set(qmp_json::lend(writer.finish()?));
        Ok(())
    })
}
