//! The uses of the library that are measured. They are not inlined, so that every program has the same code for them.

use qmp_core::{Client, CommandId, Discarded, ErrorClass, FrameReader, Incoming, Json, Message, Part, Select, Str};

use crate::port;

/// The length of the receive buffer, in bytes.
pub const BUFFER: usize = 512;

/// The length of the transmit buffer, in bytes.
pub const TRANSMIT: usize = 128;

/// The reader of what a server sends.
pub type Reader = FrameReader<[u8; BUFFER]>;

/// A client with room for four open commands.
pub type FourInFlight = Client<[u8; BUFFER]>;

/// A reader at the start of a stream.
pub const fn reader() -> Reader {
    FrameReader::new([0; BUFFER])
}

/// A client at the start of a connection, in memory that is all zeros.
pub const fn client() -> FourInFlight {
    Client::new(0, [0; BUFFER])
}

/// Everything that was committed: the kind of each message, the integer `id` and the class of an error; the cause and length
/// of what is no message.
#[inline(never)]
pub fn receive(reader: &mut Reader) {
    while let Some(item) = reader.poll() {
        match item {
            Ok(message) => {
                port::take(message.kind() as u32);
                match message {
                    Message::Return(reply) => take_id(reply.id()),
                    Message::Error(reply) => {
                        take_class(reply.class());
                        take_id(reply.id());
                    }
                    _ => {}
                }
            }
            Err(discarded) => take_discarded(discarded),
        }
    }
}

/// Everything that was committed, as a client sees it, with a selection or without. Whether a greeting is to be answered.
#[inline(never)]
pub fn receive_as_client(client: &mut FourInFlight, mut select: Option<&mut Select<'_>>) -> bool {
    let mut greeted = false;
    while let Some(incoming) = client.poll_select(select.as_deref_mut()) {
        match incoming {
            Incoming::Greeting(_) => greeted = true,
            Incoming::Reply(reply) => {
                port::take(reply.id().get() as u32);
                match reply.result() {
                    Ok(value) => port::write(value.text()),
                    Err(error) => take_class(error.class()),
                }
            }
            Incoming::Event(event) => port::write(event.name().raw()),
            Incoming::Failed { id, .. } => port::take(id.get() as u32),
            Incoming::Part(Part::Element { value, .. }) => port::write(value.text()),
            Incoming::Part(Part::Piece(piece)) => port::write(piece),
            Incoming::Part(Part::End(counts)) => port::take(counts.delivered),
            Incoming::Discarded(discarded) => take_discarded(discarded),
            _ => port::take(0),
        }
    }
    greeted
}

/// What a program asks of a client, each thing when the port says so: the negotiation after a greeting, a command with ready
/// JSON arguments in or out of band, and deadlines, which a loop that does not sleep looks at in each turn.
#[inline(never)]
pub fn ask(client: &mut FourInFlight, out: &mut [u8; TRANSMIT]) {
    let now = u64::from(port::number());
    let oob = port::number() != 0;
    let written = match port::number() {
        0 => client.negotiate(oob, now, out),
        1 => {
            let arguments = Json::from_valid(port::text());
            client.execute_raw("query-status", Some(arguments), oob, now, out).map(|(length, id)| {
                port::take(id.get() as u32);
                length
            })
        }
        _ => {
            client.handle_timeout(now);
            Ok(0)
        }
    };
    port::take(written.map_or(0, |length| length as u32));
    port::write(out);
}

/// All that can be asked of a client: as [`ask`], when to wake up for a deadline, the handshake without a greeting, the greeting's deadline, arguments that
/// have to be checked, a command with a selection, giving up on one, and a new connection.
#[inline(never)]
pub fn ask_all(
    client: &mut FourInFlight,
    out: &mut [u8; TRANSMIT],
    open: &mut Option<CommandId>,
    select: Option<&mut Select<'_>>,
) {
    let now = u64::from(port::number());
    let written = match port::number() {
        0 => client.negotiate(port::number() != 0, now, out),
        1 => client.attach(now, out),
        2 => {
            let length = port::read(out);
            let (arguments, out) = out.split_at_mut_checked(length).unwrap_or_default();
            let arguments = Json::parse(arguments).ok();
            let started = client.execute_raw_select("query-status", arguments, port::number() != 0, select, now, out);
            started.map(|(length, id)| {
                *open = Some(id);
                length
            })
        }
        3 => {
            client.await_greeting(now);
            if let Some(id) = open.take() {
                client.cancel(id);
            }
            Ok(0)
        }
        4 => {
            if client.next_deadline().is_some_and(|deadline| deadline <= now) {
                client.handle_timeout(now);
            }
            Ok(0)
        }
        5 => {
            client.close();
            Ok(0)
        }
        _ => {
            client.reset();
            Ok(0)
        }
    };
    port::take(written.map_or(0, |length| length as u32));
    port::write(out);
}

fn take_id(id: Option<Json<'_>>) {
    if let Some(id) = id.and_then(Json::as_u64) {
        port::take(id as u32);
    }
}

fn take_class(class: ErrorClass<'_>) {
    port::take(u32::from(matches!(class, ErrorClass::CommandNotFound)));
}

fn take_discarded(discarded: Discarded<'_>) {
    port::take(match discarded {
        Discarded::Noise { bytes } | Discarded::Truncated { bytes } => bytes as u32,
        Discarded::Malformed { at, fault, .. } => at as u32 + fault as u32,
        Discarded::Oversized(message) => {
            port::write(message.event().map_or(b"", Str::raw));
            message.bytes() as u32 + message.kind() as u32 + message.id().unwrap_or(0) as u32
        }
        _ => 0,
    });
}
