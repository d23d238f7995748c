//! The caller's pointers: what they are checked for before anything is read or written through them.

mod text;

pub(crate) use text::*;

use core::ffi::{c_char, c_void};
use core::hint::assert_unchecked;

use crate::result::*;

/// A check, which is part of each function on a host, where a call costs time, and is there once on a microcontroller, where each
/// copy costs flash.
macro_rules! once {
    ($(#[$attribute:meta])* $visibility:vis unsafe fn $($rest:tt)*) => {
        $(#[$attribute])*
        #[cfg_attr(target_pointer_width = "64", inline(always))]
        #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
        $visibility unsafe fn $($rest)*
    };
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        $(#[$attribute])*
        #[cfg_attr(target_pointer_width = "64", inline(always))]
        #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
        $visibility fn $($rest)*
    };
}
pub(crate) use once;

/// Bytes of the caller's.
#[derive(Clone, Copy)]
pub(crate) struct Region {
    start: usize,
    bytes: usize,
}

impl Region {
    /// `count` values from `pointer` on, if there can be so many.
    #[inline(always)]
    pub(crate) fn new<T>(pointer: *const T, count: usize) -> Checked<Self> {
        usable(pointer.addr(), align_of::<T>())?;
        let bytes = count.checked_mul(size_of::<T>()).ok_or(QMP_INVALID_VALUE)?;
        checked(impossible(pointer.addr(), bytes))?;
        Ok(Self::of(pointer, bytes))
    }

    /// So many bytes from `pointer` on, if there can be so many.
    #[inline(always)]
    pub(crate) fn bytes<T>(pointer: *const T, bytes: usize) -> Checked<Self> {
        extent(pointer.addr(), bytes)?;
        Ok(Self::of(pointer, bytes))
    }

    /// One value.
    #[inline(always)]
    pub(crate) fn one<T>(pointer: *const T) -> Checked<Self> {
        usable(pointer.addr(), align_of::<T>())?;
        Ok(Self::of(pointer, size_of::<T>()))
    }

    /// What is known to be an object of so many bytes.
    #[inline(always)]
    pub(crate) fn of<T>(object: *const T, bytes: usize) -> Self {
        Self { start: object.addr(), bytes }
    }

    /// Fails where a byte of this one is also one of `others`. One without any counts as one of one byte.
    #[inline(always)]
    pub(crate) fn apart<const N: usize>(self, others: [Region; N]) -> Checked {
        for other in others {
            if overlap(self.start, self.bytes, other.start, other.bytes) {
                return Err(QMP_OVERLAP);
            }
        }
        Ok(())
    }

    /// Fails where this one is NULL or misaligned, or not apart from `others`.
    #[inline(always)]
    fn writable<const N: usize>(self, align: usize, others: [Region; N]) -> Checked {
        usable(self.start, align)?;
        self.apart(others)
    }
}

once! {
    /// Whether two regions overlap, of which the first counts as one of one byte where it has none.
    fn overlap(start: usize, bytes: usize, other: usize, others: usize) -> bool {
        // All but one.
        let more = bytes.saturating_sub(1);
        // They do where the first starts in the other, or no more bytes before it than it has after its first.
        start.wrapping_sub(other).wrapping_add(more) < others.wrapping_add(more)
    }
}

/// Fails where a pointer is NULL or misaligned.
#[inline(always)]
fn usable(address: usize, align: usize) -> Checked {
    checked(unusable(address, align))
}

once! {
    /// Whether a pointer is NULL or misaligned.
    fn unusable(address: usize, align: usize) -> qmp_result {
        if address == 0 || address & align.wrapping_sub(1) != 0 { why_unusable(address) } else { QMP_OK }
    }
}

#[cfg_attr(target_pointer_width = "64", cold, inline(never))]
#[cfg_attr(not(target_pointer_width = "64"), inline(always))]
fn why_unusable(address: usize) -> qmp_result {
    if address == 0 { QMP_NULL_POINTER } else { QMP_MISALIGNED }
}

/// Fails where a pointer is NULL, or there can be no so many bytes behind it.
#[inline(always)]
fn extent(address: usize, bytes: usize) -> Checked {
    // As `impossible`, and of NULL the address before it is in the upper half.
    if cfg!(all(target_arch = "x86_64", target_pointer_width = "64", not(target_os = "none"))) {
        let all = address.wrapping_sub(1) | bytes | address.wrapping_add(bytes);
        if all.cast_signed() < 0 {
            return Err(no_extent(address));
        }
        // SAFETY: that of 0 would have been below 0.
        unsafe { assert_unchecked(address != 0) };
        return Ok(());
    }
    checked(impossible(address, bytes))?;
    // SAFETY: that would be impossible.
    unsafe { assert_unchecked(address != 0) };
    Ok(())
}

/// Why there are no such bytes.
#[cold]
#[inline(never)]
fn no_extent(address: usize) -> qmp_result {
    if address == 0 { QMP_NULL_POINTER } else { QMP_INVALID_VALUE }
}

once! {
    /// Whether a pointer is NULL, or there can be no so many bytes behind it.
    fn impossible(address: usize, bytes: usize) -> qmp_result {
        if address == 0 {
            return QMP_NULL_POINTER;
        }
        // There the programs of every system have the lower half of all addresses.
        let fits = if cfg!(all(target_arch = "x86_64", target_pointer_width = "64", not(target_os = "none"))) {
            (address | bytes | address.wrapping_add(bytes)).cast_signed() >= 0
        } else {
            bytes <= isize::MAX as usize && address.checked_add(bytes).is_some()
        };
        if fits { QMP_OK } else { QMP_INVALID_VALUE }
    }
}

/// An object in the caller's memory that has been initialised.
pub(crate) trait Object {
    /// The mark of an object that is initialised, but for where it is: see [`mark`](Self::mark).
    const MARK: u32;

    /// Where in it that mark is, a `u32`.
    const MARK_AT: usize;

    /// The mark of an object that was initialised in this place: a copy of it has another one.
    #[inline(always)]
    fn mark<T>(place: *const T) -> u32 {
        place.addr() as u32 ^ Self::MARK
    }

    /// All of its memory, into which no output may be written.
    fn region(&self) -> Region;
}

/// The object behind a handle.
///
/// # Safety
/// The header's rules on handles: it is NULL, or points to memory that lives, and in which `T` is if its mark is there.
#[inline(always)]
pub(crate) unsafe fn object<'a, T: Object>(handle: *mut T) -> Checked<&'a mut T> {
    // SAFETY: as the caller's: it is as large as a `T`, and the mark is an integer inside of it.
    checked(unsafe { unmarked(handle) })?;
    // SAFETY: as was just found.
    unsafe { assert_unchecked(!handle.is_null()) };
    // SAFETY: not NULL, and aligned; the mark is written with the object and by nothing else; no other call on it runs.
    Ok(unsafe { &mut *handle })
}

once! {
    /// Whether there is no object in this place, initialised where it is.
    ///
    /// # Safety
    /// `handle` is NULL, or points to memory in which there is a mark if it is an object.
    unsafe fn unmarked<T: Object>(handle: *const T) -> qmp_result {
        // Where reading does not need it, the alignment is a part of the address that the mark is made of.
        if cfg!(not(target_pointer_width = "64")) {
            match unusable(handle.addr(), align_of::<T>()) {
                QMP_OK => {}
                result => return result,
            }
        } else if handle.is_null() {
            return QMP_NULL_POINTER;
        }
        // SAFETY: not NULL, and there by the contract.
        if unsafe { handle.byte_add(T::MARK_AT).cast::<u32>().read_unaligned() } == T::mark(handle) {
            return QMP_OK;
        }
        why_unmarked(handle.addr(), align_of::<T>())
    }
}

/// Why there is no object.
#[cfg_attr(target_pointer_width = "64", cold, inline(never))]
#[cfg_attr(not(target_pointer_width = "64"), inline(always))]
fn why_unmarked(address: usize, align: usize) -> qmp_result {
    if cfg!(target_pointer_width = "64") && address & align.wrapping_sub(1) != 0 {
        QMP_MISALIGNED
    } else {
        QMP_NOT_INITIALISED
    }
}

once! {
    /// Whether there is no object in this place, or no output of so many bytes beside it.
    ///
    /// # Safety
    /// As [`object`].
    unsafe fn unhanded<T: Object>(handle: *const T, output: usize, bytes: usize, align: usize) -> qmp_result {
        // SAFETY: as the caller's.
        match unsafe { unmarked(handle) } {
            QMP_OK => {
                // SAFETY: not NULL, and aligned; see `object`.
                let own = unsafe { &*handle }.region();
                Region { start: output, bytes }.writable(align, [own]).err().unwrap_or(QMP_OK)
            }
            result => result,
        }
    }
}

/// An object, and where something is told that is not inside of it.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
pub(crate) unsafe fn handed<'a, T: Object, V>(handle: *mut T, output: *mut V) -> Checked<(&'a mut T, Output<V>)> {
    // SAFETY: as the caller's.
    checked(unsafe { unhanded(handle, output.addr(), size_of::<V>(), align_of::<V>()) })?;
    // SAFETY: not NULL, as was just found.
    unsafe { assert_unchecked(!handle.is_null() && !output.is_null()) };
    // SAFETY: not NULL, and aligned; see `object`.
    let object = unsafe { &mut *handle };
    Ok((object, Output { pointer: output, region: Region::of(output, size_of::<V>()) }))
}

/// Bytes that are read.
///
/// # Safety
/// `pointer` is NULL or points to `length` bytes that nobody writes during the call.
#[inline(always)]
pub(crate) unsafe fn bytes<'a>(pointer: *const c_char, length: usize) -> Checked<(&'a [u8], Region)> {
    let region = Region::bytes(pointer, length)?;
    // SAFETY: not NULL, no longer than an object may be, and there by the contract.
    Ok((unsafe { core::slice::from_raw_parts(pointer.cast(), length) }, region))
}

