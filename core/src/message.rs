//! Stage 3, `message`: what a frame says.
//!
//! In: one frame, its top-level members already found by the scan. Out: a greeting, a return, an error, an event or a request,
//! borrowed from the buffer. Members may come in any order, unknown ones are ignored, and nothing here fails: an object of no
//! known kind is [`Message::Unknown`].

mod error;
mod format;
mod oversized;

pub use error::{ErrorClass, ErrorReply};
pub use oversized::Oversized;

use core::fmt;

use crate::frame::Frame;
#[cfg(not(target_pointer_width = "64"))]
use crate::json::leading_u32;
#[cfg(target_pointer_width = "64")]
use crate::json::ten_digits;
use crate::json::{Json, Str, last_digits};
use crate::scan::Member;

/// The kinds of [`Message`].
// In the order of `Member`, as those of `Message`: one is the other without a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Kind {
    /// `{"return": …}`
    Return,
    /// `{"event": …}`
    Event,
    /// `{"error": …}`
    Error,
    /// `{"QMP": …}`
    Greeting,
    /// `{"execute": …}` or `{"exec-oob": …}`
    Request,
    /// None of these.
    Unknown,
}

impl Kind {
    /// The kind of an object with these known members.
    pub(crate) fn of(seen: u16) -> Self {
        // The first of those that there are, in the order of `Member`, where two stand for a request.
        let first = seen.trailing_zeros();
        match first.wrapping_sub(u32::from(first > 4)) {
            0 => Self::Return,
            1 => Self::Event,
            2 => Self::Error,
            3 => Self::Greeting,
            4 => Self::Request,
            _ => Self::Unknown,
        }
    }

    /// The kind of this message: an object that has the member and the wrong type of value for it is none. A value that is not in the
    /// buffer, of an oversized message, is taken for the right one.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn of_frame(frame: Frame<'_>) -> Self {
        let kind = Self::of(frame.seen());
        let first = match kind {
            Self::Event | Self::Request => b'"',
            Self::Greeting => b'{',
            Self::Return | Self::Error | Self::Unknown => return kind,
        };
        if frame.kind_value().text().first().is_some_and(|is| *is != first) { Self::Unknown } else { kind }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Greeting => "greeting",
            Self::Return => "return",
            Self::Error => "error",
            Self::Event => "event",
            Self::Request => "request",
            Self::Unknown => "message",
        })
    }
}

/// One message, lent from the reader's buffer until the next call on the reader.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Message<'a> {
    /// A command succeeded.
    Return(Return<'a>),
    /// Something happened.
    Event(Event<'a>),
    /// A command failed, or the server could not read one.
    Error(ErrorReply<'a>),
    /// The first thing a QMP server says.
    Greeting(Greeting<'a>),
    /// A client wants a command run.
    Request(Request<'a>),
    /// A valid object of no known kind: none of the members that make one, or one of `QMP`,
    /// `event`, `execute`, `exec-oob` whose value has the wrong type.
    Unknown(Json<'a>),
}

impl<'a> Message<'a> {
    /// What `frame` says.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline)]
    pub(crate) fn new(frame: Frame<'a>) -> Self {
        match Kind::of_frame(frame) {
            Kind::Return => Self::Return(Return { frame }),
            Kind::Event => Self::Event(Event { frame }),
            Kind::Error => Self::Error(ErrorReply::of(frame)),
            Kind::Greeting => Self::Greeting(Greeting { frame }),
            Kind::Request => Self::Request(Request::new(Json::new(frame.text()))),
            Kind::Unknown => Self::Unknown(Json::new(frame.text())),
        }
    }

    /// The return or the error that `frame` is.
    pub(crate) fn reply(frame: Frame<'a>) -> Result<Json<'a>, ErrorReply<'a>> {
        if frame.seen() & Member::Return.bit() != 0 { Ok(frame.kind_value()) } else { Err(ErrorReply::of(frame)) }
    }

    /// Which kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Greeting(_) => Kind::Greeting,
            Self::Return(_) => Kind::Return,
            Self::Error(_) => Kind::Error,
            Self::Event(_) => Kind::Event,
            Self::Request(_) => Kind::Request,
            Self::Unknown(_) => Kind::Unknown,
        }
    }
}

/// What a server says first: its version and what it can do (QMP specification, "Server Greeting").
#[derive(Clone, Copy)]
pub struct Greeting<'a> {
    frame: Frame<'a>,
}

impl<'a> Greeting<'a> {
    /// What `frame` says if it is one.
    pub(crate) fn of(frame: Frame<'a>) -> Self {
        Self { frame }
    }

    /// The value of the member `QMP`.
    pub fn qmp(&self) -> Json<'a> {
        self.frame.kind_value()
    }

    /// The server's version as major, minor and micro; micro is 50 or more between releases. `None` if it does not say.
    pub fn version(&self) -> Option<(u64, u64, u64)> {
        let qemu = self.qmp().member("version")?.member("qemu")?;
        let part = |name| qemu.member(name)?.as_u64();
        Some((part("major")?, part("minor")?, part("micro")?))
    }

    /// The distribution's name for the package; often empty.
    pub fn package(&self) -> Option<Str<'a>> {
        self.qmp().member("version")?.member("package")?.as_str()
    }

    /// The capabilities offered, unknown ones included.
    pub fn capabilities(&self) -> impl Iterator<Item = Str<'a>> + use<'a> {
        let list = self.qmp().member("capabilities");
        list.into_iter().flat_map(Json::elements).filter_map(Json::as_str)
    }

    /// Whether out-of-band execution is offered.
    pub fn offers_oob(&self) -> bool {
        let list = self.qmp().member("capabilities");
        list.is_some_and(|list| list.elements().any(|capability| capability.as_str().is_some_and(|name| name == "oob")))
    }
}

