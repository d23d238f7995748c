//! Arguments of commands, checked as QEMU checks them (`qapi/qobject-input-visitor.c`): those that a command takes in
//! their order, then whether there are others.

use super::check::Refusal;
use crate::encode::Piece;
use crate::json::{Json, JsonKind, Str};

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ArgumentType {
    /// A string.
    String,
    /// An integer in the range of `i64`, without fraction or exponent.
    Integer,
    /// An integer in the range of `u64`, without fraction or exponent.
    Size,
    /// Any number.
    Number,
    /// `true` or `false`
    Boolean,
    /// An array; its elements are the command's to check.
    Array,
    /// An object; its members are the command's to check.
    Object,
    /// Anything.
    Any,
}

/// An argument that a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Argument {
    name: &'static str,
    kind: ArgumentType,
    optional: bool,
}

impl Argument {
    /// An argument that must be given.
    pub const fn required(name: &'static str, kind: ArgumentType) -> Self {
        Self { name, kind, optional: false }
    }

    /// An argument that may be left out.
    pub const fn optional(name: &'static str, kind: ArgumentType) -> Self {
        Self { name, kind, optional: true }
    }

    /// Whether `value` is of its type; if not, how QEMU calls the type.
    fn admits(&self, value: Json<'_>) -> Result<(), &'static str> {
        let kind = value.kind();
        let (admitted, name) = match self.kind {
            ArgumentType::String => (kind == JsonKind::String, "string"),
            ArgumentType::Integer => (value.as_i64().is_some(), "integer"),
            ArgumentType::Size => (value.as_u64().is_some(), "uint64"),
            ArgumentType::Number => (kind == JsonKind::Number, "number"),
            ArgumentType::Boolean => (kind == JsonKind::Bool, "boolean"),
            ArgumentType::Array => (kind == JsonKind::Array, "array"),
            ArgumentType::Object => (kind == JsonKind::Object, "object"),
            ArgumentType::Any => (true, "value"),
        };
        if admitted { Ok(()) } else { Err(name) }
    }
}

/// Checks arguments in the order in which QEMU does: first those that the command takes.
pub(super) fn check<'t>(known: &[Argument], arguments: Option<Json<'t>>) -> Result<(), Refusal<'t>> {
    for argument in known {
        match arguments.and_then(|arguments| arguments.member(argument.name)) {
            Some(value) => argument.admits(value).map_err(|kind| Refusal::Type(argument.name, None, kind))?,
            None if argument.optional => {}
            None => return Err(Refusal::Argument(Piece::Plain(argument.name), "' is missing")),
        }
    }
    let Some(arguments) = arguments else { return Ok(()) };
    unexpected(arguments, |name| known.iter().any(|argument| name == argument.name))
}

/// The arguments of `qmp_capabilities`: whether out-of-band execution is asked for.
pub(super) fn capabilities(arguments: Option<Json<'_>>) -> Result<bool, Refusal<'_>> {
    let Some(arguments) = arguments else { return Ok(false) };
    let mut oob = false;
    if let Some(enable) = arguments.member("enable") {
        if enable.kind() != JsonKind::Array {
            return Err(Refusal::Type("enable", None, "array"));
        }
        for (index, capability) in enable.elements().enumerate() {
            let Some(capability) = capability.as_str() else {
                return Err(Refusal::Type("enable", Some(index as u64), "string"));
            };
            if capability != "oob" {
                return Err(Refusal::NoValue(capability));
            }
            oob = true;
        }
    }
    unexpected(arguments, |name| name == "enable")?;
    Ok(oob)
}

/// The arguments of `guest-sync` and `guest-sync-delimited`.
pub(super) fn sync(arguments: Option<Json<'_>>) -> Result<i64, Refusal<'_>> {
    let Some(id) = arguments.and_then(|arguments| arguments.member("id")) else {
        return Err(Refusal::Argument(Piece::Plain("id"), "' is missing"));
    };
    let value = id.as_i64().ok_or(Refusal::Type("id", None, "integer"))?;
    if let Some(arguments) = arguments {
        unexpected(arguments, |name| name == "id")?;
    }
    Ok(value)
}

/// Refuses arguments that `known` does not know.
fn unexpected<'a>(arguments: Json<'a>, known: impl Fn(Str<'a>) -> bool) -> Result<(), Refusal<'a>> {
    match arguments.members().find(|(name, _)| !known(*name)) {
        Some((name, _)) => Err(Refusal::Argument(Piece::Json(name), "' is unexpected")),
        None => Ok(()),
    }
}
