//! What `Writer` writes: QEMU's bytes, and never anything but one JSON value.

use qmp_core::{EncodeError, Json, MAX_DEPTH, Writer};

/// Every message of a stream, as text.
fn messages(stream: &[u8]) -> Vec<&[u8]> {
    let mut values = serde_json::Deserializer::from_slice(stream).into_iter::<serde_json::Value>();
    let mut found = Vec::new();
    let mut start = 0;
    while let Some(value) = values.next() {
        value.unwrap();
        found.push(stream[start..values.byte_offset()].trim_ascii());
        start = values.byte_offset();
    }
    found
}

/// `value` written anew, on one line.
fn compact(value: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 8192];
    let mut writer = Writer::new(&mut out);
    writer.json(Json::parse(value).unwrap());
    writer.finish().unwrap().text().to_vec()
}

/// `value` written anew, pretty-printed.
fn pretty(value: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 8192];
    let mut writer = Writer::pretty(&mut out);
    writer.json(Json::parse(value).unwrap());
    writer.finish().unwrap().text().to_vec()
}

fn show(text: &[u8]) -> String {
    text.escape_ascii().to_string()
}

#[test]
fn pretty_printing_is_qemus_to_the_byte() {
    let session = include_bytes!("server/captures/session_pretty.bin");
    let mut written = Vec::new();
    for message in messages(session) {
        // By way of the compact form, so that no line break of the capture survives.
        written.extend(pretty(&compact(message)));
        written.extend(b"\r\n");
    }
    assert_eq!(show(&written), show(session));
}

#[test]
fn compact_output_is_qemus_to_the_byte() {
    for session in [
        &include_bytes!("server/captures/error_replies_x86_64.bin")[..],
        include_bytes!("server/captures/qga_session.bin"),
    ] {
        let lines = session.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let lines: Vec<_> = lines.map(|line| line.strip_prefix(b"\xff").unwrap_or(line)).collect();
        assert!(lines.len() > 18);
        for line in lines.into_iter().filter(|line| !line.is_empty()) {
            assert_eq!(show(&compact(&pretty(line))), show(line));
        }
    }
}

#[test]
fn ids_are_escaped_as_qemu_escapes_them_and_numbers_keep_their_digits() {
    let sent = include_bytes!("server/captures/id_echo_x86_64.client.bin").split(|byte| *byte == b'\n');
    let echoed = include_bytes!("server/captures/id_echo_x86_64.bin").split(|byte| *byte == b'\n');
    let mut equal = 0;
    for (sent, echoed) in sent.zip(echoed).filter(|(sent, _)| !sent.is_empty()) {
        let Ok(echoed) = Json::parse(echoed) else {
            continue; // `inf`, which is no JSON.
        };
        // `\'` is QEMU's own.
        let sent = String::from_utf8(sent.to_vec()).unwrap().replace("\\'", "'");
        let sent = Json::parse(sent.as_bytes()).unwrap().member("id").unwrap();
        let echoed = echoed.member("id").unwrap();
        let written = compact(sent.text());
        match sent.text()[0] {
            b'0'..=b'9' | b'-' => assert_eq!(written, sent.text()),
            // QEMU sorts members by its hash table.
            b'{' => assert_eq!(compact(&written), written),
            _ => {
                assert_eq!(show(&written), show(echoed.text()));
                equal += 1;
            }
        }
    }
    assert_eq!(equal, 5);
}

#[test]
fn strings_are_ascii_whatever_they_hold() {
    let mut out = [0; 128];
    let mut writer = Writer::new(&mut out);
    writer.string("\u{0}\u{8}\t\n\u{c}\r\u{1f}\"\\/'\u{7f}\u{80}\u{e9}\u{20ac}\u{1f600}");
    let expected = br#""\u0000\b\t\n\f\r\u001F\"\\/'\u007F\u0080\u00E9\u20AC\uD83D\uDE00""#;
    assert_eq!(show(writer.finish().unwrap().text()), show(expected));
}

