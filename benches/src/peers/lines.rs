//! Whole messages out of chunks, for parsers that cannot stop in the middle.

use crate::Corpus;
use memchr::{memchr, memmem};

/// Cuts a stream after each message, by its line end alone: LF where every message is one line; a line that is only `}` where they are
/// pretty-printed. Which of the two it is has to be known.
///
/// A message that lies whole in one chunk is handed out from there; only what straddles chunks is copied. It trusts its peer: a message that is
/// cut off takes the next one with it.
pub(super) struct Lines {
    /// The beginning of a message whose end has not come yet.
    partial: Vec<u8>,
    /// Finds [`END`]; `None` if a message is one line.
    pretty: Option<memmem::Finder<'static>>,
}

/// The end of a pretty-printed message.
const END: &[u8] = b"\n}\r\n";

impl Lines {
    pub(super) fn new(corpus: &Corpus) -> Self {
        let pretty = corpus.pretty.then(|| memmem::Finder::new(END));
        Self { partial: Vec::with_capacity(corpus.longest), pretty }
    }

    /// For compact messages of so many bytes.
    pub(super) fn of_lines(longest: usize) -> Self {
        Self { partial: Vec::with_capacity(longest), pretty: None }
    }

    /// Calls `message` with each message that `chunk` completes, line end included.
    #[inline]
    pub(super) fn feed(&mut self, chunk: &[u8], mut message: impl FnMut(&[u8])) {
        let mut rest = chunk;
        if !self.partial.is_empty() {
            let Some(end) = self.straddling(rest).or_else(|| self.end(rest)) else {
                return self.partial.extend_from_slice(rest);
            };
            let (last, tail) = rest.split_at(end);
            self.partial.extend_from_slice(last);
            message(&self.partial);
            self.partial.clear();
            rest = tail;
        }
        while let Some(end) = self.end(rest) {
            let (whole, tail) = rest.split_at(end);
            message(whole);
            rest = tail;
        }
        self.partial.extend_from_slice(rest);
    }

    /// Bytes up to and with the first end of a message.
    #[inline]
    fn end(&self, bytes: &[u8]) -> Option<usize> {
        match &self.pretty {
            None => memchr(b'\n', bytes).map(|at| at + 1),
            Some(finder) => finder.find(bytes).map(|at| at + END.len()),
        }
    }

    /// Bytes of `chunk` up to the end of a message that began to end in the chunk before.
    fn straddling(&self, chunk: &[u8]) -> Option<usize> {
        self.pretty.as_ref()?;
        let last = &self.partial[self.partial.len().saturating_sub(END.len() - 1)..];
        (1..END.len()).find(|&n| chunk.starts_with(&END[END.len() - n..]) && last.ends_with(&END[..END.len() - n]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Corpus;

    #[test]
    fn messages_come_out_whole_wherever_the_stream_is_cut() {
        let pretty = Corpus::pretty();
        for chunk in [1, 2, 7, 64, 1460, 65_536] {
            let (mut lines, mut joined, mut count) = (Lines::new(&pretty), vec![], 0);
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
