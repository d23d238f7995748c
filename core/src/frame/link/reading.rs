//! The open message: which way the scan takes.

use super::Link;
#[cfg(target_pointer_width = "64")]
use super::{Mode, Step};
use crate::bytes::part;
use crate::frame::Source;
use crate::scan::{Progress, Scanner};

impl<S: Source> Link<S> {
    /// The common case at once, between messages: one that starts right here and that the accelerator can take to its end. Where it
    /// cannot, the message is left open, or untouched.
    #[cfg(target_pointer_width = "64")]
    #[inline(never)]
    pub(super) fn whole(&mut self, buffer: &mut [u8]) -> Option<Step> {
        let at = self.at as usize;
        let start = match buffer.get(at..).and_then(|rest| rest.first_chunk()) {
            Some(b"\r\n{") => at.wrapping_add(2),
            Some([b'{', ..]) => at,
            _ => return None,
        };
        self.start = start as u32;
        self.mode = Mode::Open;
        self.accelerate(buffer, |scanner, text, length| {
            let (stop, done) = scanner.whole(text);
            if !done && scanner.begin_cut(text, stop, length) { (length, false) } else { (stop, done) }
        })
    }

    /// The common case of an open message at once: its next piece, which the accelerator can take to its end or the message's.
    #[cfg(target_pointer_width = "64")]
    #[inline(never)]
    pub(super) fn resume(&mut self, buffer: &mut [u8]) -> Option<Step> {
        let from = self.at.wrapping_sub(self.start) as usize;
        self.accelerate(buffer, |scanner, text, length| scanner.resume(text, from, length))
    }

    /// Takes the open message as far as `read` does, which gets its text and length and returns where it stopped, and whether the
    /// message is complete there.
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn accelerate(
        &mut self,
        buffer: &mut [u8],
        read: impl FnOnce(&mut Scanner, &[u8], usize) -> (usize, bool),
    ) -> Option<Step> {
        if !self.terminated(buffer, read) {
            return None;
        }
        if self.scanner.fault().is_some() {
            return Some(self.complete(buffer));
        }
        self.mode = Mode::Idle;
        Some(Step::Message)
    }

    /// Reads on in the open message.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub(super) fn scan(&mut self, buffer: &mut [u8]) -> Progress {
        if cfg!(not(target_pointer_width = "64")) || self.end.wrapping_sub(self.at) < crate::scan::LEAST {
            return self.scan_few(buffer);
        }
        let from = self.at.wrapping_sub(self.start) as usize;
        self.terminated(buffer, |scanner, text, length| scanner.scan(text, length, from))
    }

    /// Lets `read` go over the open message, with a zero after what is committed: the accelerator needs no other bound, since no
    /// token runs over it. `read` gets the message's text up to the end of the buffer and how much of it is data, and returns where
    /// it stopped.
    #[inline(always)]
    fn terminated<R>(&mut self, buffer: &mut [u8], read: impl FnOnce(&mut Scanner, &[u8], usize) -> (usize, R)) -> R {
        let (start, end) = (self.start as usize, self.end as usize);
        // The byte is the caller's, who gets it back.
        let beyond = buffer.get_mut(end).map(core::mem::take);
        let text = part(buffer, start, buffer.len());
        let (stop, result) = read(&mut self.scanner, text, end.wrapping_sub(start));
        if let (Some(byte), Some(place)) = (beyond, buffer.get_mut(end)) {
            *place = byte;
        }
        self.at = start.wrapping_add(stop) as u32;
        result
    }

    /// Reads the only new byte, if that changes nothing but the position and there is room for more: most of the bytes of a link
    /// that brings them one by one.
    #[cfg(target_pointer_width = "64")]
    #[inline]
    pub(super) fn goes_on(&mut self, buffer: &[u8]) -> bool {
        // The new byte, and one that is free.
        if let Some([byte, _]) = buffer.get(self.at as usize..self.at.wrapping_add(2) as usize)
            && self.scanner.goes_on(*byte, self.at.wrapping_sub(self.start))
        {
            self.at = self.end;
            return true;
        }
        false
    }

    /// As [`scan`](Self::scan), without the accelerator.
    #[inline]
    pub(super) fn scan_few(&mut self, buffer: &[u8]) -> Progress {
        let data = part(buffer, self.start as usize, self.end as usize);
        let (stop, progress) = self.scanner.scan_bytes(data, self.at.wrapping_sub(self.start) as usize);
        self.at = self.start.wrapping_add(stop as u32);
        progress
    }
}
