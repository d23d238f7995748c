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
    /// Any other name. It has no span, and no bit is kept of it.
    Other,
}

impl Member {
    /// The members that say what a message is; no two may stand in one object.
    pub(super) const KINDS: u16 = 0b11_1111;

    /// The members that are kept track of.
    pub(super) const KNOWN: u16 = Self::Other.bit().wrapping_sub(1);

    /// This member's bit in the set of those seen.
    pub(crate) const fn bit(self) -> u16 {
        1 << self as u8
    }

    /// Which span holds this member's value, [`SLOTS`] if none does. The kinds exclude each other and share the first.
    pub(super) const fn slot(self) -> usize {
        (self as usize).saturating_sub(Self::ExecOob as usize)
    }

    /// The member with this name, the name as it stands between its quotes.
    pub(super) fn named(name: &[u8]) -> Self {
        match Self::plain(name) {
            Self::Other if crate::bytes::has_escapes(name) => Self::escaped(name),
            member => member,
        }
    }

    /// The member with this name, the name without escapes.
    fn plain(name: &[u8]) -> Self {
        // The commonest first.
        const NAMES: [(&[u8], Member); 10] = [
            (b"return", Member::Return),
            (b"id", Member::Id),
            (b"event", Member::Event),
            (b"timestamp", Member::Timestamp),
            (b"data", Member::Data),
            (b"error", Member::Error),
            (b"QMP", Member::Qmp),
            (b"execute", Member::Execute),
            (b"exec-oob", Member::ExecOob),
            (b"arguments", Member::Arguments),
        ];
        let known = NAMES.iter().find(|(known, _)| *known == name);
        known.map_or(Self::Other, |(_, member)| *member)
    }

    /// The member whose name is written with escapes. No server is known to do so, but it is JSON.
    #[cold]
    fn escaped(name: &[u8]) -> Self {
        // The longest name is nine characters.
        let mut plain = [0; 9];
        crate::json::Str::new(name).copy_bytes(&mut plain).map_or(Self::Other, Self::plain)
    }
}

/// The number of spans kept: one for the kind, and `id`, `timestamp`, `data`, `arguments`.
pub(super) const SLOTS: usize = 5;
