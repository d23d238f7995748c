//! The async driver against a scripted server, every future dropped at every point where it waits.
#![cfg(feature = "embedded-io-async")]

use core::cell::RefCell;
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io_async::{ErrorType, Read, Write};
use qmp_core::io_async::{Connection, Timer};
use qmp_core::{Client, Clock, Error, Event, Failure, Incoming, NoClock, Phase, QueryStatus, Settings, Stop};

/// A server that answers each whole line it was sent, and what passed over its link.
#[derive(Default)]
struct Server {
    /// What it was sent and has not answered: a line that is not complete.
    unread: Vec<u8>,
    /// The commands it has run, by name.
    ran: Vec<String>,
    /// What it has to say.
    said: VecDeque<u8>,
    /// How many events it has sent.
    events: usize,
    silent: bool,
}

impl Server {
    fn hear(&mut self, bytes: &[u8]) {
        self.unread.extend(bytes);
        while let Some(end) = self.unread.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            let line = line.strip_prefix(b"\xff").unwrap_or(&line);
            let command: serde_json::Value = serde_json::from_slice(line).expect("each line is one command");
            let name = command["execute"].as_str().expect("a command has a name").to_owned();
            if !self.silent {
                self.event();
                let value = match name.as_str() {
                    "query-status" => r#"{"running": true, "status": "running"}"#,
                    _ => "{}",
                };
                self.say(&format!("{{\"return\": {value}, \"id\": {}}}\r\n", command["id"]));
            }
            self.ran.push(name);
        }
    }

    fn event(&mut self) {
        let event =
            format!("{{\"timestamp\": {{\"seconds\": 1, \"microseconds\": 2}}, \"event\": \"E{}\"}}\r\n", self.events);
        self.events += 1;
        self.say(&event);
    }

    fn say(&mut self, text: &str) {
        self.said.extend(text.bytes());
    }
}

/// One end of the link. Each call waits once before it does anything, and then passes at most `most` bytes.
#[derive(Clone)]
struct Link {
    server: Rc<RefCell<Server>>,
    most: usize,
}

impl Link {
    fn new(most: usize) -> Self {
        let server = Rc::new(RefCell::new(Server::default()));
        server.borrow_mut().say("{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
        Self { server, most }
    }
}

/// Not ready the first time it is asked.
async fn once() {
    let mut waited = false;
    poll_fn(|_| if core::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await
}

impl ErrorType for Link {
    type Error = Infallible;
}

impl Read for Link {
    async fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        once().await;
        let server = &self.server;
        poll_fn(|_| if server.borrow().said.is_empty() { Poll::Pending } else { Poll::Ready(()) }).await;
        let mut server = server.borrow_mut();
        let length = to.len().min(self.most).min(server.said.len());
        to.iter_mut().zip(server.said.drain(..length)).for_each(|(to, byte)| *to = byte);
        Ok(length)
    }
}

impl Write for Link {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        once().await;
        let length = bytes.len().min(self.most);
        self.server.borrow_mut().hear(&bytes[..length]);
        Ok(length)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        once().await;
        Ok(())
    }
}

/// Asks `task` up to `times` times; what it came to, if it did. It is dropped then.
fn ask<R>(task: impl Future<Output = R>, times: usize) -> Option<R> {
    let mut task = pin!(task);
    let mut context = Context::from_waker(Waker::noop());
    (0..times).find_map(|_| match task.as_mut().poll(&mut context) {
        Poll::Ready(result) => Some(result),
        Poll::Pending => None,
    })
}

const ENOUGH: usize = 10_000;

fn session(link: &Link) -> Connection<Link, NoClock, [u8; 512], [u8; 256]> {
    Connection::new(link.clone(), NoClock, Client::new(7, [0; 512]), [0; 256], Settings::NONE)
}

/// Notes each event's name; anything else that is not to be expected is a failure.
fn note(events: &mut Vec<String>, incoming: Incoming<'_>) {
    match incoming {
        Incoming::Event(event) => events.push(event.name().to_heapless::<32>().unwrap().as_str().to_owned()),
        Incoming::Greeting(_) => {}
        other => panic!("not expected: {other:?}"),
    }
}

