//! The top-level members that the protocol gives a meaning, and where their values lie.

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

    /// As [`named`](Self::named), where the name may have escapes.
    fn spelled(name: &[u8]) -> Self {
        const MEMBERS: [Member; 10] = [
            Member::Return,
            Member::Id,
            Member::Event,
            Member::Timestamp,
            Member::Data,
            Member::Error,
            Member::Qmp,
            Member::Execute,
            Member::ExecOob,
            Member::Arguments,
        ];
        // The commonest first.
        let place = crate::json::place(
            b"\x06return\x02id\x05event\x09timestamp\x04data\x05error\x03QMP\x07execute\x08exec-oob\x09arguments",
            name,
        );
        MEMBERS.get(place).copied().unwrap_or(Self::Other)
    }
}

/// The number of spans kept: one for the kind, and `id`, `timestamp`, `data`, `arguments`.
pub(super) const SLOTS: usize = 5;
