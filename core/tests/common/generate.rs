//! Seeded random documents, messages and streams, good and bad.

use super::Rng;
use crate::model::Role;

/// A JSON value as it is to be written; scalars, strings with their quotes included, are text already.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar(String),
    Array(Vec<Value>),
    /// Names come with their quotes.
    Object(Vec<(String, Value)>),
}

/// How a document is laid out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    /// One line, one blank after each colon and comma, as QEMU writes without `pretty`.
    Compact,
    /// As QEMU writes with `pretty`: four blanks a level, empty containers over two lines.
    Pretty,
    /// No white space at all.
    Dense,
    /// White space of any kind wherever it may be, but for a line feed before a `{`.
    Scattered,
}

pub(crate) fn style(rng: &mut Rng) -> Style {
    rng.pick(&[Style::Compact, Style::Compact, Style::Pretty, Style::Pretty, Style::Dense, Style::Scattered])
}

impl Value {
    pub(crate) fn write(&self, style: Style, line_end: &str, rng: &mut Rng) -> String {
        let mut out = String::new();
        self.put(style, line_end, 0, rng, &mut out);
        out
    }

    fn put(&self, style: Style, line_end: &str, level: usize, rng: &mut Rng, out: &mut String) {
        let line = |level: usize, rng: &mut Rng, out: &mut String| match style {
            Style::Pretty => out.push_str(&format!("{line_end}{}", "    ".repeat(level))),
            Style::Scattered => out.push_str(rng.pick(&["", " ", "\t", "\n ", "\r\n\t", "\r", "  "])),
            Style::Compact | Style::Dense => {}
        };
        let (brackets, length) = match self {
            Self::Scalar(text) => return out.push_str(text),
            Self::Array(elements) => (["[", "]"], elements.len()),
            Self::Object(members) => (["{", "}"], members.len()),
        };
        out.push_str(brackets[0]);
        for index in 0..length {
            if index > 0 {
                out.push(',');
                out.push_str(if style == Style::Compact { " " } else { "" });
            }
            line(level + 1, rng, out);
            match self {
                Self::Array(elements) => elements[index].put(style, line_end, level + 1, rng, out),
                Self::Object(members) => {
                    out.push_str(&members[index].0);
                    out.push_str(if style == Style::Scattered { rng.pick(&[":", " : ", "\n:\t"]) } else { ":" });
                    out.push_str(if matches!(style, Style::Compact | Style::Pretty) { " " } else { "" });
                    members[index].1.put(style, line_end, level + 1, rng, out);
                }
                Self::Scalar(_) => {}
            }
        }
        line(level, rng, out);
        out.push_str(brackets[1]);
    }
}

fn scalar(text: impl Into<String>) -> Value {
    Value::Scalar(text.into())
}

/// A string of up to `most` pieces, quotes included.
pub(crate) fn string(rng: &mut Rng, most: usize) -> String {
    let pieces: [&str; 28] = [
        "a",
        "Z",
        "0",
        " ",
        "id",
        "return",
        "event",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\\\"",
        "\\\\",
        "\\/",
        "\\n",
        "\\r\\n",
        "\\u0041",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\uDBFF\\uDFFF",
        "é",
        "€",
        "😀",
        "\u{7f}",
        "\\t\\b\\f",
        "\u{fffd}",
    ];
    let text: String = (0..rng.below(most + 1)).map(|_| rng.pick(&pieces)).collect();
    format!("\"{text}\"")
}

pub(crate) fn number(rng: &mut Rng) -> String {
    let fixed = [
        "0",
        "-0",
        "1",
        "7",
        "-1",
        "42",
        "1.0",
        "1e0",
        "0.5",
        "-0.0",
        "1E+9",
        "2e-3",
        "9007199254740993",
        "0e5",
        "1e400",
        "18446744073709551615",
        "18446744073709551616",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "1.7976931348623157e308",
        "4e-324",
    ];
    if rng.one_in(2) { rng.pick(&fixed).to_string() } else { (rng.next() >> rng.below(53)).to_string() }
}

