//! Stage 4, `server`: one QMP session as a server sees it, without IO, clock or executor.
//!
//! In: bytes from a client, and what the application answers. Out: commands to be run, one at a time, and the bytes
//! to send. What QEMU answers by itself is answered here: the greeting, the negotiation, input that is no request.

mod arguments;
mod check;
mod dispatch;
mod events;
mod held;
mod inbound;
mod output;
mod profile;
mod session;
mod store;

pub use arguments::{Argument, ArgumentType};
pub use dispatch::{CommandEntry, Invocation};
pub use events::Emission;
pub use inbound::{Call, Inbound, ReplyError};
pub use profile::{Dialect, EventPolicy, Profile};

use core::fmt;

use crate::encode::{EncodeError, Piece, Writer};
use crate::error::Overrun;
use crate::message::{ErrorClass, Timestamp};
use session::{Buffers, Head, Session};

/// One connection of a server over any storage: `B` holds the bytes being received, `O` those to be sent, `S` the ids
/// of the commands that are being run and, with out-of-band execution, the requests that wait for an earlier one.
///
/// The whole contract, in the order of a turn:
///
/// 1. [`poll`](Self::poll) until it returns `None`, and run each [`Inbound::Request`]: [`reply`](Self::reply) or
///    [`error`](Self::error), at once or later. Or [`dispatch`](Self::dispatch) with a table of commands.
///    [`event`](Self::event) whenever something happens. Where events have intervals,
///    [`handle_timeout`](Self::handle_timeout) before that.
/// 2. Write what is [`unsent`](Self::unsent) to the transport, as much as it takes now, and say how much with
///    [`sent`](Self::sent). If there was any, step 1.
/// 3. Read from the transport into [`window`](Self::window), then [`commit`](Self::commit) what was read. An empty
///    window means: not now.
///
/// Commands come one at a time, each after the reply to the one before has been sent. With out-of-band execution one
/// that may overtake comes at once; requests before it wait in `S`, up to eight and as far as they fit, and nothing
/// more is read until there is room.
///
/// Sizes: the longest request decides `B`, of which 2 bytes are the least that works; the longest reply or twice the longest
/// event `O`; the longest id with four bytes more `S`: with out-of-band execution twice the longest id with four bytes
/// more, and the requests that are to wait. A longer request or id is answered by an error. A reply has half of `O`
/// whatever events are sent before it, one out of band a quarter; events that are kept may take a quarter of `O` from
/// either until they are sent. Where all is sent a reply has all of `O`, and events that are kept are lost if it needs
/// their room. A client that does not read costs nothing but its own commands and events.
///
/// ```
/// use qmp_core::{Inbound, Profile, Server, VersionTriple};
///
/// const PROFILE: Profile = Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "");
/// let mut server = Server::new(PROFILE, [0; 256], [0; 256], [0; 32]);
/// let mut turn = |input: &[u8]| {
///     server.window()[..input.len()].copy_from_slice(input);
///     server.commit(input.len()).unwrap();
///     let mut output = Vec::new();
///     loop {
///         while let Some(inbound) = server.poll() {
///             if let Inbound::Request { request, call } = inbound {
///                 assert_eq!(request.name(), "query-name");
///                 server.reply(call, |w| _ = w.object().name("name").string("vm").end()).unwrap();
///             }
///         }
///         let unsent = server.unsent();
///         if unsent.is_empty() {
///             break output;
///         }
///         output.extend_from_slice(unsent);
///         server.sent(unsent.len());
///     }
/// };
///
/// assert!(turn(b"").starts_with(br#"{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "#));
/// assert_eq!(turn(b"{'"), b"");
/// assert!(turn(b"}").starts_with(br#"{"error": {"class": "GenericError", "desc": "JSON parse error"#));
/// assert_eq!(turn(br#"{"execute": "qmp_capabilities"}"#), b"{\"return\": {}}\r\n");
/// assert_eq!(turn(br#"{"execute": "query-name", "id": 2}"#), b"{\"return\": {\"name\": \"vm\"}, \"id\": 2}\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct Server<B, O, S> {
    session: Session,
    rx: B,
    tx: O,
    store: S,
}

