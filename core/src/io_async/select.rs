//! Commands with a selection.

use super::{Connection, Timer};
use crate::client::{Incoming, Slot};
use crate::command::Command;
use crate::driver::{Error, Goal, Outcome, unarmed};
use crate::json::Json;
use crate::message::ErrorReply;
use crate::select::Select;
use embedded_io_async::{Read, Write};

impl<T, K, B, O, S> Connection<T, K, B, O, S>
where
    T: Read + Write,
    K: Timer,
    B: AsRef<[u8]> + AsMut<[u8]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// As [`execute`](Self::execute), with only the selected parts of the reply left in it: it may be far larger than the buffer.
    ///
    /// # Errors
    /// As [`io::Connection::execute_select`](crate::Connection::execute_select).
    pub async fn execute_select<C: Command>(
        &mut self,
        command: &C,
        mut select: Select<'_>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Outcome<'_, C>, Error<T::Error>> {
        let deadline = self.deadline(self.engine.settings.command);
        let on = &mut unarmed(&mut on);
        let result = self.call(command, false, Goal::Reply, deadline, Some(&mut select), on).await;
        self.engine.outcome::<C, _>(result)
    }

    /// As [`execute_select`](Self::execute_select) without serde: see [`Client::execute_raw`](crate::Client::execute_raw). What it
    /// returns is left as JSON.
    ///
    /// # Errors
    /// As [`execute_select`](Self::execute_select).
    pub async fn execute_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        mut select: Select<'_>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<Json<'_>, ErrorReply<'_>>, Error<T::Error>> {
        let result = self.call_raw(name, arguments, false, Some(&mut select), &mut unarmed(&mut on)).await;
        self.engine.result(result)
    }
}
