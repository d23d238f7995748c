//! Stage 4, `client`: one QMP session as a client sees it, without IO, clock or executor.
//!
//! In: bytes from the server, time as a number, and commands to be written. Out: what the server said, each reply with the
//! command that it answers, and the bytes to send. No reply is ever given to another command than the one that asked.

mod flat;
mod handshake;
mod id;
mod incoming;
mod select;
mod session;
mod table;

#[doc(hidden)]
pub use flat::{Finding, Found, Told};
pub use id::CommandId;
pub use incoming::{Incoming, Phase, Reply, Ticket};
pub use table::{Failure, NEVER, Slot};

use core::marker::PhantomData;

use crate::command::Command;
use crate::error::{ExecuteError, Overrun};
use crate::json::{Json, JsonKind};
#[cfg(feature = "embedded-io")]
use crate::message::{ErrorReply, Greeting, Message};
use crate::select::Select;
use crate::write;
pub(crate) use session::Head;
use session::Session;

/// One session over any storage: `B` holds the bytes being received, `S` the open commands, four unless said otherwise. `B` as of a
/// [`FrameReader`](crate::FrameReader): below 2 bytes there is nothing to read into, which a transport may take for the end.
///
/// The whole contract, in the order of a turn:
///
/// 1. Read from the transport into [`window`](Self::window), then [`commit`](Self::commit) what was read.
/// 2. [`poll`](Self::poll) until it returns `None`, and act on each [`Incoming`]: on a greeting [`negotiate`](Self::negotiate).
/// 3. [`execute`](Self::execute) what is to be run, and send the bytes that it wrote.
/// 4. When [`next_deadline`](Self::next_deadline) has come, [`handle_timeout`](Self::handle_timeout), then step 2.
///
/// Time is a number of ticks of the caller's clock, which never goes back; [`NEVER`] is no deadline. Nothing here blocks, and all
/// of it may be called from an interrupt if the object is not shared.
///
/// ```
/// use qmp_core::{Client, Incoming, NEVER, QueryStatus};
///
/// let mut client = Client::new(1, [0; 512]);
/// let mut out = [0; 128];
/// let mut feed = |client: &mut Client<_>, bytes: &[u8]| {
///     client.window()[..bytes.len()].copy_from_slice(bytes);
///     client.commit(bytes.len()).unwrap();
/// };
///
/// feed(&mut client, b"{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
/// assert!(matches!(client.poll(), Some(Incoming::Greeting(greeting)) if greeting.offers_oob()));
/// let length = client.negotiate(false, NEVER, &mut out).unwrap();
/// assert_eq!(&out[..length], b"{\"execute\":\"qmp_capabilities\",\"id\":1000001}\n");
///
/// feed(&mut client, b"{\"return\": {}, \"id\": 1000001}\r\n");
/// assert!(matches!(client.poll(), Some(Incoming::Ready { oob: Some(false) })));
/// let (length, ticket) = client.execute(&QueryStatus {}, NEVER, &mut out).unwrap();
/// assert_eq!(&out[..length], b"{\"execute\":\"query-status\",\"id\":2000001}\n");
///
/// feed(&mut client, b"{\"return\": {\"running\": true, \"status\": \"running\"}, \"id\": 2000001}\r\n");
/// let Some(Incoming::Reply(reply)) = client.poll() else { panic!() };
/// let status = reply.decode(ticket).unwrap().unwrap().unwrap();
/// assert!(status.running);
/// ```
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Client<B, S = [Slot; 4]> {
    session: Session,
    slots: S,
    buffer: B,
}

impl<B> Client<B> {
    /// A client at the start of a connection, with room for four open commands.
    ///
    /// `session` keeps the ids of one program run from those of another: on a link that outlives the program (a serial line, or a
    /// server that still owes the last client a reply) no two runs should have the same. Take it from a random source or a boot
    /// counter; the remainder by 1,000,000 counts. With a constant, replies cannot be misattributed within one power cycle.
    pub const fn new(session: u32, buffer: B) -> Self {
        // A constant, so that it is not put together at run time.
        const FREE: [Slot; 4] = [Slot::FREE; 4];
        Self::with_slots(session, buffer, FREE)
    }
}

impl<B, S> Client<B, S> {
    /// As [`new`](Client::new), with the caller's room for open commands: `[Slot; N]`, `&mut [Slot]`, or anything else that lends
    /// a slice of constant length. What they hold does not matter; no more than 65,535 are used.
    pub const fn with_slots(session: u32, buffer: B, slots: S) -> Self {
        let mut client = Self { session: Session::new(), slots, buffer };
        // Last, so that what is zero is cleared in few pieces.
        client.session.table.set_session(session);
        client
    }

    /// The number of this run, as [`new`](Client::new) takes it, for a client that was made before that was known. One in static memory,
    /// made with 0, is all zeros: it takes no flash, and no room on a stack.
    ///
    /// To be called before anything is written: a reply to what was written before would be nobody's.
    pub const fn set_session(&mut self, session: u32) {
        self.session.table.set_session(session);
    }

