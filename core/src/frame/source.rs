//! Who writes the stream, known when a program is compiled: most read from one side only and need the rules of that one.

use core::fmt::Debug;

/// Who writes the bytes that are read: [`FromServer`] or [`FromClient`].
pub trait Source: Lines {}

/// The bytes come from a server, which writes a line end after each message and never begins a line inside of one with `{`.
#[derive(Clone, Copy, Debug)]
pub enum FromServer {}

/// The bytes come from a client, which may write lines as it likes.
#[derive(Clone, Copy, Debug)]
pub enum FromClient {}

impl Source for FromServer {}
impl Source for FromClient {}

/// What lines mean. Public as a bound of a public trait, in a module that is not: there is no third source.
pub trait Lines {
    /// Whether a `{` at the start of a line always begins a message.
    const MATTER: bool;

    /// What is kept of a malformed message where lines mean nothing.
    type Memory: Memory;
}

impl Lines for FromServer {
    const MATTER: bool = true;
    type Memory = ();
}

impl Lines for FromClient {
    const MATTER: bool = false;
    type Memory = Brackets;
}

/// What tells the end of a malformed message where no line does.
pub trait Memory: Clone + Debug {
    /// Nothing is open.
    const NONE: Self;

    /// Whether a message with members of several kinds is delivered.
    fn is_lenient(&self) -> bool;

    /// A malformed message is discarded from here on, with so many brackets open, in a string or not.
    fn begin(&mut self, open: u8, in_string: bool);

    /// Takes one byte; whether no bracket is open after it.
    fn balance(&mut self, byte: u8) -> bool;
}

impl Memory for () {
    const NONE: Self = ();

    #[inline]
    fn is_lenient(&self) -> bool {
        false
    }

    #[inline]
    fn begin(&mut self, _: u8, _: bool) {}

    #[inline]
    fn balance(&mut self, _: u8) -> bool {
        false
    }
}

/// Brackets counted while a malformed message of a client is discarded.
// Packed: each reader has one, idle or not.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed)]
pub struct Brackets {
    open: u32,
    within: Within,
    /// Whether a message with members of several kinds is delivered.
    pub(super) lenient: bool,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Within {
    Values,
    String,
    /// After a backslash.
    Escape,
}

impl Memory for Brackets {
    const NONE: Self = Self { open: 0, within: Within::Values, lenient: false };

    #[inline]
    fn is_lenient(&self) -> bool {
        self.lenient
    }

    fn begin(&mut self, open: u8, in_string: bool) {
        self.open = open.into();
        self.within = if in_string { Within::String } else { Within::Values };
    }

    fn balance(&mut self, byte: u8) -> bool {
        self.within = match (self.within, byte) {
            (Within::Escape, _) | (Within::Values, b'"') => Within::String,
            (Within::String, b'"') => Within::Values,
            (Within::String, b'\\') => Within::Escape,
            (within, _) => within,
        };
        if self.within == Within::Values && byte | 0x20 == b'{' {
            self.open = self.open.saturating_add(1);
        } else if self.within == Within::Values && byte | 0x20 == b'}' {
            self.open = self.open.saturating_sub(1);
        }
        self.open == 0 && self.within == Within::Values
    }
}
