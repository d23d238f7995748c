//! JSON strings, decoded on demand.

use core::fmt::{self, Write as _};

use crate::bytes::has_escapes;

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
    #[inline(never)]
    pub(crate) fn spells(self, other: &[u8]) -> bool {
        let mut chars = self.chars();
        let mut left = other.iter();
        while !chars.rest.is_empty() {
            let mut bytes = chars.bytes();
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
        if self.rest.is_empty() {
            return None;
        }
        let first = self.byte();
        Some(character(if first == u32::from(b'\\') { self.escape() } else { self.plain(first) }))
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
    /// Bytes of the text that are still to be read.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    /// The next byte; 0 if there is none.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn byte(&mut self) -> u32 {
        let Some((&first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        first.into()
    }

    /// The code of the character that is written as an escape, after the backslash.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn escape(&mut self) -> u32 {
        let byte = self.byte();
        if byte == u32::from(b'u') {
            self.utf16()
        } else if byte > u32::from(b'\\') {
            // `b`, `f`, `n`, `r`, `t`: three bits of them tell which, and so the place in what they stand for.
            0x9d_a0c8 >> (byte & 0x1c) & 0xf
        } else {
            byte
        }
    }

    /// The next character where it is an escape, otherwise the next byte: in UTF-8, the first byte lowest.
    pub(crate) fn bytes(&mut self) -> u32 {
        let first = self.byte();
        if first != u32::from(b'\\') {
            return first;
        }
        let code = self.escape();
        if code < 0x80 {
            return code;
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
        bytes << 8 | first as u8 as u32 | left
    }

    /// The code of the character that `\uXXXX`, or two of them, stand for, after the `\u`.
    fn utf16(&mut self) -> u32 {
        let unit = self.hex();
        if unit & 0xf800 != 0xd800 {
            return unit;
        }
        let mut ahead = self.clone();
        if unit & 0x400 == 0 && ahead.byte() == u32::from(b'\\') && ahead.byte() == u32::from(b'u') {
            let low = ahead.hex() ^ 0xdc00;
            if low < 0x400 {
                *self = ahead;
                return 0x1_0000u32.wrapping_add((unit & 0x3ff) << 10 | low);
            }
        }
        char::REPLACEMENT_CHARACTER.into()
    }

    /// Four hexadecimal digits; 0 for each that there is not.
    fn hex(&mut self) -> u32 {
        let mut unit = 0;
        for _ in 0..4 {
            // Of a letter, in either case, the low bits are nine less than what it stands for.
            let digit = self.byte();
            unit = unit << 4 | (digit & 0xf).wrapping_add((digit >> 6).wrapping_mul(9));
        }
        unit
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
