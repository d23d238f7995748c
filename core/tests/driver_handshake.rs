//! The blocking driver until it is in command mode: greeting, negotiation, attaching, a guest agent.
#![cfg(feature = "embedded-io")]

mod common;
mod model;

use common::driver::{DONE, GREETING, NO_OOB, REFUSED, RESUME_EVENT, SETTINGS, STATUS, fresh, ready, short};
use common::said;
use common::script::{Move, Script, Take};
use qmp_core::{Error, Failure, Phase, QueryStatus, Settings, Stop};

macro_rules! log {
    ($log:ident) => {
        |incoming| $log.push(short(&said(incoming)))
    };
}

#[test]
fn connect_negotiates_what_the_settings_ask_for_and_the_server_offers() {
    for (oob, greeting, enabled) in [(false, GREETING, false), (true, GREETING, true), (true, NO_OOB, false)] {
        let script = Script::new([RESUME_EVENT, greeting, DONE]);
        let mut qmp = fresh(&script, Settings { oob, ..SETTINGS });
        let mut log = Vec::new();
        qmp.connect(log!(log)).unwrap();
        assert_eq!(log, ["RESUME", "greeting"]);
        assert_eq!(script.take().contains("\"oob\""), enabled);
        assert_eq!((qmp.client().phase(), qmp.client().oob()), (Phase::Command, Some(enabled)));
        assert!(script.is_over());
    }
}

#[test]
fn handshake_has_deadlines_that_name_the_phase() {
    let script = Script::new([Move::Idle(99), Move::Idle(1)]);
    let mut qmp = fresh(&script, SETTINGS);
    assert_eq!(qmp.connect(|_| {}).unwrap_err(), Error::TimedOut(Phase::Greeting));
    assert_eq!(qmp.client().phase(), Phase::Closed);

    let script = Script::new([Move::Idle(99), GREETING, Move::Idle(99), Move::Idle(1)]);
    let mut qmp = fresh(&script, SETTINGS);
    assert_eq!(qmp.connect(|_| {}).unwrap_err(), Error::TimedOut(Phase::Negotiating));
    assert_eq!(qmp.client().phase(), Phase::Closed);
}

#[test]
fn handshake_has_a_deadline_also_while_its_command_cannot_be_sent() {
    let script = Script::new([GREETING]);
    script.write([const { Take::Idle(1) }; 1000]);
    let mut qmp = fresh(&script, SETTINGS);
    assert_eq!(qmp.connect(|_| {}).unwrap_err(), Error::TimedOut(Phase::Negotiating));
    assert_eq!(script.now.get(), 100);
    assert_eq!(qmp.client().phase(), Phase::Closed);
}

#[test]
fn refused_negotiation_is_an_error_and_can_be_tried_again() {
    let script = Script::new([GREETING, REFUSED]);
    let mut qmp = fresh(&script, Settings { oob: true, ..SETTINGS });
    let mut log = Vec::new();
    assert_eq!(qmp.connect(log!(log)).unwrap_err(), Error::Refused);
    assert_eq!(log.len(), 2);
    qmp.settings_mut().oob = false;
    script.take();
    script.read([DONE]);
    qmp.connect(|_| {}).unwrap();
    assert!(!script.take().contains("oob"));
}

#[test]
fn attach_sends_the_byte_that_resets_the_server_and_takes_its_answer() {
    let script = Script::new([
        Move::Say("old\": 1}\r\n{\"error\": {\"class\": \"GenericError\", \"desc\": \"stray\"}}\r\n"),
        Move::Say("{\"id\": @0, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"already complete\"}}\r\n"),
    ]);
    let mut qmp = fresh(&script, SETTINGS);
    let mut log = Vec::new();
    qmp.attach(log!(log)).unwrap();
    assert_eq!((log.len(), log[0].as_str()), (2, "Noise { bytes: 7 }"));
    assert_eq!(script.sent.borrow()[0], 0xff);
    assert_eq!((qmp.client().phase(), qmp.client().oob()), (Phase::Command, None));
}

