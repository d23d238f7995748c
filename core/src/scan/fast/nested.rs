//! The values inside a message's own: nothing is recorded of them.

use super::*;
use crate::scan::MAX_DEPTH;

impl Scanner {
    /// Inside a value whose level is `floor`, at `from`, between two tokens or not: as far as the shapes go, and not beyond the
    /// value's end. Returns where it stopped.
    #[inline(never)]
    pub(in crate::scan) fn nested_to(&mut self, text: &[u8], from: usize, floor: u8) -> usize {
        let between = self.state.is_between() && self.state != State::COLON;
        // A bracket at the start of a line may be the next message's: not for here.
        if !between || text.get(from.wrapping_sub(1)) == Some(&b'\n') {
            return from;
        }
        self.nested(text, from, floor)
    }

    /// Inside a value whose level is `floor`: as far as the shapes go. Stops after the bracket that closes the value.
    #[inline(always)]
    pub(super) fn nested(&mut self, text: &[u8], from: usize, floor: u8) -> usize {
        let mut at = from;
        let mut objects = self.objects;
        let mut depth = self.depth;
        let mut state = self.state;
        'leave: {
            // To where a member or an element begins.
            if state == State::VALUE && objects & 1 == 1 {
                let length = window(text, at).map_or(0, |window| scalar(text, at, window));
                if length == 0 {
                    break 'leave;
                }
                at = at.wrapping_add(length);
                state = State::AFTER;
            }
            if state == State::AFTER {
                if text.get(at) != Some(&b',') {
                    break 'leave;
                }
                at = at.wrapping_add(1);
                state = if objects & 1 == 1 { State::NAME } else { State::VALUE };
            }
            at = gap(text, at);
            'item: loop {
                // At a name, or at an array's element: `state` says that it may stand there, and whether the bracket may close.
                let Some(mut window) = window(text, at) else { break 'leave };
                let mut value = 0;
                if objects & 1 == 1 {
                    let [b'"', ref rest @ ..] = *window else { break 'leave };
                    let Some(block) = rest.first_chunk() else { break 'leave };
                    let length = special(block);
                    if bytes::<3>(window, length.wrapping_add(1)) == NAME_END {
                        value = length.wrapping_add(4);
                        at = at.wrapping_add(value);
                    } else {
                        let length = long_name(text, at, length);
                        if length == 0 {
                            break 'leave;
                        }
                        at = at.wrapping_add(length);
                        state = State::VALUE;
                        let Some(next) = super::window(text, at) else { break 'leave };
                        window = next;
                    }
                    state = State::VALUE;
                }
                let Some(&first) = window.get(value) else { break 'leave };
                let length = match first {
                    b'"' => {
                        let inner = value.wrapping_add(1);
                        let Some(block) = window.get(inner..).and_then(|rest| rest.first_chunk()) else { break 'leave };
                        let run = special(block);
                        let end = bytes::<4>(window, inner.wrapping_add(run));
                        if end == NEXT_NAME {
                            at = at.wrapping_add(run).wrapping_add(4);
                            state = if objects & 1 == 1 { State::NAME } else { State::VALUE };
                            continue 'item;
                        }
                        // The next object of an array is on the level of this one.
                        if end == NEXT_OBJECT && objects & 3 == 1 && depth > floor.wrapping_add(1) {
                            let next = at.wrapping_add(run).wrapping_add(5);
                            if word::<2>(text, next) == Some(const { key(b"{\"") }) {
                                at = next.wrapping_add(1);
                                state = State::FIRST;
                                continue 'item;
                            }
                        }
                        if run < 16 && end as u8 == b'"' { run.wrapping_add(2) } else { long_string(text, at, run) }
                    }
                    b'{' | b'[' => {
                        let next = gap(text, at.wrapping_add(1));
                        let object = first == b'{';
                        if depth == MAX_DEPTH {
                            break 'leave;
                        }
                        // `{` and `}` are as far from each other as `[` and `]`.
                        if text.get(next) == Some(&first.wrapping_add(2)) {
                            next.wrapping_add(1).wrapping_sub(at)
                        } else {
                            at = next;
                            depth = depth.wrapping_add(1);
                            objects = objects << 1 | u64::from(object);
                            state = if object { State::FIRST } else { State::ELEMENT };
                            continue 'item;
                        }
                    }
                    _ => {
                        let Some(rest) = window.get(value..).and_then(|rest| rest.first_chunk()) else { break 'leave };
                        short_scalar(rest, first)
                    }
                };
                if length == 0 {
                    break 'leave;
                }
                at = at.wrapping_add(length);
                state = State::AFTER;
                loop {
                    let object = objects & 1 == 1;
                    let Some(next) = word::<4>(text, at) else { break 'leave };
                    if next as u8 == b',' {
                        at = gap(text, at.wrapping_add(1));
                        state = if object { State::NAME } else { State::VALUE };
                        continue 'item;
                    }
                    match next as u8 {
                        byte @ (b'}' | b']') if (byte == b'}') == object => {
                            at = at.wrapping_add(1);
                            objects >>= 1;
                            depth = depth.wrapping_sub(1);
                            if depth == floor {
                                break 'leave;
                            }
                        }
                        b'\r' => {
                            let next = indentation(text, at);
                            if next == at {
                                break 'leave;
                            }
                            at = next;
                        }
                        _ => break 'leave,
                    }
                }
            }
        }
        self.objects = objects;
        self.depth = depth;
        self.state = state;
        at
    }
}
