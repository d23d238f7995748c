//! The blocking driver on a transport that does everything a transport may do.
#![cfg(feature = "embedded-io")]

mod common;
mod model;

use common::driver::{
    DONE, GREETING, NO_OOB, REFUSED, RESUME_EVENT, SETTINGS, STATUS, STOP_EVENT, fresh, ready, short,
};
use common::said;
use common::script::{Move, Script, Take};
use embedded_io::ErrorKind;
use qmp_core::{Cont, Error, Event, ExecuteError, Failure, HumanMonitorCommand, Phase, QueryStatus, Settings, Stop};

fn name(event: Event<'_>) -> String {
    event.name().to_string()
}

macro_rules! log {
    ($log:ident) => {
        |incoming| $log.push(short(&said(incoming)))
    };
}

#[test]
fn command_written_in_parts_is_never_begun_anew() {
    let (mut qmp, script) = ready([STATUS]);
    script.write([Take::Bytes(1), Take::Idle(1), Take::Bytes(10), Take::Fail(ErrorKind::Interrupted), Take::Bytes(3)]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    let sent = script.take();
    assert_eq!(sent.matches("execute").count(), 1);
    assert!(sent.starts_with("{\"execute\":\"query-status\",\"id\":") && sent.ends_with("}\n"), "{sent}");
}

#[test]
fn command_cut_off_by_a_deadline_is_finished_before_the_next() {
    let (mut qmp, script) = ready([Move::Say("{\"return\": {}, \"id\": @1}\r\n"), STATUS]);
    script.write([Take::Bytes(5), Take::Idle(60)]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::TimedOut(Phase::Command));
    assert_eq!(script.take(), "{\"exe");
    // The late reply to the first is dropped.
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    let sent = script.take();
    let lines: Vec<&str> = sent.lines().collect();
    assert!(
        lines[0].starts_with("cute\":\"stop\"") && lines[1].starts_with("{\"execute\":\"query-status\""),
        "{lines:?}"
    );
    assert_eq!((lines.len(), qmp.client().late_replies()), (2, 1));
}

#[test]
fn reply_that_is_there_is_read_though_sending_took_all_the_time() {
    let (mut qmp, script) = ready([STATUS, Move::Idle(0), Move::Idle(0), STATUS]);
    script.write([Take::Slow(60)]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    // One that is not there is not waited for.
    script.write([Take::Slow(60)]);
    assert_eq!(qmp.execute(&QueryStatus {}, |_| {}).unwrap_err(), Error::Failed(Failure::TimedOut));
}

#[test]
fn command_given_up_before_its_first_byte_is_never_sent() {
    for take in [Take::Idle(60), Take::Fail(ErrorKind::Other), Take::Bytes(0)] {
        let (mut qmp, script) = ready([STATUS]);
        script.write([take]);
        let error = qmp.execute(&Stop {}, |_| {}).unwrap_err();
        assert!(matches!(error, Error::TimedOut(_) | Error::Transport(_) | Error::WriteZero), "{error}");
        assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
        let sent = script.take();
        assert!(sent.starts_with("{\"execute\":\"query-status\"") && sent.lines().count() == 1, "{sent}");
    }
}

#[test]
fn write_that_takes_nothing_is_an_error_and_the_rest_is_sent_first_afterwards() {
    let (mut qmp, script) = ready([Move::Say("{\"return\": {}, \"id\": @1}\r\n"), STATUS]);
    script.write([Take::Bytes(4), Take::Bytes(0)]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::WriteZero);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    assert!(script.take().starts_with("{\"execute\":\"stop\","));
}

#[test]
fn read_that_times_out_only_means_that_the_deadlines_are_looked_at() {
    let (mut qmp, script) = ready([Move::Idle(20), Move::Fail(ErrorKind::Interrupted), Move::Idle(29), STATUS]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    script.read([Move::Say("{\"return\": {\"sta"), Move::Idle(50)]);
    assert_eq!(qmp.execute(&QueryStatus {}, |_| {}).unwrap_err(), Error::Failed(Failure::TimedOut));
    // What had arrived is kept: the late reply is whole, and dropped.
    script.read([Move::Say("tus\": 1}, \"id\": @1}\r\n"), STATUS]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
    assert_eq!(qmp.client().late_replies(), 1);
}

#[test]
fn late_reply_is_dropped_and_the_next_command_gets_its_own() {
    let (mut qmp, script) = ready([Move::Idle(50)]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::Failed(Failure::TimedOut));
    script.read([Move::Say("{\"id\": @1, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n"), STATUS]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
}

#[test]
fn events_during_a_command_go_to_the_handler_in_order() {
    let (mut qmp, _) = ready([STOP_EVENT, Move::Say("noise\r\n"), RESUME_EVENT, STATUS, STOP_EVENT]);
    let mut log = Vec::new();
    assert!(qmp.execute(&QueryStatus {}, log!(log)).unwrap().unwrap().running);
    assert_eq!(log, ["STOP", "Noise { bytes: 5 }", "RESUME"]);
    let found = qmp.wait(10, |event| Some(name(event)), log!(log));
    assert_eq!(found.as_deref(), Ok("STOP"));
}

#[test]
fn error_reply_is_an_outcome() {
    let (mut qmp, _) = ready([REFUSED]);
    let error = qmp.execute(&Stop {}, |_| {}).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "GenericError: no");
}

#[test]
fn wait_is_armed_before_the_command_is_sent() {
    for reads in [[RESUME_EVENT, STOP_EVENT, DONE], [RESUME_EVENT, DONE, STOP_EVENT], [DONE, RESUME_EVENT, STOP_EVENT]]
    {
        let (mut qmp, script) = ready(reads);
        let mut log = Vec::new();
        let until = |event: Event<'_>| (event.name() == "STOP").then(|| event.data().unwrap().to_string());
        let found = qmp.execute_until(&Stop {}, 40, until, log!(log)).unwrap().unwrap();
        assert_eq!(found, "{\"n\": 1}");
        assert_eq!(log, ["RESUME"]);
        assert!(script.is_over());
    }
}

#[test]
fn error_reply_ends_a_wait_for_an_event() {
    for reads in [vec![REFUSED], vec![STOP_EVENT, REFUSED]] {
        let (mut qmp, script) = ready(reads);
        let outcome = qmp.execute_until(&Stop {}, 40, |event| Some(name(event)), |_| {}).unwrap();
        assert_eq!(outcome.unwrap_err().to_string(), "GenericError: no");
        assert!(script.is_over());
    }
}

#[test]
fn event_that_does_not_come_in_time_ends_the_wait_and_the_session_goes_on() {
    let (mut qmp, script) = ready([DONE, RESUME_EVENT, Move::Idle(39), Move::Idle(1)]);
    let mut log = Vec::new();
    let until = |event: Event<'_>| (event.name() == "STOP").then_some(());
    let error = qmp.execute_until(&Stop {}, 40, until, log!(log)).unwrap_err();
    assert_eq!((error, log), (Error::TimedOut(Phase::Command), vec!["RESUME".to_string()]));
    script.read([Move::Idle(5)]);
    assert_eq!(qmp.wait(5, |_| Some(()), |_| {}).unwrap_err(), Error::TimedOut(Phase::Command));
    script.read([STATUS]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
}

#[test]
fn wait_without_time_reads_what_is_there_and_no_more() {
    let (mut qmp, script) = ready([STOP_EVENT, Move::Idle(0), Move::Say("{\"event\""), Move::Say(": \"RESUME\"}\r\n")]);
    let mut next = || qmp.wait(0, |event| Some(name(event)), |_| {});
    assert_eq!(next().as_deref(), Ok("STOP"));
    assert_eq!(next(), Err(Error::TimedOut(Phase::Command)));
    assert_eq!(next(), Err(Error::TimedOut(Phase::Command)));
    assert_eq!(next().as_deref(), Ok("RESUME"));
    assert!(script.is_over());
}

#[test]
fn server_restarted_in_mid_command_fails_it_and_connect_negotiates_anew() {
    let (mut qmp, script) = ready([STOP_EVENT, NO_OOB]);
    *qmp.settings_mut() = Settings { oob: true, ..SETTINGS };
    let mut log = Vec::new();
    assert_eq!(qmp.execute(&Stop {}, log!(log)).unwrap_err(), Error::Failed(Failure::ConnectionLost));
    assert_eq!(qmp.execute(&Cont {}, log!(log)).unwrap_err(), Error::Execute(ExecuteError::Phase(Phase::Greeted)));
    script.take();
    script.read([DONE]);
    qmp.connect(log!(log)).unwrap();
    assert_eq!(log, ["STOP", "greeting"]);
    // What the server before had offered does not count.
    assert!(!script.take().contains("oob"));
    script.read([STATUS]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
}

#[test]
fn server_restarted_while_an_event_is_waited_for_ends_the_wait() {
    let (mut qmp, script) = ready([GREETING]);
    assert_eq!(qmp.wait(40, |_| Some(()), |_| {}).unwrap_err(), Error::Failed(Failure::ConnectionLost));
    script.read([DONE]);
    qmp.connect(|_| {}).unwrap();
    assert_eq!(qmp.client().phase(), Phase::Command);
}

#[test]
fn end_in_the_middle_of_a_message_is_reported_and_the_connection_closed() {
    let (mut qmp, _) = ready([Move::Say("{\"return\": {"), Move::End]);
    let mut log = Vec::new();
    assert_eq!(qmp.execute(&Stop {}, log!(log)).unwrap_err(), Error::Failed(Failure::ConnectionLost));
    assert_eq!(log, ["Truncated { bytes: 12 }"]);
    assert_eq!(qmp.wait(9, |_| Some(()), |_| {}).unwrap_err(), Error::Closed);
    assert_eq!(qmp.connect(|_| {}).unwrap_err(), Error::Closed);
    let closed = Error::Execute(ExecuteError::Phase(Phase::Closed));
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), closed);
    // On a new connection it goes on, and nothing of the old one is left.
    let again = Script::new([GREETING]);
    qmp.reset(again.clone());
    again.read([DONE, STATUS]);
    qmp.connect(|_| {}).unwrap();
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
}

#[test]
fn reset_drops_what_was_not_sent() {
    let (mut qmp, script) = ready([]);
    script.write([Take::Bytes(5), Take::Fail(ErrorKind::BrokenPipe)]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::Transport(ErrorKind::BrokenPipe));
    let again = Script::new([GREETING, DONE]);
    qmp.reset(again.clone());
    qmp.connect(|_| {}).unwrap();
    assert!(again.take().starts_with("{\"execute\":\"qmp_capabilities\""));
}

#[test]
fn reset_forgets_what_the_last_server_offered() {
    let script = Script::new([GREETING]);
    let mut qmp = fresh(&script, Settings { oob: true, ..SETTINGS });
    // It greets while an event is waited for.
    assert!(qmp.wait(10, |_| Some(()), |_| {}).is_err());
    let start = "{\"QMP\": {\"version\": {\"package\": \"";
    let long: &str = format!("{start}{}\"}}, \"capabilities\": []}}}}\r\n", "x".repeat(600)).leak();
    let again = Script::new((0..long.len()).map(|at| Move::Say(&long[at..=at])).chain([DONE]));
    qmp.reset(again.clone());
    qmp.connect(|_| {}).unwrap();
    assert!(!again.take().contains("oob"));
}

#[test]
fn transport_error_in_the_middle_of_a_message_loses_nothing() {
    let (mut qmp, script) = ready([Move::Say("{\"event\": \"ST"), Move::Fail(ErrorKind::Other)]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::Transport(ErrorKind::Other));
    script.read([Move::Say("OP\"}\r\n{\"return\": {}, \"id\": @1}\r\n"), STATUS]);
    let mut log = Vec::new();
    assert!(qmp.execute(&QueryStatus {}, log!(log)).unwrap().unwrap().running);
    assert_eq!(log, ["STOP"]);
}

#[test]
fn transport_that_claims_more_than_there_was_room_for_is_told_so() {
    let (mut qmp, script) = ready([Move::Overrun]);
    assert_eq!(qmp.execute(&Stop {}, |_| {}).unwrap_err(), Error::Overrun);
    script.read([STATUS]);
    assert!(qmp.execute(&QueryStatus {}, |_| {}).unwrap().unwrap().running);
}

#[test]
fn string_with_escapes_is_decoded_and_one_command_follows_another() {
    let (mut qmp, script) = ready([Move::Say("{\"return\": \"a\\r\\n\\ud83d\\ude00\", \"id\": @0}\r\n"), DONE]);
    let hmp = HumanMonitorCommand { command_line: "info \"x\"" };
    assert!(qmp.execute(&hmp, |_| {}).unwrap().unwrap() == "a\r\n😀");
    assert!(qmp.execute(&Cont {}, |_| {}).unwrap().is_ok());
    let sent = script.take();
    assert!(sent.contains("\"arguments\":{\"command-line\":\"info \\\"x\\\"\"}"), "{sent}");
}
