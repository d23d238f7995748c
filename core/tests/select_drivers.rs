//! Commands with a selection over the drivers: a stale reply comes first, time runs out, a call is dropped wherever it waits.
#![cfg(feature = "embedded-io-async")]

mod common;
mod model;

use common::script::{Move, Script};
use core::cell::RefCell;
use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io_async::{ErrorType, Read, Write};
use qmp_core::io_async;
use qmp_core::{
    Client, Connection, Counts, Empty, Error, Failure, Incoming, Named, NoClock, Part, Phase, QueryStatus, Select,
    Selection, Settings, selection,
};

const NAMES: Selection<'_> = selection![elements: "return[*].name"];
const QUERY: Named<'_, Empty> = Named { name: "query-commands", arguments: Empty {} };

/// What a handler was given, in short.
fn short(incoming: Incoming<'_>) -> String {
    match incoming {
        Incoming::Part(Part::Element { index, value }) => format!("{index}: {value}"),
        Incoming::Part(Part::End(Counts { delivered, dropped, oversized })) => {
            format!("end {delivered} {dropped} {oversized}")
        }
        Incoming::Part(part) => format!("{part:?}"),
        Incoming::Event(event) => event.name().to_string(),
        Incoming::Unmatched(message) => format!("unmatched {}", message.kind()),
        other => format!("{other:?}"),
    }
}

#[test]
fn stale_reply_that_comes_first_is_abandoned_by_the_blocking_driver() {
    let script = Script::new([
        Move::Say("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"),
        Move::Say("{\"return\": {}, \"id\": @0}\r\n"),
        Move::Say("{\"return\": [{\"name\": \"old\", \"x\": [1, {}]}"),
        Move::Say(", {\"name\": \"older\"}], \"id\": 5000001}\r\n{\"event\": \"STOP\"}\r\n"),
        Move::Say("{\"return\": [{\"x\": \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}, {"),
        Move::Say(
            "\"name\": \"new\", \"x\": \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}], \"id\": @0}",
        ),
    ]);
    let now = script.now.clone();
    let settings = Settings { handshake: 100, command: 50, oob: false };
    let mut qmp = Connection::new(script.clone(), move || now.get(), Client::new(7, [0; 128]), [0; 128], settings);
    qmp.connect(|_| {}).unwrap();
    let mut log = Vec::new();
    let outcome = qmp.execute_select(&QUERY, Select::new(&NAMES), |incoming| log.push(short(incoming)));
    assert_eq!(outcome.unwrap().unwrap().text(), b"[]");
    let expected = [
        "Begin",
        "0: {\"name\":\"old\"}",
        "1: {\"name\":\"older\"}",
        "Abandoned",
        "unmatched return",
        "STOP",
        "Begin",
        "1: {\"name\":\"new\"}",
        "end 1 1 0",
    ];
    assert_eq!(log, expected);
    assert_eq!(qmp.client().phase(), Phase::Command);
    // Time runs out in the middle of a reply; what is left of it is nobody's, and the next command is answered.
    script.read([
        Move::Say("{\"return\": [{\"name\": \"a\"}, {\"na"),
        Move::Idle(60),
        Move::Say("me\": \"b\"}], \"id\": @1}\r\n"),
        Move::Say("{\"return\": {\"status\": \"running\", \"running\": true}, \"id\": @0}\r\n"),
    ]);
    let failed = qmp.execute_select(&QUERY, Select::new(&NAMES), |_| {});
    assert_eq!(failed.err(), Some(Error::Failed(Failure::TimedOut)));
    assert_eq!(qmp.client().phase(), Phase::Command);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    assert!(script.is_over());
}

/// A server that answers each line at once, on a link where each call waits once and then passes a few bytes.
#[derive(Clone, Default)]
struct Link {
    said: Rc<RefCell<VecDeque<u8>>>,
    heard: Rc<RefCell<Vec<u8>>>,
}

async fn once() {
    let mut waited = false;
    poll_fn(|_| if core::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

impl ErrorType for Link {
    type Error = Infallible;
}

impl Read for Link {
    async fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            once().await;
            let mut said = self.said.borrow_mut();
            let length = said.len().min(to.len()).min(17);
            if length > 0 {
                to.iter_mut().zip(said.drain(..length)).for_each(|(to, byte)| *to = byte);
                return Ok(length);
            }
        }
    }
}

impl Write for Link {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        once().await;
        let length = bytes.len().min(20);
        let mut heard = self.heard.borrow_mut();
        heard.extend(&bytes[..length]);
        while let Some(end) = heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = heard.drain(..=end).collect();
            let command: serde_json::Value = serde_json::from_slice(&line).expect("each line is one command");
            let value = match command["execute"].as_str().unwrap() {
                "query-commands" => {
                    "[{\"x\": \"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\", \"name\": \"a\"}, {}, {\"name\": 2}]"
                }
                "query-status" => "{\"status\": \"running\", \"running\": true}",
                _ => "{}",
            };
            self.said.borrow_mut().extend(format!("{{\"return\": {value}, \"id\": {}}}\r\n", command["id"]).bytes());
        }
        Ok(length)
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

type Qmp = io_async::Connection<Link, NoClock, [u8; 96], [u8; 128]>;

fn connected() -> Qmp {
    let link = Link::default();
    link.said.borrow_mut().extend(b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
    let mut qmp = io_async::Connection::new(link, NoClock, Client::new(7, [0; 96]), [0; 128], Settings::NONE);
    assert!(run(qmp.connect(|_| {}), usize::MAX).unwrap().is_ok());
    qmp
}

/// Polls so often, at most.
fn run<F: Future>(future: F, most: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..most.min(10_000)).find_map(|_| match future.as_mut().poll(&mut context) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    })
}

#[test]
fn async_call_delivers_and_may_be_dropped_wherever_it_waits() {
    let expected = ["Begin", "0: {\"name\":\"a\"}", "2: {\"name\":2}", "end 2 1 0"];
    let mut dropped = 0;
    for most in 0.. {
        let mut qmp = connected();
        let mut log = Vec::new();
        let select = Select::new(&NAMES);
        let outcome = run(qmp.execute_select(&QUERY, select, |incoming| log.push(short(incoming))), most);
        let done = outcome.is_some();
        if let Some(outcome) = outcome {
            assert_eq!(outcome.unwrap().unwrap().text(), b"[]");
            assert_eq!(log, expected);
        }
        let status = run(qmp.execute(&QueryStatus {}, |_| {}), usize::MAX).expect("an answer");
        assert!(status.unwrap().unwrap().running, "dropped after {most} polls");
        // And with a selection again.
        let mut log = Vec::new();
        let select = Select::new(&NAMES);
        let again = run(qmp.execute_select(&QUERY, select, |incoming| log.push(short(incoming))), usize::MAX);
        assert!(again.expect("an answer").unwrap().is_ok());
        assert_eq!(log, expected, "dropped after {most} polls");
        if done {
            break;
        }
        dropped += 1;
    }
    assert!(dropped > 8, "it waited only {dropped} times");
}
