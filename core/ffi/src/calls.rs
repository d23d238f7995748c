//! The shapes that functions on an object have in common, a client, a server or a selection: what is checked, and in which order.

pub(crate) use crate::memory::handed;
use crate::memory::{Object, object};
use crate::result::*;

/// One that does something and tells nothing.
///
/// # Safety
/// The header's rules on handles.
#[inline(always)]
pub(crate) unsafe fn act<T: Object>(handle: *mut T, act: impl FnOnce(&mut T) -> Checked) -> qmp_result {
    answer(|| {
        // SAFETY: as the caller's.
        act(unsafe { object(handle) }?)
    })
}

/// One that tells one thing, and changes nothing.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
pub(crate) unsafe fn tell<T: Object, V>(handle: *const T, output: *mut V, read: impl FnOnce(&T) -> V) -> qmp_result {
    answer(|| {
        // SAFETY: as the caller's.
        let (object, output) = unsafe { handed(handle.cast_mut(), output) }?;
        output.set(read(object));
        Ok(())
    })
}

/// One that tells what came next, if anything has: `tell` writes it over `blank` where it is wanted.
///
/// # Safety
/// The header's rules on handles and pointers.
#[inline(always)]
pub(crate) unsafe fn next<'a, T: Object + 'a, N: 'a, V: 'a>(
    handle: *mut T,
    output: *mut V,
    blank: V,
    next: impl FnOnce(&'a mut T) -> Checked<N>,
    tell: impl FnOnce(&'a mut V, N),
) -> qmp_result {
    answer(|| {
        // SAFETY: as the caller's.
        let (object, output) = unsafe { handed(handle, output) }?;
        let found = next(object)?;
        tell(output.place(blank), found);
        Ok(())
    })
}