/// Any value, nested at most `depth` deep.
pub(crate) fn value(rng: &mut Rng, depth: usize) -> Value {
    match rng.below(if depth == 0 { 4 } else { 7 }) {
        0 => scalar(rng.pick(&["null", "true", "false"])),
        1 => scalar(number(rng)),
        2 | 3 => scalar(string(rng, 8)),
        4 => Value::Array((0..rng.below(5)).map(|_| value(rng, depth - 1)).collect()),
        _ => Value::Object((0..rng.below(5)).map(|_| (name(rng), value(rng, depth - 1))).collect()),
    }
}

/// A member name that the protocol knows at the top level, or another; quotes included.
fn name(rng: &mut Rng) -> String {
    let known = ["id", "return", "event", "error", "QMP", "data", "timestamp", "execute", "class", "desc"];
    if rng.one_in(3) { format!("\"{}\"", rng.pick(&known)) } else { string(rng, 4) }
}

/// `name` with its quotes, some letters written as escapes now and then.
fn spelled(rng: &mut Rng, name: &str) -> String {
    let escape = rng.one_in(12);
    let letter = |letter: char| match escape && rng.one_in(2) {
        true => format!("\\u{:04x}", letter as u32),
        false => letter.to_string(),
    };
    format!("\"{}\"", name.chars().map(letter).collect::<String>())
}

/// Text of about `size` bytes, as a string, a list of objects or nested lists.
fn bulk(rng: &mut Rng, size: usize) -> Value {
    match rng.below(3) {
        0 => scalar(format!("\"{}\"", rng.pick(&["x", "ab\\n", "id\\\": 7, ", "é", "}{"]).repeat(size / 4))),
        1 => Value::Array((0..size / 30).map(|_| value(rng, 2)).collect()),
        _ => Value::Object((0..size / 30).map(|index| (format!("\"k{index}\""), value(rng, 2))).collect()),
    }
}

fn id(rng: &mut Rng) -> Value {
    match rng.below(6) {
        0 => value(rng, 2),
        1 => scalar(string(rng, 40)),
        2 => scalar(number(rng)),
        _ => scalar(rng.below(1000).to_string()),
    }
}

/// A message; some of its values are about `size` bytes long.
pub(crate) fn message(rng: &mut Rng, role: Role, size: usize) -> Value {
    let (kind, more): (&str, &[&str]) = match (role, rng.below(8)) {
        (Role::Server, 0..6) => ("execute", &["arguments", "id"]),
        (Role::Server, 6) => ("exec-oob", &["id", "arguments"]),
        (_, 0..3) => ("return", &["id"]),
        (_, 3) => ("error", &["id"]),
        (_, 4) => ("QMP", &[]),
        (_, 5 | 6) => ("event", &["timestamp", "data"]),
        _ => ("unknown", &["id", "data"]),
    };
    let mut members: Vec<(String, Value)> = Vec::new();
    for (index, name) in [kind].iter().chain(more).enumerate() {
        if index > 0 && rng.one_in(4) {
            continue;
        }
        let value = match *name {
            _ if rng.one_in(15) => value(rng, 2),
            "id" => id(rng),
            "event" | "execute" | "exec-oob" if rng.one_in(8) => scalar(string(rng, 30)),
            "event" | "execute" | "exec-oob" => {
                let names = ["STOP", "query-status", "BLOCK_JOB_READY", "A_VERY_LONG_NAME_OF_EXACTLY_33_CHS"];
                scalar(format!("\"{}\"", rng.pick(&names)))
            }
            "timestamp" => Value::Object(vec![
                (spelled(rng, "seconds"), scalar(number(rng))),
                (spelled(rng, "microseconds"), scalar(rng.pick(&["-1", "532468"]).to_string())),
            ]),
            "return" | "data" | "arguments" if size > 0 => bulk(rng, size),
            "error" | "QMP" | "data" | "arguments" => Value::Object(vec![(string(rng, 3), value(rng, 3))]),
            _ => value(rng, 3),
        };
        members.push((spelled(rng, name), value));
    }
    if rng.one_in(6) {
        members.push(("\"x-extra\"".to_string(), value(rng, 2)));
    }
    if rng.one_in(10) {
        let long = scalar(string(rng, size / 2));
        members.push((format!("\"{}id\"", "long".repeat(rng.below(size / 3 + 1))), long));
    }
    for last in (1..members.len()).rev() {
        members.swap(last, rng.below(last + 1));
    }
    Value::Object(members)
}

