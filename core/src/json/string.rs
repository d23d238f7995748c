//! JSON strings, decoded on demand.

use core::fmt::{self, Write as _};

use crate::bytes::{has_escapes, part};

/// A JSON string, borrowed as it stands between its quotes. Escapes are decoded as it is read: compare it with a `&str`,
/// iterate its [`chars`](Str::chars), or copy it into a slice or a `heapless::String`.
///
/// A lone UTF-16 surrogate (`\uD800` without its second half) is U+FFFD.
///
/// ```
/// use qmp_core::Json;
///
/// let text = Json::parse(br#""caf\u00E9 \uD83D\uDE00""#)?.as_str().unwrap();
/// assert_eq!(text, "café 😀");
/// assert_eq!(text.to_heapless::<12>().unwrap(), "café 😀");
/// assert_eq!(text.as_plain(), None);
/// # Ok::<(), qmp_core::Fault>(())
/// ```
#[derive(Clone, Copy)]
pub struct Str<'a> {
    inner: &'a [u8],
}

impl<'a> Str<'a> {
    /// The text between the quotes of a valid JSON string.
    pub(crate) const fn new(inner: &'a [u8]) -> Self {
        Self { inner }
    }

    /// The text between the quotes of a string that is known to be valid, such as [`raw`](Self::raw) once gave it. Nothing is
    /// checked: of anything else, what is read is unspecified. It never is a panic.
    pub const fn from_valid(inner: &'a [u8]) -> Self {
        Self { inner }
    }

    /// The text between the quotes, escapes and all.
    pub const fn raw(self) -> &'a [u8] {
        self.inner
    }

    /// The string itself if it is written without escapes, as nearly all of QEMU's are.
    pub fn as_plain(self) -> Option<&'a str> {
        if has_escapes(self.inner) {
            return None;
        }
        core::str::from_utf8(self.inner).ok()
    }

    /// The characters.
    pub const fn chars(self) -> Chars<'a> {
        Chars { rest: self.inner }
    }

    /// Whether it has no characters.
    pub const fn is_empty(self) -> bool {
        self.inner.is_empty()
    }

    /// The length of the decoded string in UTF-8, in bytes: what [`copy_to`](Self::copy_to) needs.
    pub fn decoded_len(self) -> usize {
        self.chars().fold(0usize, |sum, char| sum.saturating_add(char.len_utf8()))
    }

    /// Decodes into `out` and returns the text there; `None` if it does not fit. [`decoded_len`](Self::decoded_len) tells
    /// what is needed; the raw length is always enough.
    pub fn copy_to(self, out: &mut [u8]) -> Option<&str> {
        let length = self.write_to(out)?;
        core::str::from_utf8(out.get(..length)?).ok()
    }

    /// As [`copy_to`](Self::copy_to), without looking at what was written: its length.
    pub fn write_to(self, out: &mut [u8]) -> Option<usize> {
        let mut length = 0usize;
        for char in self.chars() {
            let mut room = [0; 4];
            let encoded = char.encode_utf8(&mut room).as_bytes();
            let end = length.saturating_add(encoded.len());
            crate::bytes::copy(out.get_mut(length..end)?, encoded);
            length = end;
        }
        Some(length)
    }

    /// Decodes into a `heapless::String`; `None` if it does not fit.
    pub fn to_heapless<const N: usize>(self) -> Option<heapless::String<N>> {
        let mut out = heapless::String::new();
        for char in self.chars() {
            out.push(char).ok()?;
        }
        Some(out)
    }
}

impl Str<'_> {
    /// Whether it is `other`, which is UTF-8, or else it is not.
    // Most often with a literal, of which nearly all is known when it is compiled.
    #[doc(hidden)]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn is(self, other: &[u8]) -> bool {
        // An escape is longer than what it stands for.
        if cfg!(target_pointer_width = "64") && self.inner.len() <= other.len() {
            self.inner == other && !has_escapes(other)
        } else {
            self.spells(other)
        }
    }

    /// As [`is`](Self::is), whatever the escapes.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(crate) fn spells(self, other: &[u8]) -> bool {
        let mut at = 0;
        let mut left = other.iter();
        while at < self.inner.len() {
            let (mut bytes, end) = decode(self.inner, at);
            at = end;
            loop {
                if left.next() != Some(&(bytes as u8)) {
                    return false;
                }
                bytes >>= 8;
                if bytes == 0 {
                    break;
                }
            }
        }
        left.as_slice().is_empty()
    }
}

impl PartialEq<str> for Str<'_> {
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn eq(&self, other: &str) -> bool {
        self.is(other.as_bytes())
    }
}

impl PartialEq<&str> for Str<'_> {
    #[inline]
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

/// Equal characters, whatever the escapes.
impl PartialEq for Str<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.chars().eq(other.chars())
    }
}

impl Eq for Str<'_> {}

impl fmt::Debug for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for char in self.chars() {
            match char {
                // Escaped where it stands for itself, not in a string.
                '\'' => f.write_str("'")?,
                _ => fmt::Display::fmt(&char.escape_debug(), f)?,
            }
        }
        f.write_str("\"")
    }
}

