//! Whole messages out of chunks, for parsers that cannot stop in the middle.

use memchr::memchr;

/// Cuts a stream after each line that ends a message.
///
/// A message that lies whole in one chunk is handed out from there; only what straddles chunks is copied. It knows QEMU's two layouts: a compact
/// message is one line, from `{` to `}`; a pretty one ends with a line that is only `}`. It trusts its peer: a message that is cut off would take
/// the next one with it.
pub(super) struct Lines {
    /// The beginning of a message whose end has not come yet.
    partial: Vec<u8>,
    /// Where in `partial` its last, unfinished line starts.
    line: usize,
}

impl Lines {
    pub(super) fn new(longest: usize) -> Self {
        Self { partial: Vec::with_capacity(longest), line: 0 }
    }

    /// Calls `message` with each message that `chunk` completes, line end included.
    #[inline]
    pub(super) fn feed(&mut self, chunk: &[u8], mut message: impl FnMut(&[u8])) {
        let mut rest = chunk;
        while !self.partial.is_empty() {
            let Some(end) = memchr(b'\n', rest) else { return self.partial.extend_from_slice(rest) };
            let (line, tail) = rest.split_at(end + 1);
            self.partial.extend_from_slice(line);
            rest = tail;
            if ends_message(&self.partial[self.line..]) {
                message(&self.partial);
                self.partial.clear();
                self.line = 0;
            } else {
                self.line = self.partial.len();
            }
        }

        let mut line = 0;
        while let Some(end) = memchr(b'\n', &rest[line..]) {
            let next = line + end + 1;
            if ends_message(&rest[line..next]) {
                let (whole, tail) = rest.split_at(next);
                message(whole);
                rest = tail;
                line = 0;
            } else {
                line = next;
            }
        }
        self.partial.extend_from_slice(rest);
        self.line = line;
    }
}

/// Whether `line`, which ends in CRLF, is the last of a message.
#[inline]
fn ends_message(line: &[u8]) -> bool {
    matches!(line, [b'{', .., b'}', b'\r', b'\n'] | [b'}', b'\r', b'\n'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Corpus;

    #[test]
    fn messages_come_out_whole_wherever_the_stream_is_cut() {
        let pretty = Corpus::pretty();
        for chunk in [1, 2, 7, 64, 1460, 65_536] {
            let (mut lines, mut joined, mut count) = (Lines::new(pretty.longest), vec![], 0);
            for piece in pretty.bytes.chunks(chunk) {
                lines.feed(piece, |message| {
                    assert!(message.starts_with(b"{") && message.ends_with(b"}\r\n"));
                    joined.extend_from_slice(message);
                    count += 1;
                });
            }
            assert_eq!(count, pretty.manifest().messages);
            assert!(joined == pretty.bytes);
        }
    }
}
