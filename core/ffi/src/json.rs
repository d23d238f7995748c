//! Reading values.

mod walk;

pub use walk::*;

use core::ffi::c_char;
use core::ptr::{NonNull, null};
use core::slice;

use qmp_core::{Json, JsonKind, Str};

use crate::memory::{Output, Region, bytes, once};
use crate::result::*;
use crate::string::{equals, qmp_string};

/// One JSON value: the text as it stands on the wire, without white space around it. Not ended by a zero byte.
///
/// Those that the library hands out are valid JSON, lent for as long as the function or the field says. The functions below read
/// a value again from its text each time. They read the value itself where `member` is NULL, or, if it is an object, the first member
/// whose name is the `member_length` bytes at `member`. Without `_n` they take a name that ends with a zero byte:
/// `qmp_json_bool(incoming.value, "running", &running)`. Escapes in the names on the wire are taken into account. Text of other origin
/// has to pass `qmp_json_parse` first; of text that is no JSON they read anything, within its length.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_json {
    /// The first byte. NULL where a message has no such value.
    pub text: *const c_char,
    /// Bytes.
    pub length: usize,
}

/// What a JSON value is.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_json_kind {
    /// `null`
    QMP_JSON_NULL = 0,
    /// `true` or `false`
    QMP_JSON_BOOL = 1,
    /// Any number. JSON does not tell integers from others.
    QMP_JSON_NUMBER = 2,
    /// A string.
    QMP_JSON_STRING = 3,
    /// An array.
    QMP_JSON_ARRAY = 4,
    /// An object.
    QMP_JSON_OBJECT = 5,
}

impl qmp_json {
    pub(crate) const NONE: Self = Self { text: core::ptr::null(), length: 0 };

    /// The value as C sees it.
    #[inline(always)]
    pub(crate) fn lend(value: Json<'_>) -> Self {
        Self { text: value.text().as_ptr().cast(), length: value.text().len() }
    }

    /// The value, if there is one.
    #[inline(always)]
    pub(crate) fn lend_if(value: Option<Json<'_>>) -> Self {
        value.map_or(Self::NONE, Self::lend)
    }

    /// Its text, unchecked.
    ///
    /// # Safety
    /// As `bytes`.
    #[inline(always)]
    pub(crate) unsafe fn bytes<'a>(self) -> Checked<(&'a [u8], Region)> {
        // SAFETY: as the caller's.
        unsafe { bytes(self.text, self.length) }
    }

    /// The value, taken for valid.
    ///
    /// # Safety
    /// As `bytes`.
    #[inline(always)]
    pub(crate) unsafe fn read<'a>(self) -> Checked<(Json<'a>, Region)> {
        // SAFETY: as the caller's.
        unsafe { self.bytes() }.map(|(text, region)| (Json::from_valid(text), region))
    }

    /// A value of the caller's, if there is one: checked, and in none of `others`.
    ///
    /// # Safety
    /// `value` is NULL or points to a value that lends bytes as `bytes` wants them.
    #[inline(always)]
    pub(crate) unsafe fn optional<'a, const N: usize>(
        value: *const Self,
        others: [Region; N],
    ) -> Checked<Option<Json<'a>>> {
        if value.is_null() {
            return Ok(None);
        }
        Region::one(value)?.apart(others)?;
        // SAFETY: checked just now, and there by the contract.
        let (text, region) = unsafe { value.read().bytes() }?;
        region.apart(others)?;
        Ok(Some(Json::parse(text)?))
    }
}

once! {
    /// The member with this name, which is not in `written`; the value itself where there is no name.
    ///
    /// # Safety
    /// The header's rules on names.
    unsafe fn find<'a>(value: Json<'a>, (member, length): Name, written: Option<Region>) -> Checked<Json<'a>> {
        if member.is_null() {
            return Ok(value);
        }
        // SAFETY: as the caller's.
        let (member, named) = unsafe { bytes(member, length) }?;
        if let Some(written) = written {
            written.apart([named])?;
        }
        let (start, length) = look(value, member);
        match start {
            // SAFETY: so many bytes are there: they are a part of the value's text.
            Some(start) => Ok(Json::from_valid(unsafe { slice::from_raw_parts(start.as_ptr(), length) })),
            None => Err(why_not(length)),
        }
    }
}

