//! Slices of bytes, without the panics that the standard library's ways have for lengths that cannot occur here.

/// Whether a string, as it stands between its quotes, has escapes.
#[expect(clippy::manual_contains, reason = "`contains` is larger, has a panic path, and is slower on short strings")]
pub(crate) fn has_escapes(text: &[u8]) -> bool {
    // The usual lengths of names, in two words that overlap.
    #[cfg(target_pointer_width = "64")]
    match (text.len(), text.first_chunk(), text.last_chunk(), text.first_chunk(), text.last_chunk()) {
        (8..=16, Some(first), Some(last), ..) => {
            return is_in(u64::from_le_bytes(*first)) | is_in(u64::from_le_bytes(*last));
        }
        (4..8, .., Some(first), Some(last)) => {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            return is_in(u64::from(first) << 32 | u64::from(last));
        }
        _ => {}
    }
    text.iter().any(|byte| *byte == b'\\')
}

/// Whether one of eight bytes is a backslash.
#[cfg(target_pointer_width = "64")]
#[inline]
const fn is_in(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = word ^ ONES.wrapping_mul(b'\\' as u64);
    // The top bit of each byte that is zero now, and of none if there is no such byte.
    word.wrapping_sub(ONES) & !word & ONES.wrapping_mul(0x80) != 0
}

/// Whether a byte is JSON's white space.
#[inline(always)]
pub(crate) const fn is_white(byte: u8) -> bool {
    // Tab, line feed and carriage return are 9 and 0, 1 or 4 more: without a constant that takes a register.
    let control = (byte as u32).wrapping_sub(b'\t' as u32);
    byte == b' ' || control & !5 == 0 && control != 5
}

/// The bytes from `from` up to `to`; none if `text` does not have them all.
#[cfg_attr(target_pointer_width = "64", inline(always))]
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn part(text: &[u8], from: usize, to: usize) -> &[u8] {
    match text.get(from..to) {
        Some(part) => part,
        None => none(),
    }
}

/// No bytes. On hosts not to be taken into what calls it: where there always are some, a branch costs less than a choice.
#[cfg_attr(target_pointer_width = "64", cold, inline(never))]
#[cfg_attr(not(target_pointer_width = "64"), inline(always))]
fn none() -> &'static [u8] {
    &[]
}

/// Copies as many bytes as both slices have.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Moves `length` bytes from `from` up to `to`, or as many as the buffer has there; `length` may not be more than it has at `from`.
pub(crate) fn move_up(buffer: &mut [u8], from: usize, to: usize, length: usize) {
    let cells = core::cell::Cell::from_mut(buffer).as_slice_of_cells();
    let (to, from) = (cells.get(to..).unwrap_or_default(), cells.get(from..).unwrap_or_default());
    // The last one first: what is written over has been moved.
    to.iter().zip(from).take(length).rev().for_each(|(to, from)| to.set(from.get()));
}

/// Moves `length` bytes from `from` down to `to`, or as many as the buffer has there; `to` and `length` may not be more than it has together.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
pub(crate) fn move_down(buffer: &mut [u8], from: usize, to: usize, length: usize) {
    if cfg!(target_pointer_width = "64") {
        // Without a test for each byte.
        let cells = core::cell::Cell::from_mut(buffer).as_slice_of_cells();
        let (to, from) = (cells.get(to..).unwrap_or_default(), cells.get(from..).unwrap_or_default());
        to.iter().zip(from).take(length).for_each(|(to, from)| to.set(from.get()));
        return;
    }
    let by = from.wrapping_sub(to);
    for at in to..to.wrapping_add(length) {
        let Some(&byte) = buffer.get(at.wrapping_add(by)) else { break };
        let Some(place) = buffer.get_mut(at) else { break };
        *place = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backslash_is_found_wherever_it_stands() {
        for length in 0..20 {
            for place in 0..20 {
                for byte in 0..=255 {
                    let mut text = [b'a'; 20];
                    text[place] = byte;
                    assert_eq!(
                        has_escapes(&text[..length]),
                        byte == b'\\' && place < length,
                        "{byte:#x} at {place} of {length}"
                    );
                }
            }
        }
    }
}
