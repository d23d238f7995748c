//! The client against a model made of lists, for any interleaving of what a caller, a server and a bad line can do.

mod common;
mod model;

use common::session::{Answer, Layout, Step, To, plan};
use common::{Rng, panics, said, shrink};
use model::Role;
use model::client::{Said, Session};
use model::expect;
use qmp_core::{Client, CommandId, Empty, NEVER, Named, Phase, Slot};
use std::collections::BTreeSet;

const SESSION: u32 = 7;

/// A client and its model side by side, and the line between them and a server.
struct World {
    client: Client<Vec<u8>, Vec<Slot>>,
    model: Session,
    /// Sent by the server, not read yet.
    wire: Vec<u8>,
    now: u64,
    commands: Vec<CommandId>,
    /// Commands that have ended in any way, each once.
    ended: BTreeSet<u64>,
    /// Messages in the order of the wire have ascending numbers.
    written: u32,
    /// The last poll returned nothing and nothing has been read since.
    idle: bool,
    replies: u64,
}

/// Looks like a message, so that reading a byte too many shows.
const LITTER: &[u8] = b"\"}]\n{\"id\": 2000007, \"return\": {}}\n{\"event\": \"";

impl World {
    fn new(capacity: usize, slots: usize) -> Self {
        let buffer = LITTER.iter().copied().cycle().take(capacity).collect();
        Self {
            client: Client::with_slots(SESSION, buffer, vec![Slot::FREE; slots]),
            model: Session::new(SESSION, capacity, slots),
            wire: Vec::new(),
            now: 1000,
            commands: Vec::new(),
            ended: BTreeSet::new(),
            written: 0,
            idle: true,
            replies: 0,
        }
    }

    fn check(&self) {
        assert_eq!(self.client.phase(), self.model.phase, "phase");
        assert_eq!(self.client.oob(), self.model.oob, "oob");
        assert_eq!(self.client.late_replies(), self.model.late, "late replies");
        assert_eq!(self.client.next_deadline(), self.model.next_deadline(), "next deadline");
    }

    fn deadline(&self, wait: Option<u64>) -> u64 {
        wait.map_or(NEVER, |wait| self.now + wait)
    }

    fn write(&mut self, text: String, cut: Option<usize>) {
        let bytes = text.as_bytes();
        if self.model.closed {
            return;
        }
        match cut {
            // The line is broken there, and the next message starts a new one.
            Some(cut) if cut < bytes.len() => {
                self.wire.extend(&bytes[..cut]);
                self.wire.extend(b"\r\n");
            }
            _ => self.wire.extend(bytes),
        }
    }

    /// The member `id` of a reply, and what the reply is marked with.
    fn whose(&self, to: To) -> (String, String) {
        let recent = |nth: usize| {
            let issued = &self.model.issued;
            issued.len().checked_sub(nth + 1).map_or(self.model.next_id(), |place| issued[place])
        };
        let id = match to {
            To::Recent(nth) => recent(nth),
            To::Open(nth) => self.model.open.iter().rev().nth(nth).map_or(recent(nth), |(id, _)| *id),
            To::Negotiation => self.model.negotiating().unwrap_or(recent(0)),
            To::Coming(ahead) => self.model.next_id() + 1_000_000 * ahead,
            To::Other(text) => return (text.to_string(), "nobody".to_string()),
        };
        (format!("\"id\": {id}"), format!("for {id}"))
    }