/// The member with this name: its text, or no start and why there is none.
// Called where nothing is kept for the case that there is none. In two words, which come back in registers.
#[cfg_attr(target_pointer_width = "64", inline(never))]
#[cfg_attr(not(target_pointer_width = "64"), inline(always))]
fn look(value: Json<'_>, member: &[u8]) -> (Option<NonNull<u8>>, usize) {
    match value.named(member) {
        Some(found) => (Some(NonNull::from(found.text()).cast()), found.text().len()),
        None => (None, no_member(value)),
    }
}

/// A name of the caller's: where it starts, and its length.
type Name = (*const c_char, usize);

/// Why a value has no such member, as a number that comes back in a register: see [`why_not`].
#[cfg_attr(target_pointer_width = "64", cold)]
#[cfg_attr(not(target_pointer_width = "64"), inline(always))]
fn no_member(value: Json<'_>) -> usize {
    usize::from(value.kind() != JsonKind::Object)
}

#[cfg_attr(target_pointer_width = "64", cold)]
#[inline(always)]
fn why_not(place: usize) -> qmp_result {
    if place == 0 { QMP_NOT_FOUND } else { QMP_WRONG_TYPE }
}

/// A value, or the member with this name, and where is told what it is.
///
/// # Safety
/// `value` lends bytes as `bytes` wants them; `member` is NULL or a name; `output` is NULL or points to memory for a `T`.
#[inline(always)]
unsafe fn found<'a, T>(value: qmp_json, member: Name, output: *mut T) -> Checked<(Json<'a>, Output<T>)> {
    // SAFETY: as the caller's.
    let (value, region) = unsafe { value.read() }?;
    // SAFETY: as the caller's.
    let output = unsafe { Output::new(output, [region]) }?;
    // SAFETY: as the caller's.
    let value = unsafe { find(value, member, Some(output.region)) }?;
    Ok((value, output))
}

/// Writes what `read` makes of a value, or of the member with this name.
///
/// # Safety
/// As [`found`].
#[inline(always)]
unsafe fn scalar<T>(
    value: qmp_json,
    member: Name,
    output: *mut T,
    read: impl FnOnce(Json<'_>) -> Result<T, qmp_result>,
) -> qmp_result {
    answer(|| {
        // SAFETY: as the caller's.
        let (value, output) = unsafe { found(value, member, output) }?;
        output.set(read(value)?);
        Ok(())
    })
}

/// Why a value is not a number of the type asked for.
fn no_integer(value: Json<'_>) -> qmp_result {
    let integer = |byte: &u8| byte.is_ascii_digit() || *byte == b'-';
    match value.kind() {
        JsonKind::Number if value.text().iter().all(integer) => QMP_OUT_OF_RANGE,
        _ => QMP_WRONG_TYPE,
    }
}

/// Checks text of any origin: one JSON value in UTF-8, nested at most 63 deep, with white space around it or not.
///
/// `value` gets the same text without the white space around it: it is lent as long as `text` is there.
///
/// Returns `QMP_OK`; `QMP_INVALID_JSON`, also where the text ends too early; `QMP_INVALID_UTF8`; `QMP_TOO_DEEP`;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_parse(text: *const c_char, length: usize, value: *mut qmp_json) -> qmp_result {
    // SAFETY: the header's rules on pointers.
    unsafe {
        scalar(qmp_json { text, length }, (null(), 0), value, |json| Ok(qmp_json::lend(Json::parse(json.text())?)))
    }
}

/// What a value is, or its member.
///
/// Returns `QMP_OK`; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
/// `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_kind_of_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    kind: *mut qmp_json_kind,
) -> qmp_result {
    let of = |value: Json<'_>| {
        Ok(match value.kind() {
            JsonKind::Null => qmp_json_kind::QMP_JSON_NULL,
            JsonKind::Bool => qmp_json_kind::QMP_JSON_BOOL,
            JsonKind::Number => qmp_json_kind::QMP_JSON_NUMBER,
            JsonKind::String => qmp_json_kind::QMP_JSON_STRING,
            JsonKind::Array => qmp_json_kind::QMP_JSON_ARRAY,
            JsonKind::Object => qmp_json_kind::QMP_JSON_OBJECT,
        })
    };
    // SAFETY: the header's rules on pointers.
    unsafe { scalar(value, (member, member_length), kind, of) }
}

