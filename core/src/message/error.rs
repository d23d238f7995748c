//! Error replies and their classes.

use core::fmt;

use crate::frame::Frame;
use crate::json::{Json, Str, place};
use crate::scan::Member;

/// An error reply. It is a good message: the server understood the link, not the command.
#[derive(Clone, Copy)]
pub struct ErrorReply<'a> {
    frame: Frame<'a>,
}

impl<'a> ErrorReply<'a> {
    /// What `frame` says if it is one.
    pub(crate) fn of(frame: Frame<'a>) -> Self {
        Self { frame }
    }

    /// The error's class.
    pub fn class(&self) -> ErrorClass<'a> {
        if cfg!(target_pointer_width = "64") {
            // As QEMU writes nearly all of them.
            let text = self.error().text();
            if text.starts_with(b"{\"class\": \"GenericError\"") {
                return ErrorClass::GenericError;
            }
            if text.starts_with(b"{\"class\": \"CommandNotFound\"") {
                return ErrorClass::CommandNotFound;
            }
            if text.starts_with(b"{\"class\": \"DeviceNotFound\"") {
                return ErrorClass::DeviceNotFound;
            }
        }
        let class = if cfg!(target_pointer_width = "64") {
            self.error().member("class").and_then(Json::as_str)
        } else {
            self.error().fixed_string(b"class\0")
        };
        ErrorClass::named(class.unwrap_or(Str::new(b"")))
    }

    /// The human-readable text; empty if there is none. Not to be parsed: it is no interface.
    pub fn desc(&self) -> Str<'a> {
        self.error().member("desc").and_then(Json::as_str).unwrap_or(Str::new(b""))
    }

    /// The value of the member `error`.
    pub fn error(&self) -> Json<'a> {
        self.frame.kind_value()
    }

    /// The `id` of the command; `None` also where the server could not read what was sent.
    pub fn id(&self) -> Option<Json<'a>> {
        self.frame.json(Member::Id)
    }
}

/// `CLASS: DESC`
impl fmt::Display for ErrorReply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class(), self.desc())
    }
}

/// The class of an error (QEMU, `qapi/error.json`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ErrorClass<'a> {
    /// None of the others; the usual one.
    GenericError,
    /// No such command, or not one that can be run now.
    CommandNotFound,
    /// A device is there and not active.
    DeviceNotActive,
    /// No such device.
    DeviceNotFound,
    /// A feature of KVM is missing.
    KvmMissingCap,
    /// A class this library does not know.
    Other(Str<'a>),
}

impl<'a> ErrorClass<'a> {
    fn named(name: Str<'a>) -> Self {
        const KNOWN: &[u8] = b"GenericError\0CommandNotFound\0DeviceNotActive\0DeviceNotFound\0KVMMissingCap\0";
        // Whole names are compared in larger steps there.
        #[cfg(target_pointer_width = "64")]
        {
            let known = [
                Self::GenericError,
                Self::CommandNotFound,
                Self::DeviceNotActive,
                Self::DeviceNotFound,
                Self::KvmMissingCap,
            ];
            if let Some(class) = known.into_iter().find(|class| class.name().as_bytes() == name.raw()) {
                return class;
            }
        }
        match place(KNOWN, name.raw()) {
            0 => Self::GenericError,
            1 => Self::CommandNotFound,
            2 => Self::DeviceNotActive,
            3 => Self::DeviceNotFound,
            4 => Self::KvmMissingCap,
            _ => Self::Other(name),
        }
    }

    /// The name of a known class, empty for others.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::GenericError => "GenericError",
            Self::CommandNotFound => "CommandNotFound",
            Self::DeviceNotActive => "DeviceNotActive",
            Self::DeviceNotFound => "DeviceNotFound",
            Self::KvmMissingCap => "KVMMissingCap",
            Self::Other(_) => "",
        }
    }
}

/// The class as it stands on the wire.
impl fmt::Display for ErrorClass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(name) => fmt::Display::fmt(name, f),
            known => f.write_str(known.name()),
        }
    }
}
