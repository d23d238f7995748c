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
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn advance_select(&mut self, buffer: &mut [u8], mut select: Option<&mut Select<'_>>) -> Option<Step> {
        if let Some(select) = &mut select
            && select.resume(self.mode == Mode::Filtered, self.read())
        {
            self.mode = Mode::Open;
        }
        let step = self.steps(buffer, select.as_deref_mut());
        if let Some(select) = select
            && step == Some(Step::Message)
            && select.is_reading()
        {
            // What follows the message moves to where it ends now.
            let (out, rest) = (select.out() as u32, self.end.wrapping_sub(self.at));
            if self.at != out {
                move_down(buffer, self.at as usize, out as usize, rest as usize);
            }
            (self.at, self.end) = (out, out.wrapping_add(rest));
            self.dropped = 0;
        }
        step
    }

    /// A message of which a selection is to stay has just been opened: it moves to the start of the buffer, and stays there.
    pub(super) fn begin(&mut self, buffer: &mut [u8], select: &mut Select<'_>) {
        let (start, length) = (self.start, self.end.wrapping_sub(self.start));
        if start != 0 {
            move_down(buffer, start as usize, 0, length as usize);
        }
        (self.start, self.at, self.end) = (0, 1, length);
        select.begin();
    }

    /// Reads on in the open message.
    pub(super) fn filter(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Progress {
        let end = self.end as usize;
        // As for the scan of a whole message: no token runs over a zero, and the byte is the caller's.
        #[cfg(target_pointer_width = "64")]
        let beyond = buffer.get_mut(end).map(core::mem::take);
        let (stop, progress) = select.run(&mut self.scanner, buffer, end, self.at as usize);
        #[cfg(target_pointer_width = "64")]
        if let (Some(byte), Some(place)) = (beyond, buffer.get_mut(end)) {
            *place = byte;
        }
        self.at = stop as u32;
        // Between two calls it stands here as one that does not fit, and so it does if something of it is missing.
        if progress != Progress::Done || select.is_incomplete() {
            self.make_oversized();
            self.mode = Mode::Filtered;
        }
        progress
    }

    /// All committed bytes are read, and the message is open; or something of it is to be told. Whether it can go on, which it
    /// cannot where there is no room for more.
    pub(super) fn pause(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> bool {
        while select.note == Note::None {
            let end = select.settle(&mut self.scanner, buffer, self.at as usize) as u32;
            self.dropped = self.dropped.wrapping_add(self.at.wrapping_sub(end) as usize);
            (self.at, self.end) = (end, end);
            if end != capacity(buffer) {
                break;
            }
            if !select.shed(buffer) && select.note == Note::None {
                select.pause(0);
                return false;
            }
        }
        select.pause(self.read());
        true
    }

    /// How much of the open message has been read, in bytes, as far as 32 bits tell.
    fn read(&self) -> u32 {
        self.at.wrapping_add(self.dropped as u32)
    }
}
