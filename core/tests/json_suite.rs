//! What is JSON and what is not: the project's own table, the cases of JSONTestSuite where they are at hand, and `serde_json`.
//!
//! Where the reader and `Json::parse` deliberately differ from RFC 8259 as others read it:
//!
//! * Values nested deeper than 64 levels, the message's own braces included, are refused.
//! * A number of any size and precision is accepted as text: `1e400` is a number, whatever a caller can make of it.
//! * A lone surrogate, `"\ud800"`, is accepted, and decodes to U+FFFD.

mod common;
mod model;

use common::{Rng, generate, read};
use model::Role;
use model::{Item, expect};
use qmp_core::{Fault, Json, Kind, MAX_DEPTH};
use std::path::PathBuf;

const ACCEPTED: [&str; 48] = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "1",
    "-1",
    "10",
    "123456789012345678901234567890",
    "0.0",
    "-0.0",
    "0.5",
    "1.25",
    "0e0",
    "0E0",
    "0e5",
    "1e1",
    "1E1",
    "1e+1",
    "1e-1",
    "1.5e10",
    "1e400",
    "-1e-400",
    "1.0E+002",
    "\"\"",
    "\" \"",
    "\"a\"",
    "\"\u{7f}\"",
    "\"é€😀\"",
    "\"\u{2028}\u{feff}\u{ffff}\"",
    r#""\"\\\/\b\f\n\r\t""#,
    r#""\u0000\u001f""#,
    r#""\uABCD\uabcd""#,
    r#""\ud83d\ude00""#,
    r#""\ud800""#,
    r#""\udc00\ud800x""#,
    r#""\\u0000""#,
    "[]",
    "[ ]",
    "[1]",
    "[1,2]",
    "[[],{}]",
    "[null , 1]",
    "{}",
    "{ }",
    r#"{"a":1}"#,
    r#"{"":0,"":0}"#,
    "[\t1\r\n,\n2 ]",
];

const REJECTED: [&[u8]; 84] = [
    b"",
    b" ",
    b"nul",
    b"nulL",
    b"nulll",
    b"True",
    b"tru",
    b"truefalse",
    b"NaN",
    b"nan",
    b"inf",
    b"Infinity",
    b"-Infinity",
    b"-",
    b"+1",
    b"01",
    b"-01",
    b"00",
    b"1.",
    b".1",
    b"-.1",
    b"1.e1",
    b"1e",
    b"1e+",
    b"1e1.5",
    b"1ee1",
    b"0x1",
    b"1a",
    b"1 2",
    b"- 1",
    b"1,",
    b"0.e",
    b"1_0",
    b"\xef\xbc\x91",
    b"\"",
    b"\"a",
    b"'a'",
    b"a",
    b"\"\\\"",
    b"\"\\a\"",
    b"\"\\x41\"",
    b"\"\\u\"",
    b"\"\\u123\"",
    b"\"\\u12g4\"",
    b"\"\\U0041\"",
    b"\"\n\"",
    b"\"\t\"",
    b"\"\r\"",
    b"\"\x00\"",
    b"\"\x1f\"",
    b"\"\xff\"",
    b"\"\x80\"",
    b"\"\xc0\x80\"",
    b"\"\xc1\xbf\"",
    b"\"\xc3\"",
    b"\"\xc3(\"",
    b"\"\xe0\x80\x80\"",
    b"\"\xe0\x9f\xbf\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xe2\x82\"",
    b"\"\xf0\x80\x80\x80\"",
    b"\"\xf0\x8f\xbf\xbf\"",
    b"\"\xf4\x90\x80\x80\"",
    b"\"\xf5\x80\x80\x80\"",
    b"[",
    b"]",
    b"[1",
    b"[1,",
    b"[1,]",
    b"[,1]",
    b"[1 2]",
    b"[1,,2]",
    b"[}",
    b"{\"a\":1",
    b"{\"a\"}",
    b"{\"a\":}",
    b"{\"a\" 1}",
    b"{\"a\":1,}",
    b"{,\"a\":1}",
    b"{a:1}",
    b"{1:1}",
    b"{\"a\":1 \"b\":2}",
    b"[1]//",
    b"/**/1",
];

/// What comes of `value` as the member `return`, which has to be the same for every way of cutting it.
fn wrapped(value: &[u8]) -> Vec<Item> {
    let message = [b"{\"return\": ", value, b"}"].concat();
    let capacity = message.len() + 1;
    let items = expect(&message, Role::Client, capacity);
    for length in [1, 2, 3, 7, 64, usize::MAX] {
        let got = read(&message, Role::Client, capacity, || length);
        assert!(got == items, "in pieces of {length}: {}", message.escape_ascii());
    }
    items
}

