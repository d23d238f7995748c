//! JSON values, read where they lie.
//!
//! In: the text of one valid value. Out: what it is, scalars, and walkers over members and elements. Nothing is copied or
//! allocated, nothing recurses, and what nobody asks for costs no more than stepping over it.

mod lookup;
mod names;
mod number;
mod string;
#[cfg(target_pointer_width = "64")]
mod usual;

pub(crate) use names::place;
#[cfg(not(target_pointer_width = "64"))]
pub(crate) use number::leading_u32;
#[cfg(target_pointer_width = "64")]
pub(crate) use number::ten_digits;
pub(crate) use number::{last_digits, parse_u64};
pub(crate) use string::decode;
pub use string::{Chars, Str};

use core::fmt;

use crate::bytes::part;

/// What a [`Json`] value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// Any number; whether it has a fraction makes no difference in JSON.
    Number,
    /// A string.
    String,
    /// `[…]`
    Array,
    /// `{…}`
    Object,
}

/// One JSON value, borrowed as text.
///
/// The text is valid by construction: it comes out of a message that was checked as a whole, or from [`Json::parse`].
///
/// ```
/// use qmp_core::Json;
///
/// let value = Json::parse(br#"{"status": "running", "disks": [1, 2]}"#)?;
/// assert!(value.member("status").and_then(|s| s.as_str()).is_some_and(|s| s == "running"));
/// let disks = value.member("disks").into_iter().flat_map(|d| d.elements());
/// assert_eq!(disks.filter_map(|d| d.as_i64()).sum::<i64>(), 3);
/// # Ok::<(), qmp_core::Fault>(())
/// ```
#[derive(Clone, Copy)]
pub struct Json<'a> {
    /// Starts at the value's first byte and ends with its last.
    text: &'a [u8],
}

impl<'a> Json<'a> {
    /// A value in text that is known to be valid JSON, with nothing around it.
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { text }
    }

    /// A value in `text` that is known to be one, such as [`text`](Self::text) once gave it. Nothing is checked: of anything
    /// else, what is read is unspecified. It never is a panic.
    pub const fn from_valid(text: &'a [u8]) -> Self {
        Self { text }
    }

    /// Checks `text`: one JSON value (RFC 8259, UTF-8, nested at most [`MAX_DEPTH`](crate::MAX_DEPTH) − 1 deep), with white
    /// space around it or not.
    ///
    /// # Errors
    /// The first [`Fault`](crate::Fault); [`Fault::Syntax`](crate::Fault::Syntax) also where the text ends too early.
    pub fn parse(text: &'a [u8]) -> Result<Self, crate::Fault> {
        match crate::scan::value(text) {
            (Some(value), _) => Ok(Self::new(value)),
            (None, fault) => Err(fault),
        }
    }

    /// The value as it stands on the wire. Valid UTF-8 without white space around it.
    pub const fn text(self) -> &'a [u8] {
        self.text
    }

    /// What the value is.
    pub fn kind(self) -> JsonKind {
        match self.text.first() {
            Some(b'{') => JsonKind::Object,
            Some(b'[') => JsonKind::Array,
            Some(b'"') => JsonKind::String,
            Some(b't' | b'f') => JsonKind::Bool,
            Some(b'n') | None => JsonKind::Null,
            Some(_) => JsonKind::Number,
        }
    }

    /// `Some` if it is `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        match self.text.first() {
            Some(b't') => Some(true),
            Some(b'f') => Some(false),
            _ => None,
        }
    }

    /// `Some` if it is a number in the range of `i64` without fraction or exponent. `1.0` and `1e0` are not.
    pub fn as_i64(self) -> Option<i64> {
        number::parse_i64(self.text)
    }

    /// `Some` if it is a number in the range of `u64` without fraction or exponent.
    pub fn as_u64(self) -> Option<u64> {
        parse_u64(self.text)
    }

    /// `Some` if it is a number: the nearest `f64`, infinite where it is out of range.
    pub fn as_f64(self) -> Option<f64> {
        if self.kind() != JsonKind::Number {
            return None;
        }
        core::str::from_utf8(self.text).ok()?.parse().ok()
    }

    /// `Some` if it is a string.
    pub fn as_str(self) -> Option<Str<'a>> {
        if self.text.first() != Some(&b'"') {
            return None;
        }
        Some(Str::new(part(self.text, 1, self.text.len().wrapping_sub(1))))
    }

    /// The members in the order of the wire; none if it is no object.
    pub fn members(self) -> Members<'a> {
        Members { rest: inside(self.text, b'{') }
    }

    /// The elements in the order of the wire; none if it is no array.
    pub fn elements(self) -> Elements<'a> {
        Elements { rest: inside(self.text, b'[') }
    }
}

impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text as it stands on the wire.
impl fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(self.text).unwrap_or_default())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Json<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        match core::str::from_utf8(self.text) {
            Ok(text) => defmt::write!(f, "{=str}", text),
            Err(_) => defmt::write!(f, "{=[u8]}", self.text),
        }
    }
}

/// The members of an object: name and value.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    /// From the next name on, white space skipped; empty or a closing bracket at the end.
    rest: &'a [u8],
}

impl<'a> Members<'a> {
    /// What is still to come, for [`resume`](Self::resume).
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The members that were still to come when [`rest`](Self::rest) was taken.
    pub const fn resume(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// The next member.
    #[cfg_attr(target_pointer_width = "64", inline)]
    pub(crate) fn next_member(&mut self) -> Option<Member<'a>> {
        // Nothing is left but the bracket.
        if self.rest.first() != Some(&b'"') {
            return None;
        }
        self.usual()
    }

    /// As [`next_member`](Self::next_member), where there is one.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn usual(&mut self) -> Option<Member<'a>> {
        #[cfg(target_pointer_width = "64")]
        if let Some((member, rest)) = usual::member::<false>(self.rest) {
            self.rest = rest;
            return Some(member);
        }
        self.walk()
    }

    /// As [`next_member`](Self::next_member), whatever the layout.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn walk(&mut self) -> Option<Member<'a>> {
        #[cfg(target_pointer_width = "64")]
        if let Some((member, rest)) = usual::member::<true>(self.rest) {
            self.rest = rest;
            return Some(member);
        }
        let key = take_value(&mut self.rest)?;
        let value = take_value(&mut self.rest)?;
        Some(Member { key: Json::new(key), escaped: true, value: Json::new(value) })
    }
}

/// One member of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// The name as a value.
    pub(crate) key: Json<'a>,
    /// Whether the name may be written with escapes.
    pub(crate) escaped: bool,
    pub(crate) value: Json<'a>,
}

impl<'a> Member<'a> {
    pub(crate) fn name(&self) -> Str<'a> {
        let text = self.key.text();
        Str::new(part(text, 1, text.len().wrapping_sub(1)))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Str<'a>, Json<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let member = self.next_member()?;
        Some((member.name(), member.value))
    }
}

/// The elements of an array.
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// What is still to come, for [`resume`](Self::resume).
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The elements that were still to come when [`rest`](Self::rest) was taken.
    pub const fn resume(rest: &'a [u8]) -> Self {
        Self { rest }
    }
}

impl<'a> Iterator for Elements<'a> {
    type Item = Json<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        take_value(&mut self.rest).map(Json::new)
    }
}

/// What stands after the opening bracket; empty if the value starts otherwise.
fn inside(text: &[u8], open: u8) -> &[u8] {
    match text.split_first() {
        Some((&first, rest)) if first == open => skip(rest),
        _ => &[],
    }
}

/// Whether a byte can stand between two values: a comma, a colon or white space, since no other control byte can stand there.
fn separates(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b',' | b':')
}

/// Without what can stand between two values.
fn skip(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && separates(*first)
    {
        text = rest;
    }
    text
}

/// Takes the value that `text` starts with, and what separates it from the next. `None` at a closing bracket or the end.
fn take_value<'a>(text: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (value, rest) = text.split_at_checked(value_length(text))?;
    if value.is_empty() {
        return None;
    }
    *text = skip(rest);
    Some(value)
}

/// The length of the value that `text` starts with.
fn value_length(text: &[u8]) -> usize {
    let mut rest = text;
    let mut open = 0usize;
    while let Some(&byte) = rest.first() {
        let mut step = 1;
        match byte {
            b'"' => step = string_length(rest),
            b'{' | b'[' => open = open.wrapping_add(1),
            _ if open == 0 && (separates(byte) || matches!(byte, b'}' | b']')) => break,
            b'}' | b']' => open = open.wrapping_sub(1),
            _ => {}
        }
        rest = rest.get(step..).unwrap_or_default();
    }
    text.len().wrapping_sub(rest.len())
}

/// The length of the string that `text` starts with, quotes included.
pub(crate) fn string_length(text: &[u8]) -> usize {
    string_end(text, 0)
}

/// Where the string at this place ends.
#[inline(always)]
fn string_end(text: &[u8], at: usize) -> usize {
    let mut end = crate::scan::plain_end(text, at.wrapping_add(1));
    while let Some(&byte) = text.get(end) {
        end = end.wrapping_add(if byte == b'\\' { 2 } else { 1 });
        if byte == b'"' {
            break;
        }
    }
    end
}
