//! The accelerator for hosts: the commonest shapes of QEMU's output in larger steps.
//!
//! It is entered between two tokens and left between two tokens, or in a string that the end of the data cuts, with the scanner's
//! state as the byte machine would have it there. It takes a token only when it has seen all of it and what follows it; on anything else, from an escape to the end of
//! the data, it leaves, and the byte machine looks at that token from its first byte. So it accepts nothing that the machine
//! would not. A zero byte follows the data (`Link::scan` sees to that): no token can run over it.

mod cut;
mod head;
mod nested;
mod shapes;
mod steps;

pub(crate) use shapes::plain_end;
pub(crate) use steps::{Shape, hash};

use super::block::{Runs, special};
use super::{Member, Scanner, Span, State};
use shapes::*;

impl Scanner {
    /// Begins a message with the brace that `text` starts with, and reads on as far as the shapes go. Returns where it stopped,
    /// and whether the message is complete there.
    #[inline(always)]
    pub(crate) fn whole(&mut self, text: &[u8]) -> (usize, bool) {
        self.begin();
        let (at, state) = self.head(text, 1);
        self.state = state;
        // The shortest messages end here.
        if state == State::VALUE && self.member == Member::Id {
            if let Some(end) = self.last_id(text, at) {
                return (end, true);
            }
        } else if state == State::AFTER && text.get(at) == Some(&b'}') {
            return (at.wrapping_add(1), true);
        }
        self.fast(text, at)
    }

    /// Reads on at `from`, between two tokens, as far as the shapes go. Returns where it stopped, and whether the message is
    /// complete there.
    #[inline(never)]
    pub(crate) fn fast(&mut self, text: &[u8], from: usize) -> (usize, bool) {
        // A bracket at the start of a line may be the next message's: not for here.
        let line_start = || text.get(from.wrapping_sub(1)) == Some(&b'\n');
        let mut at = from;
        let mut state = self.state;
        if self.depth != 1 {
            if line_start() {
                return (from, false);
            }
            at = self.nested::<false>(text, at, 1, 0);
            if self.depth != 1 {
                return (at, false);
            }
            self.record(at);
            state = State::AFTER;
        } else if state == State::FIRST {
            at = gap(text, at);
        } else if state == State::VALUE && line_start() {
            return (from, false);
        }
        let done = 'leave: {
            // Takes a name and what follows it up to the value, or leaves before it.
            macro_rules! name {
                () => {
                    match self.top_name(text, at) {
                        0 => break 'leave false,
                        length => at = at.wrapping_add(length),
                    }
                };
            }
            // After a value: the end, or what comes before the next one.
            macro_rules! after {
                () => {
                    state = State::AFTER;
                    let Some(next) = word::<8>(text, at) else { break 'leave false };
                    if next == const { key(b", \"id\": ") } && self.enter_first(Member::Id) {
                        at = at.wrapping_add(8);
                        if let Some(end) = self.last_id(text, at) {
                            at = end;
                            break 'leave true;
                        }
                    } else if next as u8 == b'}' {
                        at = at.wrapping_add(1);
                        break 'leave true;
                    } else if next & 0xff_ffff == const { key(b"\r\n}") } {
                        // The message's own brace stands at the start of its line.
                        at = at.wrapping_add(3);
                        break 'leave true;
                    } else if next as u8 == b',' {
                        state = State::NAME;
                        at = gap(text, at.wrapping_add(1));
                        name!();
                    } else {
                        break 'leave false;
                    }
                };
            }
            match state {
                State::VALUE => {}
                State::AFTER => {
                    after!();
                }
                State::FIRST | State::NAME => name!(),
                _ => break 'leave false,
            }
            loop {
                state = State::VALUE;
                self.mark = at as u32;
                let Some(window) = window(text, at) else { break 'leave false };
                let [first, second, ..] = *window;
                let mut length = match first {
                    b'0'..=b'9' => integer(window),
                    b'{' if second == b'}' => 2,
                    b'{' | b'[' => 0,
                    b'"' => string(text, at, window),
                    _ => literal(window),
                };
                if length == 0 {
                    if first != b'{' && first != b'[' {
                        break 'leave false;
                    }
                    self.state = self.open(first == b'{');
                    let end = self.nested::<false>(text, at.wrapping_add(1), 1, 0);
                    if self.depth != 1 {
                        return (end, false);
                    }
                    length = end.wrapping_sub(at);
                }
                at = at.wrapping_add(length);
                self.record(at);
                after!();
            }
        };
        self.state = state;
        (at, done)
    }

    /// Takes the integer at `at`, the value of the member `id`, and the brace after it. Returns where that ends.
    #[inline(always)]
    fn last_id(&mut self, text: &[u8], at: usize) -> Option<usize> {
        let window = window(text, at)?;
        let length = integer(window);
        if length == 0 || window.get(length) != Some(&b'}') {
            return None;
        }
        let end = at.wrapping_add(length);
        let [_, id, ..] = &mut self.spans;
        *id = Span { start: at as u32, end: end as u32 };
        Some(end.wrapping_add(1))
    }

    /// As [`enter`](Self::enter) for a member that is not there yet; whether it was not. A second one is for the byte machine.
    #[inline(always)]
    fn enter_first(&mut self, member: Member) -> bool {
        if self.seen & member.bit() != 0 {
            return false;
        }
        self.enter(member);
        true
    }

    /// Takes the top-level name at `at`, its colon and the space after it. The length of all that, or 0.
    #[inline(always)]
    fn top_name(&mut self, text: &[u8], at: usize) -> usize {
        let Some(window) = window(text, at) else { return 0 };
        let found = u64::from(bytes::<4>(window, 0)) | u64::from(bytes::<4>(window, 4)) << 32;
        let (member, length) = if found == const { key(b"\"data\": ") } {
            (Member::Data, 8)
        } else if found & 0xffff_ffff_ffff == const { key(b"\"id\": ") } {
            (Member::Id, 6)
        } else if found == const { key(b"\"error\":") } && window[8] == b' ' {
            (Member::Error, 9)
        } else if found == const { key(b"\"event\":") } && window[8] == b' ' {
            (Member::Event, 9)
        } else if found == const { key(b"\"return\"") } && bytes::<2>(window, 8) == const { key(b": ") as u32 } {
            (Member::Return, 10)
        } else if found == const { key(b"\"timesta") } && window[8..13] == *b"mp\": " {
            (Member::Timestamp, 13)
        } else {
            let length = name(text, at, window);
            let name = window.get(1..length.wrapping_sub(3)).unwrap_or_default();
            (Member::named(name), length)
        };
        if length != 0 && (member == Member::Other || self.seen & member.bit() == 0) {
            self.enter(member);
            return length;
        }
        0
    }
}
