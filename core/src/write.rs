//! Commands, written into the caller's slice.
//!
//! In: a name, an id, arguments as a serde type or as checked JSON. Out: one line of JSON, or a typed error and nothing that
//! counts.

use core::num::NonZeroUsize;

use crate::client::CommandId;
use crate::command::Command;
use crate::error::ExecuteError;
use crate::ser::serialize;

/// What a command's type writes as its arguments: one value.
pub(crate) trait Arguments {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), ExecuteError>;
}

impl<C: Command> Arguments for C {
    fn write(&self, writer: &mut Writer<'_>) -> Result<(), ExecuteError> {
        serialize(writer, self)
    }
}

/// Writes a command with these arguments. Returns its length.
pub(crate) fn command<A: Arguments + ?Sized>(
    out: &mut [u8],
    name: &str,
    oob: bool,
    id: CommandId,
    arguments: &A,
) -> Result<usize, ExecuteError> {
    let mut writer = Writer::new(out);
    writer.open(name.as_bytes(), oob, id);
    let before = writer.length;
    // There is no room for arguments; without any the command may fit.
    let tight = writer.out.len().saturating_sub(before) < const { ARGUMENTS.len() + b"{}}\n".len() };
    if !tight {
        writer.put(ARGUMENTS);
    }
    let start = writer.length;
    arguments.write(&mut writer)?;
    if writer.length == REFUSED {
        return Err(ExecuteError::InvalidArguments);
    }
    match crate::bytes::part(writer.out, start, writer.length) {
        b"{}" => writer.length = before,
        // Also where nothing is there, since it did not fit.
        _ if tight => return Err(ExecuteError::OutputTooSmall),
        [b'{', ..] | [] => {}
        _ => return Err(ExecuteError::InvalidArguments),
    }
    writer.finish().map(NonZeroUsize::get).ok_or(ExecuteError::OutputTooSmall)
}

/// Writes a command whose arguments are an object already, or no bytes for none. Returns its length, if `out` has room for it.
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(crate) fn raw_command(
    out: &mut [u8],
    name: &[u8],
    oob: bool,
    id: CommandId,
    arguments: &[u8],
) -> Option<NonZeroUsize> {
    let mut writer = Writer::new(out);
    writer.open(name, oob, id);
    if !arguments.is_empty() {
        writer.put(ARGUMENTS);
        writer.put(arguments);
    }
    writer.finish()
}

/// Writes the byte 0xFF and `guest-sync-delimited`.
pub(crate) fn synchronisation(out: &mut [u8], id: CommandId) -> Option<NonZeroUsize> {
    let mut writer = Writer::new(out);
    writer.put(b"\xff");
    writer.open(b"guest-sync-delimited", false, id);
    writer.put(b",\"arguments\":{\"id\":");
    writer.id(id);
    writer.put(b"}");
    writer.finish()
}

const ARGUMENTS: &[u8] = b",\"arguments\":";

/// Bytes into a slice.
pub(crate) struct Writer<'o> {
    out: &'o mut [u8],
    /// Bytes written; [`FULL`] once something did not fit, [`REFUSED`] once it cannot be JSON any more.
    length: usize,
}

/// As a length: something did not fit. No slice is that long.
const FULL: usize = usize::MAX - 1;
/// As a length: what was begun is not finished, and cannot be.
const REFUSED: usize = usize::MAX;

impl<'o> Writer<'o> {
    pub(crate) fn new(out: &'o mut [u8]) -> Self {
        Self { out, length: 0 }
    }

