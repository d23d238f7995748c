//! JSON values walked and decoded, against `serde_json` and the standard library, on random documents.

mod common;
mod model;

use common::{Rng, generate};
use qmp_core::{Elements, Json, JsonKind, Members, Str};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Walks a value and compares it with what `serde_json` makes of its text, all the way down.
fn walk(json: Json<'_>) -> usize {
    let text = json.to_string();
    let raw: &RawValue = serde_json::from_str(&text).unwrap();
    assert_eq!(raw.get(), text, "nothing stands around a value");
    match json.kind() {
        JsonKind::Null => assert_eq!(text, "null"),
        JsonKind::Bool => assert_eq!(json.as_bool(), Some(text == "true")),
        JsonKind::Number => number(json, &text),
        JsonKind::String => string(json.as_str().unwrap(), &serde_json::from_str::<String>(&text).unwrap()),
        JsonKind::Array => {
            let elements: Vec<&RawValue> = serde_json::from_str(&text).unwrap();
            let walked: Vec<String> = json.elements().map(|element| element.to_string()).collect();
            assert_eq!(walked, elements.iter().map(|element| element.get()).collect::<Vec<_>>());
        }
        JsonKind::Object => object(json, &text),
    }
    only(json);
    let inner = json.elements().chain(json.members().map(|(_, value)| value));
    1 + inner.map(walk).sum::<usize>()
}

/// A value answers only to what it is.
fn only(json: Json<'_>) {
    let kind = json.kind();
    assert_eq!(json.as_bool().is_some(), kind == JsonKind::Bool);
    assert_eq!(json.as_f64().is_some(), kind == JsonKind::Number);
    assert_eq!(json.as_str().is_some(), kind == JsonKind::String);
    assert!(kind == JsonKind::Number || json.as_i64().or(json.as_u64().map(|_| 0)).is_none());
    assert!(kind == JsonKind::Array || json.elements().next().is_none());
    assert!(kind == JsonKind::Object || json.members().next().is_none());
}

fn number(json: Json<'_>, text: &str) {
    assert_eq!(json.as_u64(), text.parse().ok(), "{text}");
    assert_eq!(json.as_i64(), text.parse().ok(), "{text}");
    assert_eq!(json.as_f64(), text.parse().ok(), "{text}");
    if let Ok(Value::Number(number)) = serde_json::from_str(text) {
        // `-0` is a float there, and an integer here.
        assert!(text == "-0" || (number.as_u64(), number.as_i64()) == (json.as_u64(), json.as_i64()), "{text}");
    }
}

fn object(json: Json<'_>, text: &str) {
    // The last of two members of one name stays there, the first is found here.
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).unwrap();
    let mut walked = BTreeMap::new();
    for (name, value) in json.members() {
        let decoded: String = name.chars().collect();
        if !walked.contains_key(&decoded) {
            assert_eq!(json.member(&decoded).unwrap().text().as_ptr(), value.text().as_ptr(), "the first {decoded:?}");
        }
        walked.insert(decoded, value.to_string());
    }
    assert!(
        members
            .iter()
            .map(|(name, value)| (name.as_str(), value.get()))
            .eq(walked.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    );
    assert!(json.member("no such member").is_none());
}

/// Every way to read a string gives the same characters.
fn string(text: Str<'_>, expected: &str) {
    assert_eq!(text.chars().collect::<String>(), expected);
    assert_eq!(text.to_string(), expected);
    assert!(text == expected);
    assert!(text != *format!("{expected}x") && text != *format!("x{expected}"));
    assert_eq!(text.decoded_len(), expected.len());
    assert_eq!(text.is_empty(), expected.is_empty());
    assert_eq!(text.as_plain(), Some(expected).filter(|_| !text.raw().contains(&b'\\')));
    let mut out = vec![b'#'; expected.len() + 1];
    assert_eq!(text.copy_to(&mut out), Some(expected));
    assert_eq!(text.copy_to(&mut out[..expected.len()]), Some(expected));
    if !expected.is_empty() {
        assert_eq!(text.copy_to(&mut out[..expected.len() - 1]), None);
    }
    let fits = expected.len() <= 16;
    assert_eq!(text.to_heapless::<16>().as_deref(), Some(expected).filter(|_| fits));
    let (least, most) = text.chars().size_hint();
    let count = expected.chars().count();
    assert!(least <= count && most.is_some_and(|most| count <= most));
}

