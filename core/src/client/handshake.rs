//! How a session begins: with a greeting, on a line that has none, or with a guest agent.

use core::num::NonZeroUsize;

use super::Client;
#[cfg(doc)]
use super::incoming::Incoming;
use super::incoming::Phase;
#[cfg(doc)]
use super::table::Failure;
use super::table::{self, Slot};
use crate::error::ExecuteError;

impl<B, S> Client<B, S>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// The deadline for the greeting: [`handle_timeout`](Self::handle_timeout) at or after it closes a session that has not
    /// been greeted.
    pub fn await_greeting(&mut self, deadline: u64) {
        if self.session.phase == Phase::Greeting {
            self.session.urgency = table::urgency(deadline);
        }
    }

    /// Writes `qmp_capabilities`, with `oob` enabled or not, to `out` and returns its length: send these bytes.
    /// [`Incoming::Ready`] or [`Incoming::Refused`] is the answer.
    ///
    /// # Errors
    /// [`ExecuteError::Phase`] unless the server has greeted, [`ExecuteError::OutputTooSmall`]: 96 bytes are always enough. Nothing
    /// has changed then.
    pub fn negotiate(&mut self, oob: bool, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        if self.session.phase != Phase::Greeted {
            return Err(ExecuteError::Phase(self.session.phase()));
        }
        self.session.negotiate(oob, deadline, out).map(NonZeroUsize::get).ok_or(ExecuteError::OutputTooSmall)
    }

    /// As [`negotiate`](Self::negotiate), for a link without connections, such as a serial line, where the server has greeted
    /// somebody long ago: writes one byte 0xFF, which makes any QEMU forget a half-received command, and `qmp_capabilities`. A
    /// server that is already in command mode says so, and that is success: [`Incoming::Ready`] with `oob` unknown. The server
    /// may answer the byte 0xFF by an error without `id`, which is [`Unmatched`](Incoming::Unmatched).
    ///
    /// # Errors
    /// [`ExecuteError::Phase`] in command mode: [`close`](Self::close) and poll before. [`ExecuteError::OutputTooSmall`]: 96 bytes are always enough. Nothing has changed
    /// then.
    pub fn attach(&mut self, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        let phase = self.session.phase();
        if matches!(phase, Phase::Command | Phase::Selecting) {
            return Err(ExecuteError::Phase(phase));
        }
        let (first, rest) = out.split_first_mut().ok_or(ExecuteError::OutputTooSmall)?;
        let length = self.session.negotiate(false, deadline, rest).ok_or(ExecuteError::OutputTooSmall)?;
        *first = 0xff;
        self.session.attach = true;
        // The link has no connections: what ended was the session, not the line.
        self.session.ended = None;
        Ok(length.get().saturating_add(1))
    }

    /// The guest agent's way to begin, on a link of which nothing is known: writes one byte 0xFF, which makes the agent forget a
    /// half-received command, and `guest-sync-delimited` with this client's id. Its reply is [`Incoming::Ready`], and everything
    /// before it was somebody else's: it is dropped, or reported as [`Unmatched`](Incoming::Unmatched) or
    /// [`Discarded`](Incoming::Discarded). So is the agent's error for the byte 0xFF.
    ///
    /// An agent that is not up yet says nothing: when the deadline has passed, call this again. It may have been slow rather than
    /// absent, so the reply to an earlier attempt is as good. The same after a command that
    /// timed out, to know that the agent is there and idle. Commands that are open end as
    /// [`ConnectionLost`](Failure::ConnectionLost): an agent in step answers nothing that was asked before. The agent runs one command at a time, has no events, and gives
    /// `guest-shutdown` and the three `guest-suspend-*` no reply where they succeed: they end as
    /// [`TimedOut`](Failure::TimedOut).
    ///
    /// # Errors
    /// [`ExecuteError::OutputTooSmall`] below 100 bytes. Nothing has changed then.
    pub fn synchronise(&mut self, deadline: u64, out: &mut [u8]) -> Result<usize, ExecuteError> {
        let length = self.session.synchronise(self.slots.as_mut(), deadline, out);
        length.map(NonZeroUsize::get).ok_or(ExecuteError::OutputTooSmall)
    }
}