#[test]
fn attach_in_command_mode_begins_anew_and_loses_no_event() {
    // The server waits for the end of a command that was damaged on its way.
    let (mut qmp, script) = ready([Move::Idle(100)]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::Failed(Failure::TimedOut));
    script.read([
        Move::Say("{\"event\": \"STOP\"}\r\n{\"event\": \"RESUME\"}\r\n{\"return\": {\"cut"),
        Move::Say(
            " off\r\n{\"id\": @0, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"already complete\"}}\r\n",
        ),
        STATUS,
    ]);
    assert_eq!(qmp.wait(10, |event| (event.name() == "STOP").then_some(()), |_| {}), Ok(()));
    let (mut log, sent) = (Vec::new(), script.sent.borrow().len());
    qmp.attach(log!(log)).unwrap();
    assert_eq!(log, ["RESUME", "Truncated { bytes: 16 }", "Noise { bytes: 3 }"]);
    assert_eq!(script.sent.borrow()[sent], 0xff);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
}

const SYNC: Move = Move::Delimited("{\"return\": @0, \"id\": @0}\n");

#[test]
fn an_agent_is_asked_again_until_it_answers_whatever_is_in_the_channel() {
    let stale = Move::Say("name\": \"vm\"}}\n{\"return\": {}}\n{\"return\": {\"half\": ");
    // Read after the next command was sent.
    let late = Move::Delimited("{\"return\": @1, \"id\": @1}\n");
    let noise = Move::Say("{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\n");
    let first = Move::Delimited("{\"return\": @2, \"id\": @2}\n");
    for (reads, asked) in [
        (vec![SYNC], 1),
        (vec![stale.clone(), Move::Idle(10), noise.clone(), SYNC], 1),
        // Not up yet: the first two are lost.
        (vec![Move::Idle(25), stale.clone(), Move::Idle(20), Move::Idle(4), noise.clone(), SYNC], 3),
        // Slow: the first is answered after the third was asked.
        (vec![Move::Idle(20), Move::Idle(20), noise.clone(), first, late], 3),
    ] {
        let script = Script::new(reads);
        let mut qmp = fresh(&script, SETTINGS);
        qmp.synchronise(20, |_| {}).unwrap();
        assert_eq!(qmp.client().phase(), Phase::Command);
        let sent = script.take();
        assert_eq!(sent.matches("\u{fffd}{\"execute\":\"guest-sync-delimited\",").count(), asked, "{sent}");
        // Commands pass now.
        script.read([STATUS]);
        assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
        assert!(script.is_over());
    }
}

#[test]
fn an_agents_answer_that_is_there_is_read_though_asking_took_all_the_time() {
    let script = Script::new([SYNC]);
    let mut qmp = fresh(&script, SETTINGS);
    script.write([Take::Slow(90)]);
    qmp.synchronise(20, |_| {}).unwrap();
    assert_eq!(script.take().matches("guest-sync").count(), 1);
}

#[test]
fn an_agent_that_never_answers_is_given_up_at_the_deadline() {
    let script = Script::new((0..10).map(|_| Move::Idle(10)));
    let mut qmp = fresh(&script, SETTINGS);
    assert_eq!(qmp.synchronise(30, |_| {}), Err(Error::TimedOut(Phase::Negotiating)));
    assert_eq!((script.now.get(), script.take().matches("guest-sync").count()), (100, 4));
    // Nobody takes the request: the same.
    script.write((0..10).map(|_| Take::Idle(10)));
    script.read([Move::Idle(0), Move::Idle(0), Move::Idle(0), Move::Idle(0)]);
    assert_eq!(qmp.synchronise(0, |_| {}), Err(Error::TimedOut(Phase::Negotiating)));
    // A half that was sent is no trouble for the next attempt.
    script.take();
    script.write([Take::Bytes(5), Take::Idle(30)]);
    script.read([SYNC]);
    qmp.synchronise(25, |_| {}).unwrap();
    assert_eq!(script.take().matches('\u{fffd}').count(), 2);
    // One that refuses is no agent.
    script.read([REFUSED]);
    assert_eq!(qmp.synchronise(25, |_| {}), Err(Error::Refused));
    script.read([GREETING]);
    assert_eq!(qmp.synchronise(25, |_| {}), Err(Error::Refused));
    // Also one whose greeting is too large to be told.
    let start = "{\"QMP\": {\"version\": {\"package\": \"";
    let long: &str = format!("{start}{}\"}}, \"capabilities\": []}}}}\r\n", "x".repeat(600)).leak();
    script.read((0..long.len()).map(|at| Move::Say(&long[at..=at])));
    assert_eq!(qmp.synchronise(25, |_| {}), Err(Error::Refused));
    script.read([Move::End]);
    assert_eq!(qmp.synchronise(25, |_| {}), Err(Error::Closed));
}
