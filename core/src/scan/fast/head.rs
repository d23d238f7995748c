//! The start of a message as QEMU writes nearly all of them, on one line or indented: an event's time stamp and name, a
//! return that is empty, and the name of any other return.

use super::{Member, Scanner, Span, State, are_digits, chunk, digits, gap, special};

/// Bytes that are looked at: up to the end of an event's name of 31 characters, indented.
const WINDOW: usize = 144;

type Window = [u8; WINDOW];

/// What stands between the parts of a head that differ.
struct Layout {
    seconds: &'static [u8],
    microseconds: &'static [u8],
    event: &'static [u8],
    empty: &'static [u8],
    value: &'static [u8],
}

const LINE: Layout = Layout {
    seconds: b"\"timestamp\": {\"seconds\": ",
    microseconds: b", \"microseconds\": ",
    event: b"}, \"event\": \"",
    empty: b"\"return\": {}, \"id\": ",
    value: b"\"return\": ",
};

const INDENTED: Layout = Layout {
    seconds: b"\r\n    \"timestamp\": {\r\n        \"seconds\": ",
    microseconds: b",\r\n        \"microseconds\": ",
    event: b"\r\n    },\r\n    \"event\": \"",
    empty: b"\r\n    \"return\": {\r\n    },\r\n    \"id\": ",
    value: b"\r\n    \"return\": ",
};

/// Where in `text` the first `byte` stands.
const fn place(text: &[u8], byte: u8) -> usize {
    let (mut rest, mut place) = (text, 0usize);
    while let [first, others @ ..] = rest
        && *first != byte
    {
        (rest, place) = (others, place.wrapping_add(1));
    }
    place
}

impl Scanner {
    /// Takes the start of a message, its brace before `at`. Returns where that ends, and what comes next there.
    #[inline(always)]
    pub(super) fn head(&mut self, text: &[u8], at: usize) -> (usize, State) {
        let head = chunk(text, at).and_then(|window: &Window| match window[0] {
            b'"' => self.head_as(window, at, const { &LINE }),
            b'\r' => self.head_as(window, at, const { &INDENTED }),
            _ => None,
        });
        head.unwrap_or_else(|| (gap(text, at), State::FIRST))
    }

    /// As [`head`](Self::head), in one layout.
    #[inline(always)]
    fn head_as(&mut self, window: &Window, at: usize, layout: &'static Layout) -> Option<(usize, State)> {
        if is(window, 0, layout.seconds) {
            return self.event(window, at, layout);
        }
        let value = at.wrapping_add(layout.value.len());
        if is(window, 0, layout.empty) {
            let end = at.wrapping_add(place(layout.empty, b'}')).wrapping_add(1);
            self.seen = Member::Return.bit() | Member::Id.bit();
            self.member = Member::Id;
            let [kind, id, ..] = &mut self.spans;
            *kind = Span { start: value as u32, end: end as u32 };
            *id = Span::NONE;
            return Some((at.wrapping_add(layout.empty.len()), State::VALUE));
        }
        if !is(window, 0, layout.value) {
            return None;
        }
        self.enter(Member::Return);
        Some((value, State::VALUE))
    }

    /// An event's time stamp, from this century on, and its name.
    #[inline(always)]
    fn event(&mut self, window: &Window, at: usize, layout: &'static Layout) -> Option<(usize, State)> {
        let Layout { seconds, microseconds, event, .. } = layout;
        let first = seconds.len();
        let block = |at: usize| window.get(at..).and_then(|rest| rest.first_chunk());
        let (one, other) = (block(first)?, block(first.wrapping_add(2))?);
        if !are_digits(one, other)
            || window.get(first) == Some(&b'0')
            || !is(window, first.wrapping_add(10), microseconds)
        {
            return None;
        }
        let second = first.wrapping_add(10).wrapping_add(microseconds.len());
        let length = digits(window, second);
        if length == 0 || window.get(second) == Some(&b'0') && length != 1 {
            return None;
        }
        let stamp = second.wrapping_add(length);
        if !is(window, stamp, event) {
            return None;
        }
        let name = stamp.wrapping_add(event.len());
        let block = |at: usize| window.get(at..).and_then(|rest| rest.first_chunk());
        let mut run = special(block(name)?);
        if run == 16 {
            run = special(block(name.wrapping_add(16))?).wrapping_add(16);
        }
        let quote = name.wrapping_add(run);
        if window.get(quote) != Some(&b'"') {
            return None;
        }
        let close = at.wrapping_add(quote).wrapping_add(1);
        self.seen = Member::Timestamp.bit() | Member::Event.bit();
        self.member = Member::Event;
        let [kind, _, timestamp, ..] = &mut self.spans;
        let start = at.wrapping_add(place(seconds, b'{'));
        let end = at.wrapping_add(stamp).wrapping_add(place(event, b'}')).wrapping_add(1);
        *timestamp = Span { start: start as u32, end: end as u32 };
        *kind = Span { start: at.wrapping_add(name).wrapping_sub(1) as u32, end: close as u32 };
        Some((close, State::AFTER))
    }
}

/// Whether `what` stands there.
#[inline(always)]
fn is(window: &Window, at: usize, what: &[u8]) -> bool {
    window.get(at..).and_then(|rest| rest.get(..what.len())) == Some(what)
}
