//! The reader without its buffer: the stream's position in it, and the next step from there.

mod answering;
mod discard;
mod oversized;
mod reading;
mod select;

pub(crate) use answering::Answering;

use super::source::Memory as _;
use super::{Frame, FromServer, Source};
use crate::bytes::{move_down, part};
use crate::error::{Discarded, Fault, Overrun};
use crate::message::{Message, Oversized};
use crate::scan::{Progress, Scanner};
use crate::select::{Note, Select};

/// A finished step of the stream. What more there is to say of it is in the link until the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    // Not zero, which is left for no step: what has not begun is made of zeros only, which is quickly made and takes no flash.
    Noise = 1,
    Truncated,
    Malformed,
    Oversized,
    /// The message that [`Link::frame`] shows.
    Message,
    /// Of the message that a selection is made of: the selection knows which part.
    Part,
}

/// What the bytes at the read position belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Between messages.
    Idle,
    /// A message that is whole in the buffer so far.
    Open,
    /// A valid message that did not fit.
    Oversized,
    /// The rest of a malformed message, up to a line that begins with `{`, or 0xFF.
    Discard,
}

/// The reader without its buffer: all the code, compiled once.
#[derive(Clone, Debug)]
// In this order without a gap.
#[repr(C)]
pub(crate) struct Link<S: Source = FromServer> {
    scanner: Scanner,
    mode: Mode,
    /// While discarding: the next byte stands where a `{` begins a message. Of an oversized message: a selection has filtered all of
    /// it so far.
    marked: bool,
    /// What is wrong with a malformed message.
    fault: Fault,
    /// Of an oversized message: its `id` is an integer, and is in `number`.
    has_id: bool,
    /// Where the current message starts in the buffer; everything before it may be overwritten.
    start: u32,
    /// Where the next byte to be looked at is.
    at: u32,
    /// Where the committed bytes end.
    end: u32,
    /// Of a malformed message: where the fault is. Of an oversized one: its `id`. Of one that is being filtered, on hosts: the number of
    /// the last turn; elsewhere: where the link was when it began.
    number: u64,
    /// Bytes of what was last finished. This and the next one stay at the most that they can be.
    length: usize,
    /// Bytes of the current message, or of noise, that are no longer in the buffer.
    dropped: usize,
    /// Goes up each time that a selection reads on. The one that did last has the number.
    #[cfg(not(target_pointer_width = "64"))]
    turn: usize,
    /// Of a malformed message: what is open, where that matters.
    memory: S::Memory,
}

impl<S: Source> Link<S> {
    pub(crate) const fn new() -> Self {
        Self {
            scanner: Scanner::new(S::MATTER),
            mode: Mode::Idle,
            marked: false,
            fault: Fault::Syntax,
            has_id: false,
            #[cfg(not(target_pointer_width = "64"))]
            turn: 0,
            memory: S::Memory::NONE,
            number: 0,
            length: 0,
            dropped: 0,
            start: 0,
            at: 0,
            end: 0,
        }
    }

    /// The start of a stream.
    pub(crate) fn reset(&mut self) {
        self.mode = Mode::Idle;
        self.dropped = 0;
        (self.start, self.at, self.end) = (0, 0, 0);
    }