/// The decoded characters.
impl fmt::Display for Str<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(plain) = self.as_plain() {
            return f.pad(plain);
        }
        // As `pad` does.
        let chars = self.chars().take(f.precision().unwrap_or(usize::MAX));
        let missing = f.width().unwrap_or_default().saturating_sub(chars.clone().count());
        let before = match f.align() {
            Some(fmt::Alignment::Right) => missing,
            Some(fmt::Alignment::Center) => missing.wrapping_div(2),
            _ => 0,
        };
        let fill = core::iter::repeat(f.fill());
        fill.clone().take(before).try_for_each(|char| f.write_char(char))?;
        chars.into_iter().try_for_each(|char| f.write_char(char))?;
        fill.take(missing.wrapping_sub(before)).try_for_each(|char| f.write_char(char))
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Str<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.as_plain() {
            Some(plain) => defmt::write!(f, "{=str}", plain),
            None => self.chars().for_each(|char| defmt::write!(f, "{=char}", char)),
        }
    }
}

/// The characters of a [`Str`].
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    rest: &'a [u8],
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let (first, after) = self.rest.split_first()?;
        if *first == b'\\' {
            let (code, end) = escape(self.rest, 0);
            self.rest = self.rest.get(end..).unwrap_or_default();
            return Some(character(code));
        }
        self.rest = after;
        Some(character(self.plain((*first).into())))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The longest way to write one character is a surrogate pair, twelve bytes.
        (self.rest.len().div_ceil(12), Some(self.rest.len()))
    }
}

/// The character with this code; the replacement character for a surrogate.
fn character(code: u32) -> char {
    char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
}

impl Chars<'_> {
    /// The next byte; 0 if there is none.
    fn byte(&mut self) -> u32 {
        let byte = byte(self.rest, 0);
        self.rest = self.rest.get(1..).unwrap_or_default();
        byte
    }

    /// The code of a character that is written as it is, after its first byte.
    fn plain(&mut self, first: u32) -> u32 {
        let (more, mask) = match first {
            0..0xc0 => return first,
            0xc0..0xe0 => (1, 0x1f),
            0xe0..0xf0 => (2, 0xf),
            _ => (3, 7),
        };
        (0..more).fold(first & mask, |code, _| code << 6 | self.byte() & 0x3f)
    }
}

/// The byte at `at`; 0 if there is none.
fn byte(text: &[u8], at: usize) -> u32 {
    text.get(at).copied().unwrap_or_default().into()
}

/// The code of the character that is written as an escape at `at`, and where that ends.
fn escape(text: &[u8], at: usize) -> (u32, usize) {
    let unit = utf16(text, at);
    if unit == NO_UNIT {
        let byte = byte(text, at.wrapping_add(1));
        // `b`, `f`, `n`, `r`, `t`: three bits of them tell which, and so the place in what they stand for.
        let code = if byte > u32::from(b'\\') { 0x9d_a0c8 >> (byte & 0x1c) & 0xf } else { byte };
        return (code, at.wrapping_add(2));
    }
    let end = at.wrapping_add(6);
    let high = unit.wrapping_sub(0xd800);
    if high >= 0x800 {
        return (unit, end);
    }
    let low = utf16(text, end) ^ 0xdc00;
    if high < 0x400 && low < 0x400 {
        return (0x1_0000u32.wrapping_add(high << 10 | low), end.wrapping_add(6));
    }
    (char::REPLACEMENT_CHARACTER.into(), end)
}

/// What is no unit of UTF-16.
const NO_UNIT: u32 = u32::MAX;

/// The unit of UTF-16 that is written as `\uXXXX` at `at`.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn utf16(text: &[u8], at: usize) -> u32 {
    let [b'\\', b'u', digits @ ..] = part(text, at, at.wrapping_add(6)) else { return NO_UNIT };
    digits.iter().fold(0, |unit, byte| {
        // Of a letter, in either case, the low bits are nine less than what it stands for.
        let digit = u32::from(*byte);
        unit << 4 | (digit & 0xf).wrapping_add((digit >> 6).wrapping_mul(9))
    })
}

/// The character at `at` where it is an escape, otherwise the byte there: in UTF-8, the first byte lowest; and where that ends.
#[inline(never)]
pub(crate) fn decode(text: &[u8], at: usize) -> (u32, usize) {
    let first = byte(text, at);
    if first != u32::from(b'\\') {
        return (first, at.wrapping_add(1));
    }
    let (code, end) = escape(text, at);
    if code < 0x80 {
        return (code, end);
    }
    // From the last byte on; what the first one has room for halves with each.
    let (mut left, mut first, mut bytes) = (code, -0x40i32, 0);
    loop {
        bytes = bytes << 8 | 0x80 | left & 0x3f;
        left >>= 6;
        if left & (first >> 1) as u32 == 0 {
            break;
        }
        first >>= 1;
    }
    (bytes << 8 | first as u8 as u32 | left, end)
}