impl<B, O, S> Server<B, O, S> {
    /// A server at the start of a connection.
    pub const fn new(profile: Profile, rx: B, tx: O, store: S) -> Self {
        Self { session: Session::new(profile), rx, tx, store }
    }

    /// Whether commands and events can pass: the client has negotiated.
    pub const fn is_ready(&self) -> bool {
        self.session.is_ready()
    }

    /// Events that were lost for want of room, since [`new`](Self::new).
    pub const fn lost_events(&self) -> u32 {
        self.session.output.events.lost
    }

    /// Numbers the connection, for a program that has many: each [`Call`] bears the number, and one that bears another
    /// is refused. To be called between two connections, with [`reset`](Self::reset).
    pub const fn set_connection(&mut self, number: u32) {
        self.session.connection = number;
    }

    /// For a new connection: what was received, to be sent or being run is forgotten, and a greeting is due. A
    /// [`Call`] of the old connection is refused from now on.
    ///
    /// Not to be called on a line without connections: nothing tells there that another client has come.
    pub fn reset(&mut self) {
        self.session.reset();
    }
}

impl<B, O, S> Server<B, O, S>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    O: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[u8]> + AsMut<[u8]>,
{
    /// Where the next bytes from the client go. Empty while a request in the buffer has to wait: read again after the
    /// next reply.
    pub fn window(&mut self) -> &mut [u8] {
        if self.session.is_suspended() {
            return &mut [];
        }
        self.session.link.window(self.rx.as_mut())
    }

    /// The first `read` bytes of the [`window`](Self::window) have come from the client.
    ///
    /// # Errors
    /// [`Overrun`] if the window is shorter; nothing was committed then.
    pub fn commit(&mut self, read: usize) -> Result<(), Overrun> {
        if self.session.is_suspended() {
            return if read == 0 { Ok(()) } else { Err(Overrun) };
        }
        self.session.link.commit(self.rx.as_mut(), read)
    }

