//! Typed encoding: the caller's own type as JSON, by serde, without allocation.
//!
//! In: any `Serialize` type. Out: compact JSON in the caller's slice, or a typed error. What JSON cannot hold is refused: a number
//! that is not finite, a name that is no string. Nothing panics, whatever the type's own `Serialize` does, and what it has written is
//! one JSON value: each call of the serializer takes the place of a value and gives back a [`Written`], of which there is no other.

use core::fmt::{self, Write as _};

use serde::ser::{self, Serialize};

use crate::error::ExecuteError;
use crate::write::Writer;

/// Writes `value` where `writer` stands.
pub(crate) fn serialize<T: Serialize + ?Sized>(writer: &mut Writer<'_>, value: &T) -> Result<(), ExecuteError> {
    match value.serialize(Value { writer }) {
        Ok(Written) => Ok(()),
        Err(Refused) => Err(ExecuteError::InvalidArguments),
    }
}

/// One value stands where it was asked for. Nobody outside can make one.
struct Written;

/// A value is none that JSON can hold. What does not fit into the slice is noted by the writer.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&ExecuteError::InvalidArguments, f)
    }
}

impl core::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// The place of one value.
struct Value<'w, 'o> {
    writer: &'w mut Writer<'o>,
}

impl<'w, 'o> Value<'w, 'o> {
    fn text(self, text: fmt::Arguments<'_>) -> Result<Written, Refused> {
        self.writer.write_fmt(text).map(|()| Written).map_err(|fmt::Error| Refused)
    }

    fn push(self, text: &[u8]) -> Result<Written, Refused> {
        self.writer.put(text);
        Ok(Written)
    }

    /// Opens an object or an array, within an object that it closes or not.
    fn list(self, bracket: Bracket, within: bool) -> Result<List<'w, 'o>, Refused> {
        self.writer.byte(bracket as u8);
        Ok(List { writer: self.writer, bracket, within, first: true })
    }

    /// `{"variant":` and then what comes with it.
    fn variant(self, variant: &str, bracket: Bracket) -> Result<List<'w, 'o>, Refused> {
        self.writer.byte(b'{');
        self.writer.string(variant);
        self.writer.byte(b':');
        self.list(bracket, true)
    }
}

/// What opens a list.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Bracket {
    Object = b'{',
    Array = b'[',
}

/// What is written one after the other, until it is closed.
struct List<'w, 'o> {
    writer: &'w mut Writer<'o>,
    bracket: Bracket,
    within: bool,
    first: bool,
}

impl List<'_, '_> {
    fn comma(&mut self) {
        if !core::mem::replace(&mut self.first, false) {
            self.writer.byte(b',');
        }
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        match value.serialize(Value { writer: self.writer }) {
            Ok(Written) => Ok(()),
            Err(Refused) => self.refuse(),
        }
    }

    /// Refuses all that is being written: a part of it is there, and the caller's type may keep the error to itself.
    fn refuse(&mut self) -> Result<(), Refused> {
        self.writer.refuse();
        Err(Refused)
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.comma();
        self.value(value)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Refused> {
        self.comma();
        self.writer.string(name);
        self.writer.byte(b':');
        self.value(value)
    }

    fn finish(self) -> Result<Written, Refused> {
        // Both closing brackets stand two places after theirs.
        self.writer.byte((self.bracket as u8).wrapping_add(2));
        if self.within {
            self.writer.byte(b'}');
        }
        Ok(Written)
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty)*) => {$(
        fn $method(self, value: $type) -> Result<Written, Refused> {
            self.text(format_args!("{value}"))
        }
    )*};
}

impl<'w, 'o> ser::Serializer for Value<'w, 'o> {
    type Ok = Written;
    type Error = Refused;
    type SerializeSeq = List<'w, 'o>;
    type SerializeTuple = List<'w, 'o>;
    type SerializeTupleStruct = List<'w, 'o>;
    type SerializeTupleVariant = List<'w, 'o>;
    type SerializeMap = Map<'w, 'o>;
    type SerializeStruct = List<'w, 'o>;
    type SerializeStructVariant = List<'w, 'o>;

