//! The filter: what of an arriving message stays in the buffer.
//!
//! In: a message in the buffer as far as it has arrived, the scanner that reads it, and a selection. Out: the same message with
//! only the selected parts, in the same place. The scanner goes over every byte and decides where each token ends; the filter
//! looks at the levels on the way to something selected, token by token, and lets the scanner take everything else, kept or
//! dropped, value by value. It writes only what it has read, in the same order, a `,` or bracket at most where one was read: so
//! what it writes never overtakes what it reads.

use super::part::{Counts, Note};
use super::path::{Ask, Selection};
use super::piece::Piece;
use super::watch::Watch;
use crate::bytes::move_down;
use crate::scan::{Member, Place, Progress, Scanner, find};

/// Levels between the message's own and the innermost that a path can lead through.
const LEVELS: usize = super::path::STEPS - 1;

/// What is to be done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Drop,
    Keep,
    /// These paths lead into it.
    Enter(u8),
}

/// One open object or array on the way to something selected.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// The paths that lead here, one bit each.
    paths: u8,
    /// Whether something is in it that is kept.
    filled: bool,
    /// Whether a comma was written after that.
    comma: bool,
    /// Whether something was found in it that a path ends at.
    found: bool,
    /// The current element's number. Before the first it is the last number there is.
    index: u32,
    /// Where the current member or element starts, if it is kept.
    item: u32,
}

impl Level {
    const fn new(paths: u8) -> Self {
        Self { paths, filled: false, comma: false, found: false, index: u32::MAX, item: 0 }
    }
}

/// What of an arriving message stays. Positions are bytes from the message's start.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// The array whose elements are delivered one by one: the number of its level.
    pub(super) array: u8,
    /// Whether the string that the path ends at is delivered piece by piece.
    pub(super) pieces: bool,
    /// Whether [`Note::Begin`] was, and neither an end nor that it is abandoned.
    pub(super) begun: bool,
    /// Whether an element was handed out: it has to go.
    handed: bool,
    /// Whether the element that is being dropped was wanted.
    pub(super) lost: bool,
    /// Whether an element that was wanted is missing in the message.
    pub(super) incomplete: bool,
    /// Whether the path ends at the value that comes next.
    target: bool,
    pub(super) piece: Piece,
    pub(super) watch: Option<Watch>,
    /// What is to be told.
    pub(super) note: Option<Note>,
    pub(super) counts: Counts,
    /// The innermost level; the message's own is number 0.
    level: Level,
    pub(super) number: u8,
    outer: [Level; LEVELS],
    /// What is to be done with the value that comes next, or is being read.
    pub(super) fate: Fate,
    /// Whether a value is being read as a whole; its level in the scanner's count.
    pub(super) value: Option<u8>,
    /// Where the member's name that is being read starts.
    name: u32,
    /// Where the last value of the message itself lies.
    start: u32,
    end: u32,
    /// What is kept ends here.
    pub(super) out: u32,
}

/// No level.
const NONE: u8 = u8::MAX;

impl Filter {
    pub(super) const fn new() -> Self {
        Self {
            array: NONE,
            pieces: false,
            begun: false,
            handed: false,
            lost: false,
            incomplete: false,
            target: false,
            piece: Piece::No,
            watch: None,
            note: None,
            counts: Counts { delivered: 0, dropped: 0, oversized: 0 },
            level: Level::new(0),
            number: 0,
            outer: [Level::new(0); LEVELS],
            fate: Fate::Keep,
            value: None,
            name: 0,
            start: 0,
            end: 0,
            out: 0,
        }
    }

    /// A message's brace was read.
    pub(super) fn begin(&mut self, paths: u8) {
        self.level = Level::new(paths);
        self.number = 0;
        self.value = None;
        self.out = 1;
        (self.handed, self.lost, self.incomplete) = (false, false, false);
        (self.piece, self.watch, self.note) = (Piece::No, None, None);
        self.counts = Counts::default();
    }

    /// Where what is kept ends.
    pub(super) fn out(&self) -> usize {
        self.out as usize
    }

