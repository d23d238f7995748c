//! `Json` against `serde_json`: what is accepted, what the walkers find, what types it decodes into. Input: any text.

use super::tree::{Tree, close};
use crate::model::decode;
use qmp_core::{DecodeError, Fault, Json, MAX_DEPTH, Mismatch, Str};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fmt::Debug;

#[derive(Debug, PartialEq, Deserialize)]
struct Device {
    name: String,
    size: Option<u64>,
    on: Option<bool>,
    #[serde(rename = "id", default)]
    list: Vec<i32>,
    data: Option<Box<Tree>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Choice {
    Running,
    Return(u8),
    Event(u8, bool),
}

/// Whether it is valid.
pub(crate) fn json(text: &[u8]) -> bool {
    let valid = std::str::from_utf8(text).is_ok() && serde_json::from_slice::<IgnoredAny>(text).is_ok();
    let json = match Json::parse(text) {
        Ok(json) => json,
        Err(fault) => {
            let deep = fault == Fault::TooDeep && depth(text) >= MAX_DEPTH;
            assert!(!valid || deep, "{fault} in a valid text");
            return false;
        }
    };
    assert!(valid, "accepted, and not valid");
    assert!(depth(text) < MAX_DEPTH, "accepted, and too deep");
    assert_eq!(json.text(), text.trim_ascii());
    strings(json);

    let tree = Tree::walk(json);
    let mut scratch = vec![0; text.len()];
    match json.decode_with::<Tree>(&mut scratch) {
        Ok(decoded) => assert_eq!(decoded, tree, "serde and the walkers"),
        // An integer that is none of serde's.
        Err(error) => assert_eq!(error.mismatch, Mismatch::OutOfRange),
    }
    let theirs = serde_json::from_slice::<Tree>(text);
    if let Ok(theirs) = &theirs {
        assert_eq!(*theirs, tree, "serde_json and the walkers");
    }
    // `serde_json` refuses numbers that are out of a float's range and lone surrogates, and does not take `-0` for an integer.
    let lenient = theirs.is_err() || text.windows(2).any(|pair| pair == b"-0");
    let mut check = Check { json, text, lenient, scratch };
    check.typed::<bool>(PartialEq::eq);
    check.typed::<i8>(PartialEq::eq);
    check.typed::<u16>(PartialEq::eq);
    check.typed::<i32>(PartialEq::eq);
    check.typed::<u64>(PartialEq::eq);
    check.typed::<i64>(PartialEq::eq);
    check.typed::<f64>(|one, other| close(*one, *other));
    check.typed::<f32>(|one, other| close((*one).into(), (*other).into()) || (one - other).abs() <= one.abs() * 1e-6);
    check.typed::<char>(PartialEq::eq);
    check.typed::<&str>(PartialEq::eq);
    check.typed::<String>(PartialEq::eq);
    check.typed::<()>(PartialEq::eq);
    check.typed::<Option<u8>>(PartialEq::eq);
    check.typed::<Vec<i32>>(PartialEq::eq);
    check.typed::<[u8; 2]>(PartialEq::eq);
    check.typed::<(bool, Option<String>)>(PartialEq::eq);
    check.typed::<BTreeMap<String, Tree>>(PartialEq::eq);
    check.typed::<Device>(PartialEq::eq);
    check.typed::<Choice>(PartialEq::eq);
    true
}

struct Check<'a> {
    json: Json<'a>,
    text: &'a [u8],
    /// `serde_json` may refuse what decodes here.
    lenient: bool,
    scratch: Vec<u8>,
}

impl<'a> Check<'a> {
    /// Decodes into `T` both ways: the same is accepted, and is the same.
    fn typed<T: Deserialize<'a> + Debug>(&mut self, same: impl Fn(&T, &T) -> bool) {
        let ours = self.json.decode_with::<T>(&mut self.scratch);
        let theirs = serde_json::from_slice::<T>(self.text);
        let name = std::any::type_name::<T>();
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => assert!(same(&ours, &theirs), "{name}: {ours:?}, not {theirs:?}"),
            (Ok(ours), Err(theirs)) => assert!(self.lenient, "{name}: {ours:?}, and not {theirs}"),
            (Err(ours), Ok(theirs)) => assert!(self.strict::<T>(ours), "{name}: {ours}, and not {theirs:?}"),
            (Err(_), Err(_)) => {}
        }
    }

    /// Whether `serde_json` takes something that is not how QAPI writes it: a struct as an array, a variant without content as an
    /// object, or an integer for a float.
    fn strict<T>(&self, error: DecodeError) -> bool {
        let array = std::any::type_name::<T>() == std::any::type_name::<Device>() && self.json.text()[0] == b'[';
        let variant = std::any::type_name::<T>() == std::any::type_name::<Choice>()
            && self.json.members().next().is_some_and(|(_, content)| content.text() == b"null");
        match error.mismatch {
            Mismatch::WrongType => array || variant,
            Mismatch::OutOfRange => self.huge(),
            _ => false,
        }
    }

    /// Whether an integer is out of range somewhere: `serde_json` makes it a float where any value will do.
    fn huge(&self) -> bool {
        self.json.decode_with::<Tree>(&mut vec![0; self.text.len()]).is_err()
    }
}

/// Every string reads the same in all ways there are to read it.
fn strings(json: Json<'_>) {
    if let Some(string) = json.as_str() {
        string_reads_the_same(string);
    }
    for (name, value) in json.members() {
        string_reads_the_same(name);
        // The first of that name.
        let found = json.member(&name.to_string()).expect("a member by its own name");
        assert!(found.text().as_ptr() <= value.text().as_ptr());
        strings(value);
    }
    json.elements().for_each(strings);
}

fn string_reads_the_same(string: Str<'_>) {
    let expected = decode(string.raw());
    assert_eq!(string.chars().collect::<String>(), expected);
    assert_eq!(string.to_string(), expected);
    assert_eq!(string, expected.as_str());
    assert_ne!(string, format!("{expected}x").as_str());
    assert_eq!(string.is_empty(), expected.is_empty());
    assert_eq!(string.decoded_len(), expected.len());
    let mut room = vec![0; expected.len()];
    assert_eq!(string.copy_to(&mut room), Some(expected.as_str()));
    if let Some(short) = expected.len().checked_sub(1) {
        assert_eq!(string.copy_to(&mut room[..short]), None);
    }
    assert_eq!(string.as_plain(), (!string.raw().contains(&b'\\')).then_some(expected.as_str()));
    let (least, most) = string.chars().size_hint();
    assert!((least..=most.unwrap()).contains(&expected.chars().count()));
    assert!(!format!("{string:?}").is_empty());
}

/// How deep a valid text is nested.
fn depth(text: &[u8]) -> u8 {
    let (mut open, mut deepest, mut string, mut escaped) = (0u8, 0, false, false);
    for byte in text {
        match byte {
            b'"' if !escaped => string = !string,
            b'{' | b'[' if !string => open = open.saturating_add(1),
            b'}' | b']' if !string => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
        escaped = string && *byte == b'\\' && !escaped;
    }
    deepest
}