/// Bytes that are written.
///
/// # Safety
/// `pointer` is NULL or points to `length` bytes that nobody uses during the call.
#[inline(always)]
pub(crate) unsafe fn room<'a>(pointer: *mut c_void, length: usize) -> Checked<(&'a mut [u8], Region)> {
    let region = Region::bytes(pointer, length)?;
    // SAFETY: not NULL, no longer than an object may be, and there by the contract. Nothing here reads what it has not written.
    Ok((unsafe { core::slice::from_raw_parts_mut(pointer.cast(), length) }, region))
}

/// Where one value is written on success.
pub(crate) struct Output<T> {
    pointer: *mut T,
    pub(crate) region: Region,
}

impl<T> Output<T> {
    /// The place behind `pointer`, which is not inside of `others`.
    ///
    /// # Safety
    /// `pointer` is NULL or points to memory for a `T`.
    #[inline(always)]
    pub(crate) unsafe fn new<const N: usize>(pointer: *mut T, others: [Region; N]) -> Checked<Self> {
        let region = Region::of(pointer, size_of::<T>());
        region.writable(align_of::<T>(), others)?;
        Ok(Self { pointer, region })
    }

    /// Writes it.
    #[inline(always)]
    pub(crate) fn set(self, value: T) {
        // SAFETY: checked by `new`, and there by the contract.
        unsafe { self.pointer.write(value) }
    }

    /// Has parts of it written.
    #[inline(always)]
    pub(crate) fn with(self, write: impl FnOnce(*mut T)) {
        write(self.pointer);
    }

    /// Writes it, to be completed.
    #[inline(always)]
    pub(crate) fn place<'a>(self, value: T) -> &'a mut T
    where
        T: 'a,
    {
        // SAFETY: checked by `new`, and there by the contract; the caller writes to it before it returns to C.
        unsafe {
            self.pointer.write(value);
            &mut *self.pointer
        }
    }
}
