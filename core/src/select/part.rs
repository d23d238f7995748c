//! What is handed out of a reply before its end.

use crate::json::Json;

/// A part of a reply that is delivered in parts. Lent from the client's buffer until the next call on the client.
///
/// All of it is provisional until [`End`](Self::End): QEMU writes `id` last, and only then is it known whose reply it was.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Part<'a> {
    /// The array, or the string, begins.
    Begin,
    /// An element of the array, with only the selected parts in it.
    Element {
        /// Its number in the array as the server sent it, counted from 0.
        index: u32,
        /// What is selected of it.
        value: Json<'a>,
    },
    /// An element that does not fit the buffer, and of which something is selected, or may be: there was no more room before the member
    /// that decides it. It is left out.
    Oversized {
        /// Its number in the array as the server sent it, counted from 0.
        index: u32,
    },
    /// The next bytes of the string, decoded: UTF-8, and never a part of a character.
    Piece(&'a [u8]),
    /// It was the reply, and it was whole. The reply itself comes next, from the next poll with the same selection.
    End(Counts),
    /// It was not the reply to this command, or was not whole: forget what was delivered since [`Begin`](Self::Begin). The wait for
    /// the reply goes on, unless the command's end is told as well.
    Abandoned,
}

/// What became of an array, or of a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counts {
    /// Elements delivered; bytes of a string.
    pub delivered: u32,
    /// Elements of which nothing is selected.
    pub dropped: u32,
    /// Elements that did not fit.
    pub oversized: u32,
}

/// What is to be told. What more there is to say of it is in the selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    None,
    Begin,
    Element,
    Oversized,
    Piece,
    End,
    Abandoned,
}
