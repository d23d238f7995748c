//! Commands with a selection: alone in flight, and their replies filtered as they arrive.

use super::Client;
use super::id::CommandId;
use super::incoming::{Incoming, Phase, Ticket};
use super::session::{Head, Session};
use super::table::Slot;
use crate::command::Command;
use crate::error::ExecuteError;
use crate::frame::Step;
use crate::json::Json;
use crate::select::Select;

impl<B, S> Client<B, S>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// As [`execute`](Self::execute), for a reply of which only a selection is wanted: from here on until the command has ended,
    /// call [`poll_select`](Self::poll_select) with `select` in place of [`poll`](Self::poll). The session is in
    /// [`Phase::Selecting`] for that time, and no other command can be executed: QEMU writes `id` after `return`, so what arrives
    /// belongs to this command only because there is no other.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and [`ExecuteError::NotAlone`] while another command is open, or has ended and
    /// that has not been polled.
    pub fn execute_select<C: Command>(
        &mut self,
        command: &C,
        select: &mut Select<'_>,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, Ticket<C>), ExecuteError> {
        self.open(command, false, Some(select), deadline, out)
    }

    /// As [`execute_select`](Self::execute_select) without serde: see [`execute_raw`](Self::execute_raw). Without a selection it is
    /// that, so that one call can serve all commands, as [`poll_select`](Self::poll_select) does.
    ///
    /// # Errors
    /// As [`execute_raw`](Self::execute_raw), and with a selection [`ExecuteError::NotAlone`] while another command is open, or has
    /// ended and that has not been polled.
    pub fn execute_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        select: Option<&mut Select<'_>>,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, CommandId), ExecuteError> {
        self.session.check_alone(select.is_some())?;
        let started = self.execute_raw(name, arguments, oob, deadline, out)?;
        self.session.began(select);
        Ok(started)
    }

    /// As [`poll`](Self::poll), with only what is selected left in messages, wherever in the buffer they end. Without a selection it is
    /// `poll`, so that one loop can serve all commands.
    ///
    /// Each message has to be read to its end with the same `select`: a call without it in the middle of one ends that, and the
    /// message is too long for the buffer. What had been delivered of it is [`Abandoned`](crate::Part::Abandoned): the next call with
    /// `select` says so. The same where what is delivered breaks off in the middle: that may be said by the call after the one that
    /// returned `None`, with no byte more.
    #[inline]
    pub fn poll_select(&mut self, mut select: Option<&mut Select<'_>>) -> Option<Incoming<'_>> {
        let head = self.advance_select(select.as_deref_mut())?;
        Some(self.lend_select(select.as_deref(), head))
    }

    /// The first half of [`poll_select`](Self::poll_select).
    #[inline]
    pub(crate) fn advance_select(&mut self, select: Option<&mut Select<'_>>) -> Option<Head> {
        self.session.advance(self.buffer.as_mut(), self.slots.as_mut(), select)
    }

    /// The second half of [`poll_select`](Self::poll_select).
    #[inline]
    pub(crate) fn lend_select(&self, select: Option<&Select<'_>>, head: Head) -> Incoming<'_> {
        match (head, select) {
            (Head::Part, Some(select)) => Incoming::Part(select.part(self.buffer.as_ref())),
            _ => self.lend(head),
        }
    }
}

impl Session {
    /// Whether a command can be opened, which is `selecting` or not.
    pub(super) fn check_alone(&self, selecting: bool) -> Result<(), ExecuteError> {
        if selecting && self.table.is_waiting() {
            return Err(ExecuteError::NotAlone);
        }
        Ok(())
    }

    /// The link's next step, with what `select` drops left out of messages: only to a command with a selection they come in parts.
    #[inline(always)]
    pub(super) fn filtered_step(&mut self, buffer: &mut [u8], mut select: Option<&mut Select<'_>>) -> Option<Step> {
        if let Some(select) = &mut select {
            select.delivers = self.phase == Phase::Selecting;
        }
        self.link.advance_select(buffer, select)
    }

    /// A command was opened, with a selection if there is one.
    pub(super) fn began(&mut self, select: Option<&mut Select<'_>>) {
        if let Some(select) = select {
            self.phase = Phase::Selecting;
            select.reset();
        }
    }
}