    pub(crate) fn window<'b>(&mut self, buffer: &'b mut [u8]) -> &'b mut [u8] {
        // Nothing of what is there is kept.
        if self.at == self.end && matches!(self.mode, Mode::Idle | Mode::Discard) {
            (self.start, self.at, self.end) = (0, 0, 0);
        }
        let capacity = capacity(buffer);
        buffer.get_mut(self.end as usize..capacity as usize).unwrap_or_default()
    }

    pub(crate) fn commit(&mut self, buffer: &mut [u8], read: usize) -> Result<(), Overrun> {
        match (self.end as usize).checked_add(read) {
            Some(end) if end <= capacity(buffer) as usize => {
                self.end = end as u32;
                Ok(())
            }
            _ => Err(Overrun),
        }
    }

    /// Whether nothing was committed after the last message but its line end, which is skipped. Only for speed: `false` is always
    /// right.
    #[inline]
    pub(crate) fn is_idle(&mut self, buffer: &[u8]) -> bool {
        // What there is most often is more.
        let more = self.end.wrapping_sub(self.at) > 2;
        if more || self.mode != Mode::Idle || self.dropped != 0 || !matches!(self.rest(buffer), b"\r\n" | b"") {
            return false;
        }
        (self.start, self.at) = (self.end, self.end);
        true
    }

    /// The next finished message or report, `None` when all committed bytes are used up.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn advance(&mut self, buffer: &mut [u8]) -> Option<Step> {
        // A few bytes more of a message, and not its last ones: nothing that the other ways set up is needed.
        #[cfg(target_pointer_width = "64")]
        if self.mode == Mode::Open {
            let new = self.end.wrapping_sub(self.at);
            if new == 1 && self.goes_on(buffer) {
                return None;
            }
            if new < crate::scan::LEAST {
                let progress = self.scan_few(buffer);
                if progress == Progress::More && self.has_room(buffer) {
                    return None;
                }
                return self.after(buffer, progress).or_else(|| self.advance_on(buffer));
            }
        }
        #[cfg(target_pointer_width = "64")]
        if self.end.wrapping_sub(self.at) >= crate::scan::LEAST {
            let step = match self.mode {
                Mode::Open => self.resume(buffer),
                Mode::Idle if self.dropped == 0 => self.whole(buffer),
                _ => None,
            };
            if step.is_some() || self.at == self.end && self.has_room(buffer) {
                return step;
            }
        }
        self.advance_on(buffer)
    }

    /// As [`advance`](Self::advance), whatever there is.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn advance_on(&mut self, buffer: &mut [u8]) -> Option<Step> {
        self.steps(buffer, None)
    }

    /// As [`advance`](Self::advance), in code that has nothing of selections wherever else they are.
    #[inline(always)]
    pub(crate) fn advance_alone(&mut self, buffer: &mut [u8]) -> Option<Step> {
        if cfg!(target_pointer_width = "64") { self.advance(buffer) } else { self.any_steps(buffer, None) }
    }

    /// As [`advance_on`](Self::advance_on), with what `select` drops left out of messages. On small machines it is compiled once, for both.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    fn steps(&mut self, buffer: &mut [u8], select: Option<&mut Select<'_>>) -> Option<Step> {
        self.any_steps(buffer, select)
    }

    /// The steps themselves, compiled into each of those that take them: what takes no selection has no code of it then.
    #[inline(always)]
    fn any_steps(&mut self, buffer: &mut [u8], mut select: Option<&mut Select<'_>>) -> Option<Step> {
        loop {
            match self.mode {
                Mode::Idle | Mode::Discard => {
                    if !self.skip(buffer) {
                        return None;
                    }
                    if self.mode == Mode::Discard {
                        return Some(self.end_with(Step::Malformed));
                    }
                    if self.dropped != 0 {
                        return Some(self.end_with(Step::Noise));
                    }
                    self.open();
                    if let Some(select) = &mut select {
                        self.begin(buffer, select);
                    }
                }
                Mode::Open | Mode::Oversized => {
                    let progress = match select.as_deref_mut().filter(|select| select.is_filtering()) {
                        Some(select) => match self.filter(buffer, select) {
                            Progress::More if select.note != Note::None => return Some(Step::Part),
                            Progress::More if self.end != capacity(buffer) => return None,
                            Progress::More => {
                                select.shed(buffer);
                                continue;
                            }
                            progress => progress,
                        },
                        None => {
                            self.marked = false;
                            self.scan(buffer)
                        }
                    };
                    if cfg!(target_pointer_width = "64") && progress == Progress::More && self.has_room(buffer) {
                        return None;
                    }
                    let step = self.after(buffer, progress);
                    if step.is_some() || progress == Progress::More {
                        return step;
                    }
                }
            }
        }
    }

    /// What comes of a scan that ended like this, `None` if that takes another turn.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    fn after(&mut self, buffer: &mut [u8], progress: Progress) -> Option<Step> {
        if progress == Progress::Done {
            return Some(self.complete(buffer));
        }
        if progress == Progress::Cut {
            return Some(self.end_with(Step::Truncated));
        }
        if let Progress::Failed(fault) = progress {
            self.fail(buffer, fault);
        } else {
            self.make_room(buffer);
        }
        None
    }

    /// What `step`, the last one, stands for, lent from the buffer. Valid until anything else is called.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(crate) fn lend<'a>(&'a self, step: Step, buffer: &'a [u8]) -> Result<Message<'a>, Discarded<'a>> {
        if step == Step::Message { Ok(Message::new(self.frame(buffer))) } else { Err(self.report(step, buffer)) }
    }

    /// The report that `step`, the last one, stands for.
    #[cold]
    pub(crate) fn report<'a>(&'a self, step: Step, buffer: &'a [u8]) -> Discarded<'a> {
        let bytes = self.length();
        match step {
            Step::Message | Step::Noise | Step::Part => Discarded::Noise { bytes },
            Step::Truncated => Discarded::Truncated { bytes },
            Step::Malformed => Discarded::Malformed { bytes, at: self.number, fault: self.fault },
            Step::Oversized => {
                let id = self.has_id.then_some(&self.number);
                Discarded::Oversized(Oversized::new(self.frame(buffer), self.length, id))
            }
        }
    }

    /// The length of what was just finished, in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length as u64
    }

    /// Where the fault of the malformed message just finished is, and which.
    #[inline(always)]
    pub(crate) fn fault(&self) -> (u64, Fault) {
        (self.number, self.fault)
    }

    /// The `id` of the oversized message just finished, if it is an integer.
    pub(crate) fn oversized_id(&self) -> Option<u64> {
        self.has_id.then_some(self.number)
    }

    /// The message that was just finished; of an oversized one, its head.
    pub(crate) fn frame<'a>(&'a self, buffer: &'a [u8]) -> Frame<'a> {
        Frame { text: self.text(buffer), scanner: &self.scanner }
    }

    /// The text of the message that was just finished.
    pub(crate) fn text<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        part(buffer, self.start as usize, self.at as usize)
    }

    pub(crate) fn finish(&mut self) -> Option<Step> {
        let bytes = self.open_length();
        let step = match self.mode {
            Mode::Idle => Step::Noise,
            Mode::Open | Mode::Oversized => Step::Truncated,
            Mode::Discard => Step::Malformed,
        };
        self.reset();
        self.length = bytes;
        (bytes != 0).then_some(step)
    }

    pub(crate) fn pending(&self) -> u64 {
        self.open_length() as u64
    }

    /// The length of what has not ended.
    fn open_length(&self) -> usize {
        if self.mode == Mode::Idle { self.dropped } else { self.taken() }
    }

    /// The length of what ends at the read position.
    fn taken(&self) -> usize {
        self.dropped.saturating_add(self.at.wrapping_sub(self.start) as usize)
    }

    /// What is committed and not looked at.
    fn rest<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        part(buffer, self.at as usize, self.end as usize)
    }

    /// The next `used` bytes are looked at, and `dropped` of all that is looked at are to be reported.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn pass(&mut self, used: u32, dropped: u32) {
        self.at = self.at.wrapping_add(used);
        self.start = self.at;
        self.dropped = self.dropped.saturating_add(dropped as usize);
    }

    /// The brace at the read position opens a message.
    #[inline]
    fn open(&mut self) {
        self.at = self.at.wrapping_add(1);
        self.scanner.begin();
        self.mode = Mode::Open;
    }

    /// The message ended before the read position.
    fn complete(&mut self, buffer: &mut [u8]) -> Step {
        let lenient = self.memory.is_lenient();
        let fault = self.scanner.fault().filter(|fault| !lenient || *fault != Fault::AmbiguousKind);
        if let Some(fault) = fault {
            let step = self.end_with(Step::Malformed);
            self.fault = fault;
            self.number = self.length();
            return step;
        }
        if self.mode != Mode::Open {
            return self.end_oversized(buffer);
        }
        self.mode = Mode::Idle;
        Step::Message
    }

    /// What ends at the read position is reported as `step` and forgotten.
    #[cold]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn end_with(&mut self, step: Step) -> Step {
        self.length = self.taken();
        self.dropped = 0;
        self.start = self.at;
        self.mode = Mode::Idle;
        step
    }

    /// Whether more of the open message, all of which is looked at, can be read in as it lies: to move it down would not double
    /// the room.
    // What is committed never ends beyond the buffer.
    #[inline]
    fn has_room(&self, buffer: &[u8]) -> bool {
        self.start < capacity(buffer).wrapping_sub(self.end)
    }

    /// Moves the current message down to `to`; all of it is looked at.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn slide(&mut self, buffer: &mut [u8], to: u32) {
        if self.start > to {
            let length = self.end.wrapping_sub(self.start);
            move_down(buffer, self.start as usize, to as usize, length as usize);
            self.start = to;
            self.end = to.wrapping_add(length);
            self.at = self.end;
        }
    }
}

/// The usable length of the buffer: positions have 32 bits.
fn capacity(buffer: &[u8]) -> u32 {
    u32::try_from(buffer.len()).unwrap_or(u32::MAX)
}
