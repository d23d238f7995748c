//! Messages of which only a selection stays in the buffer.

#[cfg(target_pointer_width = "64")]
use core::sync::atomic::{AtomicUsize, Ordering};

use super::{Link, Mode, Step};
use crate::frame::Source;
use crate::scan::Progress;
use crate::select::{Note, Select, Turn};

/// The number of no turn, and not that of a selection which filters no message.
const NO_TURN: usize = 2;

/// Counts the turns of all links: where there are atomic numbers of that size a link needs no room for its own count.
#[cfg(target_pointer_width = "64")]
static TURNS: AtomicUsize = AtomicUsize::new(0);

impl<S: Source> Link<S> {
    /// As [`advance`](Self::advance), with what `select` drops left out of the messages.
    ///
    /// Until it is whole a message stands here as one that does not fit, so that it is never taken for a whole one: only `select`
    /// knows better.
    /// A part of the open message is a step too: `select` has the note of it.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(crate) fn advance_select(&mut self, buffer: &mut [u8], select: Option<&mut Select<'_>>) -> Option<Step> {
        match select {
            Some(select) => self.advance_filtered(buffer, select),
            None => self.steps(buffer, None),
        }
    }

    // By itself, so that what comes before a step and after it is not compiled again for a step without a selection.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn advance_filtered(&mut self, buffer: &mut [u8], select: &mut Select<'_>) -> Option<Step> {
        if select.resume(self.last_turn()) {
            return Some(Step::Part);
        }
        let step = self.steps(buffer, Some(select));
        if step == Some(Step::Message) {
            self.dropped = 0;
        }
        step
    }

    /// A message of which a selection is to stay has just been opened: it moves to the start of the buffer, and stays there.
    pub(super) fn begin(&mut self, buffer: &mut [u8], select: &mut Select<'_>) {
        self.slide(buffer, 0);
        self.at = 1;
        self.make_oversized();
        self.marked = true;
        // It may be moved before the message ends, which is the selection's all the same.
        #[cfg(not(target_pointer_width = "64"))]
        {
            self.number = core::ptr::from_ref(self).addr() as u64;
        }
        select.begin();
    }

    /// The last turn, if a selection has filtered all of the open message so far.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn last_turn(&self) -> Turn {
        let mut turn = self.turn();
        if self.mode != Mode::Oversized || !self.marked {
            turn.number = NO_TURN;
        }
        turn
    }

    /// The last turn, if the open message is filtered.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn turn(&self) -> Turn {
        #[cfg(target_pointer_width = "64")]
        return Turn { number: self.number as usize };
        #[cfg(not(target_pointer_width = "64"))]
        Turn { number: self.turn, link: self.number as usize }
    }

    /// Another turn. Its number is odd, so that it is neither [`NO_TURN`] nor 0.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn take_turn(&mut self) -> Turn {
        #[cfg(target_pointer_width = "64")]
        {
            self.number = (TURNS.fetch_add(2, Ordering::Relaxed).wrapping_add(2) | 1) as u64;
        }
        #[cfg(not(target_pointer_width = "64"))]
        {
            self.turn = self.turn.wrapping_add(2) | 1;
        }
        self.turn()
    }

    /// Reads on in the open message.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
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
        // Whatever else has a part of the message by now, be it another selection or an earlier copy of this one, does not know this
        // number, and reads on in no message where it does not.
        select.filtering = self.take_turn();
        // It does not fit if something of it is missing.
        if progress == Progress::Done && !select.is_incomplete() {
            self.mode = Mode::Open;
        }
        if matches!(progress, Progress::Done | Progress::More) && select.note == Note::None {
            let gone = select.settle(&mut self.scanner, buffer, stop, end) as u32;
            self.dropped = self.dropped.saturating_add(gone as usize);
            self.at = self.at.wrapping_sub(gone);
            self.end = self.end.wrapping_sub(gone);
        }
        progress
    }
}
