//! A command with a selection is alone: what is refused beside it, what else may be delivered in parts, and what may happen in the
//! middle of its reply.

mod bodies;
mod common;
mod model;
mod selections;

use bodies::tree;
use qmp_core::{
    Client, CommandId, ExecuteError, Failure, Incoming, NEVER, Overrun, Part, Phase, Select, Selection, selection,
};
use selections::{Told, ask, feed, hear, ready, told};

#[test]
fn command_with_a_selection_is_alone() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut client = ready(256);
    let mut select = Select::new(&NAMES);
    let mut out = [0; 128];
    let (_, first) = client.execute_raw("stop", None, false, 10, &mut out).unwrap();
    assert_eq!(
        client.execute_raw_select("query", None, false, Some(&mut select), 20, &mut out),
        Err(ExecuteError::NotAlone)
    );
    assert!(client.cancel(first));
    let (_, id) = client.execute_raw_select("query", None, false, Some(&mut select), 20, &mut out).unwrap();
    let refused = Err(ExecuteError::Phase(Phase::Selecting));
    for oob in [false, true] {
        assert_eq!(client.execute_raw("yank", None, oob, NEVER, &mut out), refused);
    }
    assert_eq!(
        client.execute_raw_select("query", None, false, Some(&mut select), NEVER, &mut out),
        Err(ExecuteError::NotAlone)
    );
    assert_eq!(client.attach(NEVER, &mut out), Err(ExecuteError::Phase(Phase::Selecting)));
    assert_eq!(client.negotiate(false, NEVER, &mut out), Err(ExecuteError::Phase(Phase::Selecting)));
    // That of a command which is over is no more than that.
    assert!(!client.cancel(first) && !client.withdraw(first));
    assert_eq!(client.phase(), Phase::Selecting);
    // A deadline, a cancelled command, a reply and an error end it.
    assert_eq!(client.next_deadline(), Some(20));
    client.handle_timeout(20);
    let failed = client.poll_select(Some(&mut select)).map(told);
    assert_eq!(failed, Some(Told::Failed(Failure::TimedOut)));
    assert_eq!(client.phase(), Phase::Command);
    let late = format!("{{\"return\": [{{\"name\": \"a\", \"x\": 1}}], \"id\": {}}}\r\n", id.get());
    feed(&mut client, late.as_bytes());
    assert!(client.poll().is_none());
    assert_eq!(client.late_replies(), 1);
    let (_, id) = client.execute_raw_select("query", None, false, Some(&mut select), 20, &mut out).unwrap();
    assert!(client.cancel(id));
    assert_eq!(client.phase(), Phase::Command);
    let id = ask(&mut client, &mut select);
    let error = format!("{{\"id\": {id}, \"error\": {{\"class\": \"GenericError\", \"desc\": \"no\"}}}}\r\n");
    assert_eq!(hear(&mut client, &mut select, error.as_bytes(), || 7), [Told::Error("GenericError: no".into())]);
    client.execute_raw("stop", None, false, 10, &mut out).unwrap();
}

const ALL: Selection<'_> = selection![elements: "return[*]"];

/// Up to the end of a delivery, with nothing behind the reply, which is still to be told.
fn delivered(select: &mut Select<'_>) -> (Client<Vec<u8>>, CommandId) {
    let mut client = ready(256);
    let (_, id) = client.execute_raw_select("query", None, false, Some(select), NEVER, &mut [0; 128]).unwrap();
    feed(&mut client, format!("{{\"return\": [1], \"id\": {id}}}").as_bytes());
    while !matches!(client.poll_select(Some(select)), Some(Incoming::Part(Part::End(_)))) {}
    (client, id)
}

#[test]
fn between_the_end_of_a_delivery_and_its_reply_there_is_room_for_nothing_else() {
    let mut select = Select::new(&ALL);
    let (mut client, id) = delivered(&mut select);
    let selecting = Err(ExecuteError::Phase(Phase::Selecting));
    assert_eq!(client.execute_raw("stop", None, false, 10, &mut [0; 128]), selecting);
    assert_eq!(client.execute_raw_select("query", None, false, Some(&mut select), 10, &mut [0; 128]), selecting);
    client.handle_timeout(20);
    assert_eq!((client.window().len(), client.commit(1)), (0, Err(Overrun)));
    let Some(Incoming::Reply(reply)) = client.poll_select(Some(&mut select)) else { panic!() };
    assert_eq!((reply.id(), reply.result().unwrap().text()), (id, &b"[]"[..]));
    assert!(client.poll_select(Some(&mut select)).is_none() && !client.window().is_empty());
    assert_eq!(client.negotiate(false, 10, &mut [0; 128]), Err(ExecuteError::Phase(Phase::Command)));
    client.execute_raw("stop", None, false, 10, &mut [0; 128]).unwrap();
}

