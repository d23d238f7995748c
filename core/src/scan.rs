//! Stage 1, `scan`: one JSON object, byte by byte.
//!
//! In: the bytes of one message from its `{` on, as far as they have arrived. Out: whether it is complete, needs more, or
//! is not JSON; and, once complete, where its top-level members lie. The grammar is RFC 8259 in UTF-8 and lives in [`machine`] and
//! nowhere else: a state machine over single bytes that can stop after any of them and go on later. On hosts
//! [`fast`] runs in front of it and takes the commonest shapes in larger steps; whatever it does not know it leaves to the
//! machine, so it can be faster but never more permissive.

#[cfg(target_pointer_width = "64")]
mod block;
#[cfg(target_pointer_width = "64")]
mod fast;
mod machine;
mod member;
mod place;
mod state;

pub(crate) use member::{Member, Span};

use crate::error::Fault;
use member::SLOTS;
use state::State;

/// Levels. A message nested deeper is [`Fault::TooDeep`]; the message's own braces are level 1. The deepest reply seen from
/// QEMU 7.2 (`query-pci`) has 7.
pub const MAX_DEPTH: u8 = 64;

/// Bytes of data that must be there for the accelerator to be worth a call.
#[cfg(target_pointer_width = "64")]
pub(crate) const LEAST: u32 = 16;

/// There is no accelerator.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) const LEAST: u32 = u32::MAX;

#[cfg(target_pointer_width = "64")]
pub(crate) use block::special;
#[cfg(target_pointer_width = "64")]
pub(crate) use fast::{Shape, hash, plain_end};

/// How far a string is plain ASCII without escapes for sure, from `at` on: it is to be read on from there. There is no accelerator.
#[cfg(not(target_pointer_width = "64"))]
pub(crate) fn plain_end(_: &[u8], at: usize) -> usize {
    at
}

/// As [`plain_end`], and out of the way of those who have too few bytes for it.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn plain_end_of_many(text: &[u8], at: usize) -> usize {
    #[inline(never)]
    fn outlined(text: &[u8], at: usize) -> usize {
        plain_end(text, at)
    }
    if text.len().wrapping_sub(at) < 16 { at } else { outlined(text, at) }
}

/// How a scan ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// All bytes are used and the object is not closed.
    More,
    /// The object is closed.
    Done,
    /// The byte at the returned position cannot stand there.
    Failed(Fault),
    /// The byte at the returned position is a `{` at the start of a line: the message was cut off, and this is another.
    Cut,
}

/// The machine: everything that is known of one unfinished message, in fixed space.
// The small fields come first, where the short instructions of a Cortex-M reach them; there is no gap.
#[derive(Clone, Debug)]
#[repr(C)]
pub(crate) struct Scanner {
    state: State,
    /// Open brackets; 1 is the message's own.
    depth: u8,
    /// In a string: whether it is a member name.
    name: bool,
    /// The first byte of a UTF-8 sequence, 0 once the second one is known to fit.
    lead: u8,
    /// How many bytes of a sequence are to come.
    left: u8,
    /// The top-level member whose value is being read.
    member: Member,
    /// Whether a `{` at the start of a line does not end an open message.
    uncut: bool,
    /// Bits of the known members seen, and [`TWICE`](Self::TWICE).
    seen: u16,
    /// Where the top-level name or value being read starts; 0 if that is no longer in the buffer.
    mark: u32,
    /// One bit a level, the innermost lowest: 1 object, 0 array.
    objects: u64,
    spans: [Span; SLOTS],
}

impl Scanner {
    /// Among the members seen: a known one came twice.
    const TWICE: u16 = 1 << 15;

    /// A machine before a message; [`begin`](Self::begin) comes next. With `cut`, a `{` at the start of a line begins another message.
    pub(crate) const fn new(cut: bool) -> Self {
        Self {
            state: State::NONE,
            depth: 0,
            name: false,
            lead: 0,
            left: 0,
            member: Member::Return,
            uncut: !cut,
            seen: 0,
            mark: 0,
            objects: 0,
            spans: Span::NO_VALUES,
        }
    }

    /// Forgets the last message. The byte after its `{` comes next.
    #[inline]
    pub(crate) fn begin(&mut self) {
        self.state = State::FIRST;
        self.depth = 1;
        self.objects = 1;
        self.seen = 0;
    }

    /// The known members seen so far, one bit each.
    pub(crate) fn seen(&self) -> u16 {
        self.seen & !Self::TWICE
    }