    /// Name and id, without the closing brace.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn open(&mut self, name: &[u8], oob: bool, id: CommandId) {
        self.put(if oob { b"{\"exec-oob\":\"" } else { b"{\"execute\":\"" });
        self.put(name);
        self.put(b"\",\"id\":");
        self.id(id);
    }

    /// The closing brace and the line end.
    #[inline]
    fn finish(mut self) -> Option<NonZeroUsize> {
        self.put(b"}\n");
        if self.length >= FULL { None } else { NonZeroUsize::new(self.length) }
    }

    /// Bytes written so far.
    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// A value was refused in the middle of another: whatever comes after it, nothing counts.
    pub(crate) fn refuse(&mut self) {
        self.length = REFUSED;
    }

    /// Whether what was written from `start` on is a string, if it has fitted.
    pub(crate) fn starts_a_string(&self, start: usize) -> bool {
        self.length >= FULL || self.out.get(start) == Some(&b'"')
    }

    /// Writes `bytes`, or nothing from now on: [`finish`](Self::finish) tells.
    #[cfg_attr(target_pointer_width = "64", inline)]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        let end = self.length.wrapping_add(bytes.len());
        match self.out.get_mut(self.length..end) {
            Some(place) => {
                crate::bytes::copy(place, bytes);
                self.length = end;
            }
            None => self.length = self.length.max(FULL),
        }
    }

    /// A JSON string.
    pub(crate) fn string(&mut self, text: &str) {
        self.put(b"\"");
        self.characters(text);
        self.put(b"\"");
    }

    /// What stands between a string's quotes, with what must be escaped escaped.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn characters(&mut self, text: &str) {
        // Only for speed.
        if cfg!(target_pointer_width = "64") && is_plain(text.as_bytes()) {
            self.put(text.as_bytes())
        } else {
            self.escape(text)
        }
    }

    /// One character after the other.
    #[cfg_attr(target_pointer_width = "64", cold)]
    fn escape(&mut self, text: &str) {
        for &byte in text.as_bytes() {
            if byte < 0x20 {
                self.put(b"\\u00");
                self.byte(b'0' | byte >> 4);
                let low = byte & 0xf;
                self.byte(low.wrapping_add(if low < 10 { b'0' } else { const { b'a' - 10 } }));
                continue;
            }
            if byte == b'"' || byte == b'\\' {
                self.byte(b'\\');
            }
            self.byte(byte);
        }
    }

    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// An id: the counter, then the session with six digits.
    #[cfg(not(target_pointer_width = "64"))]
    fn id(&mut self, id: CommandId) {
        let (mut rest, mut power, mut begun) = (id.counter, 1_000_000_000, 0);
        for place in 0..16 {
            let digit = rest.checked_div(power).unwrap_or_default();
            begun |= digit;
            if begun != 0 {
                self.byte(b'0'.wrapping_add(digit as u8));
            }
            rest = rest.wrapping_sub(digit.wrapping_mul(power));
            power /= 10;
            if place == 9 {
                (rest, power) = (id.session, 100_000);
            }
        }
    }

    /// An id: the counter, then the session with six digits.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn id(&mut self, id: CommandId) {
        const HALF: u64 = 100_000_000;
        let number = id.get();
        let (high, low) = (number / HALF, eight_digits(number % HALF));
        if high == 0 {
            self.number(low);
        } else {
            self.number(if high < 10_000 { last_four_digits(high) } else { eight_digits(high) });
            self.put(&(low | ZEROS).to_le_bytes());
        }
    }

    /// These digits without leading zeros, the first one lowest.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn number(&mut self, digits: u64) {
        // No id is zero.
        let unused = digits.trailing_zeros() & 56;
        let text = ((digits | ZEROS) >> unused).to_le_bytes();
        let length = 8usize.wrapping_sub(unused as usize / 8);
        // In one piece where there is room for all eight: what comes next is written over the rest.
        match self.out.get_mut(self.length..).and_then(|rest| rest.first_chunk_mut()) {
            Some(place) => {
                *place = text;
                self.length = self.length.wrapping_add(length);
            }
            None => self.put(text.get(..length).unwrap_or_default()),
        }
    }
}

/// Eight times the digit 0.
#[cfg(target_pointer_width = "64")]
const ZEROS: u64 = u64::from_le_bytes([b'0'; 8]);

