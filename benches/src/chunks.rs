//! A stream of bytes that arrives in pieces, as a socket would hand it out.

use std::io::{self, Read};

/// The rest of a stream, delivered at most `size` bytes at a time.
///
/// ```
/// use qmp_benches::Chunks;
///
/// let mut chunks = Chunks::new(b"abcde", 2);
/// assert_eq!(chunks.next(), Some(&b"ab"[..]));
/// let mut window = [0; 1];
/// assert_eq!(chunks.fill(&mut window), 1);
/// assert_eq!(chunks.next(), Some(&b"de"[..]));
/// assert_eq!(chunks.next(), None);
/// ```
#[derive(Debug, Clone)]
pub struct Chunks<'a> {
    rest: &'a [u8],
    size: usize,
}

impl<'a> Chunks<'a> {
    /// `stream` in pieces of `size` bytes, which must not be zero.
    pub fn new(stream: &'a [u8], size: usize) -> Self {
        assert_ne!(size, 0, "a chunk of no bytes would mean end of stream");
        Self { rest: stream, size }
    }

    /// Copies the next piece into `window`, as `read(2)` would: as much as there is, as much as fits. 0 means end of stream.
    pub fn fill(&mut self, window: &mut [u8]) -> usize {
        let n = self.size.min(self.rest.len()).min(window.len());
        let (piece, rest) = self.rest.split_at(n);
        window[..n].copy_from_slice(piece);
        self.rest = rest;
        n
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let (piece, rest) = self.rest.split_at(self.size.min(self.rest.len()));
        self.rest = rest;
        Some(piece)
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.fill(buffer))
    }
}
