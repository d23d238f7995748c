//! What the drivers do otherwise for a command with a selection.

use super::Engine;
use crate::client::Slot;
use crate::command::Command;
use crate::error::ExecuteError;
use crate::json::Json;
use crate::select::Select;

impl<B, S, O> Engine<B, S, O>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
{
    /// As [`start`](Engine::start), with a selection, if there is one.
    pub(crate) fn start_select<C: Command>(
        &mut self,
        command: &C,
        select: Option<&mut Select<'_>>,
        deadline: u64,
    ) -> Result<(), ExecuteError> {
        let Some(select) = select else { return self.start(command.name(), command, false, deadline) };
        let (length, ticket) = self.client.execute_select(command, select, deadline, self.tx.as_mut())?;
        self.started((length, ticket.id()));
        Ok(())
    }

    /// As [`start_select`](Self::start_select), without serde.
    pub(crate) fn start_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        select: Option<&mut Select<'_>>,
        deadline: u64,
    ) -> Result<(), ExecuteError> {
        let started = self.client.execute_raw_select(name, arguments, false, select, deadline, self.tx.as_mut())?;
        self.started(started);
        Ok(())
    }
}
