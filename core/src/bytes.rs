//! Slices of bytes, without the panics that the standard library's ways have for lengths that cannot occur here.

/// Whether a string, as it stands between its quotes, has escapes.
#[expect(clippy::manual_contains, reason = "`contains` is larger, has a panic path, and is slower on short strings")]
pub(crate) fn has_escapes(text: &[u8]) -> bool {
    text.iter().any(|byte| *byte == b'\\')
}

/// Copies as many bytes as both slices have.
pub(crate) fn copy(to: &mut [u8], from: &[u8]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from);
}

/// Moves `length` bytes from `from` down to `to`. Nothing happens where that is not inside the buffer, or not down.
pub(crate) fn move_down(buffer: &mut [u8], from: usize, to: usize, length: usize) {
    let Some(by) = from.checked_sub(to) else { return };
    let Some(whole) = buffer.get_mut(to..from.saturating_add(length)) else { return };
    if by == 0 {
        return;
    }
    // Piece by piece, each as long as the distance: source and target of a piece do not overlap.
    let mut rest = whole;
    while let Some((target, source)) = rest.split_at_mut_checked(by) {
        copy(target, source);
        rest = source;
    }
}
