//! What the drivers do otherwise for a command with a selection.

use super::Engine;
use crate::client::{Client, CommandId, Head, Incoming, Slot, Ticket};
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

    /// Hands a part of a reply to the handler; whether it was one.
    fn hand_out<B, S>(&self, client: &Client<B, S>, head: Head, on: &mut dyn FnMut(Incoming<'_>)) -> bool
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

    fn hand_out<B, S>(&self, _: &Client<B, S>, _: Head, _: &mut dyn FnMut(Incoming<'_>)) -> bool
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        false
    }
}

impl Steps for Select<'_> {
    fn advance<B, S>(&mut self, client: &mut Client<B, S>) -> Option<Head>
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        client.advance_select(self)
    }

    fn hand_out<B, S>(&self, client: &Client<B, S>, head: Head, on: &mut dyn FnMut(Incoming<'_>)) -> bool
    where
        B: AsRef<[u8]> + AsMut<[u8]>,
        S: AsRef<[Slot]> + AsMut<[Slot]>,
    {
        let part = matches!(head, Head::Part);
        if part {
            on(client.lend_select(self, head));
        }
        part
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
    ) -> Result<Ticket<C>, ExecuteError> {
        let (length, ticket) = self.client.execute_select(command, select, deadline, self.tx.as_mut())?;
        (self.sent, self.length) = (0, length);
        Ok(ticket)
    }

    /// As [`start_select`](Self::start_select), without serde.
    pub(crate) fn start_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        select: &mut Select<'_>,
        deadline: u64,
    ) -> Result<CommandId, ExecuteError> {
        let (length, id) = self.client.execute_raw_select(name, arguments, select, deadline, self.tx.as_mut())?;
        (self.sent, self.length) = (0, length);
        Ok(id)
    }
}