/// A success reply.
#[derive(Clone, Copy)]
pub struct Return<'a> {
    frame: Frame<'a>,
}

impl<'a> Return<'a> {
    /// What the command returned; `{}` where it returns nothing.
    pub fn value(&self) -> Json<'a> {
        self.frame.kind_value()
    }

    /// The `id` of the command.
    pub fn id(&self) -> Option<Json<'a>> {
        self.frame.json(Member::Id)
    }
}

/// An asynchronous message (QMP specification, "Asynchronous events").
#[derive(Clone, Copy)]
pub struct Event<'a> {
    frame: Frame<'a>,
}

impl<'a> Event<'a> {
    /// What `frame` says if it is one.
    pub(crate) fn of(frame: Frame<'a>) -> Self {
        Self { frame }
    }

    /// The event's name, such as `SHUTDOWN`.
    pub fn name(&self) -> Str<'a> {
        self.frame.name()
    }

    /// What comes with it; `None` for events without data.
    pub fn data(&self) -> Option<Json<'a>> {
        self.frame.json(Member::Data)
    }

    /// When it happened, by the server's clock. `None` if the server does not say in integers.
    pub fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::read(self.raw_timestamp()?)
    }

    /// The value of the member `timestamp`, for [`Timestamp::read`].
    pub fn raw_timestamp(&self) -> Option<Json<'a>> {
        self.frame.json(Member::Timestamp)
    }
}

/// When an event happened: wall-clock time since 1970. It may jump, and events may arrive out of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Timestamp {
    /// Whole seconds; −1 where the server has no clock.
    pub seconds: i64,
    /// Microseconds, 0 to 999,999; −1 where the server has no clock.
    pub microseconds: i64,
}

impl Timestamp {
    /// The time in the value of an event's member `timestamp`; `None` if it does not say in integers.
    pub fn read(timestamp: Json<'_>) -> Option<Self> {
        if let Some(usual) = Timestamp::usual(timestamp.text()) {
            return Some(usual);
        }
        let (mut seconds, mut microseconds) = (None, None);
        for (name, value) in timestamp.members() {
            if name == "seconds" {
                seconds = seconds.or(Some(value.as_i64()));
            } else if name == "microseconds" {
                microseconds = microseconds.or(Some(value.as_i64()));
            }
        }
        Some(Self { seconds: seconds??, microseconds: microseconds?? })
    }

    /// A time stamp written as QEMU does, without a walk over its members. The seconds have ten digits until the year 2286.
    #[cfg(target_pointer_width = "64")]
    fn usual(text: &[u8]) -> Option<Self> {
        let head: &[u8; 40] = text.first_chunk()?;
        let (name, rest) = head.split_first_chunk::<12>()?;
        let (seconds, rest) = rest.split_first_chunk()?;
        if name != b"{\"seconds\": " || rest != b", \"microseconds\": " {
            return None;
        }
        let microseconds = last_digits(text, text.len().wrapping_sub(41))?;
        Some(Self { seconds: ten_digits(seconds)?, microseconds: microseconds.into() })
    }

    /// A time stamp written as QEMU does, without a walk over its members.
    #[cfg(not(target_pointer_width = "64"))]
    fn usual(text: &[u8]) -> Option<Self> {
        let (seconds, rest) = leading_u32(text.strip_prefix(b"{\"seconds\": ")?)?;
        let rest = rest.strip_prefix(b", \"microseconds\": ")?;
        let microseconds = last_digits(text, rest.len().checked_sub(1)?)?;
        Some(Self { seconds: seconds.into(), microseconds: microseconds.into() })
    }
}

/// `1795332766.532468`
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.seconds < 0 || self.microseconds < 0 {
            return f.write_str("unknown time");
        }
        write!(f, "{}.{:06}", self.seconds, self.microseconds)
    }
}

/// A command as a server sees it. Its members are looked for where they lie, each time that one is asked for.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    text: Json<'a>,
}

impl<'a> Request<'a> {
    /// The request that `text` is; its name is empty if it has none.
    pub(crate) const fn new(text: Json<'a>) -> Self {
        Self { text }
    }

    /// The command's name.
    pub fn name(&self) -> Str<'a> {
        let name = self.text.members().find(|(name, _)| *name == "execute" || *name == "exec-oob");
        name.and_then(|(_, value)| value.as_str()).unwrap_or(Str::new(b""))
    }

    /// Whether it came as `exec-oob`.
    pub fn is_oob(&self) -> bool {
        self.text.member("exec-oob").is_some()
    }

    /// The value of `arguments`, whatever its type.
    pub fn arguments(&self) -> Option<Json<'a>> {
        self.text.member("arguments")
    }

    /// The `id` to be echoed.
    pub fn id(&self) -> Option<Json<'a>> {
        self.text.member("id")
    }

    /// The whole object, for a server that refuses unknown members.
    pub fn text(&self) -> Json<'a> {
        self.text
    }
}