/// A message that is wrong in one way, as text.
fn wrong(rng: &mut Rng, role: Role, good: &str) -> Vec<u8> {
    let mut text = good.as_bytes().to_vec();
    let at = rng.below(text.len());
    match rng.below(8) {
        0 => text.truncate(at),
        1 => text[at] ^= 1 << rng.below(8),
        2 => drop(text.remove(at)),
        3 => text.insert(at, rng.pick(b"{}[]\",:\\\n\r\t 0e.-x\x00\x01\x1b\x7f\x80\xc3\xe2\xed\xf0\xf5\xff")),
        4 => {
            let depth = 60 + rng.below(12);
            let nested = [&b"{\"return\": "[..], &b"[".repeat(depth), b"\"]\\\"\"", &b"]".repeat(depth), b"}"].concat();
            text = nested;
        }
        5 => {
            let twice = rng.pick(&["\"id\": 1", "\"return\": {}", "\"event\": \"X\"", "\"execute\": \"stop\""]);
            text = format!("{{{twice}, \"i\\u0064\": 2, {twice}}}").into_bytes();
        }
        6 => text = message(rng, role, 0).write(Style::Scattered, "\n", rng).replace(' ', "\n").into_bytes(),
        _ => {
            let end = text.len().min(at + 1 + rng.below(20));
            let piece = text[at..end].to_vec();
            text.splice(at..at, piece);
        }
    }
    text
}

/// A stream of messages with everything in between that a link has seen.
pub(crate) fn stream(rng: &mut Rng, role: Role, capacity: usize) -> Vec<u8> {
    let line_end = rng.pick(&["\r\n", "\n"]);
    let style = style(rng);
    let mut stream = Vec::new();
    for _ in 0..1 + rng.below(7) {
        let size = match rng.below(6) {
            0 => capacity * (1 + rng.below(3)),
            1 => capacity.saturating_sub(rng.below(80)),
            _ => 0,
        };
        let text = message(rng, role, size).write(style, line_end, rng);
        match rng.below(12) {
            0..3 => stream.extend(wrong(rng, role, &text)),
            3 => stream.extend(rng.pick(&[
                &b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00"[..],
                b"\xff",
                b"\xef\xbb\xbf",
                b"SeaBIOS (version 1.16)\r\n",
                b"[1, 2]",
                b"\"text\" \x01",
                b"}",
            ])),
            _ => stream.extend(text.as_bytes()),
        }
        if !rng.one_in(8) {
            stream.extend(line_end.as_bytes());
        }
    }
    if rng.one_in(6) {
        mutate(rng, &mut stream);
    }
    stream
}

/// Flips, drops and inserts a few bytes anywhere.
pub(crate) fn mutate(rng: &mut Rng, stream: &mut Vec<u8>) {
    for _ in 0..1 + rng.below(4) {
        let at = rng.below(stream.len());
        match rng.below(4) {
            _ if stream.is_empty() => {}
            0 => stream[at] ^= 1 << rng.below(8),
            1 => drop(stream.remove(at)),
            2 => drop(stream.drain(at..stream.len().min(at + 1 + rng.below(12)))),
            _ => stream.insert(at, rng.pick(b"{}[]\",:\\\n\xff\x00 1")),
        }
    }
}
