//! Reading strings.

use core::ffi::c_char;

use qmp_core::Str;

use crate::memory::{Output, Region, bytes, room};
use crate::result::*;

/// One JSON string: the text between its quotes, as it stands on the wire. Not ended by a zero byte.
///
/// QEMU writes nearly all strings without escapes, and then this is the string itself: it may be printed with
/// `printf("%.*s", (int)s.length, s.text)`. `qmp_string_equals` and `qmp_string_copy` decode escapes.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_string {
    /// The first byte. NULL where a message has no such string.
    pub text: *const c_char,
    /// Bytes, escapes not decoded.
    pub length: usize,
}

impl qmp_string {
    pub(crate) const NONE: Self = Self { text: core::ptr::null(), length: 0 };

    /// The string as C sees it.
    #[inline(always)]
    pub(crate) fn lend(string: Str<'_>) -> Self {
        Self { text: string.raw().as_ptr().cast(), length: string.raw().len() }
    }

    /// The string, taken for valid.
    ///
    /// # Safety
    /// As `bytes`.
    #[inline(always)]
    unsafe fn read<'a>(self) -> Checked<(Str<'a>, Region)> {
        // SAFETY: as the caller's.
        unsafe { bytes(self.text, self.length) }.map(|(text, region)| (Str::from_valid(text), region))
    }
}

/// Whether a string, its escapes decoded, is the same as one of the program's, which has `length` bytes.
///
/// `false` also where either is NULL or `other` is not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_string_equals_n(string: qmp_string, other: *const c_char, length: usize) -> bool {
    // SAFETY: the header's rules on pointers.
    let Ok((string, _)) = (unsafe { string.read() }) else { return false };
    // SAFETY: the header's rules on pointers.
    let Ok((other, _)) = (unsafe { bytes(other, length) }) else { return false };
    equals(string, other)
}

/// Whether a string is another one, which is UTF-8, or else it is not.
#[inline(always)]
pub(crate) fn equals(string: Str<'_>, other: &[u8]) -> bool {
    #[cfg(target_pointer_width = "64")]
    if string.raw().len() == other.len() {
        const ONES: u64 = 0x0101_0101_0101_0101;
        // The top bit of a byte that is a backslash; of no byte if none is.
        let escapes = |word: u64| (word ^ ONES.wrapping_mul(b'\\'.into())).wrapping_sub(ONES) & !word;
        match other.len() {
            8..=16 => {
                let (words, (first, last)) = (crate::memory::two_words(string.raw()), crate::memory::two_words(other));
                return words == (first, last) && (escapes(first) | escapes(last)) & (ONES << 7) == 0;
            }
            4..8 => {
                let (word, wanted) = (crate::memory::one_word(string.raw()), crate::memory::one_word(other));
                return word == wanted && escapes(wanted) & (ONES << 7) == 0;
            }
            _ => {}
        }
    }
    string.is(other)
}

/// Copies a string, its escapes decoded, and a zero byte.
///
/// `out` has `capacity` bytes; a string never needs more than its `length` and one byte more. `length` gets the bytes written, the
/// zero byte not counted. Since a string may have zero bytes inside, that may be more than `strlen` says. A lone UTF-16
/// surrogate comes out as U+FFFD.
///
/// Returns `QMP_OK`; `QMP_BUFFER_TOO_SMALL`, and what `out` holds then is unspecified; `QMP_NULL_POINTER`, `QMP_MISALIGNED`,
/// `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_string_copy(
    string: qmp_string,
    out: *mut c_char,
    capacity: usize,
    length: *mut usize,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (string, region) = unsafe { string.read() }?;
        // SAFETY: the header's rules on pointers.
        let (out, written) = unsafe { room(out.cast(), capacity) }?;
        written.apart([region])?;
        // SAFETY: the header's rules on pointers.
        let length = unsafe { Output::new(length, [region, written]) }?;
        let (end, rest) = out.split_last_mut().ok_or(QMP_BUFFER_TOO_SMALL)?;
        let copied = string.write_to(rest).ok_or(QMP_BUFFER_TOO_SMALL)?;
        *rest.get_mut(copied).unwrap_or(end) = 0;
        length.set(copied);
        Ok(())
    })
}
