//! JSON out: one value into a slice, as QEMU writes it.
//!
//! In: a sequence of calls that name what comes next. Out: the text of one valid value, or the first thing that stood
//! in its way. ASCII only, `": "` and `", "` as separators, upper-case `\uXXXX`; pretty-printed with QEMU's line
//! breaks where that is asked for.

mod text;

pub(crate) use text::{Piece, split_token};

use core::fmt;

use crate::bytes::copy;
use crate::json::Json;
use crate::scan::MAX_DEPTH;

/// Why a value could not be written. The first one counts; everything after it is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum EncodeError {
    /// The slice is too short.
    Full,
    /// More than [`MAX_DEPTH`] containers in each other.
    TooDeep,
    /// The calls do not make one value: a member without a name, a name without a value, a bracket too many or too few.
    Misplaced,
    /// A number that is infinite or none at all, which JSON cannot say.
    NotFinite,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "value too large for the buffer",
            Self::TooDeep => "nested too deeply",
            Self::Misplaced => "not one JSON value",
            Self::NotFinite => "number that is not finite",
        })
    }
}

impl core::error::Error for EncodeError {}

/// Writes one JSON value into a slice, and cannot write anything else.
///
/// Each call writes one piece and returns the writer, so that calls can be chained. None of them fails by itself: the
/// first error makes the rest do nothing, and [`finish`](Self::finish) returns it.
///
/// ```
/// use qmp_core::{EncodeError, Writer};
///
/// let mut out = [0; 64];
/// let mut writer = Writer::new(&mut out);
/// writer.object().name("status").string("caf\u{e9}").name("disks").array().u64(1).u64(2).end().end();
/// assert_eq!(writer.finish()?.text(), br#"{"status": "caf\u00E9", "disks": [1, 2]}"#);
///
/// let mut writer = Writer::new(&mut out);
/// writer.object().u64(1).end();
/// assert_eq!(writer.finish().err(), Some(EncodeError::Misplaced));
/// # Ok::<(), EncodeError>(())
/// ```
#[derive(Debug)]
pub struct Writer<'o> {
    out: &'o mut [u8],
    length: usize,
    error: Option<EncodeError>,
    pretty: bool,
    /// Nothing stands in the innermost container, or at the top, yet.
    first: bool,
    /// A member's name was written, and its value is due.
    named: bool,
    /// Open containers.
    depth: u8,
    /// Containers that are not to be closed or given members by whoever writes now.
    floor: u8,
    /// One bit a level, the innermost lowest: 1 object, 0 array.
    objects: u64,
}

impl<'o> Writer<'o> {
    /// Writes into `out`, all on one line.
    pub const fn new(out: &'o mut [u8]) -> Self {
        Self { out, length: 0, error: None, pretty: false, first: true, named: false, depth: 0, floor: 0, objects: 0 }
    }

    /// Writes into `out`, pretty-printed: a line for each member, element and closing bracket, four spaces a level,
    /// CR LF.
    pub const fn pretty(out: &'o mut [u8]) -> Self {
        let mut writer = Self::new(out);
        writer.pretty = true;
        writer
    }

    /// `{`: [`name`](Self::name) and value of each member come next, then [`end`](Self::end).
    pub fn object(&mut self) -> &mut Self {
        self.open(true)
    }

    /// `[`: the elements come next, then [`end`](Self::end).
    pub fn array(&mut self) -> &mut Self {
        self.open(false)
    }

    /// The closing bracket of the innermost container.
    pub fn end(&mut self) -> &mut Self {
        if self.depth <= self.floor || self.named {
            return self.fail(EncodeError::Misplaced);
        }
        let object = self.in_object();
        self.depth = self.depth.saturating_sub(1);
        self.objects >>= 1;
        self.first = false;
        self.line_break();
        self.push(if object { b"}" } else { b"]" })
    }

