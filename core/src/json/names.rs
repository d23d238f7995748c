//! Names that the protocol fixes, found among those on the wire.

/// Which of `names` the text between the quotes of a valid JSON string stands for, from 0; their number or more if none. Each
/// name stands after its length in bytes, and is made of ASCII letters, digits, `-` and `_`.
pub(crate) fn place(names: &[u8], text: &[u8]) -> usize {
    let mut place = 0usize;
    let mut rest = names;
    while let Some((&length, more)) = rest.split_first()
        && let Some((name, more)) = more.split_at_checked(length.into())
        && !is(text, name)
    {
        place = place.wrapping_add(1);
        rest = more;
    }
    place
}

/// Whether the text between the quotes of a valid JSON string stands for `name`, which is made as said above.
#[inline(always)]
fn is(text: &[u8], name: &[u8]) -> bool {
    if text.len() == name.len() {
        return text.iter().zip(name).all(|(byte, expected)| byte == expected);
    }
    // An escape is five bytes longer than what it stands for.
    text.len() > name.len().wrapping_add(4) && spells(text, name)
}

/// As [`is`], where there may be escapes: characters of a name can be written in no other way than as they are, or as `\u00XX`.
fn spells(text: &[u8], name: &[u8]) -> bool {
    let mut rest = text;
    for expected in name {
        let Some((byte, after)) = rest.split_first() else { return false };
        rest = after;
        if byte != expected {
            let Some(([zeros @ .., low], after)) = after.split_first_chunk::<5>() else { return false };
            // The high digit of an ASCII letter or digit is a decimal one, the low one may be a letter of either case.
            let high = u32::from(expected >> 4 | b'0') << 24;
            let low = (low & 0xf).wrapping_add((low >> 6).wrapping_mul(9));
            let is_escape = *byte == b'\\' && u32::from_le_bytes(*zeros) == u32::from_le_bytes(*b"u00\0") | high;
            if !is_escape || low != expected & 0xf {
                return false;
            }
            rest = after;
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::format;
    use std::string::String;

    use super::*;

    /// Each way to write `name` with some of its characters as escapes, digits in either case.
    fn spellings(name: &str) -> impl Iterator<Item = String> {
        (0..1 << name.len()).flat_map(move |escaped: u32| {
            [false, true].map(|upper| {
                let write = |(place, character): (usize, char)| match (escaped >> place & 1, upper) {
                    (0, _) => String::from(character),
                    (_, false) => format!("\\u{:04x}", character as u32),
                    (_, true) => format!("\\u{:04X}", character as u32),
                };
                name.chars().enumerate().map(write).collect()
            })
        })
    }

    #[test]
    fn each_spelling_of_a_name_is_found() {
        const NAMES: &[u8] = b"\x02id\x04data\x08exec-oob\x03Q_9";
        for (number, name) in ["id", "data", "exec-oob", "Q_9"].into_iter().enumerate() {
            for text in spellings(name) {
                assert_eq!(place(NAMES, text.as_bytes()), number, "{text}");
            }
        }
    }

    #[test]
    fn what_differs_in_one_place_is_what_the_reader_of_strings_says() {
        const NAMES: &[u8] = b"\x02id\x04data";
        let mut others = 0;
        for text in spellings("data") {
            for at in 0..text.len() {
                for byte in [b'!', b'1', b'6', b'D', b'd', b'\\', b'n'] {
                    let mut text = text.clone().into_bytes();
                    text[at] = byte;
                    let text = String::from_utf8(text).unwrap();
                    let quoted = format!("\"{text}\"");
                    let Ok(json) = crate::Json::parse(quoted.as_bytes()) else { continue };
                    let is_data = json.as_str().unwrap() == "data";
                    assert_eq!(place(NAMES, text.as_bytes()), if is_data { 1 } else { 2 }, "{text}");
                    others += u32::from(!is_data);
                }
            }
            assert_eq!(place(NAMES, format!("{text}x").as_bytes()), 2);
            assert_eq!(place(NAMES, &text.as_bytes()[1..]), 2);
        }
        assert!(others > 100);
        assert_eq!(place(NAMES, b""), 2);
    }
}