/// Reads `true` or `false`, a value or its member.
///
/// Returns `QMP_OK`; `QMP_WRONG_TYPE` for any other value; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`,
/// `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_bool_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    out: *mut bool,
) -> qmp_result {
    // SAFETY: the header's rules on pointers.
    let (value, out) = match unsafe { found(value, (member, member_length), out) } {
        Ok(both) => both,
        Err(result) => return result,
    };
    match value.text().first() {
        Some(b't') => out.set(true),
        Some(b'f') => out.set(false),
        _ => return QMP_WRONG_TYPE,
    }
    QMP_OK
}

/// Reads an integer, a value or its member.
///
/// Returns `QMP_OK`; `QMP_OUT_OF_RANGE`; `QMP_WRONG_TYPE` for anything that is no number, and for a number with a fraction or an
/// exponent, such as `1.0`; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
/// `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_i64_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    out: *mut i64,
) -> qmp_result {
    // SAFETY: the header's rules on pointers.
    unsafe { scalar(value, (member, member_length), out, |value| value.as_i64().ok_or_else(|| no_integer(value))) }
}

/// Reads an integer that is not negative, a value or its member.
///
/// Returns as `qmp_json_i64_n`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_u64_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    out: *mut u64,
) -> qmp_result {
    // SAFETY: the header's rules on pointers.
    unsafe { scalar(value, (member, member_length), out, |value| value.as_u64().ok_or_else(|| no_integer(value))) }
}

/// Reads any number, a value or its member: the nearest `double`.
///
/// Returns `QMP_OK`; `QMP_OUT_OF_RANGE` where that is infinite; `QMP_WRONG_TYPE` for anything that is no number; where there is
/// a `member`, as `qmp_json_member_n`;
/// `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_double_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    out: *mut f64,
) -> qmp_result {
    let read = |value: Json<'_>| match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        Some(_) => Err(QMP_OUT_OF_RANGE),
        None => Err(QMP_WRONG_TYPE),
    };
    // SAFETY: the header's rules on pointers.
    unsafe { scalar(value, (member, member_length), out, read) }
}

/// Reads a string, a value or its member. It is lent as long as `value` is.
///
/// Returns `QMP_OK`; `QMP_WRONG_TYPE` for any other value; where there is a `member`, as `qmp_json_member_n`; `QMP_NULL_POINTER`,
/// `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_string_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    out: *mut qmp_string,
) -> qmp_result {
    // SAFETY: the header's rules on pointers.
    unsafe {
        scalar(value, (member, member_length), out, |value| value.as_str().map(qmp_string::lend).ok_or(QMP_WRONG_TYPE))
    }
}

/// Whether a value, or its member, is a string, and the same as one of the program's, `other_length` bytes from `other` on, its
/// escapes decoded.
///
/// `false` for any other value, also where there is no such member, where `value` or `other` is NULL, or a text of the program's is
/// not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_equals_n(
    value: qmp_json,
    member: *const c_char,
    member_length: usize,
    other: *const c_char,
    other_length: usize,
) -> bool {
    // SAFETY: the header's rules on pointers.
    let Ok((value, _)) = (unsafe { value.read() }) else { return false };
    // SAFETY: the header's rules on pointers.
    let Ok((other, _)) = (unsafe { bytes(other, other_length) }) else { return false };
    // SAFETY: the header's rules on pointers. Nothing is written.
    let Ok(value) = (unsafe { find(value, (member, member_length), None) }) else { return false };
    match value.text() {
        [b'"', string @ .., _] => equals(Str::from_valid(string), other),
        _ => false,
    }
}

/// Finds the first member with this name in an object. It is lent as long as `object` is. To read it at once, give the name to one
/// of the functions above.
///
/// `member` names it: UTF-8, `length` bytes.
///
/// Returns `QMP_OK`; `QMP_NOT_FOUND`; `QMP_WRONG_TYPE` where `object` is none; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_json_member_n(
    object: qmp_json,
    member: *const c_char,
    member_length: usize,
    value: *mut qmp_json,
) -> qmp_result {
    if member.is_null() {
        return QMP_NULL_POINTER;
    }
    // SAFETY: the header's rules on pointers and names.
    unsafe { scalar(object, (member, member_length), value, |value| Ok(qmp_json::lend(value))) }
}
