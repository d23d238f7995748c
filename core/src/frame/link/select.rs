//! Messages of which only a selection stays in the buffer.

use super::{Link, Mode, Step, capacity};
use crate::bytes::move_down;
use crate::scan::Progress;
use crate::select::{Note, Select};

/// What comes out of a link with a selection.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Found {
    Step(Step),
    /// A part of the open message.
    Part(Note),
}

impl Link {
    /// As [`advance`](Self::advance), with what `select` drops left out of the messages.
    ///
    /// Between two calls an unfinished message stands here as one that does not fit, so that it is never taken for a whole one:
    /// only `select` knows better.
    pub(crate) fn advance_select(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Option<Found> {
        if self.mode == Mode::Idle {
            if !self.skip(buffer) {
                return None;
            }
            if self.dropped != 0 {
                return Some(Found::Step(self.end_with(Step::Noise)));
            }
            self.open();
            select.begin();
        } else if self.mode != Mode::Oversized || !select.is_open(self.taken()) {
            select.stop();
            return self.advance(buffer).map(Found::Step);
        }
        self.mode = Mode::Open;
        select.stop();
        let (progress, note) = self.filter(buffer, select);
        Some(Found::Step(match progress {
            Progress::More => {
                let note = note.or_else(|| self.pause(buffer, select))?;
                self.wait(select);
                return Some(Found::Part(note.moved(self.start)));
            }
            Progress::Done if select.is_incomplete() => {
                self.make_oversized();
                self.complete(buffer)
            }
            Progress::Done if self.scanner.fault().is_none() => {
                // What follows the message moves to where it ends now.
                let out = self.start.saturating_add(select.out() as u32);
                let by = self.at.saturating_sub(out);
                let rest = self.end.saturating_sub(self.at);
                move_down(buffer, self.at as usize, out as usize, rest as usize);
                self.at = out;
                self.end = self.end.saturating_sub(by);
                self.dropped = 0;
                self.mode = Mode::Idle;
                Step::Message
            }
            Progress::Done => self.complete(buffer),
            Progress::Cut => self.end_with(Step::Truncated),
            Progress::Failed(fault) => {
                self.fail(buffer, fault);
                self.advance(buffer)?
            }
        }))
    }

    /// Reads on in the open message.
    fn filter(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> (Progress, Option<Note>) {
        let (start, end) = (self.start as usize, self.end as usize);
        let from = self.at.wrapping_sub(self.start) as usize;
        // As for the scan of a whole message: no token runs over a zero, and the byte is the caller's.
        let beyond = buffer.get_mut(end).map(core::mem::take);
        let text = buffer.get_mut(start..).unwrap_or_default();
        let (stop, progress, note) = select.run(&mut self.scanner, text, end.wrapping_sub(start), from);
        if let (Some(byte), Some(place)) = (beyond, buffer.get_mut(end)) {
            *place = byte;
        }
        self.at = self.start.saturating_add(stop as u32);
        (progress, note)
    }

    /// All committed bytes are read, and the message is open. If that leaves no room for more, something has to be told first, or the
    /// message is too long.
    fn pause(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Option<Note> {
        loop {
            let text = buffer.get_mut(self.start as usize..).unwrap_or_default();
            let read = self.at.saturating_sub(self.start);
            let end = select.settle(&mut self.scanner, text, read as usize) as u32;
            self.dropped = self.dropped.saturating_add(read.saturating_sub(end) as usize);
            self.at = self.start.saturating_add(end);
            self.end = self.at;
            self.slide(buffer, 0);
            if self.end != capacity(buffer) {
                self.wait(select);
                return None;
            }
            match select.shed(buffer) {
                (true, _) => {}
                (false, None) => {
                    self.make_room(buffer);
                    return None;
                }
                (false, note) => return note,
            }
        }
    }

    /// The message goes on.
    fn wait(&mut self, select: &mut Select<'_>) {
        self.make_oversized();
        select.pause(self.taken());
    }

    /// The open message is one that does not fit.
    fn make_oversized(&mut self) {
        (self.has_id, self.name, self.first) = (false, 0, 0);
        self.mode = Mode::Oversized;
    }
}
