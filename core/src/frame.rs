//! Stage 2, `frame`: whole messages out of a stream of bytes, in one fixed buffer.
//!
//! In: bytes as they come, through [`window`](FrameReader::window) and [`commit`](FrameReader::commit). Out: each valid JSON
//! object once, and each run of anything else reported once, in the order of the stream, whatever the chunking. Objects are
//! found by structure, never by line, so compact and pretty-printed output, LF and CRLF are all the same.
//!
//! How the link gets back in step after an error is one set of rules, tested against a model of them:
//!
//! * Between messages everything up to the next `{` is skipped; what is not white space is reported as
//!   [`Noise`](Discarded::Noise).
//! * After an error inside a message the rest is discarded up to a `{` at the very start of a line (directly after a line
//!   feed), or through a byte 0xFF. The byte that shows the error belongs to what is discarded, unless it is such a `{`.
//! * From a server, a `{` at the very start of a line always begins a message: an open one was cut off. QEMU indents nested
//!   lines by four spaces or more and never writes a raw line feed inside a string.
//! * From a client ([`FromClient`]), where lines mean nothing, an error is over when the brackets balance, at a control byte other
//!   than white space, or at 0xFF.

mod link;
mod source;

pub(crate) use link::{Answering, Link, Step};
pub use source::{FromClient, FromServer, Source};

use crate::bytes::part;
use crate::error::{Discarded, Overrun};
use crate::json::{Json, Str};
use crate::message::Message;
use crate::scan::{Member, Scanner};
use crate::select::Select;

/// Finds, validates and classifies the messages of one stream, which a server writes; or a client, with [`FromClient`] for `S`.
///
/// `B` is the storage: `[u8; N]`, `&mut [u8]`, `Box<[u8]>`, `heapless::Vec` or anything else that lends a slice of constant
/// length. A message that does not fit is reported as [`Discarded::Oversized`] and costs exactly itself. With 256
/// bytes or more its report is complete for what QEMU sends; 2 are the least that works, and 4 GiB the most that is used.
///
/// The loop: read into [`window`](Self::window), [`commit`](Self::commit) what was read, then [`poll`](Self::poll) until it
/// returns `None`.
///
/// ```
/// use qmp_core::{FrameReader, Message};
///
/// let mut reader = FrameReader::new([0; 256]);
/// for chunk in [&b"{\"return\": {}, \"id"[..], b"\": 7}\r\n"] {
///     reader.window()[..chunk.len()].copy_from_slice(chunk);
///     reader.commit(chunk.len())?;
///     while let Some(item) = reader.poll() {
///         let Ok(Message::Return(reply)) = item else { panic!("not a return") };
///         assert_eq!(reply.id().and_then(|id| id.as_u64()), Some(7));
///     }
/// }
/// # Ok::<(), qmp_core::Overrun>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameReader<B, S: Source = FromServer> {
    link: Link<S>,
    buffer: B,
}

impl<B> FrameReader<B> {
    /// A reader of what a server writes, at the start of a stream, in `buffer`. What `buffer` holds does not matter.
    pub const fn new(buffer: B) -> Self {
        Self { link: Link::new(), buffer }
    }
}

impl<B> FrameReader<B, FromClient> {
    /// As [`new`](FrameReader::new), of what a client writes.
    pub const fn of_client(buffer: B) -> Self {
        Self { link: Link::new(), buffer }
    }
}

impl<B: AsRef<[u8]> + AsMut<[u8]>, S: Source> FrameReader<B, S> {
    /// Where the next bytes of the stream go: read into it, any number of bytes, then [`commit`](Self::commit) that number.
    ///
    /// It is never empty after [`poll`](Self::poll) returned `None`.
    pub fn window(&mut self) -> &mut [u8] {
        self.link.window(self.buffer.as_mut())
    }

    /// The first `read` bytes of the [`window`](Self::window) are the next bytes of the stream.
    ///
    /// # Errors
    /// [`Overrun`] if the window is shorter; nothing was committed then.
    pub fn commit(&mut self, read: usize) -> Result<(), Overrun> {
        self.link.commit(self.buffer.as_mut(), read)
    }

    /// The next message, or the report of bytes that are none. `None`: all that was committed is used up.
    ///
    /// What it lends is valid until the next call on this reader.
    pub fn poll(&mut self) -> Option<Result<Message<'_>, Discarded<'_>>> {
        let step = self.link.advance(self.buffer.as_mut())?;
        Some(self.link.lend(step, self.buffer.as_ref()))
    }

    /// As [`poll`](Self::poll), with only the selected parts left in messages, wherever in the buffer they end.
    ///
    /// Delivery in parts is a matter for a client, which knows whose reply it is: here the parts are lost.
    ///
    /// Each message has to be read to its end with the same `select`: a call of `poll` in the middle of one ends that, and
    /// the message is reported as [`Oversized`](Discarded::Oversized).
    pub fn poll_select(&mut self, select: &mut Select<'_>) -> Option<Result<Message<'_>, Discarded<'_>>> {
        loop {
            let step = self.link.advance_select(self.buffer.as_mut(), Some(select))?;
            if step != Step::Part {
                return Some(self.link.lend(step, self.buffer.as_ref()));
            }
        }
    }

    /// The stream has ended, or is to be treated as a new one. The unfinished message or noise, if any, is reported, and the
    /// reader is at the start of a stream. Call it after [`poll`](Self::poll) returned `None`.
    pub fn finish(&mut self) -> Option<Discarded<'_>> {
        let step = self.link.finish()?;
        Some(self.link.report(step, self.buffer.as_ref()))
    }

    /// Bytes of an unfinished message, or of noise, or of what is being discarded; 0 when the link is in step and idle.
    pub fn pending(&self) -> u64 {
        self.link.pending()
    }
}

/// One finished frame: a message's text and where its members lie.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    text: &'a [u8],
    scanner: &'a Scanner,
}

impl<'a> Frame<'a> {
    /// The whole object.
    pub(crate) fn text(self) -> &'a [u8] {
        self.text
    }

    /// The known members that are there, one bit each.
    pub(crate) fn seen(self) -> u16 {
        self.scanner.seen()
    }

    /// The value of the member that gives the kind; no text if there is none.
    pub(crate) fn kind_value(self) -> Json<'a> {
        Json::new(self.value(Member::KINDS, 0))
    }

    /// What stands between the quotes, where that value is a string.
    pub(crate) fn name(self) -> Str<'a> {
        let text = self.kind_value().text();
        Str::new(part(text, 1, text.len().wrapping_sub(1)))
    }

    /// The value of a known member.
    #[inline(always)]
    pub(crate) fn json(self, member: Member) -> Option<Json<'a>> {
        self.member(member).map(Json::new)
    }

    /// The text of a known member's value, if it is in the buffer.
    pub(crate) fn member(self, member: Member) -> Option<&'a [u8]> {
        let text = self.value(member.bit(), member.slot());
        if text.is_empty() { None } else { Some(text) }
    }

    /// The text in `slot`, which is the value of one of `members`; nothing if there is none, or if it is no longer in the buffer.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn value(self, members: u16, slot: usize) -> &'a [u8] {
        self.scanner.span(members, slot).map_or(b"", |span| part(self.text, span.start as usize, span.end as usize))
    }
}