/// The eight decimal digits of a number below 10^8, a byte each, the first one lowest. Each step halves what stands in one
/// place: four digits, two, one.
#[cfg(target_pointer_width = "64")]
const fn eight_digits(number: u64) -> u64 {
    single_digits((number / 10_000) | ((number % 10_000) << 32))
}

/// As [`eight_digits`], of a number below 10^4.
#[cfg(target_pointer_width = "64")]
const fn last_four_digits(number: u64) -> u64 {
    single_digits(number << 32)
}

/// The digits of two numbers below 10^4, the first one lowest.
#[cfg(target_pointer_width = "64")]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "each place holds a quotient or a remainder, which do not overflow it"
)]
const fn single_digits(fours: u64) -> u64 {
    // A place's quotient by 100 or by 10 is taken by multiplying with the reciprocal, rounded up, in that place's own bits.
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    tens | ((twos - tens * 10) << 8)
}

/// Whether these bytes are ASCII that can stand in a string as it is.
#[inline]
pub(crate) fn is_plain(text: &[u8]) -> bool {
    let special = |byte: &u8| matches!(byte, 0..0x20 | b'"' | b'\\' | 0x80..);
    if cfg!(not(target_pointer_width = "64")) {
        return !text.iter().any(special);
    }
    // A name that is a constant is looked at by the compiler, which does not follow loops.
    if let (Some(first), Some(last), ..=16) = (text.first_chunk(), text.last_chunk(), text.len()) {
        return !any_special(first) && !any_special(last);
    }
    let (words, rest) = text.as_chunks::<8>();
    // The last eight bytes again rather than the rest one by one.
    match text.last_chunk::<8>() {
        Some(last) => !words.iter().chain([last]).any(any_special),
        None => !rest.iter().any(special),
    }
}

/// Whether one of eight bytes is a control character, a quote, a backslash, or no ASCII.
#[inline]
fn any_special(word: &[u8; 8]) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_le_bytes(*word);
    // The top bit of each byte that is below the limit; exact for the lowest such byte, so for whether there is one.
    // Or that had it set before.
    let below = |word: u64, limit: u64| word.wrapping_sub(ONES.wrapping_mul(limit));
    let equal = |byte: u8| below(word ^ ONES.wrapping_mul(u64::from(byte)), 1);
    (below(word, 0x20) | equal(b'"') | equal(b'\\') | word) & ONES.wrapping_mul(0x80) != 0
}

/// Text as it stands, for numbers.
impl core::fmt::Write for Writer<'_> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        self.put(text.as_bytes());
        Ok(())
    }
}

#[cfg(all(test, target_pointer_width = "64"))]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_fits_100_bytes_with_the_largest_id() {
        let id = CommandId { session: 999_999, counter: u32::MAX };
        let mut out = [0; 100];
        assert!(synchronisation(&mut out, id).is_some());
        assert!(raw_command(&mut out, b"qmp_capabilities", false, id, b"{\"enable\":[\"oob\"]}").is_some());
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        let near_powers = (0..8).flat_map(|power| (0..30).map(move |by| 10u64.pow(power) * 3 + by));
        for number in (0..100_000_000).step_by(9_973).chain(0..20_000).chain(near_powers).chain([99_999_999]) {
            let digits = eight_digits(number).to_le_bytes();
            let value = digits.iter().fold(0, |value, digit| 10 * value + u64::from(*digit));
            assert!(value == number && digits.iter().all(|digit| *digit < 10), "{number}: {digits:?}");
        }
    }

    #[test]
    fn plain_is_ascii_that_needs_no_escape_wherever_it_stands() {
        for length in 1..20 {
            for place in 0..length {
                for byte in 0..=255 {
                    let mut text = [b'a'; 20];
                    text[place] = byte;
                    let special = !byte.is_ascii() || byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(is_plain(&text[..length]), !special, "{byte:#x} at {place} of {length}");
                }
            }
        }
    }
}
