//! JSON values as owned trees, built by way of the walkers or of serde, to be compared.

use qmp_core::{Json, JsonKind};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::fmt;

#[derive(Clone, Debug)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    Integer(i128),
    /// `-0`: signed and not unsigned, and to `serde_json` a float.
    MinusZero,
    /// Integers outside the range of `i64` and `u64` too.
    Float(f64),
    String(String),
    Array(Vec<Tree>),
    /// In order, duplicates included.
    Object(Vec<(String, Tree)>),
}

impl Tree {
    /// What the walkers make of a value.
    pub(crate) fn walk(json: Json<'_>) -> Self {
        let unsigned = json.as_u64().map(|integer| Self::Integer(integer.into()));
        let signed =
            || json.as_i64().map(|integer| if integer < 0 { Self::Integer(integer.into()) } else { Self::MinusZero });
        match json.kind() {
            JsonKind::Null => Self::Null,
            JsonKind::Bool => Self::Bool(json.as_bool().expect("a bool")),
            JsonKind::Number => {
                unsigned.or_else(signed).unwrap_or_else(|| Self::Float(json.as_f64().expect("a number")))
            }
            JsonKind::String => Self::String(json.as_str().expect("a string").to_string()),
            JsonKind::Array => Self::Array(json.elements().map(Self::walk).collect()),
            JsonKind::Object => {
                Self::Object(json.members().map(|(name, value)| (name.to_string(), Self::walk(value))).collect())
            }
        }
    }

    /// The value of the first member with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn string(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    pub(crate) fn unsigned(&self) -> Option<u64> {
        if let Self::Integer(integer) = self { u64::try_from(*integer).ok() } else { None }
    }

    pub(crate) fn signed(&self) -> Option<i64> {
        match self {
            Self::Integer(integer) => i64::try_from(*integer).ok(),
            Self::MinusZero => Some(0),
            _ => None,
        }
    }

    pub(crate) fn elements(&self) -> &[Self] {
        if let Self::Array(elements) = self { elements } else { &[] }
    }
}

/// The same value, up to the last bits of a float, which `serde_json` rounds its own way.
impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Integer(one), Self::Integer(other)) => one == other,
            (Self::MinusZero, other) | (other, Self::MinusZero) => match other {
                Self::Integer(integer) => *integer == 0,
                Self::Float(float) => *float == 0.0,
                other => matches!(other, Self::MinusZero),
            },
            (Self::Float(one), Self::Float(other)) => close(*one, *other),
            (Self::String(one), Self::String(other)) => one == other,
            (Self::Array(one), Self::Array(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => one == other,
            _ => false,
        }
    }
}

pub(crate) fn close(one: f64, other: f64) -> bool {
    let most = |value: f64| value.abs() >= 1.797e308;
    one == other
        || (one - other).abs() <= one.abs() * 1e-14 + 1e-320
        || most(one) && most(other) && one.is_sign_positive() == other.is_sign_positive()
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Integer(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Tree, E> {
        Ok(if value == 0 { Tree::MinusZero } else { Tree::Integer(value.into()) })
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::String(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Tree, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            elements.push(element);
        }
        Ok(Tree::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = object.next_entry()? {
            members.push(member);
        }
        Ok(Tree::Object(members))
    }
}