#[test]
fn command_whose_delivery_has_ended_is_lost_with_the_connection_if_its_reply_was_not_told() {
    let mut select = Select::new(&ALL);
    let (mut client, lost) = delivered(&mut select);
    client.reset();
    let told = client.poll_select(Some(&mut select));
    let failure = Failure::ConnectionLost;
    assert!(matches!(told, Some(Incoming::Failed { id, failure: why }) if (id, why) == (lost, failure)), "{told:?}");
    assert!(client.poll_select(Some(&mut select)).is_none());
    assert_eq!(client.phase(), Phase::Greeting);
}

#[test]
fn command_with_a_selection_that_ends_in_a_poll_without_it_stands_in_nobodys_way() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut client = ready(256);
    let mut select = Select::new(&NAMES);
    let mut out = [0; 128];
    client.execute_raw_select("query", None, false, Some(&mut select), 20, &mut out).unwrap();
    client.handle_timeout(20);
    // Until it is told.
    let selecting = Err(ExecuteError::Phase(Phase::Selecting));
    assert_eq!(client.execute_raw("stop", None, false, NEVER, &mut out), selecting);
    assert_eq!(client.phase(), Phase::Selecting);
    assert!(matches!(client.poll(), Some(Incoming::Failed { .. })));
    assert_eq!(client.phase(), Phase::Command);
    client.execute_raw("stop", None, false, NEVER, &mut out).unwrap();
    assert_eq!(client.phase(), Phase::Command);
    client.execute_raw("cont", None, false, NEVER, &mut out).unwrap();
}

#[test]
fn client_may_move_in_the_middle_of_a_reply() {
    const NAMES: Selection<'_> = selection!["return[*].name"];
    let mut select = Select::new(&NAMES);
    let mut client = ready(64);
    let id = ask(&mut client, &mut select);
    let start = b"{\"return\": [{\"name\": 1, \"x\": 2}, ";
    assert_eq!(hear(&mut client, &mut select, start, || 50), []);
    // Where it was there is another one, in the middle of a message too.
    let mut other = ready(64);
    ask(&mut other, &mut Select::new(&NAMES));
    assert_eq!(hear(&mut other, &mut Select::new(&NAMES), start, || 50), []);
    core::mem::swap(&mut client, &mut other);
    let rest = format!("{{\"y\": \"{}\", \"name\": 3}}], \"id\": {id}}}\r\n", "long".repeat(50));
    let heard = hear(&mut other, &mut select, rest.as_bytes(), || 50);
    assert_eq!(heard, [Told::Return(tree("[{\"name\": 1}, {\"name\": 3}]"))]);
}

#[test]
fn message_that_goes_on_after_the_end_of_its_session_is_not_delivered_any_more() {
    let mut select = Select::new(&ALL);
    let mut client = ready(128);
    let id = ask(&mut client, &mut select);
    let heard = hear(&mut client, &mut select, b"{\"return\": [1, 2", || 50);
    assert_eq!(heard, [Told::Begin, Told::Element(0, tree("1"))]);
    client.close();
    assert_eq!(client.poll_select(Some(&mut select)).map(told), Some(Told::Abandoned));
    // The line did not end.
    client.synchronise(NEVER, &mut [0; 128]).unwrap();
    let heard = hear(&mut client, &mut select, format!(", 3], \"id\": {id}}}\r\n").as_bytes(), || 50);
    let report = format!("oversized return of 36 bytes, id {id}");
    assert_eq!(heard, [Told::Failed(Failure::ConnectionLost), Told::Discarded(report)]);
}

#[test]
fn only_a_command_with_a_selection_is_delivered_in_parts() {
    const TEXT: Selection<'_> = selection![pieces: "return"];
    for (selection, value) in [(&ALL, "[1,2]"), (&TEXT, "\"text\"")] {
        let (mut select, mut client, mut out) = (Select::new(selection), ready(128), [0; 128]);
        let (_, first) = client.execute_raw("first", None, false, NEVER, &mut out).unwrap();
        let (_, second) = client.execute_raw("second", None, false, 10, &mut out).unwrap();
        let reply = format!("{{\"return\": {value}, \"id\": {first}}}\r\n");
        feed(&mut client, reply.as_bytes());
        client.handle_timeout(10);
        let mut ended = [false; 2];
        while let Some(incoming) = client.poll_select(Some(&mut select)) {
            match incoming {
                Incoming::Reply(reply) => {
                    assert_eq!((reply.id(), reply.result().unwrap().to_string()), (first, value.into()));
                    ended[0] = true;
                }
                Incoming::Failed { id, failure: Failure::TimedOut } => {
                    assert_eq!(id, second);
                    ended[1] = true;
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(ended, [true; 2]);
    }
}

#[test]
fn what_is_always_kept_is_not_delivered_in_pieces() {
    const NAME: Selection<'_> = selection![pieces: "event"];
    let (mut select, mut client) = (Select::new(&NAME), ready(128));
    ask(&mut client, &mut select);
    let stop = b"{\"event\": \"STOP\", \"timestamp\": {\"seconds\": 1, \"microseconds\": 2}}\r\n";
    assert_eq!(hear(&mut client, &mut select, stop, || 9), [Told::Event("STOP".into())]);
}
