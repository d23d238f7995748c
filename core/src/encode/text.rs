//! Strings with QEMU's escapes, and the tokens of JSON that is written again.

use core::fmt;

use super::Writer;
use crate::json::Str;

/// A part of a string.
#[derive(Clone, Copy)]
pub(crate) enum Piece<'a> {
    /// Text as it is.
    Plain(&'a str),
    /// Text that stands in JSON, escapes and all.
    Json(Str<'a>),
    /// A decimal number.
    Number(u64),
}

/// A string that is open: what is formatted into it is escaped.
pub(super) struct Quoted<'w, 'o>(pub(super) &'w mut Writer<'o>);

impl fmt::Write for Quoted<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.escape(text);
        Ok(())
    }
}

/// Formatted text as it stands, for numbers.
pub(super) struct Plain<'w, 'o>(pub(super) &'w mut Writer<'o>);

impl fmt::Write for Plain<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.push(text.as_bytes());
        Ok(())
    }
}

impl Writer<'_> {
    /// A string between quotes.
    pub(super) fn quote(&mut self, text: &str) -> &mut Self {
        self.push(b"\"");
        self.escape(text);
        self.push(b"\"")
    }

    /// A string between quotes, from the text between the quotes of another.
    pub(super) fn requote(&mut self, inner: &[u8]) -> &mut Self {
        self.push(b"\"");
        self.reescape(inner);
        self.push(b"\"")
    }

    pub(super) fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Plain(text) => self.escape(text),
            Piece::Json(text) => self.reescape(text.raw()),
            Piece::Number(value) => {
                self.digits(value);
            }
        }
    }

    /// Text with what QEMU escapes escaped: plain stretches are copied whole.
    fn escape(&mut self, mut text: &str) {
        while let Some(at) = text.bytes().position(is_special) {
            let (plain, rest) = text.split_at_checked(at).unwrap_or((text, ""));
            self.push(plain.as_bytes());
            let mut chars = rest.chars();
            let mut units = [0; 2];
            for unit in chars.next().unwrap_or_default().encode_utf16(&mut units) {
                self.unit(*unit);
            }
            text = chars.as_str();
        }
        self.push(text.as_bytes());
    }

    /// As [`escape`](Self::escape), where the text has escapes already. Halves of surrogate pairs stay what they are.
    fn reescape(&mut self, inner: &[u8]) {
        let mut rest = inner;
        while let Some(at) = rest.iter().position(|byte| is_special(*byte)) {
            let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, &[]));
            self.push(plain);
            rest = match special {
                [b'\\', b'u', digits @ ..] => {
                    let (digits, after) = digits.split_at_checked(4).unwrap_or((digits, &[]));
                    let unit = |unit, digit: &u8| unit << 4 | char::from(*digit).to_digit(16).unwrap_or(0) as u16;
                    self.unit(digits.iter().fold(0, unit));
                    after
                }
                [b'\\', letter, after @ ..] => {
                    self.unit(match letter {
                        b'b' => 8,
                        b't' => 9,
                        b'n' => 10,
                        b'f' => 12,
                        b'r' => 13,
                        other => u16::from(*other),
                    });
                    after
                }
                [lead, ..] => {
                    let length = match lead {
                        0..=0x7f => 1,
                        0..=0xdf => 2,
                        0..=0xef => 3,
                        _ => 4,
                    };
                    let (char, after) = special.split_at_checked(length).unwrap_or((special, &[]));
                    let mut units = [0; 2];
                    for unit in Str::new(char).chars().next().unwrap_or_default().encode_utf16(&mut units) {
                        self.unit(*unit);
                    }
                    after
                }
                [] => &[],
            };
        }
        self.push(rest);
    }

    /// One UTF-16 unit as QEMU writes it.
    fn unit(&mut self, unit: u16) {
        let escape = match unit {
            0x08 => b"\\b",
            0x09 => b"\\t",
            0x0a => b"\\n",
            0x0c => b"\\f",
            0x0d => b"\\r",
            0x22 => b"\\\"",
            0x5c => b"\\\\",
            0x20..=0x7e => {
                self.push(&[unit as u8]);
                return;
            }
            _ => {
                let digit = |shift: u16| {
                    let value = unit >> shift & 0xf;
                    b"0123456789ABCDEF".get(usize::from(value)).copied().unwrap_or(b'0')
                };
                self.push(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
                return;
            }
        };
        self.push(escape);
    }
}

/// Whether a byte of a string is not written as it is.
fn is_special(byte: u8) -> bool {
    !matches!(byte, 0x20..=0x7e) || matches!(byte, b'"' | b'\\')
}

/// The first token of valid JSON text, commas and colons left out, and what follows it.
pub(crate) fn split_token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let skip = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b':');
    let (_, text) = text.split_at_checked(text.iter().position(skip)?)?;
    let length = match text.first()? {
        b'{' | b'}' | b'[' | b']' => 1,
        b'"' => crate::json::string_length(text),
        _ => {
            let end = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b']' | b'}');
            text.iter().position(end).unwrap_or(text.len())
        }
    };
    text.split_at_checked(length)
}
