//! Compact JSON in, JSON as a monitor with `pretty=on` prints it out.
//!
//! Four spaces per level, CRLF at each break, and a break inside empty containers too:
//!
//! ```text
//! {
//!     "return": {
//!     }
//! }
//! ```

/// Appends `compact`, one message as QEMU writes it, to `out`.
pub(super) fn print(compact: &[u8], out: &mut Vec<u8>) {
    let mut depth = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut bytes = compact.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            out.push(byte);
            continue;
        }
        match byte {
            b'{' | b'[' => {
                depth += 1;
                out.push(byte);
                // An empty container's break comes from its end.
                if !matches!(bytes.peek(), Some(b'}' | b']')) {
                    line_break(depth, out);
                }
            }
            b'}' | b']' => {
                depth -= 1;
                line_break(depth, out);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                bytes.next_if_eq(&b' ');
                line_break(depth, out);
            }
            b'"' => {
                in_string = true;
                out.push(byte);
            }
            _ => out.push(byte),
        }
    }
}

fn line_break(depth: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
    out.resize(out.len() + 4 * depth, b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    const QEMU: &[u8] = include_bytes!("../../corpus/session_pretty.bin");

    /// Takes the layout out of pretty JSON that has no string with CR or LF in it.
    fn compact(pretty: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(pretty.to_vec()).unwrap();
        let mut out = String::new();
        for line in text.split("\r\n").map(str::trim_start) {
            out.push_str(line);
            if line.ends_with(',') {
                out.push(' ');
            }
        }
        out.into_bytes()
    }

    #[test]
    fn prints_exactly_as_qemu_does() {
        let mut printed = vec![];
        print(&compact(QEMU), &mut printed);
        let messages = String::from_utf8(printed).unwrap().replace("}{", "}\r\n{") + "\r\n";
        assert_eq!(messages, String::from_utf8(QEMU.to_vec()).unwrap());
    }

    #[test]
    fn leaves_strings_alone() {
        let mut printed = vec![];
        print(br#"{"a": "x, {y} \" [z]\\"}"#, &mut printed);
        assert_eq!(printed, b"{\r\n    \"a\": \"x, {y} \\\" [z]\\\\\"\r\n}");
    }
}