#[test]
fn random_documents_are_walked_as_serde_json_reads_them() {
    let mut values = 0;
    for seed in 0..40_000 {
        let mut rng = Rng::new(seed);
        let style = generate::style(&mut rng);
        let line_end = rng.pick(&["\n", "\r\n"]);
        let depth = rng.below(6);
        let text = generate::value(&mut rng, depth).write(style, line_end, &mut rng);
        values += walk(Json::parse(text.as_bytes()).unwrap_or_else(|fault| panic!("seed {seed}: {fault}: {text}")));
    }
    assert!(values > 100_000, "only {values} values were walked");
}

#[test]
fn strings_with_any_surrogates_are_decoded_as_the_standard_library_does() {
    let mut lone = 0;
    for seed in 0..20_000 {
        let mut rng = Rng::new(seed);
        let mut units = Vec::new();
        let mut text = String::from("\"");
        for _ in 0..rng.below(8) {
            let unit = match rng.below(6) {
                0 => 0xd800 + rng.below(0x400),
                1 => 0xdc00 + rng.below(0x400),
                2 => rng.pick(&[0, 0x1f, 0x22, 0x5c, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffe, 0xffff]),
                3 => 0x20 + rng.below(0x5f),
                _ => rng.below(0x1_0000),
            } as u16;
            units.push(unit);
            let plain = char::from_u32(unit.into()).filter(|char| !char.is_control() && !"\"\\".contains(*char));
            match plain {
                Some(char) if rng.one_in(2) => text.push(char),
                _ if rng.one_in(2) => text.push_str(&format!("\\u{unit:04x}")),
                _ => text.push_str(&format!("\\u{unit:04X}")),
            }
        }
        text.push('"');
        let expected = String::from_utf16_lossy(&units);
        lone += usize::from(String::from_utf16(&units).is_err());
        string(Json::parse(text.as_bytes()).unwrap().as_str().unwrap(), &expected);
    }
    assert!(lone > 5000, "only {lone} strings had a lone surrogate");
}