    /// The next member's name. Its value comes next.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.before_name();
        self.quote(name);
        self.after_name()
    }

    /// A string.
    pub fn string(&mut self, text: &str) -> &mut Self {
        self.before_value();
        self.quote(text)
    }

    /// A string that is formatted as it is written, as by `format_args!("{} of {}", done, total)`.
    pub fn format(&mut self, text: fmt::Arguments<'_>) -> &mut Self {
        self.before_value();
        self.push(b"\"");
        // It does not fail: errors are kept here.
        let _ = fmt::write(&mut text::Quoted(self), text);
        self.push(b"\"")
    }

    /// A string of numbers with dots between them. It needs no formatting code.
    pub(crate) fn dotted(&mut self, numbers: &[u64]) -> &mut Self {
        self.before_value();
        for (place, number) in numbers.iter().enumerate() {
            self.push(if place == 0 { b"\"" } else { b"." }).digits(*number);
        }
        self.push(b"\"")
    }

    /// A string of several pieces, those that come from JSON with their escapes.
    pub(crate) fn pieces(&mut self, pieces: &[Piece<'_>]) -> &mut Self {
        self.before_value();
        self.push(b"\"");
        for piece in pieces {
            self.piece(*piece);
        }
        self.push(b"\"")
    }

    /// A signed integer.
    pub fn i64(&mut self, value: i64) -> &mut Self {
        self.before_value();
        if value < 0 {
            self.push(b"-");
        }
        self.digits(value.unsigned_abs())
    }

    /// An unsigned integer.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.before_value();
        self.digits(value)
    }

    /// Any finite number, in as few digits as tell it from its neighbours. Others are [`EncodeError::NotFinite`].
    pub fn f64(&mut self, value: f64) -> &mut Self {
        let size = value.abs();
        if !value.is_finite() {
            return self.fail(EncodeError::NotFinite);
        }
        self.before_value();
        // QEMU does not read `0e0`.
        let plain = size == 0.0 || (1e-5..1e16).contains(&size);
        let mut text = text::Plain(self);
        // It does not fail: errors are kept here.
        let _ = if plain {
            fmt::write(&mut text, format_args!("{value}"))
        } else {
            fmt::write(&mut text, format_args!("{value:e}"))
        };
        self
    }

    /// `true` or `false`
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.before_value();
        self.push(if value { b"true" } else { b"false" })
    }

    /// `null`
    pub fn null(&mut self) -> &mut Self {
        self.before_value();
        self.push(b"null")
    }

    /// A value that is JSON already: the same members in the same order, the same digits, laid out as everything else
    /// here.
    pub fn json(&mut self, value: Json<'_>) -> &mut Self {
        let mut rest = value.text();
        while let Some((token, after)) = split_token(rest) {
            rest = after;
            match token {
                b"{" => self.open(true),
                b"[" => self.open(false),
                b"}" | b"]" => self.end(),
                [b'"', inner @ .., b'"'] if self.in_object() && !self.named => {
                    self.before_name();
                    self.requote(inner);
                    self.after_name()
                }
                [b'"', inner @ .., b'"'] => {
                    self.before_value();
                    self.requote(inner)
                }
                scalar => {
                    self.before_value();
                    self.push(scalar)
                }
            };
        }
        self
    }

    /// The first error so far, which [`finish`](Self::finish) will return.
    pub const fn error(&self) -> Option<EncodeError> {
        self.error
    }

    /// The value, complete.
    ///
    /// # Errors
    /// The first [`EncodeError`]; what the slice holds then is of no use. [`EncodeError::Misplaced`] also if
    /// something is still open.
    pub fn finish(self) -> Result<Json<'o>, EncodeError> {
        let length = self.complete()?;
        let out: &'o [u8] = self.out;
        Ok(Json::new(out.get(..length).unwrap_or_default()))
    }

    /// The length of the value, if it is complete.
    pub(crate) fn complete(&self) -> Result<usize, EncodeError> {
        match self.error {
            Some(error) => Err(error),
            None if self.depth != 0 || self.first => Err(EncodeError::Misplaced),
            None => Ok(self.length),
        }
    }

    /// A member whose value is what `write` writes; none if it writes nothing.
    pub(crate) fn optional(&mut self, name: &str, write: &mut dyn FnMut(&mut Writer<'_>)) -> &mut Self {
        let (length, error, first) = (self.length, self.error, self.first);
        self.name(name);
        if !self.guarded(write) && self.error == error {
            (self.length, self.first, self.named) = (length, first, false);
        }
        self
    }

    /// Lets `write` write one value and nothing around it. Returns whether it wrote anything.
    pub(crate) fn guarded(&mut self, write: &mut dyn FnMut(&mut Writer<'_>)) -> bool {
        let (before, failed) = (self.length, self.error);
        let floor = core::mem::replace(&mut self.floor, self.depth);
        let mut inner = Writer { out: &mut *self.out, ..*self };
        write(&mut inner);
        let Writer { length, error, first, named, depth, objects, .. } = inner;
        (self.length, self.error, self.first, self.named) = (length, error, first, named);
        if depth != self.depth {
            (self.depth, self.objects) = (depth, objects);
            self.fail(EncodeError::Misplaced);
        }
        self.floor = floor;
        self.length != before || self.error != failed
    }

    /// The length of what was written, had there been room for it.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    fn in_object(&self) -> bool {
        self.depth != 0 && self.objects & 1 == 1
    }

    fn open(&mut self, object: bool) -> &mut Self {
        if self.depth == MAX_DEPTH {
            return self.fail(EncodeError::TooDeep);
        }
        self.before_value();
        self.depth = self.depth.saturating_add(1);
        self.objects = self.objects << 1 | u64::from(object);
        self.first = true;
        self.push(if object { b"{" } else { b"[" })
    }

    /// A value is about to be written: what separates it from the last one.
    fn before_value(&mut self) {
        if self.in_object() {
            if !core::mem::replace(&mut self.named, false) {
                self.fail(EncodeError::Misplaced);
            }
        } else if self.depth == 0 {
            if !core::mem::replace(&mut self.first, false) {
                self.fail(EncodeError::Misplaced);
            }
        } else {
            self.separate();
        }
    }

    /// A name is about to be written.
    fn before_name(&mut self) {
        if !self.in_object() || self.named || self.depth <= self.floor {
            self.fail(EncodeError::Misplaced);
        }
        self.separate();
    }

    /// A name has been written.
    fn after_name(&mut self) -> &mut Self {
        self.named = true;
        self.push(b": ")
    }

    /// The comma before all but the first of a container, and the line break or the space.
    fn separate(&mut self) {
        let first = core::mem::replace(&mut self.first, false);
        if !first {
            self.push(if self.pretty { b"," } else { b", " });
        }
        self.line_break();
    }

    /// A new line, indented, if lines are wanted.
    fn line_break(&mut self) {
        if self.pretty {
            self.push(b"\r\n");
            for _ in 0..self.depth {
                self.push(b"    ");
            }
        }
    }

    fn digits(&mut self, value: u64) -> &mut Self {
        let mut digits = [b'0'; 20];
        let mut rest = value;
        let mut used = 0usize;
        for digit in digits.iter_mut().rev() {
            *digit = b'0'.wrapping_add((rest % 10) as u8);
            rest /= 10;
            used = used.wrapping_add(1);
            if rest == 0 {
                break;
            }
        }
        self.push(digits.get(digits.len().saturating_sub(used)..).unwrap_or_default())
    }

    fn fail(&mut self, error: EncodeError) -> &mut Self {
        if self.error.is_none() {
            self.error = Some(error);
        }
        self
    }

    /// The only place where bytes are written. Those that find no room are counted.
    fn push(&mut self, bytes: &[u8]) -> &mut Self {
        let from = self.length;
        self.length = from.saturating_add(bytes.len());
        match self.out.get_mut(from..self.length) {
            Some(place) if self.error.is_none() => {
                copy(place, bytes);
                self
            }
            _ => self.fail(EncodeError::Full),
        }
    }
}
