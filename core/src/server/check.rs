//! Whether an object is a request, as QEMU decides it (`qapi/qmp-dispatch.c`, `qobject/json-parser.c`).

use crate::encode::{Piece, split_token};
use crate::error::{Discarded, Fault};
use crate::json::{Json, JsonKind, Str};
use crate::message::ErrorClass;

/// An error reply of the server's own.
#[derive(Clone, Copy)]
pub(super) enum Refusal<'a> {
    /// Input that could not be read: there is no id to be echoed.
    Unreadable(&'static str),
    /// Input of so many bytes.
    TooLarge(u64),
    /// An escape that stands for no character.
    NoCharacter(&'a str),
    /// A text for the class `GenericError`.
    Generic(&'static str),
    /// A text for the class `CommandNotFound`.
    NotFound(&'static str),
    /// What is wrong with a member of the request.
    Member(Str<'a>, &'static str),
    /// What is wrong with an argument.
    Argument(Piece<'a>, &'static str),
    /// An argument, or an element of it, should have this type.
    Type(&'static str, Option<u64>, &'static str),
    /// An element of an enumeration that is not known.
    NoValue(Str<'a>),
    /// No such command.
    NoCommand(Str<'a>),
    /// A command that cannot be run out of band.
    NotOutside(Str<'a>),
}

impl<'a> Refusal<'a> {
    /// The answer to what was discarded.
    pub(super) fn discarded(report: Discarded<'_>) -> Self {
        match report {
            Discarded::Oversized(message) => Self::TooLarge(message.bytes()),
            Discarded::Malformed { fault: Fault::ControlCharacter, .. } => {
                Self::Unreadable("JSON parse error, control character in string")
            }
            Discarded::Malformed { fault: Fault::InvalidUtf8, .. } => Self::Unreadable(INVALID_UTF8),
            Discarded::Malformed { fault: Fault::TooDeep, .. } => Self::Unreadable("JSON nesting depth limit exceeded"),
            Discarded::Malformed { fault: Fault::DuplicateMember, .. } => Self::Unreadable(DUPLICATE),
            Discarded::Malformed { fault: Fault::NotObject, .. } => Self::Unreadable("QMP input must be a JSON object"),
            _ => Self::Unreadable("JSON parse error, invalid syntax"),
        }
    }

    /// Whether it answers a request that could be read, so that its id is echoed.
    pub(super) fn echoes_id(&self) -> bool {
        !matches!(self, Self::Unreadable(_) | Self::NoCharacter(_))
    }

    pub(super) fn class(&self) -> ErrorClass<'static> {
        match self {
            Self::NotFound(_) | Self::NoCommand(_) => ErrorClass::CommandNotFound,
            _ => ErrorClass::GenericError,
        }
    }

    /// QEMU's text, where it has one.
    pub(super) fn desc(&self) -> [Piece<'a>; 6] {
        let none = Piece::Plain("");
        let text = |before, what, after| [Piece::Plain(before), what, Piece::Plain(after), none, none, none];
        match *self {
            Self::Unreadable(desc) | Self::Generic(desc) | Self::NotFound(desc) => text(desc, none, ""),
            Self::TooLarge(bytes) => text("QMP input of ", Piece::Number(bytes), " bytes is too large"),
            Self::NoCharacter(escape) => {
                text("JSON parse error, ", Piece::Plain(escape), " is not a valid Unicode character")
            }
            Self::Member(name, fault) => text("QMP input member '", Piece::Json(name), fault),
            Self::Argument(name, fault) => text("Parameter '", name, fault),
            Self::Type(name, index, expected) => {
                let (open, index, close) = match index {
                    Some(index) => (Piece::Plain("["), Piece::Number(index), "]', expected: "),
                    None => (none, none, "', expected: "),
                };
                let before = Piece::Plain("Invalid parameter type for '");
                [before, Piece::Plain(name), open, index, Piece::Plain(close), Piece::Plain(expected)]
            }
            // QEMU has no name for an element.
            Self::NoValue(value) => text("Parameter 'null' does not accept value '", Piece::Json(value), "'"),
            Self::NoCommand(name) => text("The command ", Piece::Json(name), " has not been found"),
            Self::NotOutside(name) => text("The command ", Piece::Json(name), " does not support OOB"),
        }
    }
}

const DUPLICATE: &str = "JSON parse error, duplicate key";

const INVALID_UTF8: &str = "JSON parse error, invalid UTF-8 sequence in string";

/// Whether an object is to be run out of band where that is enabled, its errors included.
pub(super) fn is_oob(object: Json<'_>) -> bool {
    object.member("exec-oob").is_some() && object.member("execute").is_none()
}

/// Whether `object` is a request. `oob` tells whether out-of-band execution is enabled.
pub(super) fn request(object: Json<'_>, oob: bool) -> Result<(), Refusal<'_>> {
    strings(object)?;
    let mut first: Option<(u32, Refusal<'_>)> = None;
    let (mut execute, mut exec_oob) = (false, false);
    for (name, value) in object.members() {
        let string = value.kind() == JsonKind::String;
        let fault = if name == "execute" {
            execute = true;
            (!string).then_some("' must be a string")
        } else if name == "exec-oob" && oob {
            exec_oob = true;
            (!string).then_some("' must be a string")
        } else if name == "arguments" {
            (value.kind() != JsonKind::Object).then_some("' must be an object")
        } else {
            (name != "id").then_some("' is unexpected")
        };
        let place = bucket(name);
        if let Some(fault) = fault
            && first.is_none_or(|(other, _)| place <= other)
        {
            first = Some((place, Refusal::Member(name, fault)));
        }
    }
    if execute && exec_oob && first.is_none_or(|(place, _)| place > EXECUTE) {
        return Err(Refusal::Generic("QMP input member 'execute' clashes with 'exec-oob'"));
    }
    match first {
        Some((_, refusal)) => Err(refusal),
        None if execute || exec_oob => Ok(()),
        None => Err(Refusal::Generic("QMP input lacks member 'execute'")),
    }
}

/// What QEMU's parser refuses beyond the grammar: a name that comes twice in an object, and what is no Unicode
/// character.
fn strings(object: Json<'_>) -> Result<(), Refusal<'_>> {
    let mut text = object.text();
    while let Some((token, rest)) = split_token(text) {
        if token == b"{" {
            // The token lies directly before `rest`.
            let from = object.text().len().saturating_sub(rest.len()).saturating_sub(1);
            twins(Json::new(object.text().get(from..).unwrap_or_default()))?;
        }
        if let [b'"', inner @ .., b'"'] = token {
            characters(inner)?;
        }
        text = rest;
    }
    Ok(())
}

/// The most members of one object. Names are compared in pairs, and a request may not cost more than its bytes.
const MEMBERS: usize = 256;

/// How many names are compared with those that follow in one walk.
const WALK: usize = 16;

/// Refuses an object of which two members have the same name, or that has too many to tell.
fn twins(object: Json<'_>) -> Result<(), Refusal<'static>> {
    let mut members = object.members();
    loop {
        let mut names = [Str::new(b""); WALK];
        for (index, (name, _)) in members.clone().enumerate() {
            if names.iter().take(index).any(|other| *other == name) {
                return Err(Refusal::Unreadable(DUPLICATE));
            }
            match names.get_mut(index) {
                Some(place) => *place = name,
                None if index < MEMBERS => {}
                None => return Err(Refusal::Generic("QMP object has more than 256 members")),
            }
        }
        if members.nth(WALK - 1).is_none() {
            return Ok(());
        }
    }
}

/// Whether the text between the quotes of a string stands for Unicode characters only.
fn characters(inner: &[u8]) -> Result<(), Refusal<'_>> {
    let mut rest = inner;
    while let Some(&first) = rest.first() {
        let length = match (first, rest.get(1)) {
            (b'\\', Some(b'u')) => 6,
            (b'\\', _) => 2,
            (0..=0x7f, _) => 1,
            (0..=0xdf, _) => 2,
            (0..=0xef, _) => 3,
            _ => 4,
        };
        let (mut char, mut after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        if length == 6 && matches!(char, [_, _, b'd' | b'D', b'8' | b'9' | b'a' | b'b' | b'A' | b'B', ..]) {
            (char, after) = rest.split_at_checked(12).unwrap_or((char, after));
        }
        let mut chars = Str::new(char).chars();
        let valid = match (chars.next(), chars.next()) {
            (Some(char::REPLACEMENT_CHARACTER), None) => length != 6 || char.eq_ignore_ascii_case(b"\\ufffd"),
            (Some(char), None) => {
                !matches!(char, '\u{fdd0}'..='\u{fdef}') && !matches!(u32::from(char) & 0xffff, 0xfffe | 0xffff)
            }
            _ => false,
        };
        if !valid {
            let escape = core::str::from_utf8(char).unwrap_or_default();
            return Err(if length == 6 { Refusal::NoCharacter(escape) } else { Refusal::Unreadable(INVALID_UTF8) });
        }
        rest = after;
    }
    Ok(())
}

/// Where `execute` stands in QEMU's hash table.
const EXECUTE: u32 = 299;

/// Where a member stands in QEMU's hash table (`qobject/qdict.c`): it looks at the members in this order, and of
/// several faults reports the first it comes to.
fn bucket(name: Str<'_>) -> u32 {
    let mut hash = 0x238f_13afu32.wrapping_mul(name.decoded_len() as u32);
    let mut index = 0u32;
    for char in name.chars() {
        let mut bytes = [0; 4];
        for byte in char.encode_utf8(&mut bytes).bytes() {
            hash = hash.wrapping_add(u32::from(byte) << (index.wrapping_mul(5) % 24));
            index = index.wrapping_add(1);
        }
    }
    1_103_515_243u32.wrapping_mul(hash).wrapping_add(12_345) % 512
}