    fn step(&mut self, step: &Step) {
        match step.clone() {
            Step::Greet { oob, size } => {
                let list = if oob { "\"oob\"" } else { "" };
                let package = "p".repeat(size);
                let qmp = format!("{{\"version\": {{\"package\": \"{package}\"}}, \"capabilities\": [{list}]}}");
                self.write(format!("{{\"QMP\": {qmp}}}\r\n"), None);
            }
            Step::Reply { to, answer, size, layout, cut } => {
                let (id, mark) = self.whose(to);
                let value = match answer {
                    Answer::Return => {
                        format!("\"return\": {{\"mark\": \"{mark}\", \"pad\": \"{}\"}}", "x".repeat(size))
                    }
                    Answer::Error => self.error("GenericError", &mark, size),
                    Answer::NotFound => self.error("CommandNotFound", &mark, size),
                };
                self.write(layout.write(&value, &id), cut);
            }
            Step::Event { size, cut } => {
                let data = format!("\"data\": {{\"number\": {}, \"pad\": \"{}\"}}", self.written, "e".repeat(size));
                self.written += 1;
                self.write(Layout::Compact.write("\"event\": \"JOB_STATUS_CHANGE\"", &data), cut);
            }
            Step::Junk(bytes) if self.model.closed => drop(bytes),
            Step::Junk(bytes) => self.wire.extend(bytes.0),
            Step::Read(most) => self.read(most),
            Step::Poll(most) => {
                for _ in 0..most {
                    if !self.poll() {
                        break;
                    }
                }
            }
            Step::Tick(ticks) => {
                self.now += ticks;
                self.client.handle_timeout(self.now);
                self.model.handle_timeout(self.now);
                self.idle = false;
            }
            Step::Close => {
                self.client.close();
                self.model.close();
                self.wire.clear();
            }
            Step::Reset => {
                self.client.reset();
                self.model.reset();
                self.wire.clear();
            }
            sent => self.send(sent),
        }
        self.check();
    }

    fn error(&self, class: &str, mark: &str, size: usize) -> String {
        format!("\"error\": {{\"class\": \"{class}\", \"desc\": \"{mark}{}\"}}", "x".repeat(size))
    }

    /// What the caller asks for: both say the same, and an error changes nothing.
    fn send(&mut self, step: Step) {
        let mut out = [b'#'; 160];
        match step {
            Step::Await { wait } => {
                let deadline = self.deadline(wait);
                self.client.await_greeting(deadline);
                self.model.await_greeting(deadline);
            }
            Step::Negotiate { oob, wait, room } => {
                let deadline = self.deadline(wait);
                let length = self.client.negotiate(oob, deadline, &mut out[..room]);
                let line = self.model.negotiate(oob, deadline, room);
                assert_eq!(length.map(|length| text(&out[..length])), line);
            }
            Step::Attach { wait, room } => {
                let deadline = self.deadline(wait);
                let length = self.client.attach(deadline, &mut out[..room]);
                let line = self.model.attach(deadline, room);
                assert_eq!(length.map(|length| text(&out[1..length])), line);
                assert!(line.is_err() || out[0] == 0xff);
            }
            Step::Execute { oob, raw, wait, room } => {
                let deadline = self.deadline(wait);
                let named = Named { name: "query-status", arguments: Empty {} };
                let out = &mut out[..room];
                let sent = match (raw, oob) {
                    (true, _) => self.client.execute_raw("query-status", None, oob, deadline, out),
                    (_, true) => {
                        self.client.exec_oob(&named, deadline, out).map(|(length, ticket)| (length, ticket.id()))
                    }
                    _ => self.client.execute(&named, deadline, out).map(|(length, ticket)| (length, ticket.id())),
                };
                let line = self.model.execute("query-status", oob, deadline, room);
                assert_eq!(sent.map(|(length, _)| text(&out[..length])), line);
                if let Ok((_, id)) = sent {
                    assert_eq!(Some(&id.get()), self.model.issued.last());
                    self.commands.push(id);
                }
            }
            Step::Cancel(nth) | Step::Withdraw(nth) => {
                let Some(&id) = self.commands.iter().rev().nth(nth) else { return };
                let (got, open) = match step {
                    Step::Cancel(_) => (self.client.cancel(id), self.model.cancel(id.get())),
                    _ => (self.client.withdraw(id), self.model.withdraw(id.get())),
                };
                assert_eq!(got, open, "whether {id} was open");
                if open {
                    self.end(id.get());
                }
            }
            other => unreachable!("{other:?} is not the caller's"),
        }
    }

    fn read(&mut self, most: usize) {
        let window = self.client.window();
        assert!(!self.idle || !window.is_empty(), "no room for what comes next");
        let room = window.len();
        let length = most.min(room).min(self.wire.len());
        window[..length].copy_from_slice(&self.wire[..length]);
        for (place, byte) in window[length..].iter_mut().zip(LITTER) {
            *place = *byte;
        }
        assert!(self.client.commit(room + 1).is_err(), "more than the window was taken");
        self.client.commit(length).unwrap();
        self.model.commit(&self.wire[..length]);
        self.wire.drain(..length);
        self.idle &= length == 0;
    }

