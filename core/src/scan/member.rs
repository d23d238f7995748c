//! The top-level members that the protocol gives a meaning, and where their values lie.

#[cfg(any(test, not(target_pointer_width = "64")))]
use core::slice::Iter;

/// Where a value lies, in bytes from the start of its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// No value, or one whose start is no longer in the buffer. No value starts at a message's first byte.
    pub(super) const NONE: Self = Self { start: 0, end: 0 };

    /// No values. A constant, so that it is not put together at run time.
    pub(super) const NO_VALUES: [Self; SLOTS] = [Self::NONE; SLOTS];
}

/// A top-level member that the protocol gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Member {
    Return,
    Event,
    Error,
    Qmp,
    Execute,
    ExecOob,
    Id,
    Timestamp,
    Data,
    Arguments,
    /// Any other name. It has no span, and no bit is kept of it.
    Other,
}

impl Member {
    /// The members that say what a message is; no two may stand in one object.
    pub(crate) const KINDS: u16 = 0b11_1111;

    /// This member's bit in the set of those seen.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// Which span holds this member's value, [`SLOTS`] if none does. The kinds exclude each other and share the first.
    pub(crate) const fn slot(self) -> usize {
        (self as usize).saturating_sub(Self::ExecOob as usize)
    }

    /// The member with this name, the name as it stands between its quotes.
    pub(super) fn named(name: &[u8]) -> Self {
        if cfg!(target_pointer_width = "64") {
            return match name {
                b"return" => Self::Return,
                b"id" => Self::Id,
                b"event" => Self::Event,
                b"timestamp" => Self::Timestamp,
                b"data" => Self::Data,
                b"error" => Self::Error,
                b"QMP" => Self::Qmp,
                b"execute" => Self::Execute,
                b"exec-oob" => Self::ExecOob,
                b"arguments" => Self::Arguments,
                _ if crate::bytes::has_escapes(name) => Self::spelled(name),
                _ => Self::Other,
            };
        }
        Self::spelled(name)
    }

    /// The member whose name `rest` begins with, its quote and colon right after it, if it is one of those that nearly every message
    /// has; `rest` goes on behind them then. Word by word: no loop, which would cost more than what it saves.
    #[cfg(any(test, not(target_pointer_width = "64")))]
    #[inline(always)]
    pub(super) fn usual(rest: &mut Iter<'_, u8>) -> Option<Self> {
        const fn word(text: [u8; 4]) -> u32 {
            u32::from_le_bytes(text)
        }
        let text = rest.as_slice();
        let ([a, b, c, d, e, f, g, h], _) = text.split_first_chunk::<8>()?;
        let (first, second) = (word([*a, *b, *c, *d]), word([*e, *f, *g, *h]));
        // The last word of what is longer overlaps the one before.
        let third = || text.get(7..).and_then(|text| text.first_chunk()).map(|text| word(*text));
        if first == word(*b"id\":") {
            rest.nth(3);
            Some(Self::Id)
        } else if first == word(*b"retu") && second == word(*b"rn\":") {
            rest.nth(7);
            Some(Self::Return)
        } else if first == word(*b"time") && second == word(*b"stam") && third() == Some(word(*b"mp\":")) {
            rest.nth(10);
            Some(Self::Timestamp)
        } else {
            None
        }
    }

    /// As [`named`](Self::named), where the name may have escapes.
    fn spelled(name: &[u8]) -> Self {
        // In the order of the members: one is the other without a table.
        const NAMES: &[u8] = b"return\0event\0error\0QMP\0execute\0exec-oob\0id\0timestamp\0data\0arguments\0";
        match crate::json::place(NAMES, name) {
            0 => Self::Return,
            1 => Self::Event,
            2 => Self::Error,
            3 => Self::Qmp,
            4 => Self::Execute,
            5 => Self::ExecOob,
            6 => Self::Id,
            7 => Self::Timestamp,
            8 => Self::Data,
            9 => Self::Arguments,
            _ => Self::Other,
        }
    }
}

/// The number of spans kept: one for the kind, and `id`, `timestamp`, `data`, `arguments`.
pub(super) const SLOTS: usize = 5;

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::vec::Vec;

    use super::*;

    /// What `usual` says of `text`, and what it leaves of it.
    fn usual(text: &[u8]) -> (Option<Member>, Vec<u8>) {
        let mut rest = text.iter();
        (Member::usual(&mut rest), rest.as_slice().to_vec())
    }

    #[test]
    fn usual_names_are_those_of_members_and_nothing_else_is() {
        for (name, member) in [("id", Member::Id), ("return", Member::Return), ("timestamp", Member::Timestamp)] {
            assert_eq!(Member::named(name.as_bytes()), member);
            let text = format!("{name}\": 12345678").into_bytes();
            assert_eq!(usual(&text), (Some(member), b" 12345678".to_vec()));
            let length = name.len() + 2;
            for at in 0..length {
                for byte in 0..=255 {
                    let mut other = text.clone();
                    other[at] = byte;
                    let expected = if byte == text[at] { Some(member) } else { None };
                    assert_eq!(usual(&other).0, expected, "{byte:#x} at {at} of {name}");
                }
            }
            // Where it is cut the machine takes it, and all of it.
            for end in 0..text.len() {
                let found = usual(&text[..end]);
                assert!(
                    found == (None, text[..end].to_vec()) || end >= length && found.0 == Some(member),
                    "{end} of {name}"
                );
            }
            assert_eq!(usual(&text[..length.max(8)]).0, Some(member));
        }
        for name in ["event", "data", "error", "QMP", "returned", "ret", "i", "identity", "timestamps", "time"] {
            let text = format!("{name}\": 12345678").into_bytes();
            assert_eq!(usual(&text), (None, text));
        }
    }
}