/// Runs a command dropped after `drop` steps, then others to their end; what was sent, told and answered has to add up.
fn drop_after(drop: usize, most: usize) -> bool {
    let link = Link::new(most);
    let mut qmp = session(&link);
    let mut events = Vec::new();
    ask(qmp.connect(|incoming| note(&mut events, incoming)), ENOUGH).expect("connected").expect("no error");
    let finished = ask(qmp.execute(&Stop {}, |incoming| note(&mut events, incoming)), drop).is_some();
    for _ in 0..3 {
        let status = ask(qmp.execute(&QueryStatus {}, |incoming| note(&mut events, incoming)), ENOUGH);
        let status = status.expect("answered").expect("no failure").expect("no error of the server");
        assert!(status.running, "each command gets its own reply");
    }
    let server = link.server.borrow();
    let told: Vec<String> = (0..server.events).map(|number| format!("E{number}")).collect();
    assert_eq!(events, told, "each event once and in order, dropped after {drop}");
    let ran: Vec<&str> = server.ran.iter().map(String::as_str).collect();
    let stopped = ran.iter().filter(|name| **name == "stop").count();
    assert!(stopped <= 1, "a command that was sent in part is finished, not sent again");
    assert_eq!(ran.len(), 4 + stopped, "the others are sent once each: {ran:?}");
    assert_eq!(qmp.client().late_replies() as usize, stopped - usize::from(finished));
    assert!(server.unread.is_empty());
    finished
}

#[test]
fn command_may_be_dropped_at_every_point_where_it_waits() {
    for most in [1, 2, 7, 64, 4096] {
        let steps = (0..ENOUGH).take_while(|drop| !drop_after(*drop, most)).count();
        assert!(steps >= 4, "there are points to drop it at: {steps}");
        assert!(steps < ENOUGH - 1);
    }
}

#[test]
fn handshake_may_be_dropped_at_every_point_where_it_waits() {
    for most in [1, 5, 4096] {
        for drop in 0.. {
            let link = Link::new(most);
            let mut qmp = session(&link);
            let mut greetings = 0;
            let mut count =
                |incoming: Incoming<'_>| greetings += usize::from(matches!(incoming, Incoming::Greeting(_)));
            let finished = ask(qmp.connect(&mut count), drop).is_some();
            ask(qmp.connect(&mut count), ENOUGH).expect("connected").expect("no error");
            assert_eq!((greetings, qmp.client().phase()), (1, Phase::Command));
            assert_eq!(link.server.borrow().ran, ["qmp_capabilities"], "negotiated once");
            if finished {
                break;
            }
            assert!(drop < ENOUGH);
        }
    }
}

#[test]
fn wait_for_an_event_may_be_dropped_at_every_point_where_it_waits() {
    for drop in 0..200 {
        let link = Link::new(3);
        let mut qmp = session(&link);
        ask(qmp.connect(|_| {}), ENOUGH).expect("connected").expect("no error");
        link.server.borrow_mut().event();
        let mut seen = 0;
        let mut is_first = |name: &qmp_core::Str<'_>| {
            seen += 1;
            (*name == "E1").then_some(())
        };
        let found = ask(qmp.wait(u64::MAX, |event| is_first(&event.name()), |_| {}), drop).is_some();
        if !found {
            ask(qmp.wait(u64::MAX, |event| is_first(&event.name()), |_| {}), ENOUGH)
                .expect("it came")
                .expect("no error");
        }
        assert_eq!(seen, 1, "an event is shown once, dropped after {drop}");
    }
}

/// A clock that a test moves on: each look at it is one tick.
struct Ticks(u64);