    /// Reads on at `from` in `text`, the message and what follows it in the buffer, of which `length` bytes are data. Returns
    /// where it stopped, why, and what is to be told before it goes on.
    pub(super) fn run(
        &mut self,
        selection: &Selection<'_>,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        from: usize,
    ) -> (usize, Progress, Option<Note>) {
        let mut at = from;
        if core::mem::take(&mut self.handed) {
            self.out = self.level.item;
        }
        self.resume_piece(text);
        loop {
            let Some(&byte) = text.get(..length).and_then(|data| data.get(at)) else {
                return (at, Progress::More, None);
            };
            let (stop, progress) = match (self.watch.take(), self.value) {
                (Some(watch), _) => self.watch(watch, selection, scanner, text, length, at),
                (None, Some(floor)) => self.take(scanner, text, length, at, floor),
                (None, None) => self.token(selection, scanner, text, length, at, byte),
            };
            at = stop;
            if progress != Progress::More || self.note.is_some() {
                return (at, progress, self.note.take());
            }
        }
    }

    /// All bytes up to `at` are read: what is not kept is forgotten, and what is not decided is moved to what is. Returns where
    /// that ends.
    pub(super) fn settle(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize) -> usize {
        let named = self.value.is_none() && self.watch.is_none() && scanner.in_string();
        // The scanner wants to know whether a bracket follows a line feed.
        let line_feed = || at.checked_sub(1).filter(|last| text.get(*last) == Some(&b'\n')).unwrap_or(at);
        let from = match &self.watch {
            Some(watch) if !watch.lost => watch.from as usize,
            Some(watch) if watch.is_inside(scanner) => watch.token as usize,
            None if named => self.name as usize,
            _ => line_feed().max(self.out()),
        };
        let rest = at.saturating_sub(from);
        move_down(text, from, self.out(), rest);
        if named {
            self.name = self.out;
            if self.number == 0 {
                scanner.set_mark(self.out);
            }
        }
        if let Some(watch) = &mut self.watch {
            let by = (from as u32).saturating_sub(self.out);
            watch.from = watch.from.saturating_sub(by);
            watch.token = watch.token.saturating_sub(by);
        }
        self.out().saturating_add(rest)
    }

    /// The buffer is full: whether an element was given up, so that there is room again, and what else is to be told for that.
    pub(super) fn shed(&mut self, text: &mut [u8]) -> (bool, Option<Note>) {
        if matches!(self.piece, Piece::Reading { .. }) {
            self.hand_out(text, false);
            return (false, self.note.take());
        }
        if let Some(watch) = &mut self.watch
            && !watch.lost
        {
            watch.lost = true;
            return (true, None);
        }
        let inside = self.is_inside_element() || self.number == self.array && self.value.is_some();
        if !inside || self.lost {
            return (false, None);
        }
        self.give_up();
        (true, None)
    }

    /// Whether a part of an element that is delivered by itself is being read.
    pub(super) fn is_inside_element(&self) -> bool {
        self.array != NONE && self.number > self.array
    }

    /// The element that is to be delivered does not fit: the rest of it is dropped.
    pub(super) fn give_up(&mut self) {
        self.watch = None;
        if let Some(level) = self.outer.get(self.array as usize)
            && self.number != self.array
        {
            self.level = *level;
            self.number = self.array;
        }
        self.value = Some(self.array.wrapping_add(1));
        self.fate = Fate::Drop;
        self.lost = true;
        self.out = self.level.item;
    }

    /// Reads on in a value that is kept or dropped as a whole.
    fn take(
        &mut self,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        at: usize,
        floor: u8,
    ) -> (usize, Progress) {
        let (stop, progress, over) = scanner.value(text, length, at, floor);
        if self.fate != Fate::Drop {
            self.keep(text, at, stop);
        }
        if self.number == 0 {
            scanner.set_mark(self.start);
        }
        if over {
            self.value = None;
            if matches!(self.piece, Piece::Reading { .. }) {
                // The quote is put back where the string ends then.
                self.out = self.out.saturating_sub(1);
                self.level.found = true;
                self.hand_out(text, true);
                if self.note.is_none() {
                    self.resume_piece(text);
                }
                return (stop, progress);
            }
            let kept = self.fate != Fate::Drop;
            self.level.found |= kept;
            self.item(kept);
        }
        (stop, progress)
    }