    /// One poll; whether anything came.
    fn poll(&mut self) -> bool {
        let said = self.client.poll().map(said);
        let expected = self.model.poll();
        assert_eq!(said, expected, "what poll says");
        // Not by the model: a reply carries the mark of the command that it was written for.
        if let Some(Said::Reply(id, _, value)) = &said {
            assert!(value.contains(&format!("\"for {id}")), "reply {value} reached command {id}");
            self.replies += 1;
        }
        if let Some(Said::Reply(id, ..) | Said::Failed(id, _)) = said {
            self.end(id);
        }
        self.idle = said.is_none();
        self.check();
        said.is_some()
    }

    fn end(&mut self, id: u64) {
        assert!(self.commands.iter().any(|command| command.get() == id), "{id} was never a command");
        assert!(self.ended.insert(id), "command {id} ended twice");
    }

    /// Reads and polls all there is, ends the session, and sees that the books balance.
    fn finish(&mut self) {
        while !self.wire.is_empty() {
            self.read(usize::MAX);
            while self.poll() {}
        }
        self.step(&Step::Close);
        while self.poll() {}
        assert_eq!(self.client.phase(), Phase::Closed);
        assert_eq!(self.client.next_deadline(), None);
        assert_eq!(self.client.pending(), 0);
        let commands: BTreeSet<u64> = self.commands.iter().map(|id| id.get()).collect();
        assert_eq!(self.ended, commands, "commands that ended");
        // Every slot is free again.
        self.step(&Step::Reset);
        assert!(!self.poll());
        self.step(&Step::Greet { oob: false, size: 0 });
        self.finish_handshake();
        let slots = self.model.slots();
        for _ in 0..slots + 1 {
            self.step(&Step::Execute { oob: false, raw: true, wait: None, room: 128 });
        }
        assert_eq!(self.model.open.len(), slots);
    }

    fn finish_handshake(&mut self) {
        self.read(usize::MAX);
        while self.poll() {}
        self.step(&Step::Negotiate { oob: false, wait: None, room: 128 });
        let ok =
            Step::Reply { to: To::Negotiation, answer: Answer::Return, size: 0, layout: Layout::Compact, cut: None };
        self.step(&ok);
        self.read(usize::MAX);
        while self.poll() {}
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs all steps and the end; the number of replies delivered.
fn run(capacity: usize, slots: usize, steps: &[Step]) -> u64 {
    let mut world = World::new(capacity, slots);
    for step in steps {
        world.step(step);
    }
    world.finish();
    world.replies
}

#[test]
fn client_does_what_the_model_does() {
    let mut replies = 0;
    for seed in 0..20_000 {
        let mut rng = Rng::new(seed);
        let capacity = rng.pick(&[128, 160, 256, 512, 1024]);
        let slots = rng.pick(&[1, 2, 4, 4, 9, 16]);
        let steps = plan(&mut rng, capacity);
        let fails = |steps: &[Step]| {
            panics(|| {
                run(capacity, slots, steps);
            })
        };
        let mut count = 0;
        if !panics(|| count = run(capacity, slots, &steps)) {
            replies += count;
            continue;
        }
        let few = shrink(&steps, fails);
        println!("seed {seed}, capacity {capacity}, slots {slots}, shortest session:");
        few.iter().for_each(|step| println!("    {step:?}"));
        run(capacity, slots, &few);
        unreachable!("seed {seed} fails only sometimes");
    }
    assert!(replies > 20_000, "only {replies} replies were delivered: the sessions test little");
}

#[test]
fn stream_without_commands_is_told_as_the_reader_tells_it() {
    for seed in 0..2000 {
        let mut rng = Rng::new(seed);
        let stream = common::generate::stream(&mut rng, Role::Client, 256);
        let mut world = World::new(256, 4);
        let mut told = Vec::new();
        for byte in stream.chunks(1 + rng.below(40)) {
            world.wire.extend(byte);
            while !world.wire.is_empty() {
                world.read(usize::MAX);
                while let Some(incoming) = world.client.poll() {
                    told.push(said(incoming));
                }
            }
        }
        world.client.close();
        told.extend(std::iter::from_fn(|| world.client.poll().map(said)));
        let items = told.into_iter().map(|said| match said {
            Said::Greeting(item) | Said::Event(item) | Said::Unmatched(item) | Said::Discarded(item) => item,
            other => panic!("seed {seed}: {other:?} without a command"),
        });
        assert_eq!(items.collect::<Vec<_>>(), expect(&stream, Role::Client, 256), "seed {seed}");
    }
}