fn accepts(name: &str, value: &[u8]) {
    let text = std::str::from_utf8(value).unwrap().trim_matches([' ', '\t', '\r', '\n']);
    let delivered = Item::Message(Kind::Return, vec![("return", text.to_string())]);
    assert_eq!(wrapped(value), [delivered], "{name}");
    assert_eq!(Json::parse(value).map(|json| json.to_string()).as_deref(), Ok(text), "{name}");
}

fn rejects(name: &str, value: &[u8]) {
    let items = wrapped(value);
    // Text after the value may leave the message itself intact: then it is noise.
    let clean = matches!(items[..], [Item::Message(..)]);
    assert!(!clean, "{name}: {items:?}");
    assert!(Json::parse(value).is_err(), "{name}");
}

#[test]
fn table_of_what_is_json_and_what_is_not() {
    for value in ACCEPTED {
        accepts(value, value.as_bytes());
        accepts(value, format!(" \t{value}\r\n").as_bytes());
        accepts(value, format!("[{value} ]").as_bytes());
        accepts(value, format!("{{\"k\":{value}}}").as_bytes());
    }
    for value in REJECTED {
        let name = value.escape_ascii().to_string();
        rejects(&name, value);
        if !matches!(value, b"" | b" ") {
            rejects(&name, &[b"[", value, b"]"].concat());
        }
        rejects(&name, &[b"{\"k\":", value, b"}"].concat());
    }
}

#[test]
fn value_with_another_or_a_member_after_it_is_none() {
    for value in ["1", "\"a\"", "null", "{}", "[1]"] {
        assert!(Json::parse(value.as_bytes()).is_ok());
        for more in
            [",", ", 2", ",\"a\"", ",\"a\":1", ",\"return\":1", ",\"id\": 1", ",\"return\":\u{1}", "}", "]", ":1", " 1"]
        {
            let text = [value, more].concat();
            assert_eq!(Json::parse(text.as_bytes()).err(), Some(Fault::Syntax), "{text}");
        }
    }
}

#[test]
fn depth_is_limited_to_that_of_a_message_and_its_value() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    let most = usize::from(MAX_DEPTH) - 1;
    accepts("63 levels", nested(most).as_bytes());
    rejects("64 levels", nested(most + 1).as_bytes());
    assert_eq!(Json::parse(nested(most + 1).as_bytes()).unwrap_err(), Fault::TooDeep);
    // Brackets in strings do not count.
    accepts("brackets in a string", format!("\"{}\"", nested(100)).as_bytes());
}

#[test]
fn json_test_suite_is_judged_as_it_says() {
    let Some(folder) = std::env::var_os("JSONTESTSUITE").map(PathBuf::from) else {
        println!("JSONTESTSUITE is not set: only the table was tested");
        return;
    };
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut counts = [0; 3];
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        let value = std::fs::read(&path).unwrap();
        match &name[..2] {
            "y_" => accepts(&name, &value),
            "n_" => rejects(&name, &value),
            // Free: only the same for every way of cutting it.
            "i_" => drop(wrapped(&value)),
            _ => continue,
        }
        counts["yni".find(&name[..1]).unwrap()] += 1;
    }
    assert!(counts[0] >= 90 && counts[1] >= 180 && counts[2] >= 30, "{} holds only {counts:?}", folder.display());
}

/// Whether `text` is JSON for `serde_json` and the standard library, whatever its numbers and surrogates.
fn is_json(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
}

#[test]
fn mutated_messages_are_judged_as_serde_json_judges_them() {
    let [mut good, mut bad] = [0, 0];
    for seed in 0..80_000 {
        let mut rng = Rng::new(seed);
        let style = generate::style(&mut rng);
        let mut text = generate::message(&mut rng, Role::Server, 0).write(style, "\r\n", &mut rng).into_bytes();
        if !rng.one_in(8) {
            generate::mutate(&mut rng, &mut text);
        }
        let valid = is_json(&text);
        let shown = || format!("seed {seed}: {}", text.escape_ascii());
        let parsed = Json::parse(&text);
        assert_eq!(parsed.is_ok(), valid, "{}: {parsed:?}", shown());
        if text.first() != Some(&b'{') {
            continue;
        }
        // From a client, so that a line feed before a brace means nothing.
        let items = read(&text, Role::Server, text.len() + 1, || 1 + rng.below(40));
        let accepted = match &items[..] {
            [Item::Message(..)] => true,
            [Item::Malformed { fault, .. }] => matches!(fault, Fault::DuplicateMember | Fault::AmbiguousKind),
            _ => false,
        };
        assert_eq!(accepted, valid, "{}: {items:?}", shown());
        *if valid { &mut good } else { &mut bad } += 1;
    }
    assert!(good > 20_000 && bad > 20_000, "{good} good and {bad} bad messages: the mutations test little");
}
