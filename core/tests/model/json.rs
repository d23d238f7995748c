//! JSON by recursive descent over a whole slice: RFC 8259 in UTF-8, with the position of the first byte that cannot stand.

use qmp_core::Fault;

/// The members of an object: decoded names, and values as they stand on the wire.
pub(crate) type Object<'a> = Vec<(String, &'a [u8])>;

/// Why reading stopped. The parser then stands at the byte that was the reason.
#[derive(Debug, PartialEq)]
pub(crate) enum Stop {
    /// No more bytes.
    End,
    /// A `{` in column 0.
    Cut,
    /// A byte that cannot stand there.
    Fault(Fault),
}

pub(crate) struct Parser<'a> {
    text: &'a [u8],
    /// Whether a `{` in column 0 begins another message.
    cut: bool,
    pub(crate) at: usize,
    /// Open brackets.
    pub(crate) depth: i64,
    /// Whether it stands inside a string.
    pub(crate) string: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a [u8], cut: bool) -> Self {
        Self { text, cut, at: 0, depth: 0, string: false }
    }

    fn peek(&self) -> Result<u8, Stop> {
        let byte = *self.text.get(self.at).ok_or(Stop::End)?;
        if self.cut && byte == b'{' && self.at > 0 && self.text[self.at - 1] == b'\n' {
            return Err(Stop::Cut);
        }
        Ok(byte)
    }

    /// The next byte that is not white space.
    fn token(&mut self) -> Result<u8, Stop> {
        while let byte @ (b' ' | b'\t' | b'\r' | b'\n') = self.peek()? {
            let _ = byte;
            self.at += 1;
        }
        self.peek()
    }

    fn expect(&mut self, byte: u8) -> Result<(), Stop> {
        if self.peek()? != byte {
            return Err(Stop::Fault(Fault::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    fn open(&mut self, bracket: u8) -> Result<(), Stop> {
        if self.peek()? == bracket && self.depth == 64 {
            return Err(Stop::Fault(Fault::TooDeep));
        }
        self.expect(bracket)?;
        self.depth += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    pub(crate) fn object(&mut self) -> Result<Object<'a>, Stop> {
        self.open(b'{')?;
        let mut members = Vec::new();
        if self.token()? == b'}' {
            self.close();
            return Ok(members);
        }
        loop {
            self.token()?;
            let name = self.string()?;
            self.token()?;
            self.expect(b':')?;
            self.token()?;
            let start = self.at;
            self.value()?;
            members.push((decode(name), &self.text[start..self.at]));
            match self.token()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(Stop::Fault(Fault::Syntax)),
            }
        }
        self.close();
        Ok(members)
    }

    fn array(&mut self) -> Result<(), Stop> {
        self.open(b'[')?;
        if self.token()? == b']' {
            self.close();
            return Ok(());
        }
        loop {
            self.token()?;
            self.value()?;
            match self.token()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(Stop::Fault(Fault::Syntax)),
            }
        }
        self.close();
        Ok(())
    }

    fn value(&mut self) -> Result<(), Stop> {
        match self.peek()? {
            b'{' => self.object().map(drop),
            b'[' => self.array(),
            b'"' => self.string().map(drop),
            b't' => b"true".iter().try_for_each(|&byte| self.expect(byte)),
            b'f' => b"false".iter().try_for_each(|&byte| self.expect(byte)),
            b'n' => b"null".iter().try_for_each(|&byte| self.expect(byte)),
            b'-' | b'0'..=b'9' => self.number(),
            _ => Err(Stop::Fault(Fault::Syntax)),
        }
    }

    /// The text between the quotes.
    fn string(&mut self) -> Result<&'a [u8], Stop> {
        self.expect(b'"')?;
        self.string = true;
        let start = self.at;
        while self.peek()? != b'"' {
            match self.peek()? {
                b'\\' => {
                    self.at += 1;
                    let kind = self.peek()?;
                    if !b"\"\\/bfnrtu".contains(&kind) {
                        return Err(Stop::Fault(Fault::Syntax));
                    }
                    self.at += 1;
                    for _ in 0..if kind == b'u' { 4 } else { 0 } {
                        if !self.peek()?.is_ascii_hexdigit() {
                            return Err(Stop::Fault(Fault::Syntax));
                        }
                        self.at += 1;
                    }
                }
                0..=0x1f => return Err(Stop::Fault(Fault::ControlCharacter)),
                0x20..=0x7f => self.at += 1,
                _ => self.sequence()?,
            }
        }
        self.at += 1;
        self.string = false;
        Ok(&self.text[start..self.at - 1])
    }

    /// One character beyond ASCII, judged by the standard library.
    fn sequence(&mut self) -> Result<(), Stop> {
        let ahead = &self.text[self.at..self.text.len().min(self.at + 4)];
        let error = match std::str::from_utf8(ahead) {
            Err(error) if error.valid_up_to() == 0 => error,
            valid => {
                let length = valid.map_or_else(|error| error.valid_up_to(), str::len);
                let first = std::str::from_utf8(&ahead[..length]).unwrap().chars().next().unwrap();
                self.at += first.len_utf8();
                return Ok(());
            }
        };
        match error.error_len() {
            None => {
                self.at = self.text.len();
                Err(Stop::End)
            }
            Some(length) => {
                // A byte that can begin a sequence is not itself what is wrong.
                self.at += if (0xc2..=0xf4).contains(&ahead[0]) { length } else { 0 };
                Err(Stop::Fault(Fault::InvalidUtf8))
            }
        }
    }

    fn number(&mut self) -> Result<(), Stop> {
        if self.peek()? == b'-' {
            self.at += 1;
        }
        if self.peek()? == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek()? == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if self.peek()? | 0x20 == b'e' {
            self.at += 1;
            if let b'+' | b'-' = self.peek()? {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), Stop> {
        if !self.peek()?.is_ascii_digit() {
            return Err(Stop::Fault(Fault::Syntax));
        }
        while self.peek()?.is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }
}

/// Whether `text` is one object, nested at most 64 deep, with nothing after it.
pub(crate) fn valid(text: &[u8]) -> bool {
    let mut parser = Parser::new(text, false);
    parser.object().is_ok() && parser.at == text.len()
}

/// The characters of a valid string, given what stands between its quotes: by way of UTF-16, where escapes are units.
pub(crate) fn decode(raw: &[u8]) -> String {
    let text = std::str::from_utf8(raw).unwrap();
    let mut units = Vec::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        let char = match char {
            '\\' => match chars.next().unwrap() {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits = &chars.as_str()[..4];
                    units.push(u16::from_str_radix(digits, 16).unwrap());
                    chars.nth(3);
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(char.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16_lossy(&units)
}