    /// Where the session stands. After any error it says whether the session is usable: it is unless this is
    /// [`Phase::Closed`].
    pub const fn phase(&self) -> Phase {
        self.session.phase()
    }

    /// Whether out-of-band execution is on; `None` if that is not known.
    pub const fn oob(&self) -> Option<bool> {
        self.session.oob()
    }

    /// Replies that came after their command had timed out or was cancelled, or twice, modulo 2^32. They were dropped.
    pub fn late_replies(&self) -> u32 {
        self.session.table.late()
    }

    /// Bytes received of an unfinished message, or of what is being discarded; 0 when the link is in step and idle.
    pub fn pending(&self) -> u64 {
        self.session.link.pending()
    }
}

impl<B, S> Client<B, S>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// Where the next bytes from the server go. It is never empty after [`poll`](Self::poll) returned `None`; before that it may be.
    pub fn window(&mut self) -> &mut [u8] {
        if self.session.holds() {
            return &mut [];
        }
        self.session.link.window(self.buffer.as_mut())
    }

    /// The first `read` bytes of the [`window`](Self::window) have come from the server.
    ///
    /// # Errors
    /// [`Overrun`] if the window is shorter; nothing was committed then.
    pub fn commit(&mut self, read: usize) -> Result<(), Overrun> {
        if self.session.holds() && read != 0 {
            return Err(Overrun);
        }
        self.session.link.commit(self.buffer.as_mut(), read)
    }

    /// What came next, `None` when all that was committed is used up.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn poll(&mut self) -> Option<Incoming<'_>> {
        let head = self.advance()?;
        Some(self.lend(head))
    }

    /// The first half of [`poll`](Self::poll): takes the step, and lends nothing. A loop that returns what it found needs the two
    /// apart.
    #[inline]
    pub(crate) fn advance(&mut self) -> Option<session::Head> {
        // The last call of each turn.
        if cfg!(target_pointer_width = "64") && self.session.is_quiet(self.buffer.as_ref()) {
            return None;
        }
        self.session.advance(self.buffer.as_mut(), self.slots.as_mut(), None)
    }

    /// The second half of [`poll`](Self::poll).
    pub(crate) fn lend(&self, head: session::Head) -> Incoming<'_> {
        self.session.lend(head, self.buffer.as_ref())
    }

    /// The reply that the last message is.
    #[cfg(feature = "embedded-io")]
    pub(crate) fn result(&self) -> Result<Json<'_>, ErrorReply<'_>> {
        Message::reply(self.session.link.frame(self.buffer.as_ref()))
    }

    /// The greeting that it is, if it is one.
    #[cfg(feature = "embedded-io")]
    pub(crate) fn greeting(&self) -> Greeting<'_> {
        Greeting::of(self.session.link.frame(self.buffer.as_ref()))
    }

    /// The error that it is, if it is one.
    #[cfg(feature = "embedded-io")]
    pub(crate) fn error(&self) -> ErrorReply<'_> {
        ErrorReply::of(self.session.link.frame(self.buffer.as_ref()))
    }

    /// Whose reply or failure the last step was.
    #[cfg(feature = "embedded-io")]
    pub(crate) fn told(&self) -> CommandId {
        self.session.table.told()
    }

    /// Writes a command to `out` and opens it until its reply or `deadline`: send the bytes. Returns their number and what is
    /// needed to read the reply.
    ///
    /// # Errors
    /// [`ExecuteError`] says what stands in the way. Nothing has changed then.
    pub fn execute<C: Command>(
        &mut self,
        command: &C,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, Ticket<C>), ExecuteError> {
        self.open(command, false, None, deadline, out)
    }

    /// As [`execute`](Self::execute), out of band: the server runs it at once, whatever it is busy with (QMP specification,
    /// "Out-of-band execution"). A command whose type does not allow that does not compile.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), and [`ExecuteError::OobDisabled`] if the negotiation did not enable it.
    pub fn exec_oob<C: Command>(
        &mut self,
        command: &C,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, Ticket<C>), ExecuteError> {
        const { assert!(C::ALLOW_OOB, "this command cannot be executed out of band") };
        self.open(command, true, None, deadline, out)
    }

    /// Writes and opens a command, whatever its type allows, with a selection if there is one.
    fn open<C: Command>(
        &mut self,
        command: &C,
        oob: bool,
        select: Option<&mut Select<'_>>,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, Ticket<C>), ExecuteError> {
        let (length, id) = self.start(command.name(), command, oob, select, deadline, out)?;
        Ok((length, Ticket { id, command: PhantomData }))
    }

    /// As [`open`](Self::open), for a command whose type need not be known.
    pub(crate) fn start<A: write::Arguments + ?Sized>(
        &mut self,
        name: &str,
        arguments: &A,
        oob: bool,
        select: Option<&mut Select<'_>>,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, CommandId), ExecuteError> {
        self.session.check_alone(select.is_some())?;
        let slot = self.session.admit(self.slots.as_mut(), name.as_bytes(), oob)?;
        let length = write::command(out, name, oob, self.session.table.next_id(), arguments)?;
        let id = self.session.table.open(slot, deadline, oob);
        self.session.began(select);
        Ok((length, id))
    }

    /// As [`execute`](Self::execute) without serde: a command by name, with arguments that are JSON already or none. With `oob`,
    /// as [`exec_oob`](Self::exec_oob).
    ///
    /// # Errors
    /// As [`exec_oob`](Self::exec_oob); [`ExecuteError::InvalidArguments`] if the arguments are no object.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn execute_raw(
        &mut self,
        name: &str,
        arguments: Option<Json<'_>>,
        oob: bool,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, CommandId), ExecuteError> {
        self.execute_named(name.as_bytes(), arguments, oob, deadline, out)
    }

    /// As [`execute_raw`](Self::execute_raw), with a name that is not yet known to be text.
    #[doc(hidden)]
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn execute_named(
        &mut self,
        name: &[u8],
        arguments: Option<Json<'_>>,
        oob: bool,
        deadline: u64,
        out: &mut [u8],
    ) -> Result<(usize, CommandId), ExecuteError> {
        let slot = self.session.admit(self.slots.as_mut(), name, oob)?;
        let arguments = match arguments {
            Some(arguments) if arguments.kind() != JsonKind::Object => return Err(ExecuteError::InvalidArguments),
            Some(arguments) => arguments.text(),
            None => &[],
        };
        let table = &mut self.session.table;
        let length = table.send(name, oob, arguments, out).ok_or(ExecuteError::OutputTooSmall)?;
        Ok((length.get(), table.keep(slot, deadline)))
    }

    /// Nobody waits for this command any more. Its slot is free; its reply, when it comes, is dropped and counted, and until then
    /// it counts towards what the server takes in. Whether it was open.
    pub fn cancel(&mut self, id: CommandId) -> bool {
        self.give_up(id, true)
    }

    /// As [`cancel`](Self::cancel), for a command of which no byte has been sent.
    pub fn withdraw(&mut self, id: CommandId) -> bool {
        self.give_up(id, false)
    }

    /// As [`cancel`](Self::cancel), of a command of which something has been sent or not.
    pub(crate) fn give_up(&mut self, id: CommandId, sent: bool) -> bool {
        self.session.table.cancel(self.slots.as_mut(), id, sent)
    }

    /// The earliest deadline there is, in ticks of the caller's clock. `None`: nothing is waited for with one.
    pub fn next_deadline(&self) -> Option<u64> {
        let most = self.session.table.most_urgent(self.slots.as_ref()).max(self.session.urgency);
        (most > table::NONE).then_some(!most)
    }

    /// Ends what had to be answered at or before `now`; [`poll`](Self::poll) then says what. Call it after everything that was
    /// received has been polled.
    pub fn handle_timeout(&mut self, now: u64) {
        self.expire(now);
    }

    /// As [`handle_timeout`](Self::handle_timeout). Whether anything has ended.
    pub(crate) fn expire(&mut self, now: u64) -> bool {
        let limit = table::limit(now);
        let any = self.session.table.expire(self.slots.as_mut(), limit);
        // What is still to be told is told first.
        if self.session.holds() {
            return any;
        }
        let over = self.session.urgency >= limit;
        if over {
            self.session.urgency = 0;
            let greeted = self.session.phase == Phase::Negotiating;
            self.session.due = Some(if greeted { Head::NotNegotiated } else { Head::NotGreeted });
            self.session.phase = Phase::Closed;
        } else if any || cfg!(not(target_pointer_width = "64")) {
            // That there is none is found by the next poll.
            self.session.due = Some(Head::Lost);
        }
        any | over
    }

    /// The connection has ended. [`poll`](Self::poll) delivers what was received, reports a message that was cut off, ends each open
    /// command as [`ConnectionLost`](Failure::ConnectionLost), and returns `None` from then on. [`attach`](Self::attach) and
    /// [`synchronise`](Self::synchronise) before that begin another session on a line that goes on: an unfinished message may go on too.
    pub fn close(&mut self) {
        self.session.ended = Some(Session::END);
    }

    /// For a new connection: the next bytes are the first of a new stream, and a greeting is due. Commands that are still open end
    /// as [`ConnectionLost`](Failure::ConnectionLost) on the next calls of [`poll`](Self::poll); what was received and not polled
    /// is forgotten, so [`close`](Self::close) and poll first. Ids go on counting, so that replies owed to the old connection are
    /// recognised.
    pub fn reset(&mut self) {
        self.session.reset(self.slots.as_mut());
    }
}
