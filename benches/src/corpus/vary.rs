//! One captured message in, another of the same shape out: other ids, times, names and numbers.

/// What a string may be changed into depends on the name of its member.
const NAMES: [&str; 6] = ["device", "id", "node-name", "path", "qom-path", "label"];

/// Rewrites messages, never the same way twice.
pub(super) struct Varier {
    random: u64,
    id: u64,
    /// Microseconds since 1970.
    clock: u64,
}

impl Varier {
    /// Always the same sequence.
    pub(super) fn new() -> Self {
        Self { random: 0x9E37_79B9_7F4A_7C15, id: 100_000, clock: 1_795_332_742_320_185 }
    }

    /// The id of the next reply.
    pub(super) fn next_id(&mut self) -> u64 {
        self.id += 1;
        self.id
    }

    /// Appends a variation of `line`, one compact message with its line end, to `out`.
    pub(super) fn vary(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let message = std::str::from_utf8(line).expect("QEMU writes ASCII");
        // A parse error has no id; where it names a character, that can vary instead.
        let unmatched = message.contains("stray '\\u");
        let message = with_id(message, (!unmatched).then(|| self.next_id()));
        self.clock += 20 + self.below(900_000);

        // Strings are looked at whole, so that what is between them is only punctuation, numbers and literals.
        let mut rest = message.as_str();
        let mut key = "";
        let mut depth = 0_usize;
        while let Some(open) = rest.find('"') {
            let (between, after) = rest.split_at(open);
            self.numbers(between, key, depth, out);
            depth = depth + between.matches(['{', '[']).count() - between.matches(['}', ']']).count();

            let end = string_end(&after[1..]) + 1;
            let (string, tail) = after.split_at(end + 1);
            let text = &string[1..end];
            out.push(b'"');
            if tail.starts_with(": ") {
                key = text;
                out.extend_from_slice(text.as_bytes());
            } else {
                self.string(text, key, depth, out);
            }
            out.push(b'"');
            rest = tail;
        }
        self.numbers(rest, key, depth, out);
    }

    fn string(&mut self, text: &str, key: &str, depth: usize, out: &mut Vec<u8>) {
        if depth > 1 && NAMES.contains(&key) && !text.is_empty() {
            // "cr-a-file" becomes "cr-a-file417", "bk0" "bk831": a running machine has many.
            out.extend_from_slice(text.trim_end_matches(|c: char| c.is_ascii_digit()).as_bytes());
            out.extend_from_slice(self.below(1000).to_string().as_bytes());
        } else if let Some((before, rest)) = text.split_once("stray '\\u") {
            out.extend_from_slice(format!("{before}stray '\\u{:04X}{}", self.below(0xD800), &rest[4..]).as_bytes());
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }

    fn numbers(&mut self, between: &str, key: &str, depth: usize, out: &mut Vec<u8>) {
        let number = between.trim_start_matches([':', ' ']);
        let digits = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        if digits == 0 {
            return out.extend_from_slice(between.as_bytes());
        }
        let (number, tail) = number.split_at(digits);
        out.extend_from_slice(b": ");
        match (depth, key) {
            (1, _) => out.extend_from_slice(number.as_bytes()),
            (2, "seconds") => out.extend_from_slice((self.clock / 1_000_000).to_string().as_bytes()),
            (2, "microseconds") => out.extend_from_slice((self.clock % 1_000_000).to_string().as_bytes()),
            _ => self.digits(number, out),
        }
        out.extend_from_slice(tail.as_bytes());
    }

    /// As many digits as `number` has, the point where it was; zero stays zero.
    fn digits(&mut self, number: &str, out: &mut Vec<u8>) {
        for (at, digit) in number.bytes().enumerate() {
            out.push(match digit {
                b'.' => b'.',
                b'0' if number.len() == 1 => b'0',
                _ if at == 0 => b'1' + self.below(9) as u8,
                _ => b'0' + self.below(10) as u8,
            });
        }
    }

    /// Xorshift: good enough to keep a branch predictor guessing.
    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % limit
    }
}

/// Bytes up to the quote that ends the string.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    text.bytes()
        .position(|byte| {
            let end = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            end
        })
        .expect("a string ends")
}

/// A reply with `id` in the place where QEMU writes it, instead of the id it had, if any. An event or an error without id stays as it is.
fn with_id(message: &str, id: Option<u64>) -> String {
    let Some(id) = id else { return message.to_owned() };
    if message.starts_with(r#"{"return""#) {
        let body = message
            .rsplit_once(r#", "id": "#)
            .filter(|(_, id)| !id.contains(']'))
            .map_or_else(|| message.trim_end_matches("}\r\n"), |(body, _)| body);
        format!("{body}, \"id\": {id}}}\r\n")
    } else if let Some((_, error)) = message.split_once(r#""error": {"#) {
        format!("{{\"id\": {id}, \"error\": {{{error}")
    } else {
        message.to_owned()
    }
}
