//! Decisions out of a fuzzer's bytes: a changed byte changes one decision.

/// What is left of the bytes. At their end every decision is the first one of its kind.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> usize {
        usize::from(self.take(1).first().copied().unwrap_or(0))
    }

    /// Up to 65535.
    pub(crate) fn number(&mut self) -> usize {
        self.byte() << 8 | self.byte()
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.byte() % from.len()]
    }

    /// So many bytes as they stand, or what is left.
    pub(crate) fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