    /// What came next, `None` when nothing can be done before more has been received, sent or answered.
    pub fn poll(&mut self) -> Option<Inbound<'_>> {
        let head = self.session.advance(&mut buffers(&mut self.rx, &mut self.tx, &mut self.store))?;
        Some(self.session.lend(head, self.rx.as_ref(), self.store.as_ref()))
    }

    /// In place of [`poll`](Self::poll), for an application with a table of commands: runs what comes until nothing
    /// can be done before more has been received, sent or answered.
    ///
    /// What is not in the table is refused, as are arguments that do not fit. `query-commands` and `query-version`,
    /// for the guest agent `guest-ping` and `guest-info`, are answered here unless they are in the table.
    pub fn dispatch<A>(&mut self, commands: &[CommandEntry<A>], application: &mut A) {
        let mut buffers = buffers(&mut self.rx, &mut self.tx, &mut self.store);
        while let Some(head) = self.session.advance(&mut buffers) {
            if let Head::Request(place, call) = head {
                let specs = |index: usize| commands.get(index).map(|entry| entry.spec);
                dispatch::dispatch(&mut self.session, (place, call), &mut buffers, &specs, &mut |index, invocation| {
                    if let Some(entry) = commands.get(index) {
                        (entry.run)(application, invocation);
                    }
                });
            }
        }
    }

    /// What is to be sent, oldest first.
    pub fn unsent(&self) -> &[u8] {
        self.session.output.unsent(self.tx.as_ref())
    }

    /// The first `bytes` of what is [`unsent`](Self::unsent) have been sent.
    pub fn sent(&mut self, bytes: usize) {
        self.session.output.sent(bytes);
    }

    /// Answers a command: `value` writes what it returns. If it writes nothing that is `{}`, as for commands without
    /// a return.
    ///
    /// # Errors
    /// [`ReplyError`] says what to do. Nothing was written then, and the command is still to be answered.
    pub fn reply(&mut self, call: Call, value: impl FnOnce(&mut Writer<'_>)) -> Result<(), ReplyError> {
        let mut value = Some(value);
        let mut write = |w: &mut Writer<'_>| {
            if let Some(value) = value.take() {
                value(w);
            }
        };
        self.session.reply(call, self.tx.as_mut(), self.store.as_mut(), &mut |output, tx, keep, id| {
            output.reply(tx, keep, b"", id, &mut write)
        })
    }

    /// Answers a command by an error.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub fn error(&mut self, call: Call, class: ErrorClass<'_>, desc: &str) -> Result<(), ReplyError> {
        let desc = [Piece::Plain(desc)];
        self.session.reply(call, self.tx.as_mut(), self.store.as_mut(), &mut |output, tx, keep, id| {
            output.error(tx, keep, id, class, &desc)
        })
    }

    /// As [`error`](Self::error), with a `desc` that is formatted as it is written, as by
    /// `format_args!("Device '{id}' not found")`. It brings in the formatting code of the language.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub fn error_format(
        &mut self,
        call: Call,
        class: ErrorClass<'_>,
        desc: fmt::Arguments<'_>,
    ) -> Result<(), ReplyError> {
        self.session.reply(call, self.tx.as_mut(), self.store.as_mut(), &mut |output, tx, keep, id| {
            output.error_with(tx, keep, id, class, &mut |w| _ = w.format(desc))
        })
    }

    /// The command is over and has no reply, as `guest-shutdown` of the guest agent where it succeeds. Whether it was
    /// being run.
    pub fn withhold(&mut self, call: Call) -> bool {
        self.session.close(call, self.store.as_mut())
    }

    /// Something happened. `data` writes an object, or nothing for an event without data. In the order of the wire:
    /// what a command caused comes before its reply if it is told before it.
    ///
    /// `data` is asked as often as it takes to know what becomes of the event, not at all where nobody hears it, and is to
    /// write the same each time.
    ///
    /// # Errors
    /// [`EncodeError::Full`] if it is larger than half of the transmit buffer, so that it could never be sent; the
    /// others if `data` does not write one value.
    pub fn event(
        &mut self,
        name: &str,
        timestamp: Timestamp,
        mut data: impl FnMut(&mut Writer<'_>),
    ) -> Result<Emission, EncodeError> {
        self.session.event(self.tx.as_mut(), name, timestamp, &mut data)
    }

    /// When an event that was kept for its interval may be sent, in ticks of the caller's clock; `None` if none is.
    pub fn next_deadline(&self) -> Option<u64> {
        self.session.output.events.next_deadline(self.tx.as_ref())
    }

    /// The time is `now`, in ticks of the caller's clock, which never goes back: events whose interval is over are
    /// sent. Of use only where an [`EventPolicy`] has an interval, and then to be called also before
    /// [`event`](Self::event).
    pub fn handle_timeout(&mut self, now: u64) {
        self.session.output.events.tell_time(now);
        self.session.send_held(self.tx.as_mut());
    }
}

fn buffers<'b, B: AsMut<[u8]>, O: AsMut<[u8]>, S: AsMut<[u8]>>(
    rx: &'b mut B,
    tx: &'b mut O,
    store: &'b mut S,
) -> Buffers<'b> {
    Buffers { rx: rx.as_mut(), tx: tx.as_mut(), store: store.as_mut() }
}

#[cfg(feature = "defmt")]
impl<B, O, S> defmt::Format for Server<B, O, S> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Server {{ ready: {=bool}, lost_events: {=u32} }}", self.is_ready(), self.lost_events());
    }
}

/// All that a server's application meets can be printed by `defmt`.
#[cfg(all(test, feature = "defmt"))]
mod tests {
    use super::*;

    const fn is_format<T: defmt::Format>() {}

    const _: () = {
        is_format::<Server<[u8; 1], [u8; 1], [u8; 1]>>();
        is_format::<CommandEntry<()>>();
        is_format::<Invocation<'_>>();
        is_format::<(Argument, ArgumentType, Call, Inbound<'_>)>();
        is_format::<(Profile, Dialect, EventPolicy, Emission)>();
        is_format::<(ReplyError, EncodeError)>();
    };
}