#[test]
fn strings_that_are_json_already_are_escaped_anew_and_keep_their_value() {
    let cases: [(&[u8], &[u8]); 6] = [
        (br#""\u0041\/\u00e9""#, br#""A/\u00E9""#),
        ("\"\u{7f}é€😀\"".as_bytes(), br#""\u007F\u00E9\u20AC\uD83D\uDE00""#),
        (br#""\ud83d\ude00\u000a\u0022\u005c""#, br#""\uD83D\uDE00\n\"\\""#),
        (br#""\b\f\n\r\t\"\\""#, br#""\b\f\n\r\t\"\\""#),
        (br#""\ud800""#, br#""\uD800""#),
        (br#"{"\u00e9":"\u00e9"}"#, br#"{"\u00E9": "\u00E9"}"#),
    ];
    for (given, expected) in cases {
        assert_eq!(show(&compact(given)), show(expected));
    }
}

#[test]
fn formatted_text_is_escaped_like_any_other() {
    let mut out = [0; 64];
    let mut writer = Writer::new(&mut out);
    writer.format(format_args!("{}% of \"{}\"\n", 50, "é"));
    assert_eq!(show(writer.finish().unwrap().text()), show(br#""50% of \"\u00E9\"\n""#));
}

#[test]
fn numbers_are_exact_at_the_ends_of_their_ranges() {
    let mut out = [0; 128];
    let mut writer = Writer::new(&mut out);
    writer.array().i64(i64::MIN).i64(-1).i64(0).i64(i64::MAX).u64(u64::MAX).u64(10).bool(true).null().end();
    let expected = "[-9223372036854775808, -1, 0, 9223372036854775807, 18446744073709551615, 10, true, null]";
    assert_eq!(show(writer.finish().unwrap().text()), expected);
}

#[test]
fn calls_that_make_no_value_are_refused() {
    let wrong: [fn(&mut Writer<'_>); 11] = [
        |_| {},
        |w| _ = w.u64(1).u64(2),
        |w| _ = w.object(),
        |w| _ = w.object().end().end(),
        |w| _ = w.object().u64(1).end(),
        |w| _ = w.object().name("a").end(),
        |w| _ = w.object().name("a").name("b").null().end(),
        |w| _ = w.array().name("a").null().end(),
        |w| _ = w.name("a"),
        |w| _ = w.end(),
        |w| _ = w.array().end().null(),
    ];
    for (number, calls) in wrong.into_iter().enumerate() {
        let mut out = [0; 64];
        let mut writer = Writer::new(&mut out);
        calls(&mut writer);
        assert_eq!(writer.finish().err(), Some(EncodeError::Misplaced), "case {number}");
    }
}

#[test]
fn containers_nest_as_deep_as_messages_may_and_no_deeper() {
    let nest = |levels: u8| {
        let mut out = [0; 256];
        let mut writer = Writer::new(&mut out);
        for _ in 0..levels {
            writer.array();
        }
        for _ in 0..levels {
            writer.end();
        }
        writer.finish().map(|value| value.text().len())
    };
    assert_eq!(nest(MAX_DEPTH), Ok(2 * usize::from(MAX_DEPTH)));
    assert_eq!(nest(MAX_DEPTH + 1), Err(EncodeError::TooDeep));
}

#[test]
fn a_slice_that_is_too_short_is_reported_for_every_length() {
    let write = |out: &mut [u8]| {
        let mut writer = Writer::pretty(out);
        writer.object().name("é").array().i64(-12).string("x\n").end().name("b").object().end().end();
        writer.finish().map(|value| value.text().len())
    };
    let length = write(&mut [0; 256]).unwrap();
    for short in 0..length {
        assert_eq!(write(&mut vec![0; short]), Err(EncodeError::Full), "{short} bytes");
    }
    assert_eq!(write(&mut vec![0; length]), Ok(length));
}

#[test]
fn a_number_is_written_as_it_is_read_or_refused() {
    for value in [0.0, -0.0, 1.5, -2.25, 1e-5, 9.9e-6, 1e15, 1e16, f64::MAX, f64::MIN_POSITIVE, 0.1, 1.0 / 3.0] {
        let mut out = [0; 40];
        let mut writer = Writer::new(&mut out);
        writer.f64(value);
        assert_eq!(writer.error(), None);
        let text = writer.finish().unwrap();
        assert_eq!(Json::parse(text.text()).unwrap().as_f64().map(f64::to_bits), Some(value.to_bits()), "{text}");
    }
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut out = [0; 40];
        let mut writer = Writer::new(&mut out);
        writer.array().f64(value).end();
        assert_eq!(writer.error(), Some(EncodeError::NotFinite));
        assert_eq!(writer.finish().err(), Some(EncodeError::NotFinite));
    }
}
