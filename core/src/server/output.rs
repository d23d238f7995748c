//! What is to be sent: whole messages, in one fixed buffer.
//!
//! Messages stand at its start, in the order in which they are sent. A message that finds no room is not written at
//! all. Events that are kept back stand at its end.

use super::check::Refusal;
use super::events::Events;
use super::profile::{Dialect, Profile};
use crate::bytes::{copy, move_down};
use crate::encode::{EncodeError, Piece, Writer};
use crate::error::Discarded;
use crate::json::Json;
use crate::message::ErrorClass;

/// What writes a value.
pub(super) type Write<'w> = &'w mut dyn FnMut(&mut Writer<'_>);

/// The messages that are to be sent; they lie in the caller's slice.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// Events that are kept back, and what is known of them.
    pub(super) events: Events,
    pretty: bool,
    line_end: &'static [u8],
    /// The first byte that is not sent.
    start: usize,
    /// Where the messages end.
    end: usize,
}

impl Output {
    pub(super) const fn new(profile: &Profile) -> Self {
        let line_end: &[u8] = match profile.dialect {
            Dialect::Qmp => b"\r\n",
            Dialect::Agent => b"\n",
        };
        Self { events: Events::new(profile), pretty: profile.pretty, line_end, start: 0, end: 0 }
    }

    /// Forgets everything: there is another peer.
    pub(super) fn reset(&mut self) {
        (self.start, self.end) = (0, 0);
        self.events.reset();
    }

    pub(super) fn unsent<'a>(&self, tx: &'a [u8]) -> &'a [u8] {
        tx.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.end);
    }

    /// Where the messages end.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Whether all is sent.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes are free.
    pub(super) fn free(&self, tx: &[u8]) -> usize {
        let used = self.end.saturating_sub(self.start).saturating_add(self.events.used());
        tx.len().saturating_sub(used)
    }

    /// Moves what is to be sent to the start of the buffer. Returns where it ends.
    pub(super) fn compact(&mut self, tx: &mut [u8]) -> usize {
        if self.start != 0 {
            let length = self.end.saturating_sub(self.start);
            move_down(tx, self.start, 0, length);
            (self.start, self.end) = (0, length);
        }
        self.end
    }

    /// Writes a message and leaves `keep` bytes free. Nothing has changed if it fails.
    ///
    /// One that is alone, with nothing to be left free, takes the room of events that are kept where it needs that, even if it fails
    /// then: they are lost.
    pub(super) fn message(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        before: &[u8],
        write: Write<'_>,
    ) -> Result<(), EncodeError> {
        self.compact(tx);
        let kept = tx.len().saturating_sub(self.events.used());
        let alone = keep == 0 && self.end == 0;
        let (limit, pending) = if alone { (tx.len(), self.events.pending(tx)) } else { (kept, 0) };
        let most = limit.saturating_sub(keep).saturating_sub(self.line_end.len());
        let text = self.end.saturating_add(before.len());
        let mut writer = self.writer(tx.get_mut(text..most).ok_or(EncodeError::Full)?);
        write(&mut writer);
        let reached = text.saturating_add(writer.length()).saturating_add(self.line_end.len());
        let length = writer.complete();
        if alone && reached > kept {
            self.events.give_up(pending);
        }
        let end = text.saturating_add(length?);
        for (at, bytes) in [(self.end, before), (end, self.line_end)] {
            let place = tx.get_mut(at..at.saturating_add(bytes.len())).ok_or(EncodeError::Full)?;
            copy(place, bytes);
        }
        self.end = reached;
        Ok(())
    }

    /// How long a message is.
    pub(super) fn length(&self, write: Write<'_>) -> usize {
        let mut writer = self.writer(&mut []);
        write(&mut writer);
        writer.length().saturating_add(self.line_end.len())
    }

    fn writer<'o>(&self, out: &'o mut [u8]) -> Writer<'o> {
        if self.pretty { Writer::pretty(out) } else { Writer::new(out) }
    }

    /// The greeting.
    pub(super) fn greet(&mut self, tx: &mut [u8], profile: &Profile) -> Result<(), EncodeError> {
        self.message(tx, 0, b"", &mut |w| {
            w.object().name("QMP").object().name("version");
            version(w, profile);
            w.name("capabilities").array();
            if profile.oob {
                w.string("oob");
            }
            w.end().end().end();
        })
    }

    /// A success reply; its value is `{}` if `value` writes nothing.
    pub(super) fn reply(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        before: &[u8],
        id: Option<Json<'_>>,
        value: Write<'_>,
    ) -> Result<(), EncodeError> {
        self.message(tx, keep, before, &mut |w| {
            w.object().name("return");
            if !w.guarded(value) {
                w.object().end();
            }
            if let Some(id) = id {
                w.name("id").json(id);
            }
            w.end();
        })
    }

    /// An error reply.
    pub(super) fn error(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        id: Option<Json<'_>>,
        class: ErrorClass<'_>,
        desc: &[Piece<'_>],
    ) -> Result<(), EncodeError> {
        self.error_with(tx, keep, id, class, &mut |w| _ = w.pieces(desc))
    }

    /// As [`error`](Self::error), with a `desc` that `write` writes.
    pub(super) fn error_with(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        id: Option<Json<'_>>,
        class: ErrorClass<'_>,
        desc: Write<'_>,
    ) -> Result<(), EncodeError> {
        self.message(tx, keep, b"", &mut |w| error(w, id, class, desc))
    }

    /// An error reply of the server's own. Where it is too large it says less.
    pub(super) fn refuse(&mut self, tx: &mut [u8], keep: usize, id: Option<Json<'_>>, refusal: &Refusal<'_>) {
        let short = [Piece::Plain("error too large")];
        for (id, desc) in [(id, &refusal.desc()[..]), (id, &short), (None, &short)] {
            if self.error(tx, keep, id, refusal.class(), desc).is_ok() {
                break;
            }
        }
    }
}

/// The value of `version` in the greeting, and of `query-version`.
pub(super) fn version(w: &mut Writer<'_>, profile: &Profile) {
    let version = profile.version;
    w.object().name("qemu").object();
    w.name("micro").u64(version.micro).name("minor").u64(version.minor).name("major").u64(version.major).end();
    w.name("package").string(profile.package).end();
}

/// A whole error reply, `id` first as QEMU has it.
pub(super) fn error(w: &mut Writer<'_>, id: Option<Json<'_>>, class: ErrorClass<'_>, desc: Write<'_>) {
    w.object();
    if let Some(id) = id {
        w.name("id").json(id);
    }
    let class = match class {
        ErrorClass::Other(name) => Piece::Json(name),
        known => Piece::Plain(known.name()),
    };
    desc(w.name("error").object().name("class").pieces(&[class]).name("desc"));
    w.end().end();
}

/// Calls `then` with the id that was seen in what was discarded, if any.
pub(super) fn with_id<R>(report: Discarded<'_>, then: impl FnOnce(Option<Json<'_>>) -> R) -> R {
    let mut digits = [0; 20];
    let mut writer = Writer::new(&mut digits);
    let id = if let Discarded::Oversized(message) = report { message.id() } else { None };
    match id {
        Some(id) => {
            writer.u64(id);
            then(writer.finish().ok())
        }
        None => then(None),
    }
}