    /// Reads one token, or a part of it, on a level on the way to something selected.
    fn token(
        &mut self,
        selection: &Selection<'_>,
        scanner: &mut Scanner,
        text: &mut [u8],
        length: usize,
        at: usize,
        byte: u8,
    ) -> (usize, Progress) {
        let place = scanner.place(byte);
        let white = place != Place::Inside && matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        #[cfg(target_pointer_width = "64")]
        if place == Place::Name && byte == b'"' && self.number != 0 {
            let end = scanner.nested_name(text, at);
            if end != at {
                self.name = at as u32;
                // Without the colon and the space.
                self.named(selection, scanner, text, end.saturating_sub(2));
                if self.fate != Fate::Drop {
                    self.put(text, b':');
                }
                return (end, Progress::More);
            }
        }
        let data = text.get(..length).unwrap_or_default();
        let spaced = !white && matches!(byte, b',' | b':') && data.get(at.wrapping_add(1)) == Some(&b' ');
        let end = match place {
            Place::Name if byte == b'"' => {
                self.name = at as u32;
                find(data, at.wrapping_add(1), 0, b'"')
            }
            Place::Inside => find(data, at, 0, b'"'),
            Place::Value | Place::Element if !white && byte != b']' => {
                return self.begin_value(selection, scanner, text, at, byte);
            }
            _ => at.wrapping_add(1).saturating_add(usize::from(spaced)),
        };
        let (stop, progress) = scanner.scan_bytes(data.get(..end).unwrap_or(data), at);
        match place {
            _ if !matches!(progress, Progress::More | Progress::Done) || white => {}
            Place::Colon if self.fate != Fate::Drop => self.put(text, byte),
            Place::Name | Place::Inside if scanner.is_colon() => self.named(selection, scanner, text, stop),
            Place::After if byte == b',' && self.level.filled && !self.level.comma => {
                self.put(text, byte);
                self.level.comma = true;
            }
            Place::Name | Place::Element | Place::After if matches!(byte, b'}' | b']') => {
                self.close(scanner, text, byte)
            }
            _ => {}
        }
        if place == Place::After && self.number == 0 {
            scanner.set_span(self.start, self.end);
        }
        (stop, progress)
    }

    /// A member's name was read, up to `end`: is the member wanted?
    fn named(&mut self, selection: &Selection<'_>, scanner: &Scanner, text: &mut [u8], end: usize) {
        let from = self.name as usize;
        let inner = from.saturating_add(1)..end.saturating_sub(1);
        let name = text.get(inner).unwrap_or_default();
        let (paths, ends) = selection.fitting(self.level.paths, self.number, Ask::Member(name));
        self.fate = match (self.number, scanner.member()) {
            (0, Member::Data | Member::Return | Member::Arguments) if paths == 0 => Fate::Keep,
            (0, Member::Data | Member::Return | Member::Arguments | Member::Other) | (1.., _) => Fate::of(paths, ends),
            (0, _) => Fate::Keep,
        };
        self.level.item = self.out;
        self.target = ends;
        if self.fate != Fate::Drop {
            self.keep(text, from, end);
        }
    }

    /// A value begins at `at` with `byte`.
    fn begin_value(
        &mut self,
        selection: &Selection<'_>,
        scanner: &mut Scanner,
        text: &mut [u8],
        at: usize,
        byte: u8,
    ) -> (usize, Progress) {
        if !scanner.in_object() {
            let index = self.level.index.wrapping_add(1);
            let (paths, ends) = selection.fitting(self.level.paths, self.number, Ask::Element(index));
            self.level.index = index;
            self.level.item = self.out;
            self.fate = Fate::of(paths, ends);
            if !ends {
                let (open, _) = selection.fitting(self.level.paths, self.number, Ask::Condition);
                if open != 0 {
                    self.watch = Some(Watch::new(at, paths, open));
                    return (at, Progress::More);
                }
            }
        }
        self.enter(scanner, text, at, byte)
    }

