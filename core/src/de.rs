//! Typed decoding: one JSON value into the caller's own type, by serde, without allocation.
//!
//! In: a [`Json`] value, which is valid and at most 63 levels deep. Out: the caller's type, borrowing from the message what can be
//! borrowed. A string with escapes is decoded into the scratch slice or is a clear error, never handed out as it stands;
//! members that the type does not have are stepped over whatever they hold.

mod parts;

use core::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::bytes::has_escapes;
use crate::error::{DecodeError, Mismatch};
use crate::json::{Json, Str};
use parts::{Array, Map, Object, Struct, Variant};

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Mismatch::Custom.into()
    }
    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Mismatch::WrongType.into()
    }
    fn invalid_value(unexpected: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        match unexpected {
            de::Unexpected::Str(_) => Mismatch::TooLong.into(),
            _ => Mismatch::OutOfRange.into(),
        }
    }
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Mismatch::TooLong.into()
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Mismatch::UnknownName.into()
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Mismatch::UnknownName.into()
    }
    fn missing_field(member: &'static str) -> Self {
        Self { mismatch: Mismatch::MissingMember, member }
    }
    fn duplicate_field(member: &'static str) -> Self {
        Self { mismatch: Mismatch::DuplicateMember, member }
    }
}

impl<'a> Json<'a> {
    /// Decodes the value into `T`, which may borrow from the message: `&str` for strings without escapes, [`Str`] for any
    /// string, [`Json`] for any value.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Device<'a> {
    ///     qdev: &'a str,
    ///     size: Option<u64>,
    /// }
    ///
    /// let value = qmp_core::Json::parse(br#"{"qdev": "disk0", "size": 512, "other": [1, "\u0041"]}"#).unwrap();
    /// let device: Device = value.decode().unwrap();
    /// assert_eq!((device.qdev, device.size), ("disk0", Some(512)));
    /// ```
    ///
    /// Names of members and variants come as bytes: a `Deserialize` written by hand needs `visit_bytes` for them, which derived ones have.
    ///
    /// # Errors
    /// [`DecodeError`] says what does not fit. [`Mismatch::Escaped`] is the answer to any string with escapes that is not
    /// decoded as [`Str`]: see [`decode_with`](Self::decode_with).
    pub fn decode<T: Deserialize<'a>>(self) -> Result<T, DecodeError> {
        self.decode_with(&mut [])
    }

    /// As [`decode`](Self::decode), with room to decode strings that have escapes: `scratch` must hold the longest of them,
    /// one at a time. A type that owns its strings, such as `heapless::String`, then takes any of them. A `&str` still takes
    /// only those without escapes.
    pub fn decode_with<T: Deserialize<'a>>(self, scratch: &mut [u8]) -> Result<T, DecodeError> {
        T::deserialize(Value { text: self.text(), scratch })
    }
}

/// The name by which [`Str`] and [`Json`] ask this module for their text.
const RAW: &str = "qmp_core::raw";

/// One value to be decoded.
struct Value<'de, 's> {
    text: &'de [u8],
    scratch: &'s mut [u8],
}

impl<'de, 's> Value<'de, 's> {
    fn json(&self) -> Json<'de> {
        Json::new(self.text)
    }

    fn string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let Some(string) = self.json().as_str() else {
            return Err(Mismatch::WrongType.into());
        };
        if let Some(plain) = string.as_plain() {
            return visitor.visit_borrowed_str(plain);
        }
        let text = string.copy_to(self.scratch).ok_or(Mismatch::Escaped)?;
        // What takes only borrowed text refuses this one because of its escapes.
        visitor.visit_str(text).map_err(|error: DecodeError| match error.mismatch {
            Mismatch::WrongType => Mismatch::Escaped.into(),
            _ => error,
        })
    }

    fn name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.json().as_str() {
            Some(name) if !has_escapes(name.raw()) => visitor.visit_borrowed_bytes(name.raw()),
            _ => self.string(visitor),
        }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        let value = self.json();
        if let Some(value) = value.as_u64() {
            return visitor.visit_u64(value);
        }
        if let Some(value) = value.as_i64() {
            return visitor.visit_i64(value);
        }
        let digits = self.text.strip_prefix(b"-").unwrap_or(self.text);
        let integer = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        Err(if integer { Mismatch::OutOfRange } else { Mismatch::WrongType }.into())
    }

    fn float<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_f64(self.json().as_f64().ok_or(Mismatch::WrongType)?)
    }

    fn object(self) -> Result<Object<'de, 's>, DecodeError> {
        if self.text.first() != Some(&b'{') {
            return Err(Mismatch::WrongType.into());
        }
        Ok(Object { members: self.json().members(), current: None, scratch: self.scratch })
    }

    fn map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(Map(&mut self.object()?))
    }

    fn structure<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, DecodeError> {
        let mut members = Struct { object: self.object()?, fields, field: "" };
        visitor.visit_map(&mut members).map_err(|error| members.blame(error))
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.text.first() != Some(&b'[') {
            return Err(Mismatch::WrongType.into());
        }
        let mut array = Array { elements: self.json().elements(), scratch: self.scratch };
        let value = visitor.visit_seq(&mut array)?;
        // A tuple or fixed-size array takes what it needs: what is left over is an array that is too long.
        if array.elements.next().is_some() {
            return Err(Mismatch::TooLong.into());
        }
        Ok(value)
    }
}

macro_rules! forward {
    ($to:ident: $($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            self.$to(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Value<'de, '_> {
    type Error = DecodeError;

    forward!(integer: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64);
    forward!(float: deserialize_f32 deserialize_f64);
    forward!(string: deserialize_char deserialize_str deserialize_string);
    forward!(name: deserialize_identifier);
    forward!(array: deserialize_seq);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.text.first() {
            Some(b'{') => self.map(visitor),
            Some(b'[') => self.array(visitor),
            Some(b'"') => self.string(visitor),
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            Some(b'n') | None => visitor.visit_unit(),
            Some(_) if self.text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) => self.float(visitor),
            Some(_) => self.integer(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.json().as_bool().ok_or(Mismatch::WrongType)?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.string(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.text == b"null" { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.text == b"null" { visitor.visit_unit() } else { Err(Mismatch::WrongType.into()) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, DecodeError> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if name == RAW { visitor.visit_borrowed_bytes(self.text) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.array(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.array(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.map(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.structure(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if self.text.first() == Some(&b'"') {
            return visitor.visit_enum(Variant { name: self, content: None });
        }
        let mut members = self.json().members();
        let (Some(member), None) = (members.next_member(), members.next_member()) else {
            return Err(Mismatch::WrongType.into());
        };
        let name = Value { text: member.key.text(), scratch: self.scratch };
        visitor.visit_enum(Variant { name, content: Some(member.value.text()) })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }
}

/// Takes the text of a value as it stands.
struct Raw;

impl<'de> Visitor<'de> for Raw {
    type Value = &'de [u8];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value in a QMP message")
    }

    fn visit_borrowed_bytes<E: de::Error>(self, text: &'de [u8]) -> Result<&'de [u8], E> {
        Ok(text)
    }
}

/// Any string of a QMP message, escapes and all. Other data formats are refused.
impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = deserializer.deserialize_newtype_struct(RAW, Raw)?;
        Json::new(text).as_str().ok_or_else(|| de::Error::invalid_type(de::Unexpected::Other("value"), &"a string"))
    }
}

/// Any value of a QMP message. Other data formats are refused.
impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW, Raw).map(Json::new)
    }
}
