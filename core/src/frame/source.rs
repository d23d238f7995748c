//! Who writes the stream, known when a program is compiled: most read from one side only and need the rules of that one.

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
}

impl Lines for FromServer {
    const MATTER: bool = true;
}

impl Lines for FromClient {
    const MATTER: bool = false;
}
