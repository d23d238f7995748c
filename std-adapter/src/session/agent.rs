//! What only a session with a guest agent has.

use std::time::Duration;

use qmp_core::{Command, Dialect, Failure};

use super::{Session, failed};
use crate::error::Error;
use crate::time::ticks;

impl Session {
    /// Comes into step with a guest agent, whatever it was told before and has not answered: asks it, again from time to time,
    /// until it answers within [`Options::handshake`](crate::Options::handshake). The session has begun this way; it is also the way on after a command
    /// that ran out of time, to know that the agent is there and idle.
    ///
    /// # Errors
    /// [`Error::AgentSilent`] where it does not answer: nothing can be executed then, but this can be tried again.
    /// [`Error::NoAgent`] with a QMP server. [`Error::ConnectionLost`].
    pub fn synchronise(&mut self) -> Result<(), Error> {
        match self.options.dialect {
            Dialect::Agent => self.handshake(self.options.handshake),
            _ => Err(Error::NoAgent),
        }
    }

    /// Runs a command that has no reply where it succeeds, such as a guest agent's `guest-shutdown`: waits as long as `patience` for
    /// an error, and takes silence for success.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), but for the reply that does not come. A VM that ended is [`Error::ConnectionLost`].
    pub fn execute_unanswered<C: Command>(&mut self, command: &C, patience: Duration) -> Result<(), Error> {
        let before = self.begin(patience);
        self.connection.settings_mut().command = ticks(patience);
        let inbox = &mut self.inbox;
        let result = match self.connection.execute(command, |incoming| inbox.take(incoming)) {
            Ok(Err(reply)) => Err(Error::Refused(reply.into())),
            Ok(Ok(_)) | Err(qmp_core::Error::Failed(Failure::TimedOut) | qmp_core::Error::Decode(_)) => Ok(()),
            Err(error) => Err(failed(error, &self.received, before)),
        };
        self.connection.settings_mut().command = ticks(self.options.command);
        result
    }
}
