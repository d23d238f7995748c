//! The top-level members that the protocol gives a meaning, and where their values lie.

/// Where a value lies, in bytes from the start of its message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    /// No value, or one whose start is no longer in the buffer.
    pub(super) const NONE: Self = Self { start: u32::MAX, end: 0 };

    /// The bytes of the value in the message's `text`.
    pub(crate) fn of(self, text: &[u8]) -> Option<&[u8]> {
        text.get(self.start as usize..self.end as usize)
    }
}

/// A top-level member that the protocol gives a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Member {
    Other,
    Qmp,
    Event,
    Return,
    Error,
    Execute,
    ExecOob,
    Id,
    Timestamp,
    Data,
    Arguments,
}

impl Member {
    /// The members that say what a message is; no two may stand in one object.
    pub(super) const KINDS: u16 = 0b111_1110;

    /// This member's bit in the set of those seen.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// Which span holds this member's value. The kinds exclude each other and share the first.
    pub(super) const fn slot(self) -> usize {
        match self {
            Self::Id => 1,
            Self::Timestamp => 2,
            Self::Data => 3,
            Self::Arguments => 4,
            _ => 0,
        }
    }

    /// The member with this name, the name as it stands between its quotes.
    pub(super) fn named(name: &[u8]) -> Self {
        match name {
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
            _ if name.contains(&b'\\') => Self::escaped(name),
            _ => Self::Other,
        }
    }

    /// The member whose name is written with escapes. No server is known to do so, but it is JSON.
    #[cold]
    fn escaped(name: &[u8]) -> Self {
        // The longest name is nine characters, the longest escape six bytes.
        let mut plain = [0; 9];
        let Some(text) = crate::json::Str::new(name).copy_bytes(&mut plain) else {
            return Self::Other;
        };
        if text.contains(&b'\\') { Self::Other } else { Self::named(text) }
    }
}

/// The number of spans kept: one for the kind, and `id`, `timestamp`, `data`, `arguments`.
pub(super) const SLOTS: usize = 5;
