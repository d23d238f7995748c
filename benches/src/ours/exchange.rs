//! `qmp_core::Client` over memory instead of a socket.

use crate::exchange::{Exchange, Exchanger, Moment, Status};
use qmp_core::{Client, Incoming, NEVER, QueryStatus, Slot, Ticket};
use std::collections::VecDeque;

pub(crate) const EXCHANGER: Exchanger =
    Exchanger { name: "qmp-core", what: "Client", tells_time: true, open: |commands| Box::new(Session::new(commands)) };

struct Session {
    client: Client<[u8; 4096], Box<[Slot]>>,
    out: [u8; 256],
    /// Of the open commands, oldest first.
    tickets: VecDeque<Ticket<QueryStatus>>,
    status: Status,
    moment: Moment,
}

impl Session {
    /// A client that has negotiated, without out-of-band execution.
    fn new(commands: usize) -> Self {
        let mut session = Self {
            client: Client::with_slots(1, [0; 4096], vec![Slot::FREE; commands].into_boxed_slice()),
            out: [0; 256],
            tickets: VecDeque::with_capacity(commands),
            status: Status::default(),
            moment: Moment::default(),
        };
        session.receive(b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
        let length = session.client.negotiate(false, NEVER, &mut session.out).expect("a greeting has come");
        let command: serde_json::Value = serde_json::from_slice(&session.out[..length]).expect("a command is JSON");
        session.receive(format!("{{\"return\": {{}}, \"id\": {}}}\r\n", command["id"]).as_bytes());
        session
    }
}

impl Exchange for Session {
    fn command(&mut self) -> &[u8] {
        let (length, ticket) = self.client.execute(&QueryStatus {}, NEVER, &mut self.out).expect("a slot is free");
        self.tickets.push_back(ticket);
        &self.out[..length]
    }

    fn receive(&mut self, mut bytes: &[u8]) -> usize {
        let mut completed = 0;
        while !bytes.is_empty() {
            let window = self.client.window();
            let (piece, rest) = bytes.split_at(bytes.len().min(window.len()));
            window[..piece.len()].copy_from_slice(piece);
            self.client.commit(piece.len()).expect("the window has room for what was put there");
            bytes = rest;
            while let Some(incoming) = self.client.poll() {
                match incoming {
                    Incoming::Reply(reply) => {
                        // Replies come in the order of the commands.
                        let ticket = self.tickets.pop_front().expect("a reply has a command");
                        let info = reply.decode(ticket).expect("in order").expect("a status").expect("no error");
                        self.status = Status { in_run_state: info.status == "running", running: info.running };
                        completed += 1;
                    }
                    Incoming::Event(event) => {
                        let at = event.timestamp().expect("QEMU has a clock");
                        let name = event.name().raw().len();
                        self.moment = Moment { name, seconds: at.seconds, microseconds: at.microseconds };
                    }
                    _ => {}
                }
            }
        }
        completed
    }

    fn status(&self) -> Status {
        self.status
    }

    fn event(&mut self, bytes: &[u8]) -> Moment {
        self.receive(bytes);
        self.moment
    }
}
