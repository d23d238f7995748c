//! Messages of which only the head is there.

use core::fmt;

use super::Kind;
use crate::frame::Frame;
use crate::json::Str;

/// What is known of a valid message that is longer than the buffer.
#[derive(Clone, Copy)]
pub struct Oversized<'a> {
    /// Its head.
    frame: Frame<'a>,
    bytes: usize,
    id: Option<&'a u64>,
}

impl<'a> Oversized<'a> {
    pub(crate) fn new(frame: Frame<'a>, bytes: usize, id: Option<&'a u64>) -> Self {
        Self { frame, bytes, id }
    }

    /// Its length.
    pub fn bytes(&self) -> u64 {
        self.bytes as u64
    }

    /// What it was, by the members seen while it was discarded.
    pub fn kind(&self) -> Kind {
        Kind::of_frame(self.frame)
    }

    /// Its `id`, if that is an integer from 0 to 2^64 - 1 without fraction or exponent.
    pub fn id(&self) -> Option<u64> {
        self.id.copied()
    }

    /// An event's name; `None` for other kinds, and where it ends beyond the first half of the buffer's length.
    pub fn event(&self) -> Option<Str<'a>> {
        (self.kind() == Kind::Event).then(|| self.frame.name()).filter(|name| !name.is_empty())
    }
}

impl fmt::Display for Oversized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oversized {} of {} bytes", self.kind(), self.bytes)?;
        if let Some(event) = self.event() {
            f.write_str(", ")?;
            // On one line, whatever the server has put into it.
            event.chars().try_for_each(|char| fmt::Display::fmt(&char.escape_debug(), f))?;
        }
        match self.id {
            Some(id) => write!(f, ", id {id}"),
            None => Ok(()),
        }
    }
}
