//! What may come next: between two tokens a set, inside of one the place in it.

#[cfg(doc)]
use super::Scanner;
use crate::error::Fault;

/// What the machine expects next.
///
/// Between two tokens it is a set of what may come. Inside a token it is a number that says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u32);

/// A member's name may come.
pub(super) const NAME: u32 = 1;
/// A colon may come.
pub(super) const COLON: u32 = 2;
/// A value may come.
pub(super) const VALUE: u32 = 4;
/// A comma may come.
pub(super) const COMMA: u32 = 8;
/// The end of the container may come.
pub(super) const CLOSE: u32 = 16;

/// A number may end.
const END: u32 = 1;
/// A number's decimal point may come.
const POINT: u32 = 2;
/// A number's exponent may come.
const EXPONENT: u32 = 4;
/// An exponent's sign may come.
const SIGN: u32 = 0x40;

impl State {
    /// Before a message. As everything of a machine that has read nothing, it is zero: memory that is cleared needs no more.
    pub(super) const NONE: Self = Self(0);
    /// After `{`.
    pub(super) const FIRST: Self = Self(NAME | CLOSE);
    /// After `,` in an object.
    pub(super) const NAME: Self = Self(NAME);
    /// After a member's name.
    pub(super) const COLON: Self = Self(COLON);
    /// After `:`, or after `,` in an array.
    pub(super) const VALUE: Self = Self(VALUE);
    /// After `[`.
    pub(super) const ELEMENT: Self = Self(VALUE | CLOSE);
    /// After a value.
    pub(super) const AFTER: Self = Self(COMMA | CLOSE);

    /// In a string, between characters. This and all larger numbers are inside a token.
    pub(super) const STRING: Self = Self(0x20);
    /// After a backslash.
    pub(super) const ESCAPE: Self = Self(0x21);
    /// In the four digits of `\u`; [`Scanner::left`] to come.
    pub(super) const HEX: Self = Self(0x22);
    /// In a UTF-8 sequence; [`Scanner::left`] bytes to come.
    pub(super) const UTF8: Self = Self(0x23);
    // From here on in `true`, `false` or `null`, so many letters into `LETTERS`.
    /// After `t`.
    pub(super) const TRUE: Self = Self(0x31);
    /// After `f`.
    pub(super) const FALSE: Self = Self(0x34);
    /// After `n`.
    pub(super) const NULL: Self = Self(0x39);

    // In numbers, from here on, bits say what may come, and three bits higher what may come after one digit more. Where that is
    // nothing no digit may come.
    /// After `-`.
    pub(super) const MINUS: Self = Self::number(0, END | POINT | EXPONENT);
    /// In the integer digits.
    pub(super) const INTEGER: Self = Self::number(END | POINT | EXPONENT, END | POINT | EXPONENT);
    /// After a leading `0`.
    pub(super) const ZERO: Self = Self::number(END | POINT | EXPONENT, 0);
    /// After the decimal point; in the fraction's digits from the next one on.
    pub(super) const POINT: Self = Self::number(0, END | EXPONENT);
    /// After `e`.
    pub(super) const EXPONENT: Self = Self::number(SIGN, END);
    /// After the exponent's sign; in its digits from the next one on.
    pub(super) const SIGN: Self = Self::number(0, END);

    /// In a literal: the letter that comes next.
    #[inline(always)]
    pub(super) fn letter(self) -> u8 {
        const LETTERS: [u8; 16] = *b"\0ruealse\0ull\0\0\0\0";
        LETTERS.get(self.0 as usize & 0xf).copied().unwrap_or_default()
    }

    /// After a letter: whether it was the last one.
    #[inline(always)]
    pub(super) const fn ends_literal(self) -> bool {
        self.0 & 3 == 0
    }

    /// In a literal, after one letter more.
    #[inline(always)]
    pub(super) const fn after_letter(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    const fn number(now: u32, after: u32) -> Self {
        Self(0x80 | after << 3 | now)
    }

    /// Whether any of `what` may come next.
    #[inline(always)]
    pub(super) const fn allows(self, what: u32) -> bool {
        self.0 & what != 0
    }

    /// Whether the machine stands between two tokens.
    #[inline(always)]
    pub(super) const fn is_between(self) -> bool {
        self.0 < Self::STRING.0
    }

    /// Whether a string may come.
    #[cfg(target_pointer_width = "64")]
    pub(super) const fn begins_string(self) -> bool {
        self.is_between() && self.allows(NAME | VALUE)
    }

    /// Whether a string that comes is a member's name.
    #[cfg(target_pointer_width = "64")]
    pub(super) const fn is_before_name(self) -> bool {
        self.allows(NAME)
    }

    /// Inside a token: whether that is no string.
    #[inline(always)]
    pub(super) const fn is_scalar(self) -> bool {
        self.0 >= Self::TRUE.0
    }

    /// Whether the next byte stands inside a number, or right after one.
    #[inline(always)]
    pub(super) const fn in_number(self) -> bool {
        self.0 >= Self::number(0, 0).0
    }

    /// In a number: whether more digits change nothing.
    #[inline(always)]
    pub(super) const fn is_in_digits(self) -> bool {
        self.0 & (END << 3 | END) == END << 3 | END
    }

    /// In a number, after one byte more of it; `None` where it cannot stand.
    #[inline(always)]
    pub(super) fn after_byte(self, byte: u8) -> Option<Self> {
        let (what, next) = match byte {
            b'0' if self == Self::MINUS => return Some(Self::ZERO),
            b'0'..=b'9' => (END << 3, Self(self.0 & !0x47 | self.0 >> 3 & 0x7)),
            b'.' => (POINT, Self::POINT),
            b'e' | b'E' => (EXPONENT, Self::EXPONENT),
            b'+' | b'-' => (SIGN, Self::SIGN),
            _ => return None,
        };
        self.allows(what).then_some(next)
    }

    /// In a number: whether it may end here.
    #[inline(always)]
    pub(super) const fn may_end(self) -> bool {
        self.allows(END)
    }

    /// Whether a number is over, if nothing comes after it.
    pub(super) fn ends_number(self) -> bool {
        self.in_number() && self.may_end()
    }

    /// In a string: what is wrong with a byte that cannot stand there.
    pub(super) fn fault(self, byte: u32) -> Fault {
        match self {
            Self::STRING if byte < 0x20 => Fault::ControlCharacter,
            Self::STRING | Self::UTF8 => Fault::InvalidUtf8,
            _ => Fault::Syntax,
        }
    }

    /// Whether the next byte stands inside a string.
    pub(super) const fn in_string(self) -> bool {
        self.0 >= Self::STRING.0 && self.0 < Self::TRUE.0
    }
}
