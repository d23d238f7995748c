//! Values that have others in them: serde is given one part after the other.

use serde::de::{self, DeserializeSeed, Visitor};

use super::Value;
use crate::error::{DecodeError, Mismatch};
use crate::json::{self, Str};

/// The members of an object that is being decoded.
pub(super) struct Object<'de, 's> {
    pub(super) members: json::Members<'de>,
    /// The member whose name was given out last.
    pub(super) current: Option<json::Member<'de>>,
    pub(super) scratch: &'s mut [u8],
}

impl<'de> Object<'de, '_> {
    fn value<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let member = self.current.as_ref().ok_or(Mismatch::MissingMember)?;
        seed.deserialize(Value { text: member.value.text(), scratch: self.scratch })
    }
}

/// An object whose names are values like any other.
pub(super) struct Map<'o, 'de, 's>(pub(super) &'o mut Object<'de, 's>);

impl<'de> de::MapAccess<'de> for Map<'_, 'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        self.0.current = self.0.members.next_member();
        let Some(member) = &self.0.current else {
            return Ok(None);
        };
        seed.deserialize(Value { text: member.key.text(), scratch: self.0.scratch }).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        self.0.value(seed)
    }
}

/// An object whose names are the members of a struct, or ones that it does not have: known without room to decode them. With its
/// escapes a name is none of the struct's.
pub(super) struct Struct<'de, 's> {
    pub(super) object: Object<'de, 's>,
    pub(super) fields: &'static [&'static str],
    /// Which of them the member is whose name was given out last; empty for none, or if it was not looked for.
    pub(super) field: &'static str,
}

impl Struct<'_, '_> {
    /// Which of the struct's members this is.
    fn find(&self, name: Str<'_>) -> Option<&'static str> {
        self.fields.iter().find(|field| name == **field).copied()
    }

    /// Names the member in an error that names none yet.
    pub(super) fn blame(&self, error: DecodeError) -> DecodeError {
        if !error.member.is_empty() {
            return error;
        }
        let mut member = self.field;
        if let (true, "", Some(current)) = (LATE, member, self.object.current) {
            member = self.find(current.name()).unwrap_or_default();
        }
        DecodeError { member, ..error }
    }
}

/// Whether a name without escapes is looked for among the struct's members only for an error. That takes fewer steps, and more code.
const LATE: bool = cfg!(target_pointer_width = "64");

impl<'de> de::MapAccess<'de> for &mut Struct<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        self.field = "";
        self.object.current = self.object.members.next_member();
        let Some(member) = &self.object.current else {
            return Ok(None);
        };
        let name = member.name();
        let mut plain = name.raw();
        if (member.escaped || !LATE)
            && let Some(field) = self.find(name)
        {
            self.field = field;
            plain = field.as_bytes();
        }
        seed.deserialize(de::value::BorrowedBytesDeserializer::new(plain)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        self.object.value(seed)
    }
}

/// The elements of an array that is being decoded.
pub(super) struct Array<'de, 's> {
    pub(super) elements: json::Elements<'de>,
    pub(super) scratch: &'s mut [u8],
}

impl<'de> de::SeqAccess<'de> for &mut Array<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, DecodeError> {
        let Some(element) = self.elements.next() else {
            return Ok(None);
        };
        seed.deserialize(Value { text: element.text(), scratch: self.scratch }).map(Some)
    }
}

/// An enum's variant: its name, and what comes with it if it was written as an object.
pub(super) struct Variant<'de, 's> {
    pub(super) name: Value<'de, 's>,
    pub(super) content: Option<&'de [u8]>,
}

impl<'de, 's> de::EnumAccess<'de> for Variant<'de, 's> {
    type Error = DecodeError;
    type Variant = Content<'de, 's>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Content<'de, 's>), DecodeError> {
        let Value { text, scratch } = self.name;
        let value = seed.deserialize(Value { text, scratch: &mut *scratch })?;
        Ok((value, Content { content: self.content, scratch }))
    }
}

/// What comes with a variant.
pub(super) struct Content<'de, 's> {
    content: Option<&'de [u8]>,
    scratch: &'s mut [u8],
}

impl<'de, 's> Content<'de, 's> {
    fn value(self) -> Result<Value<'de, 's>, DecodeError> {
        let text = self.content.ok_or(Mismatch::WrongType)?;
        Ok(Value { text, scratch: self.scratch })
    }
}

impl<'de> de::VariantAccess<'de> for Content<'de, '_> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        if self.content.is_none() { Ok(()) } else { Err(Mismatch::WrongType.into()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(self.value()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, DecodeError> {
        self.value()?.array(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.value()?.structure(fields, visitor)
    }
}