impl Clock for Ticks {
    fn now(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

impl Timer for Ticks {
    async fn until(&mut self, deadline: u64) {
        once().await;
        self.0 = self.0.max(deadline);
    }
}

#[test]
fn silent_server_costs_the_deadline_and_its_late_reply_is_dropped() {
    let link = Link::new(64);
    let settings = Settings { handshake: 1_000, command: 100, oob: false };
    let mut qmp = Connection::new(link.clone(), Ticks(0), Client::new(7, [0; 512]), [0; 256], settings);
    // Each write of this clock's driver races with the timer: the link is ready first.
    ask(qmp.connect(|_| {}), ENOUGH).expect("connected").expect("no error");
    link.server.borrow_mut().silent = true;
    let result = ask(qmp.execute(&Stop {}, |_| {}), ENOUGH).expect("the timer ends it").map(|_| ());
    assert_eq!(result, Err(Error::Failed(Failure::TimedOut)));
    link.server.borrow_mut().silent = false;
    link.server.borrow_mut().say("{\"return\": {}, \"id\": 2000007}\r\n");
    let status = ask(qmp.execute(&QueryStatus {}, |_| {}), ENOUGH).expect("answered").expect("no failure");
    assert!(status.expect("no error").running);
    assert_eq!(qmp.client().late_replies(), 1);
}

#[test]
fn wait_without_time_reads_what_is_there_and_no_more() {
    let link = Link::new(128);
    let mut qmp = Connection::new(link.clone(), Ticks(0), Client::new(7, [0; 512]), [0; 256], Settings::NONE);
    ask(qmp.connect(|_| {}), ENOUGH).expect("connected").expect("no error");
    link.server.borrow_mut().event();
    let name = |event: Event<'_>| Some(event.name().to_string());
    assert!(ask(qmp.wait(0, name, |_| {}), ENOUGH).expect("it comes back").is_ok());
    let nothing = ask(qmp.wait(0, name, |_| {}), ENOUGH).expect("it comes back");
    assert_eq!(nothing, Err(Error::TimedOut(Phase::Command)));
}

#[test]
fn reply_and_event_may_come_in_either_order() {
    for event_first in [true, false] {
        let link = Link::new(9);
        let mut qmp = session(&link);
        ask(qmp.connect(|_| {}), ENOUGH).expect("connected").expect("no error");
        link.server.borrow_mut().silent = true;
        let event = "{\"event\": \"STOP\"}\r\n";
        let reply = "{\"return\": {}, \"id\": 2000007}\r\n";
        let (first, second) = if event_first { (event, reply) } else { (reply, event) };
        link.server.borrow_mut().say(&(first.to_owned() + second));
        let stop = qmp.execute_until(&Stop {}, u64::MAX, |event| (event.name() == "STOP").then_some(1), |_| {});
        let found = ask(stop, ENOUGH).expect("both came").expect("no failure").expect("no error");
        assert_eq!(found, 1);
    }
}

#[test]
fn error_reply_ends_the_wait_for_an_event() {
    let link = Link::new(64);
    let mut qmp = session(&link);
    ask(qmp.connect(|_| {}), ENOUGH).expect("connected").expect("no error");
    link.server.borrow_mut().silent = true;
    link.server.borrow_mut().say("{\"id\": 2000007, \"error\": {\"class\": \"DeviceNotFound\", \"desc\": \"no\"}}\r\n");
    let wait = qmp.execute_until(&Stop {}, u64::MAX, |_| Some(()), |_| {});
    let error = ask(wait, ENOUGH).expect("it ended").expect("no failure").expect_err("an error");
    assert_eq!(error.class(), qmp_core::ErrorClass::DeviceNotFound);
}

#[test]
fn silent_agent_is_asked_again_and_the_attempt_may_be_dropped() {
    let settings = Settings { handshake: 1_000, command: 100, oob: false };
    let link = Link::new(4096);
    *link.server.borrow_mut() = Server { silent: true, ..Server::default() };
    let mut qmp = Connection::new(link.clone(), Ticks(0), Client::new(7, [0; 512]), [0; 256], settings);
    let result = ask(qmp.synchronise(200, |_| {}), ENOUGH).expect("the timer ends it");
    assert_eq!(result, Err(Error::TimedOut(Phase::Negotiating)));
    let asked = link.server.borrow().ran.len();
    assert!((5..=6).contains(&asked), "{asked}");
    for drop in 1..20 {
        assert!(ask(qmp.synchronise(1_000_000, |_| {}), drop).is_none_or(|result| result.is_err()));
    }
    link.server.borrow_mut().silent = false;
    ask(qmp.synchronise(200, |_| {}), ENOUGH).expect("answered").expect("no error");
    let status = ask(qmp.execute(&QueryStatus {}, |_| {}), ENOUGH).expect("answered").expect("no failure");
    assert!(status.expect("no error of the server").running);
}