    /// A value whose fate is known begins at `at` with `byte`.
    pub(super) fn enter(&mut self, scanner: &mut Scanner, text: &mut [u8], at: usize, byte: u8) -> (usize, Progress) {
        if self.number == 0 {
            self.start = self.out;
        }
        if let Fate::Enter(paths) = self.fate {
            if matches!(byte, b'{' | b'[')
                && let Some(place) = self.outer.get_mut(self.number as usize)
            {
                let next = at.wrapping_add(1);
                let (stop, progress) = scanner.scan_bytes(text.get(..next).unwrap_or_default(), at);
                if progress == Progress::More {
                    *place = self.level;
                    self.level = Level::new(paths);
                    self.number = self.number.wrapping_add(1);
                    self.put(text, byte);
                    scanner.set_mark(self.start);
                    if self.number == self.array && byte == b'[' {
                        self.begin_delivery();
                    }
                }
                return (stop, progress);
            }
            // Nothing to go into.
            self.fate = if self.number == 0 { Fate::Keep } else { Fate::Drop };
            if self.number != 0 {
                self.out = self.level.item;
            }
        }
        self.value = Some(scanner.depth());
        if self.pieces && self.target && byte == b'"' && scanner.in_object() {
            let next = at.wrapping_add(1);
            let (stop, progress) = scanner.scan_bytes(text.get(..next).unwrap_or_default(), at);
            self.put(text, byte);
            self.piece = Piece::Reading { start: self.out };
            self.begin_delivery();
            return (stop, progress);
        }
        (at, Progress::More)
    }

    /// The array or the string that is delivered in parts begins.
    fn begin_delivery(&mut self) {
        if !self.begun {
            self.begun = true;
            self.note = Some(Note::Begin);
        }
    }

    /// The bracket `byte` closed the innermost level.
    fn close(&mut self, scanner: &Scanner, text: &mut [u8], byte: u8) {
        if self.level.comma {
            self.out = self.out.saturating_sub(1);
        }
        self.put(text, byte);
        let Some(outer) = self.number.checked_sub(1) else { return };
        let found = self.level.found;
        self.number = outer;
        self.level = self.outer.get(outer as usize).copied().unwrap_or(Level::new(0));
        self.level.found |= found;
        self.item(found || scanner.in_object());
    }

    /// A member or element is over.
    pub(super) fn item(&mut self, kept: bool) {
        let lost = core::mem::take(&mut self.lost);
        self.incomplete |= lost;
        if self.number == self.array {
            let (index, start, end) = (self.level.index, self.level.item, self.out);
            let count = match (kept, lost) {
                (true, _) => &mut self.counts.delivered,
                (false, true) => &mut self.counts.oversized,
                (false, false) => &mut self.counts.dropped,
            };
            *count = count.saturating_add(1);
            self.incomplete = false;
            if kept {
                self.handed = true;
                self.note = Some(Note::Element { index, start, end });
            } else {
                self.out = start;
                self.note = lost.then_some(Note::Oversized { index });
            }
        } else if kept {
            self.level.filled = true;
            self.level.comma = false;
        } else {
            self.out = self.level.item;
        }
        if self.number == 0 {
            self.end = self.out;
        }
    }

    /// The bytes from `from` up to `end` are kept.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn keep(&mut self, text: &mut [u8], from: usize, end: usize) {
        let length = end.saturating_sub(from);
        move_down(text, from, self.out(), length);
        self.out = self.out.saturating_add(length as u32);
    }

    /// One byte more is kept.
    pub(super) fn put(&mut self, text: &mut [u8], byte: u8) {
        if let Some(place) = text.get_mut(self.out()) {
            *place = byte;
        }
        self.out = self.out.saturating_add(1);
    }
}

impl Fate {
    /// Of what these paths lead to, and one may end at.
    pub(super) fn of(paths: u8, ends: bool) -> Self {
        match paths {
            _ if ends => Self::Keep,
            0 => Self::Drop,
            _ => Self::Enter(paths),
        }
    }
}
