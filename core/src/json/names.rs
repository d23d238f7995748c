//! Names that the protocol fixes, found among those on the wire.

/// Which of `names` the text between the quotes of a valid JSON string stands for, from 0; their number or more if none. Each
/// name stands after its length in bytes, and is made of ASCII letters, digits, `-` and `_`.
pub(crate) fn place(names: &[u8], text: &[u8]) -> usize {
    let mut place = 0usize;
    let mut rest = names;
    while let Some((&length, more)) = rest.split_first()
        && let Some((name, more)) = more.split_at_checked(length.into())
        && !spells(text, name)
    {
        place = place.wrapping_add(1);
        rest = more;
    }
    place
}

/// Whether the text between the quotes of a valid JSON string stands for `name`, which is made as said above: such characters
/// can be written in no other way than as they are, or as `\u00XX`.
#[inline(always)]
fn spells(text: &[u8], name: &[u8]) -> bool {
    // An escape is longer than what it stands for.
    if cfg!(target_pointer_width = "64") && text.len() <= name.len() {
        return text == name;
    }
    let mut wire = text.iter();
    for expected in name {
        let Some(mut byte) = wire.next().copied() else { return false };
        if byte == b'\\' {
            let [b'u', b'0', b'0', high, low, after @ ..] = wire.as_slice() else { return false };
            let digit = |hex: &u8| (hex & 0xf).wrapping_add((hex >> 6).wrapping_mul(9));
            byte = digit(high) << 4 | digit(low);
            wire = after.iter();
        }
        if byte != *expected {
            return false;
        }
    }
    wire.as_slice().is_empty()
}
