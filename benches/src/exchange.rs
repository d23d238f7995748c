//! One command and its reply, and one event: what a client does between the bytes and the caller's types.

/// What a client made of a `query-status` reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// `status` is `running`.
    pub in_run_state: bool,
    /// `running`.
    pub running: bool,
}

/// What a client made of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// Bytes of its name.
    pub name: usize,
    /// When it happened, whole seconds.
    pub seconds: i64,
    /// When it happened, the rest.
    pub microseconds: i64,
}

/// A client at work, without a socket.
pub trait Exchange {
    /// Encodes the next `query-status`, with an id, into a buffer of its own.
    fn command(&mut self) -> &[u8];

    /// Takes bytes off the wire: finds messages, matches replies with commands by id and decodes the status. How many commands that completed.
    fn receive(&mut self, bytes: &[u8]) -> usize;

    /// What the latest reply said.
    fn status(&self) -> Status;

    /// Takes one event off the wire.
    fn event(&mut self, bytes: &[u8]) -> Moment;
}

/// One row of the table of exchanges.
#[derive(Clone, Copy)]
pub struct Exchanger {
    /// The same name as among the [`crate::contenders`].
    pub name: &'static str,
    /// How it goes about it.
    pub what: &'static str,
    /// Whether an event's time stamp can be read.
    pub tells_time: bool,
    /// A client after negotiation, with room for so many commands in flight.
    pub open: fn(commands: usize) -> Box<dyn Exchange>,
}

/// Every client there is in this build, ours first.
pub fn exchangers() -> Vec<Exchanger> {
    let ours = [crate::ours::EXCHANGER];
    #[cfg(feature = "peers")]
    let peers = crate::peers::exchangers();
    #[cfg(not(feature = "peers"))]
    let peers = [];
    ours.into_iter().chain(peers).collect()
}

/// How many commands a drill has replies for.
const REPLIES: usize = 500;

/// How many commands a client usually has room for. A drill needs one.
pub(crate) const IN_FLIGHT: usize = 4;

/// A client and the bytes that it will be sent.
pub struct Drill {
    client: Box<dyn Exchange>,
    /// The replies to the client's commands, in order.
    replies: Vec<Vec<u8>>,
    events: Vec<(Vec<u8>, Moment)>,
}

impl Drill {
    /// `exchanger` and what it will be sent. Its ids are learned from another client of its kind: they are the same every time.
    pub fn new(exchanger: &Exchanger) -> Self {
        let mut rehearsal = (exchanger.open)(IN_FLIGHT);
        let replies = (0..REPLIES)
            .map(|_| {
                let mut reply = vec![];
                reply_to(rehearsal.command(), &mut reply);
                rehearsal.receive(&reply);
                reply
            })
            .collect();
        let events = (0..64)
            .map(event)
            .map(|(bytes, moment)| {
                (bytes, if exchanger.tells_time { moment } else { Moment { name: moment.name, ..Moment::default() } })
            })
            .collect();
        Self { client: (exchanger.open)(IN_FLIGHT), replies, events }
    }

    /// Encodes a command and takes its reply. Not to be called more often than there are replies, 500 times.
    pub fn cycle(&mut self, n: u64) -> Result<(), String> {
        let reply = self.replies.get(n as usize).ok_or("out of replies")?;
        std::hint::black_box(self.client.command());
        let completed = self.client.receive(reply);
        let status = self.client.status();
        if completed == 1 && status == (Status { in_run_state: true, running: true }) {
            Ok(())
        } else {
            Err(format!("{completed} commands completed, {status:?}"))
        }
    }

    /// Takes an event.
    pub fn event(&mut self, n: u64) -> Result<(), String> {
        let (event, expected) = &self.events[n as usize % self.events.len()];
        let found = self.client.event(event);
        if found == *expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
    }
}

/// Appends the reply of a running machine to a `query-status`, one line, to `out`.
///
/// It does as little as a server can: the id is the last thing in the command.
pub fn reply_to(command: &[u8], out: &mut Vec<u8>) {
    const ID: &[u8] = b"\"id\":";
    out.extend_from_slice(br#"{"return": {"status": "running", "singlestep": false, "running": true}"#);
    if let Some(at) = command.windows(ID.len()).rposition(|window| window == ID) {
        out.extend_from_slice(b", \"id\": ");
        out.extend(command[at + ID.len()..].iter().filter(|byte| byte.is_ascii_digit()));
    }
    out.extend_from_slice(b"}\r\n");
}

/// An event of 81 bytes, and what is to be found in it.
fn event(n: i64) -> (Vec<u8>, Moment) {
    let (seconds, microseconds) = (1_795_332_764 + n, 624_116 - 1001 * n);
    let text = format!(
        "{{\"timestamp\": {{\"seconds\": {seconds}, \"microseconds\": {microseconds}}}, \"event\": \"STOP\"}}\r\n"
    );
    (text.into_bytes(), Moment { name: 4, seconds, microseconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_has_81_bytes() {
        assert!((0..64).all(|n| event(n).0.len() == 81));
    }

    #[test]
    fn every_client_completes_its_commands_and_reads_events() {
        for exchanger in exchangers() {
            let mut drill = Drill::new(&exchanger);
            for n in 0..100 {
                drill.cycle(n).and_then(|()| drill.event(n)).unwrap_or_else(|why| panic!("{}: {why}", exchanger.name));
            }
        }
    }
}
