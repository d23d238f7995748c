//! Messages of which only a selection stays in the buffer.

use super::{Link, Mode, Step, capacity};
use crate::bytes::move_down;
use crate::frame::Source;
use crate::scan::Progress;
use crate::select::{Note, Select};

impl<S: Source> Link<S> {
    /// As [`advance`](Self::advance), with what `select` drops left out of the messages.
    ///
    /// Between two calls an unfinished message stands here as one that does not fit, so that it is never taken for a whole one:
    /// only `select` knows better.
    /// A part of the open message is a step too: `select` has the note of it.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(crate) fn advance_select(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Option<Step> {
        if select.resume(self.mode == Mode::Oversized, self.read()) {
            self.mode = Mode::Open;
        }
        self.steps(buffer, Some(select))
    }

    /// What there is of the open message, and what follows it.
    pub(crate) fn open_text<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        buffer.get(self.start as usize..).unwrap_or_default()
    }

    /// Reads on in the open message.
    pub(super) fn filter(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Progress {
        let (start, end) = (self.start as usize, self.end as usize);
        let from = self.at.wrapping_sub(self.start) as usize;
        // As for the scan of a whole message: no token runs over a zero, and the byte is the caller's.
        #[cfg(target_pointer_width = "64")]
        let beyond = buffer.get_mut(end).map(core::mem::take);
        let text = buffer.get_mut(start..).unwrap_or_default();
        let (stop, progress) = select.run(&mut self.scanner, text, end.wrapping_sub(start), from);
        #[cfg(target_pointer_width = "64")]
        if let (Some(byte), Some(place)) = (beyond, buffer.get_mut(end)) {
            *place = byte;
        }
        self.at = self.start.wrapping_add(stop as u32);
        if progress == Progress::Done {
            if select.is_incomplete() {
                self.make_oversized();
            } else if self.scanner.fault().is_none() {
                // What follows the message moves to where it ends now.
                let out = self.start.wrapping_add(select.out() as u32);
                let by = self.at.wrapping_sub(out);
                let rest = self.end.wrapping_sub(self.at);
                move_down(buffer, self.at as usize, out as usize, rest as usize);
                self.at = out;
                self.end = self.end.wrapping_sub(by);
                self.dropped = 0;
            }
        }
        progress
    }

    /// All committed bytes are read, and the message is open; or something of it is to be told.
    pub(super) fn pause(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Option<Step> {
        while select.note == Note::None {
            let text = buffer.get_mut(self.start as usize..).unwrap_or_default();
            let read = self.at.wrapping_sub(self.start);
            let end = select.settle(&mut self.scanner, text, read as usize) as u32;
            self.dropped = self.dropped.wrapping_add(read.wrapping_sub(end) as usize);
            self.at = self.start.wrapping_add(end);
            self.end = self.at;
            self.slide(buffer, 0);
            if self.end != capacity(buffer) {
                break;
            }
            if !select.shed(buffer) && select.note == Note::None {
                // It is too long.
                self.make_room(buffer);
                select.pause(0);
                return None;
            }
        }
        self.make_oversized();
        select.pause(self.read());
        (select.note != Note::None).then_some(Step::Part)
    }

    /// How much of the open message has been read, in bytes, as far as 32 bits tell.
    fn read(&self) -> u32 {
        self.at.wrapping_sub(self.start).wrapping_add(self.dropped as u32)
    }
}