    numbers! {
        serialize_i8: i8 serialize_i16: i16 serialize_i32: i32 serialize_i64: i64 serialize_i128: i128
        serialize_u8: u8 serialize_u16: u16 serialize_u32: u32 serialize_u64: u64 serialize_u128: u128
    }

    fn serialize_bool(self, value: bool) -> Result<Written, Refused> {
        self.push(if value { b"true" } else { b"false" })
    }

    fn serialize_f32(self, value: f32) -> Result<Written, Refused> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<Written, Refused> {
        let size = value.abs();
        if !value.is_finite() {
            Err(Refused)
        } else if size == 0.0 || (1e-5..1e16).contains(&size) {
            self.text(format_args!("{value}"))
        } else {
            self.text(format_args!("{value:e}"))
        }
    }

    fn serialize_char(self, value: char) -> Result<Written, Refused> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<Written, Refused> {
        self.writer.string(value);
        Ok(Written)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Written, Refused> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<Written, Refused> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Written, Refused> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Written, Refused> {
        self.push(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<Written, Refused> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Written, Refused> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Written, Refused> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Written, Refused> {
        let mut list = self.list(Bracket::Object, false)?;
        list.member(variant, value)?;
        list.finish()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'w, 'o>, Refused> {
        self.list(Bracket::Array, false)
    }

    fn serialize_tuple(self, _: usize) -> Result<List<'w, 'o>, Refused> {
        self.list(Bracket::Array, false)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<List<'w, 'o>, Refused> {
        self.list(Bracket::Array, false)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'w, 'o>, Refused> {
        self.variant(variant, Bracket::Array)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Map<'w, 'o>, Refused> {
        Ok(Map { list: self.list(Bracket::Object, false)?, named: false })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<List<'w, 'o>, Refused> {
        self.list(Bracket::Object, false)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<List<'w, 'o>, Refused> {
        self.variant(variant, Bracket::Object)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result<Written, Refused> {
        self.writer.byte(b'"');
        // The type's own formatting may fail.
        if (Escaped { writer: &mut *self.writer }).write_fmt(format_args!("{value}")).is_err() {
            return Err(Refused);
        }
        self.push(b"\"")
    }
}

/// Text between quotes.
struct Escaped<'w, 'o> {
    writer: &'w mut Writer<'o>,
}

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.writer.characters(text);
        Ok(())
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for List<'_, '_> {
            type Ok = Written;
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.element(value)
            }

            fn end(self) -> Result<Written, Refused> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! members {
    ($($trait:ident)*) => {$(
        impl ser::$trait for List<'_, '_> {
            type Ok = Written;
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refused> {
                self.member(name, value)
            }

            fn end(self) -> Result<Written, Refused> {
                self.finish()
            }
        }
    )*};
}

members! { SerializeStruct SerializeStructVariant }

/// A map's members, whose names are values that have to be strings.
struct Map<'w, 'o> {
    list: List<'w, 'o>,
    /// A name was written, and its value is due.
    named: bool,
}

impl Map<'_, '_> {
    /// A name and a value come in turn.
    fn turn(&mut self, named: bool) -> Result<(), Refused> {
        if core::mem::replace(&mut self.named, named) == named { self.list.refuse() } else { Ok(()) }
    }
}

impl ser::SerializeMap for Map<'_, '_> {
    type Ok = Written;
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        self.turn(true)?;
        self.list.comma();
        let start = self.list.writer.length();
        self.list.value(key)?;
        if self.list.writer.starts_a_string(start) { Ok(()) } else { self.list.refuse() }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        self.turn(false)?;
        self.list.writer.byte(b':');
        self.list.value(value)
    }

    fn end(self) -> Result<Written, Refused> {
        if self.named {
            return Err(Refused);
        }
        self.list.finish()
    }
}