#[test]
fn equal_strings_are_equal_however_they_are_written() {
    let same = [r#""a/é😀""#, r#""\u0061\/\u00e9\ud83d\uDE00""#, r#""a\u002F\u00E9😀""#];
    let parse = |text: &'static str| Json::parse(text.as_bytes()).unwrap().as_str().unwrap();
    for first in same {
        assert!(same.into_iter().all(|second| parse(first) == parse(second)), "{first}");
        assert!(parse(first) == "a/é😀");
        for other in [r#""""#, r#""a""#, r#""a/é""#, r#""a/é😀 ""#, r#""A/é😀""#] {
            assert!(parse(first) != parse(other), "{first} {other}");
        }
    }
    // What looks like the text between the quotes is not what it says.
    assert!(parse(r#""\u0061""#) != r"\u0061");
    assert!(parse(r#""\\u0061""#) == r"\u0061");
}

#[test]
fn integers_are_exact_to_the_ends_of_their_ranges() {
    let cases: [(&str, Option<i64>, Option<u64>); 14] = [
        ("0", Some(0), Some(0)),
        ("-0", Some(0), None),
        ("9007199254740993", Some(9_007_199_254_740_993), Some(9_007_199_254_740_993)),
        ("9223372036854775807", Some(i64::MAX), Some(i64::MAX as u64)),
        ("9223372036854775808", None, Some(1 << 63)),
        ("-9223372036854775808", Some(i64::MIN), None),
        ("-9223372036854775809", None, None),
        ("18446744073709551615", None, Some(u64::MAX)),
        ("18446744073709551616", None, None),
        ("100000000000000000000000", None, None),
        ("1.0", None, None),
        ("1e0", None, None),
        ("-1", Some(-1), None),
        ("\"1\"", None, None),
    ];
    for (text, signed, unsigned) in cases {
        let json = Json::parse(text.as_bytes()).unwrap();
        assert_eq!((json.as_i64(), json.as_u64()), (signed, unsigned), "{text}");
    }
    assert_eq!(Json::parse(b"1e400").unwrap().as_f64(), Some(f64::INFINITY));
    assert_eq!(Json::parse(b"-1e400").unwrap().as_f64(), Some(f64::NEG_INFINITY));
    assert_eq!(Json::parse(b"1e-400").unwrap().as_f64(), Some(0.0));
}

#[test]
fn member_is_found_by_its_name_however_that_is_written() {
    let text = br#"{"a": 1, "\u0062": 2, "c\ud83d\ude00": 3, "b": 4, "": 5, "\\u0061": 6, "\"": 7}"#;
    let json = Json::parse(text).unwrap();
    let found = ["a", "b", "c😀", "", "\\u0061", "\"", "d", "\\u0062"].map(|name| json.member(name)?.as_u64());
    assert_eq!(found, [Some(1), Some(2), Some(3), Some(5), Some(6), Some(7), None, None]);
}

#[test]
fn value_is_shown_as_it_stands_on_the_wire() {
    let json = Json::parse(b" {\"a\" : [1,\r\n 2]}\n").unwrap();
    assert_eq!(json.to_string(), "{\"a\" : [1,\r\n 2]}");
    assert_eq!(json.text(), b"{\"a\" : [1,\r\n 2]}");
    let text = Json::parse(br#""\u0009\"x\" \ud800""#).unwrap().as_str().unwrap();
    assert_eq!(format!("{text:?}"), format!("{:?}", "\t\"x\" \u{fffd}"));
    // However it is written.
    for text in [&b"\"it's\""[..], b"\"it\\u0027s\"", b"\"i\\u0074's\""] {
        let text = Json::parse(text).unwrap().as_str().unwrap();
        assert_eq!(format!("{text:?}"), format!("{:?}", "it's"));
        assert_eq!(
            format!("[{text}|{text:6}|{text:>6}|{text:-^7}|{text:2}|{text:.2}|{text:*<5.3}|{text:>3.0}]"),
            format!("[{0}|{0:6}|{0:>6}|{0:-^7}|{0:2}|{0:.2}|{0:*<5.3}|{0:>3.0}]", "it's")
        );
    }
}

#[test]
fn a_walk_is_taken_up_where_it_was_left() {
    let json = Json::parse(br#"{"a": [1, {"x": []}, "]"] , "b": {}}"#).unwrap();
    let (mut rest, mut names) = (json.members().rest(), Vec::new());
    loop {
        let mut members = Members::resume(rest);
        let Some((name, value)) = members.next() else { break };
        rest = members.rest();
        let (mut rest, mut elements) = (value.elements().rest(), Vec::new());
        while let Some((element, after)) = {
            let mut walk = Elements::resume(rest);
            walk.next().map(|element| (element, walk.rest()))
        } {
            elements.push(element.to_string());
            rest = after;
        }
        names.push((name.to_string(), elements));
    }
    let elements = ["1", "{\"x\": []}", "\"]\""].map(str::to_owned).to_vec();
    assert_eq!(names, [("a".to_owned(), elements), ("b".to_owned(), Vec::new())]);
}

#[test]
fn text_that_only_claims_to_be_json_is_read_to_its_end() {
    let mut rng = Rng::new(8);
    for _ in 0..20_000 {
        let bytes = b"{}[]\",:\\u0d8-1e. \xff\xc3\n";
        let text: Vec<u8> = (0..rng.below(12)).map(|_| bytes[rng.below(bytes.len())]).collect();
        let json = Json::from_valid(&text);
        assert!(json.members().count() + json.elements().count() <= text.len());
        let string = Str::from_valid(&text);
        assert_eq!(string.decoded_len(), string.chars().map(char::len_utf8).sum::<usize>());
        let _ =
            (json.kind(), json.as_bool(), json.as_i64(), json.as_u64(), json.as_f64(), json.member("u"), string == "u");
        if let Ok(valid) = Json::parse(&text) {
            assert_eq!(Json::from_valid(valid.text()).to_string(), valid.to_string());
        }
    }
}
