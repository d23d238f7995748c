//! What may come next: between two tokens a set, inside of one the place in it.

#[cfg(doc)]
use super::Scanner;

/// What the machine expects next.
///
/// Between two tokens it is a set of what may come. Inside a token it is a number that says where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State(u8);

/// A member's name may come.
pub(super) const NAME: u8 = 1;
/// A colon may come.
pub(super) const COLON: u8 = 2;
/// A value may come.
pub(super) const VALUE: u8 = 4;
/// A comma may come.
pub(super) const COMMA: u8 = 8;
/// The end of the container may come.
pub(super) const CLOSE: u8 = 16;

/// A number may end.
const END: u8 = 1;
/// A number's decimal point may come.
const POINT: u8 = 2;
/// A number's exponent may come.
const EXPONENT: u8 = 4;
/// An exponent's sign may come.
const SIGN: u8 = 0x40;

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
    /// In `true`, `false` or `null`.
    pub(super) const LITERAL: Self = Self(0x24);

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

    const fn number(now: u8, after: u8) -> Self {
        Self(0x80 | after << 3 | now)
    }

    /// Whether any of `what` may come next.
    #[inline(always)]
    pub(super) const fn allows(self, what: u8) -> bool {
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

    /// Whether the next byte stands inside a number, or right after one.
    #[inline(always)]
    pub(super) const fn in_number(self) -> bool {
        self.0 >= Self::number(0, 0).0
    }

    /// In a number: whether a digit may come.
    #[inline(always)]
    pub(super) const fn goes_on(self) -> bool {
        self.0 & 0x38 != 0
    }

    /// In a number, after one more digit.
    #[inline(always)]
    pub(super) fn after_digit(self, digit: u8) -> Self {
        if self == Self::MINUS && digit == b'0' { Self::ZERO } else { Self(self.0 & !0x47 | self.0 >> 3 & 0x7) }
    }

    /// In a number, after a byte that is no digit; `None` where it cannot stand.
    #[inline(always)]
    pub(super) fn after_mark(self, byte: u8) -> Option<Self> {
        let (what, next) = match byte {
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

    /// Whether the next byte stands inside a string.
    pub(super) const fn in_string(self) -> bool {
        self.0 >= Self::STRING.0 && self.0 < Self::LITERAL.0
    }
}
