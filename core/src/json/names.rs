//! Names that the protocol fixes, found among those on the wire.

use core::slice::Iter;

/// Which of `names` the text between the quotes of a valid JSON string stands for, from 0; their number if none. Each
/// name ends with a zero, and is made of ASCII letters, digits, `-` and `_`.
pub(crate) fn place(names: &[u8], text: &[u8]) -> usize {
    let mut names = names.iter();
    let mut place = 0usize;
    loop {
        let mut rest = text.iter();
        loop {
            let Some(expected) = next(&mut names) else { return place };
            if expected == 0 {
                if rest.as_slice().is_empty() {
                    return place;
                }
                break;
            }
            if !spells(&mut rest, expected) {
                while next(&mut names).is_some_and(|byte| byte != 0) {}
                break;
            }
        }
        place = place.wrapping_add(1);
    }
}

/// Takes the next byte.
// `Iterator::next` may end with a test for a null pointer here, which the compiler does not know to be none.
#[inline(always)]
fn next(bytes: &mut Iter<'_, u8>) -> Option<u8> {
    let byte = *bytes.as_slice().first()?;
    bytes.next();
    Some(byte)
}

/// Whether `text` goes on with this character of a name, which is taken then: there is no other way to write it than as it is, or as
/// `\u00XX`. Where it does not, as much may be taken.
#[inline(always)]
fn spells(text: &mut Iter<'_, u8>, expected: u8) -> bool {
    let Some(&byte) = text.as_slice().first() else { return false };
    if byte == expected {
        text.next();
        return true;
    }
    let Some([b'\\', digits @ .., low]) = text.as_slice().first_chunk::<6>() else { return false };
    // The high digit of an ASCII letter or digit is a decimal one, the low one may be a letter of either case.
    let high = u32::from_le_bytes(*digits).wrapping_sub(u32::from_le_bytes(*b"u000")).rotate_left(8);
    let low = (low & 0xf).wrapping_add((low >> 6).wrapping_mul(9));
    text.nth(5);
    high == u32::from(expected >> 4) && low == expected & 0xf
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
        const NAMES: &[u8] = b"id\0data\0exec-oob\0Q_9\0";
        for (number, name) in ["id", "data", "exec-oob", "Q_9"].into_iter().enumerate() {
            for text in spellings(name) {
                assert_eq!(place(NAMES, text.as_bytes()), number, "{text}");
            }
        }
    }

    #[test]
    fn what_differs_in_one_place_is_what_the_reader_of_strings_says() {
        const NAMES: &[u8] = b"id\0data\0";
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
