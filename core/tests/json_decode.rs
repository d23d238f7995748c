//! JSON decoded into typed values, against `serde_json` on random members, and each error by itself.
//!
//! Where decoding deliberately differs from `serde_json`:
//!
//! * A struct is an object, never an array of its members.
//! * A number too large for a float is infinite, and `-0` is an integer.
//! * A lone surrogate is U+FFFD.

mod common;
mod model;

use common::{Rng, generate};
use heapless::{String as Text, Vec as List};
use qmp_core::{DecodeError, Json, Mismatch, Str};
use serde::Deserialize;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Running,
    PreMigrate,
    Percent(u8),
    Job { id: Text<8>, done: bool },
    Range(i8, u64),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Inner {
    depth: u8,
    label: Option<Text<8>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Device {
    name: Text<16>,
    file_size: u64,
    offset: Option<i32>,
    state: State,
    tags: List<i16, 3>,
    pair: (u8, bool),
    names: Option<List<Text<6>, 4>>,
    inner: Option<Inner>,
    level: char,
    ratio: f64,
    unit: Option<()>,
}

const MEMBERS: [&str; 11] =
    ["name", "file-size", "offset", "state", "tags", "pair", "names", "inner", "level", "ratio", "unit"];

/// A number that both decoders take for the same.
fn integer(rng: &mut Rng) -> String {
    let number = generate::number(rng);
    if number == "-0" { "0".to_string() } else { number }
}

/// A value that fits the member.
fn good(rng: &mut Rng, member: &str) -> &'static str {
    rng.pick(match member {
        "name" => &["\"\"", "\"disk0\"", r#""a\"b""#, r#""\u00e9\n""#, r#""\ud83d\ude00""#, "\"é\""],
        "file-size" => &["0", "512", "9007199254740993", "18446744073709551615"],
        "offset" => &["null", "-1", "2147483647", "-2147483648"],
        "state" => &[
            "\"running\"",
            r#""pre-migr\u0061te""#,
            "{\"percent\": 99}",
            "{ \"job\" : {\"done\": true, \"id\": \"\\u0041\"}}",
            "{\"range\": [-128, 7]}",
        ],
        "tags" => &["[]", "[1]", "[-32768, 0 , 32767]"],
        "pair" => &["[255, true]", "[\r\n0,false]"],
        "names" => &["null", "[]", "[\"a\", \"\\\"\"]", "[\"é\",\"\",\"abcdef\"]"],
        "inner" => &["null", "{\"depth\": 1}", "{\"label\": \"x\\ty\", \"depth\": 255, \"more\": [1]}"],
        "level" => &["\"a\"", r#""\n""#, r#""\ud83d\ude00""#],
        "ratio" => &["0", "-1.5", "0.25", "1e3", "-0"],
        _ => &["null"],
    })
}

/// A value for the member, some of which fit.
fn edge(rng: &mut Rng, member: &str) -> String {
    let string = |rng: &mut Rng| {
        rng.pick(&[
            "\"\"",
            "\"disk0\"",
            r#""a\"b""#,
            r#""\u00e9\n""#,
            r#""\ud83d\ude00""#,
            "\"é\"",
            "\"much too long to fit\"",
        ])
    };
    let number = |rng: &mut Rng| match rng.below(3) {
        0 => integer(rng),
        1 => rng
            .pick(&["127", "128", "255", "256", "-1", "-128", "-129", "32767", "32768", "2147483648", "1.0"])
            .to_string(),
        _ => rng.below(100).to_string(),
    };
    let list = |rng: &mut Rng, one: &dyn Fn(&mut Rng) -> String, most: usize| {
        let elements: Vec<String> = (0..rng.below(most + 1)).map(|_| one(rng)).collect();
        format!("[{}]", elements.join(rng.pick(&[",", ", ", "\r\n , "])))
    };
    match member {
        "name" => string(rng).to_string(),
        "file-size" | "offset" => number(rng),
        "state" => match rng.below(7) {
            0 => rng.pick(&["\"running\"", r#""pre-migr\u0061te""#, "\"stopped\"", "7", "{}"]).to_string(),
            1 | 2 => format!("{{\"percent\": {}}}", number(rng)),
            3 => format!("{{\"job\": {{\"done\": true, \"id\": {}}}}}", string(rng)),
            4 => format!("{{\"range\": [{}, {}]}}", number(rng), rng.below(99)),
            _ => "\"pre-migrate\"".to_string(),
        },
        "tags" => list(rng, &|rng| if rng.one_in(4) { integer(rng) } else { rng.below(900).to_string() }, 4),
        "pair" => format!("[{}, {}]", rng.below(300), rng.pick(&["true", "false", "false, 1", "null"])),
        "names" => list(rng, &|rng| string(rng).to_string(), 5),
        "inner" => {
            format!("{{ \"depth\": {}, \"label\" : {} }}", rng.below(300), rng.pick(&["null", "\"x\"", "\"\\n\""]))
        }
        "level" => rng.pick(&["\"a\"", r#""\n""#, r#""\ud83d\ude00""#, "\"ab\"", "\"\""]).to_string(),
        // Where both round alike.
        "ratio" => rng.pick(&["0", "1", "-1.5", "0.25", "1e3", "-0", "\"1\"", "18446744073709551616"]).to_string(),
        _ => rng.pick(&["null", "0"]).to_string(),
    }
}

/// Whether the two decoders may deliberately make different things of a value.
fn differs(member: &str, value: &str) -> bool {
    let integer = member != "ratio" && value.contains("-0");
    integer || value.starts_with('[') && value.contains('{') || value.contains("e400")
}

fn object(rng: &mut Rng) -> String {
    let mut members = Vec::new();
    for member in MEMBERS {
        if rng.one_in(100) || member == "unit" && rng.one_in(2) {
            continue;
        }
        let value = match rng.below(60) {
            0 => "null".to_string(),
            1 => generate::value(rng, 2).write(generate::Style::Compact, "\n", rng),
            2..6 => edge(rng, member),
            _ => good(rng, member).to_string(),
        };
        if differs(member, &value) {
            continue;
        }
        let first = member.as_bytes()[0];
        let name = if rng.one_in(8) { format!("\\u{first:04x}{}", &member[1..]) } else { member.to_string() };
        members.push(format!("\"{name}\": {value}"));
        if rng.one_in(200) {
            members.push(format!("\"{member}\":{value}"));
        }
    }
    for _ in 0..rng.below(3) {
        let extra = generate::value(rng, 3).write(generate::Style::Scattered, "\n", rng);
        members.push(format!("\"x{}\\n\": {extra}", rng.below(100)));
    }
    for last in (1..members.len()).rev() {
        members.swap(last, rng.below(last + 1));
    }
    format!("{{{}}}", members.join(rng.pick(&[",", ", ", ",\r\n    "])))
}

#[test]
fn random_structs_are_decoded_as_serde_json_decodes_them() {
    let [mut good, mut bad] = [0, 0];
    for seed in 0..60_000 {
        let mut rng = Rng::new(seed);
        let text = object(&mut rng);
        let expected = serde_json::from_str::<Device>(&text);
        let got = Json::parse(text.as_bytes()).unwrap().decode_with::<Device>(&mut [0; 64]);
        match (&got, &expected) {
            (Ok(got), Ok(expected)) => {
                assert_eq!(got, expected, "seed {seed}: {text}");
                good += 1;
            }
            (Err(error), Err(_)) => {
                assert!(error.mismatch != Mismatch::Escaped, "seed {seed}: there was room: {text}");
                bad += 1;
            }
            _ => panic!("seed {seed}: {got:?}, serde_json {expected:?}: {text}"),
        }
    }
    assert!(good > 15_000 && bad > 15_000, "{good} structs fitted, {bad} did not");
}

#[test]
fn without_room_to_decode_escapes_a_string_is_right_or_an_error_and_never_raw() {
    let [mut plain, mut refused] = [0, 0];
    for seed in 0..20_000 {
        let mut rng = Rng::new(seed);
        let text = object(&mut rng);
        let Ok(expected) = serde_json::from_str::<Device>(&text) else { continue };
        let room = rng.below(5);
        match Json::parse(text.as_bytes()).unwrap().decode_with::<Device>(&mut [0; 8][..room]) {
            Ok(got) => {
                assert_eq!(got, expected, "seed {seed}: {text}");
                plain += 1;
            }
            Err(error) => {
                assert_eq!(error.mismatch, Mismatch::Escaped, "seed {seed}: {text}");
                assert!(!error.member.is_empty(), "seed {seed}: {text}");
                refused += 1;
            }
        }
    }
    assert!(plain > 1000 && refused > 1000, "{plain} were decoded, {refused} refused");
}

#[derive(Debug, Deserialize)]
struct Borrowed<'a> {
    plain: &'a str,
    #[serde(borrow)]
    any: Str<'a>,
    maybe: Option<Str<'a>>,
    value: Json<'a>,
    rest: Option<Json<'a>>,
    list: List<Str<'a>, 2>,
}

#[test]
fn strings_and_values_are_borrowed_from_the_message() {
    let text =
        br#"{"plain": "disk0", "any": "\ud83d\ude00\ud800", "maybe": "\n", "value": [1, {"a": null}], "rest": null,
        "list": ["\"", "x"]}"#;
    let got: Borrowed<'_> = Json::parse(text).unwrap().decode().unwrap();
    assert_eq!(got.plain, "disk0");
    assert!(got.any == "😀\u{fffd}" && got.maybe.unwrap() == "\n");
    assert_eq!(got.value.to_string(), "[1, {\"a\": null}]");
    assert!(got.rest.is_none());
    assert_eq!(got.list.iter().map(|text| text.to_string()).collect::<Vec<_>>(), ["\"", "x"]);
    let range = text.as_ptr_range();
    assert!([got.plain.as_bytes(), got.any.raw(), got.value.text()].iter().all(|part| range.contains(&part.as_ptr())));
}

#[test]
fn members_that_the_type_does_not_have_may_hold_anything() {
    #[derive(Debug, Deserialize)]
    struct Small {
        id: u8,
    }
    let deep = ["[".repeat(62), "]".repeat(62)].concat();
    for other in [
        r#""\ud83d\ude00""#,
        r#""\ud800""#,
        "1e400",
        "123456789012345678901234567890",
        "[1, 2, {\"id\": \"x\"}]",
        "{\"id\": 300, \"id\": 301}",
        &deep,
    ] {
        let text = format!("{{\"a\": {other}, \"id\": 7, \"\\u0061\\n\": {other}}}");
        let small = Json::parse(text.as_bytes()).unwrap().decode::<Small>();
        assert_eq!(small.map(|small| small.id), Ok(7), "{text}");
    }
}

#[test]
fn member_names_with_escapes_are_recognised_without_any_room() {
    let text = br#"{"\u0064epth": 3, "label": null}"#;
    let got = Json::parse(text).unwrap().decode::<Inner>();
    assert_eq!(got, Ok(Inner { depth: 3, label: None }));
}

fn error<T: for<'a> Deserialize<'a> + std::fmt::Debug>(text: &str) -> (Mismatch, &'static str) {
    let error: DecodeError = Json::parse(text.as_bytes()).unwrap().decode::<T>().unwrap_err();
    (error.mismatch, error.member)
}

/// A device with one member replaced.
fn device(member: &str, value: &str) -> String {
    let defaults = [
        ("name", "\"n\""),
        ("file-size", "1"),
        ("offset", "1"),
        ("state", "\"running\""),
        ("tags", "[]"),
        ("pair", "[1, true]"),
        ("names", "null"),
        ("inner", "null"),
        ("level", "\"x\""),
        ("ratio", "1"),
    ];
    let members: Vec<String> = defaults
        .iter()
        .map(|(name, default)| format!("\"{name}\": {}", if *name == member { value } else { default }))
        .collect();
    format!("{{{}}}", members.join(", "))
}

#[test]
fn error_names_the_innermost_member() {
    use Mismatch::{Escaped, MissingMember, OutOfRange, TooLong, UnknownName, WrongType};
    let cases = [
        ("file-size", "-1", OutOfRange, "file-size"),
        ("file-size", "18446744073709551616", OutOfRange, "file-size"),
        ("file-size", "1.0", WrongType, "file-size"),
        ("file-size", "1e3", WrongType, "file-size"),
        ("file-size", "\"1\"", WrongType, "file-size"),
        ("file-size", "null", WrongType, "file-size"),
        ("offset", "2147483648", OutOfRange, "offset"),
        ("offset", "-2147483649", OutOfRange, "offset"),
        ("offset", "-99999999999999999999", OutOfRange, "offset"),
        ("tags", "[1, 40000]", OutOfRange, "tags"),
        ("tags", "[1, 2, 3, 4]", TooLong, "tags"),
        ("tags", "{}", WrongType, "tags"),
        ("pair", "[256, true]", OutOfRange, "pair"),
        ("pair", "[1, true, 2]", TooLong, "pair"),
        ("name", "\"12345678901234567\"", TooLong, "name"),
        ("name", "\"a\\nb\"", Escaped, "name"),
        ("name", "7", WrongType, "name"),
        ("names", "[\"a\", \"\\n\"]", Escaped, "names"),
        ("names", "[\"1234567\"]", TooLong, "names"),
        ("state", "\"stopped\"", UnknownName, "state"),
        ("state", "{\"percent\": 256}", OutOfRange, "state"),
        ("state", "{\"job\": {\"id\": \"123456789\", \"done\": true}}", TooLong, "id"),
        ("state", "{\"job\": {\"id\": \"1\"}}", MissingMember, "done"),
        ("state", "{\"percent\": 1, \"job\": 2}", WrongType, "state"),
        ("inner", "{\"depth\": 256}", OutOfRange, "depth"),
        ("inner", "{\"label\": \"x\"}", MissingMember, "depth"),
        ("inner", "[]", WrongType, "inner"),
        ("ratio", "\"1\"", WrongType, "ratio"),
    ];
    for (member, value, mismatch, named) in cases {
        assert_eq!(error::<Device>(&device(member, value)), (mismatch, named), "{member}: {value}");
    }
    assert_eq!(error::<Inner>("{\"depth\": 1, \"depth\": 1}"), (Mismatch::DuplicateMember, "depth"));
    assert_eq!(error::<u8>("256"), (OutOfRange, ""));
    assert_eq!(error::<Inner>("7"), (WrongType, ""));
}

#[test]
fn borrowed_text_with_escapes_is_escaped_with_room_and_without() {
    #[derive(Debug, Deserialize)]
    struct Plain<'a> {
        #[expect(dead_code, reason = "only its decoding is looked at")]
        name: &'a str,
    }
    let json = Json::parse(br#"{"name": "a\nb"}"#).unwrap();
    let escaped = DecodeError { mismatch: Mismatch::Escaped, member: "name" };
    assert_eq!(json.decode::<Plain<'_>>().unwrap_err(), escaped);
    assert_eq!(json.decode_with::<Plain<'_>>(&mut [0; 32]).unwrap_err(), escaped);
}

#[test]
fn float_too_large_is_infinite() {
    assert_eq!(Json::parse(b"1e400").unwrap().decode::<f64>(), Ok(f64::INFINITY));
}
