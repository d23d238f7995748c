//! What the drivers do otherwise for a command with a selection.

use super::Engine;
use crate::client::{Client, Head, Incoming, Slot};
use crate::command::Command;
use crate::error::ExecuteError;
use crate::json::Json;
use crate::select::Select;

/// How the session takes its steps: with a selection, or without one.
pub(crate) trait Steps {
    /// As [`Client::poll`], the first half of it.
    fn advance<B, S>(&mut self, client: &mut Client<B, S>) -> Option<Head>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>;

    /// The second half.
    fn lend<'c, B, S>(&'c self, client: &'c Client<B, S>, head: Head) -> Incoming<'c>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>;
}

/// Whole messages.
pub(crate) struct Whole;

impl Steps for Whole {
    fn advance<B, S>(&mut self, client: &mut Client<B, S>) -> Option<Head>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        client.advance()
    }

    fn lend<'c, B, S>(&'c self, client: &'c Client<B, S>, head: Head) -> Incoming<'c>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        client.lend(head)
    }
}

impl Steps for Select<'_> {
    fn advance<B, S>(&mut self, client: &mut Client<B, S>) -> Option<Head>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        client.advance_select(Some(self))
    }

    fn lend<'c, B, S>(&'c self, client: &'c Client<B, S>, head: Head) -> Incoming<'c>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        client.lend_select(Some(self), head)
    }
}

impl<B, S, O> Engine<B, S, O>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
{
    /// As [`start`](Engine::start), with a selection.
    pub(crate) fn start_select<C: Command>(
        &mut self,
        command: &C,
        select: &mut Select<'_>,
        deadline: u64,
    ) -> Result<(), ExecuteError> {
        let (length, ticket) = self.client.execute_select(command, select, deadline, self.tx.as_mut())?;
        self.started((length, ticket.id()));
        Ok(())
    }

    /// As [`start_select`](Self::start_select), without serde.
    pub(crate) fn start_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        select: &mut Select<'_>,
        deadline: u64,
    ) -> Result<(), ExecuteError> {
        let started = self.client.execute_raw_select(name, arguments, select, deadline, self.tx.as_mut())?;
        self.started(started);
        Ok(())
    }
}
