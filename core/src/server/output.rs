//! What is to be sent: whole messages, in one fixed buffer.
//!
//! Messages stand at its start, in the order in which they are sent. A message that finds no room is not written at all.

use super::check::Refusal;
use super::profile::{Dialect, Profile};
use crate::encode::{EncodeError, Piece, Writer};
use crate::json::Json;
use crate::message::{ErrorClass, Timestamp};

/// What writes a value.
pub(super) type Write<'w> = &'w mut dyn FnMut(&mut Writer<'_>);

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Emission {
    /// It is among what is to be sent.
    Sent,
    /// It is kept, to be sent when there is room or the interval is over.
    Kept,
    /// It is kept in place of an earlier one of its name, which is lost.
    Replaced,
    /// It is lost: there is no room, and no policy to keep it.
    Lost,
    /// There is nobody to hear it: no client has negotiated. That is no loss.
    Unheard,
}

/// The messages that are to be sent; they lie in the caller's slice.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// Whether events are sent.
    pub(super) heard: bool,
    pub(super) lost: u32,
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
        Self { heard: false, lost: 0, pretty: profile.pretty, line_end, start: 0, end: 0 }
    }

    /// Forgets everything: there is another peer.
    pub(super) fn reset(&mut self) {
        (self.start, self.end, self.heard) = (0, 0, false);
    }

    pub(super) fn unsent<'a>(&self, tx: &'a [u8]) -> &'a [u8] {
        tx.get(self.start..self.end).unwrap_or_default()
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.end);
    }

    /// Whether all is sent.
    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// How many bytes are free.
    pub(super) fn free(&self, tx: &[u8]) -> usize {
        tx.len().saturating_sub(self.end.saturating_sub(self.start))
    }

    /// Writes a message and leaves `keep` bytes free. Nothing has changed if it fails.
    pub(super) fn message(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        before: &[u8],
        write: Write<'_>,
    ) -> Result<(), EncodeError> {
        if self.start != 0 {
            tx.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end.saturating_sub(self.start));
        }
        let most = tx.len().saturating_sub(keep).saturating_sub(self.line_end.len());
        let text = self.end.saturating_add(before.len());
        let free = tx.get_mut(text..most).ok_or(EncodeError::Full)?;
        let mut writer = if self.pretty { Writer::pretty(free) } else { Writer::new(free) };
        write(&mut writer);
        let end = text.saturating_add(writer.complete()?);
        for (at, bytes) in [(self.end, before), (end, self.line_end)] {
            let place = tx.get_mut(at..at.saturating_add(bytes.len())).ok_or(EncodeError::Full)?;
            place.copy_from_slice(bytes);
        }
        self.end = end.saturating_add(self.line_end.len());
        Ok(())
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

    /// An event. It leaves `keep` bytes free.
    pub(super) fn event(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        name: &str,
        timestamp: Timestamp,
        data: Write<'_>,
    ) -> Result<Emission, EncodeError> {
        if !self.heard {
            return Ok(Emission::Unheard);
        }
        let idle = self.is_empty();
        let written = self.message(tx, keep, b"", &mut |w| {
            w.object().name("timestamp").object();
            w.name("seconds").i64(timestamp.seconds).name("microseconds").i64(timestamp.microseconds).end();
            w.name("event").string(name).optional("data", data).end();
        });
        match written {
            Ok(()) => Ok(Emission::Sent),
            Err(EncodeError::Full) if !idle => {
                self.lost = self.lost.saturating_add(1);
                Ok(Emission::Lost)
            }
            Err(error) => Err(error),
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
pub(super) fn error(w: &mut Writer<'_>, id: Option<Json<'_>>, class: ErrorClass<'_>, desc: &[Piece<'_>]) {
    w.object();
    if let Some(id) = id {
        w.name("id").json(id);
    }
    let class = match class {
        ErrorClass::GenericError => Piece::Plain("GenericError"),
        ErrorClass::CommandNotFound => Piece::Plain("CommandNotFound"),
        ErrorClass::DeviceNotActive => Piece::Plain("DeviceNotActive"),
        ErrorClass::DeviceNotFound => Piece::Plain("DeviceNotFound"),
        ErrorClass::KvmMissingCap => Piece::Plain("KVMMissingCap"),
        ErrorClass::Other(name) => Piece::Json(name),
    };
    w.name("error").object().name("class").pieces(&[class]).name("desc").pieces(desc).end().end();
}
