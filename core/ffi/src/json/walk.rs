//! Walking over the members of an object and the elements of an array.

use qmp_core::{Elements, Json, Members};

use super::qmp_json;
use crate::memory::{Output, Region};
use crate::result::*;
use crate::string::qmp_string;

/// Walks the members of an object in the order of the wire.
///
/// `position` is where the walk stands: set it to 0 before the first call, and leave it alone. `name` and `value` are lent as long as
/// `object` is.
///
/// ```c
/// size_t at = 0;
/// while (qmp_json_next_member(object, &at, &name, &value) == QMP_OK) { ... }
/// ```
///
/// Returns `QMP_OK`; `QMP_END` when there is no more, or `object` is none; `QMP_INVALID_VALUE`, also for a position behind the
/// object; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_next_member(
    object: qmp_json,
    position: *mut usize,
    name: *mut qmp_string,
    value: *mut qmp_json,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (object, region) = unsafe { object.read() }?;
        // SAFETY: the header's rules on pointers.
        let position = unsafe { Position::new(position, region) }?;
        // SAFETY: the header's rules on pointers.
        let name = unsafe { Output::new(name, [region, position.output.region]) }?;
        // SAFETY: the header's rules on pointers.
        let value = unsafe { Output::new(value, [region, position.output.region, name.region]) }?;
        let mut members = match position.rest(object)? {
            Some(rest) => Members::resume(rest),
            None => object.members(),
        };
        let (key, found) = members.next().ok_or(QMP_END)?;
        name.set(qmp_string::lend(key));
        value.set(qmp_json::lend(found));
        position.set(object, members.rest());
        Ok(())
    })
}

/// Walks the elements of an array in order.
///
/// `position` is where the walk stands: set it to 0 before the first call, and leave it alone. `value` is lent as long as
/// `array` is.
///
/// Returns as `qmp_json_next_member`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_next_element(
    array: qmp_json,
    position: *mut usize,
    value: *mut qmp_json,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (array, region) = unsafe { array.read() }?;
        // SAFETY: the header's rules on pointers.
        let position = unsafe { Position::new(position, region) }?;
        // SAFETY: the header's rules on pointers.
        let value = unsafe { Output::new(value, [region, position.output.region]) }?;
        let mut elements = match position.rest(array)? {
            Some(rest) => Elements::resume(rest),
            None => array.elements(),
        };
        value.set(qmp_json::lend(elements.next().ok_or(QMP_END)?));
        position.set(array, elements.rest());
        Ok(())
    })
}

/// Where a walk stands: in bytes from the start of the container, 0 before its first step.
struct Position {
    at: usize,
    output: Output<usize>,
}

impl Position {
    /// # Safety
    /// `pointer` is NULL or points to a `size_t`.
    #[inline(always)]
    unsafe fn new(pointer: *mut usize, container: Region) -> Checked<Self> {
        // SAFETY: as the caller's.
        let output = unsafe { Output::new(pointer, [container]) }?;
        // SAFETY: checked just now.
        let at = unsafe { pointer.read() };
        Ok(Self { at, output })
    }

    /// What of the container is still to come; `None` at its start.
    #[inline(always)]
    fn rest<'a>(&self, container: Json<'a>) -> Checked<Option<&'a [u8]>> {
        match self.at {
            0 => Ok(None),
            at => container.text().get(at..).map(Some).ok_or(QMP_INVALID_VALUE),
        }
    }

    /// The walk stands before `rest`.
    #[inline(always)]
    fn set(self, container: Json<'_>, rest: &[u8]) {
        self.output.set(container.text().len().saturating_sub(rest.len()));
    }
}