    /// Where the value lies that is kept in `slot`, `None` where none of `members` was seen; nowhere if it is no longer in the buffer.
    #[inline(always)]
    pub(crate) fn span(&self, members: u16, slot: usize) -> Option<Span> {
        if self.seen & members == 0 { None } else { self.spans.get(slot).copied() }
    }

    /// How many brackets are open.
    pub(crate) fn depth(&self) -> u8 {
        self.depth
    }

    /// Whether the next byte stands inside a string.
    pub(crate) fn in_string(&self) -> bool {
        self.state.in_string()
    }

    /// What is wrong with a closed object that each byte of it could not show.
    pub(crate) fn fault(&self) -> Option<Fault> {
        let kinds = self.seen & Member::KINDS;
        if self.seen & Self::TWICE != 0 {
            Some(Fault::DuplicateMember)
        } else if kinds & kinds.wrapping_sub(1) != 0 {
            Some(Fault::AmbiguousKind)
        } else {
            None
        }
    }

    /// Where the unfinished top-level name or value starts, if one is being read; 0 if not.
    pub(crate) fn open_token(&self) -> u32 {
        if self.depth == 1 && !self.state.is_between() { self.mark } else { 0 }
    }

    /// What lies beyond the first `head` bytes of the message is no longer in the buffer, but for the unfinished token if it stands
    /// right behind them after it has moved `by` bytes towards the start. Of the value that gives the kind the first byte is left, if it
    /// lies in the head.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn rebase(&mut self, head: u32, by: u32) {
        let moved = self.mark.saturating_sub(by);
        // A name or a number of which a part is missing would be another.
        let has_first = self.mark < head && (self.depth > 1 || self.in_string() && !self.name);
        if !has_first {
            self.mark = if moved > head { moved } else { 0 };
        }
        for (slot, span) in self.spans.iter_mut().enumerate().filter(|(_, span)| span.end > head) {
            let has_first = slot == 0 && span.start != 0 && span.start < head;
            *span = if has_first { Span { start: span.start, end: span.start.wrapping_add(1) } } else { Span::NONE };
        }
    }

    /// Reads on at `from` in `text`, which starts with the message's `{` and goes on to the end of the buffer; the first `length`
    /// bytes of it are data, and a zero follows them if anything does. Returns the position it stopped at, and why.
    #[inline]
    pub(crate) fn scan(&mut self, text: &[u8], length: usize, from: usize) -> (usize, Progress) {
        let data = text.get(..length).unwrap_or(text);
        #[cfg(target_pointer_width = "64")]
        {
            let many = |at: usize| data.len().saturating_sub(at) >= LEAST as usize;
            let mut at = from;
            loop {
                // What the accelerator has left is for the machine, one token of it.
                match self.bytes::<true>(data, at) {
                    (stop, Progress::More) if stop < data.len() => at = stop,
                    end => return end,
                }
                if many(at) {
                    let (stop, done) = self.fast(text, at);
                    if done {
                        return (stop, Progress::Done);
                    }
                    if self.begin_cut(text, stop, data.len()) {
                        return (data.len(), Progress::More);
                    }
                    at = stop;
                }
            }
        }
        #[cfg(not(target_pointer_width = "64"))]
        self.scan_bytes(data, from)
    }
}

/// The one JSON value that `text` is, without the white space around it; none, and what is wrong, if it is not one.
// As a `Result` the two would be kept in one place, which takes room to take apart.
#[inline]
pub(crate) fn value(text: &[u8]) -> (Option<&[u8]>, Fault) {
    // Positions have 32 bits.
    if u32::try_from(text.len()).is_err() {
        return (None, Fault::Syntax);
    }
    let mut scanner = Scanner::new(false);
    scanner.begin();
    // Read as the first value of an object that `text` does not contain.
    scanner.state = State::VALUE;
    let (at, mut progress) = scanner.bytes::<false>(text, 0);
    // Another member's name came after it.
    if scanner.seen != 0 || scanner.member != Member::Return {
        progress = Progress::Failed(Fault::Syntax);
    }
    // A number at the end of the text is over because nothing comes after it.
    let end = match scanner.spans.first() {
        Some(span) if scanner.state == State::AFTER => Some(span.end as usize),
        _ if scanner.state.ends_number() => Some(at),
        _ => None,
    };
    let value = match end {
        Some(end) if progress == Progress::More && scanner.depth == 1 => text.get(scanner.mark as usize..end),
        _ => None,
    };
    (value, if let Progress::Failed(fault) = progress { fault } else { Fault::Syntax })
}
