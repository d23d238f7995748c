//! Commands with a selection.

use super::Connection;
use crate::client::{Incoming, Slot};
use crate::command::Command;
use crate::driver::{Clock, Error, Outcome, unarmed};
use crate::json::Json;
use crate::message::ErrorReply;
use crate::select::Select;
use embedded_io::{Read, Write};

impl<T, K, B, O, S> Connection<T, K, B, O, S>
where
    T: Read + Write,
    K: Clock,
    B: AsRef<[u8]> + AsMut<[u8]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// As [`execute`](Self::execute), with only the selected parts of the reply left in it: it may be far larger than the buffer.
    ///
    /// ```
    /// # use qmp_core::{Connection, Clock, Error, Outcome, Slot};
    /// # use embedded_io::{Read, Write};
    /// use qmp_core::{Json, Named, Empty, Select, Selection, selection};
    ///
    /// const NAMES: Selection = selection!["return[*].name"];
    ///
    /// # fn example<T: Read + Write, K: Clock>(
    /// #     qmp: &mut Connection<T, K, [u8; 512], [u8; 256]>,
    /// # ) -> Result<(), Error<T::Error>> {
    /// let machines = Named { name: "query-machines", arguments: Empty {} };
    /// if let Ok(list) = qmp.execute_select(&machines, Select::new(&NAMES), |_| {})? {
    ///     let names = list.elements().filter_map(|machine| machine.member("name"));
    /// #   let _ = names.count();
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`execute`](Self::execute). [`Oversized`](crate::Failure::Oversized) says that what was selected does not fit.
    pub fn execute_select<C: Command>(
        &mut self,
        command: &C,
        mut select: Select<'_>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Outcome<'_, C>, Error<T::Error>> {
        let (deadline, on) = (self.deadline(self.engine.settings.command), &mut unarmed(&mut on));
        let result = self.call(command.name(), command, false, deadline, Some(&mut select), on);
        self.engine.outcome::<C, _>(result)
    }

    /// As [`execute_select`](Self::execute_select) without serde: see [`Client::execute_raw`](crate::Client::execute_raw). What it
    /// returns is left as JSON.
    ///
    /// # Errors
    /// As [`execute_select`](Self::execute_select).
    pub fn execute_raw_select(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        mut select: Select<'_>,
        mut on: impl FnMut(Incoming<'_>),
    ) -> Result<Result<Json<'_>, ErrorReply<'_>>, Error<T::Error>> {
        let result = self.call_raw(name, arguments, false, Some(&mut select), &mut unarmed(&mut on));
        self.engine.result(result)
    }
}
