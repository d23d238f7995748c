//! What a client promises about deadlines, limits, errors and the end of a connection, rule by rule.

mod common;
mod model;

use common::caller::{GREETING, Session, lost, reply, returned};
use model::Item;
use model::client::Said;
use qmp_core::{
    Client, CommandId, Empty, ExecuteError, Failure, Fault, HumanMonitorCommand, Json, NEVER, Named, Phase,
    QueryStatus, Slot,
};

fn named(name: &str) -> Named<'_, Empty> {
    Named { name, arguments: Empty {} }
}

fn timed_out(id: CommandId) -> Said {
    Said::Failed(id.get(), Failure::TimedOut)
}

/// In command mode with out-of-band execution on, and so many slots.
fn with_oob(slots: usize) -> Session {
    let client = Client::with_slots(5, vec![0; 256], vec![Slot::FREE; slots]);
    let mut session = Session { client, out: [0; 128] };
    session.hear(GREETING);
    session.negotiate();
    assert_eq!(session.hear(reply(1_000_005, "{}")), [Said::Ready(Some(true))]);
    session
}

fn oob(session: &mut Session) -> Result<CommandId, ExecuteError> {
    session.client.execute_raw("query-yank", None, true, NEVER, &mut session.out).map(|(_, id)| id)
}

fn in_band(session: &mut Session) -> Result<CommandId, ExecuteError> {
    session.client.execute_raw("stop", None, false, NEVER, &mut session.out).map(|(_, id)| id)
}

#[test]
fn command_ends_at_its_deadline_and_not_before() {
    let mut session = Session::ready();
    let [late, early, never] = [session.stop(70), session.stop(50), session.stop(NEVER)];
    assert_eq!(session.client.next_deadline(), Some(50));
    session.client.handle_timeout(49);
    assert_eq!(session.all(), []);
    session.client.handle_timeout(50);
    assert_eq!(session.client.next_deadline(), Some(70));
    assert_eq!(session.all(), [timed_out(early)]);
    session.client.handle_timeout(u64::MAX);
    assert_eq!(session.all(), [timed_out(late)]);
    assert_eq!(session.client.next_deadline(), None);
    assert_eq!(session.hear(reply(never.get(), "1")), [returned(never.get(), "1")]);
}

#[test]
fn commands_that_end_together_are_told_oldest_first() {
    let mut session = Session::ready();
    let ids = [session.stop(9), session.stop(3), session.stop(5), session.stop(7)];
    // The first slot is used again, for a command that is younger than all.
    session.client.cancel(ids[0]);
    let last = session.stop(4);
    session.client.handle_timeout(10);
    assert_eq!(session.all(), [ids[1], ids[2], ids[3], last].map(timed_out));
}

#[test]
fn command_that_timed_out_keeps_its_slot_until_that_is_told() {
    let mut session = Session::ready();
    let ids = [(); 4].map(|()| session.stop(1));
    session.client.handle_timeout(1);
    assert_eq!(in_band(&mut session), Err(ExecuteError::TableFull));
    assert_eq!(session.all(), ids.map(timed_out));
    assert!(in_band(&mut session).is_ok());
}

#[test]
fn deadlines_of_greeting_and_negotiation_close_the_session_and_name_the_phase() {
    let mut session = Session::new();
    session.client.await_greeting(20);
    assert_eq!(session.client.next_deadline(), Some(20));
    session.client.handle_timeout(19);
    assert_eq!(session.all(), []);
    session.client.handle_timeout(20);
    assert_eq!(session.all(), [Said::TimedOut(Phase::Greeting)]);
    assert_eq!((session.client.phase(), session.client.next_deadline()), (Phase::Closed, None));

    let mut session = Session::new();
    session.client.await_greeting(20);
    session.hear(GREETING);
    assert_eq!(session.client.next_deadline(), None);
    session.client.negotiate(false, 30, &mut session.out).unwrap();
    session.client.handle_timeout(30);
    assert_eq!(session.all(), [Said::TimedOut(Phase::Negotiating)]);
    assert_eq!(session.client.phase(), Phase::Closed);
    // Its reply comes too late.
    assert_eq!(session.hear(reply(1_000_005, "{}")), []);
    assert_eq!((session.client.phase(), session.client.late_replies()), (Phase::Closed, 1));
}

#[test]
fn deadline_of_the_greeting_counts_only_while_it_is_waited_for() {
    let mut session = Session::ready();
    session.client.await_greeting(1);
    assert_eq!(session.client.next_deadline(), None);
}

#[test]
fn handshake_deadline_does_not_hide_a_greeting_that_is_to_be_told() {
    let mut session = Session::ready();
    let id = session.stop(NEVER);
    session.client.window()[..GREETING.len()].copy_from_slice(GREETING.as_bytes());
    session.client.commit(GREETING.len()).unwrap();
    assert_eq!(session.client.poll().map(common::said), Some(lost(id.get())));
    session.client.negotiate(false, 10, &mut session.out).unwrap();
    session.client.handle_timeout(10);
    assert!(matches!(session.all()[..], [Said::Greeting(_)]));
    session.client.handle_timeout(10);
    assert_eq!(session.all(), [Said::TimedOut(Phase::Negotiating)]);
}

#[test]
fn with_oob_one_slot_stays_free_for_a_command_out_of_band() {
    let mut session = with_oob(4);
    for _ in 0..3 {
        in_band(&mut session).unwrap();
    }
    assert_eq!(in_band(&mut session), Err(ExecuteError::TableFull));
    oob(&mut session).unwrap();
    assert_eq!(oob(&mut session), Err(ExecuteError::TableFull));
}

#[test]
fn without_oob_every_slot_takes_a_command_and_none_out_of_band() {
    let mut session = Session::ready();
    for _ in 0..4 {
        assert_eq!(oob(&mut session), Err(ExecuteError::OobDisabled));
        in_band(&mut session).unwrap();
    }
    assert_eq!(in_band(&mut session), Err(ExecuteError::TableFull));
}

#[test]
fn with_oob_at_most_eight_commands_are_in_flight_in_band() {
    let mut session = with_oob(16);
    let ids: Vec<CommandId> = (0..8).map(|_| in_band(&mut session).unwrap()).collect();
    assert_eq!(in_band(&mut session), Err(ExecuteError::ServerQueueFull));
    oob(&mut session).unwrap();
    // A cancelled one is still in the server's queue; one that was never sent is not.
    session.client.cancel(ids[0]);
    assert_eq!(in_band(&mut session), Err(ExecuteError::ServerQueueFull));
    session.client.withdraw(ids[7]);
    in_band(&mut session).unwrap();
    assert_eq!(in_band(&mut session), Err(ExecuteError::ServerQueueFull));
    // Commands in band are answered in order: the answer to the third means that the first two are out of the queue.
    session.hear(reply(ids[2].get(), "1"));
    for _ in 0..3 {
        in_band(&mut session).unwrap();
    }
    assert_eq!(in_band(&mut session), Err(ExecuteError::ServerQueueFull));
}

#[test]
fn commands_out_of_band_do_not_make_room_for_more_in_band() {
    let mut session = with_oob(16);
    let ids: Vec<CommandId> = (0..8).map(|_| in_band(&mut session).unwrap()).collect();
    for _ in 0..200 {
        let id = oob(&mut session).unwrap().get();
        assert_eq!(session.hear(reply(id, "1")), [returned(id, "1")]);
    }
    assert_eq!(in_band(&mut session), Err(ExecuteError::ServerQueueFull));
    session.hear(reply(ids[0].get(), "1"));
    in_band(&mut session).unwrap();
    assert_eq!(in_band(&mut session), Err(ExecuteError::ServerQueueFull));
}

/// Each thing that can be refused, and why, in a session that refuses it. Nothing changes by it.
fn refuses(session: &mut Session, error: ExecuteError, ask: impl FnOnce(&mut Session) -> Result<(), ExecuteError>) {
    let before = format!("{:?}", session.client);
    assert_eq!(ask(session), Err(error));
    assert_eq!(format!("{:?}", session.client), before, "{error} changed the client");
}

#[test]
fn error_of_the_caller_changes_nothing() {
    let execute = |session: &mut Session| in_band(session).map(drop);
    let negotiate = |session: &mut Session| session.client.negotiate(true, 1, &mut session.out).map(drop);
    let attach = |session: &mut Session| session.client.attach(1, &mut session.out).map(drop);

    let mut session = Session::new();
    refuses(&mut session, ExecuteError::Phase(Phase::Greeting), execute);
    refuses(&mut session, ExecuteError::Phase(Phase::Greeting), negotiate);
    refuses(&mut session, ExecuteError::OutputTooSmall, |session| session.client.attach(1, &mut [0; 40]).map(drop));
    refuses(&mut session, ExecuteError::OutputTooSmall, |session| session.client.attach(1, &mut []).map(drop));
    session.hear(GREETING);
    refuses(&mut session, ExecuteError::Phase(Phase::Greeted), execute);
    refuses(&mut session, ExecuteError::OutputTooSmall, |session| {
        session.client.negotiate(true, 1, &mut [0; 40]).map(drop)
    });
    session.negotiate();
    refuses(&mut session, ExecuteError::Phase(Phase::Negotiating), execute);
    refuses(&mut session, ExecuteError::Phase(Phase::Negotiating), negotiate);
    session.client.close();
    session.all();
    refuses(&mut session, ExecuteError::Phase(Phase::Closed), execute);
    refuses(&mut session, ExecuteError::Phase(Phase::Closed), negotiate);

    let mut session = Session::ready();
    refuses(&mut session, ExecuteError::Phase(Phase::Command), negotiate);
    refuses(&mut session, ExecuteError::Phase(Phase::Command), attach);
    refuses(&mut session, ExecuteError::OobDisabled, |session| oob(session).map(drop));
    let hmp = HumanMonitorCommand { command_line: "info status" };
    for room in 0..90 {
        refuses(&mut session, ExecuteError::OutputTooSmall, |session| {
            session.client.execute(&hmp, 1, &mut session.out[..room]).map(drop)
        });
    }
    for arguments in [&b"[1]"[..], b"1", b"\"text\"", b"null"] {
        let arguments = Json::parse(arguments).ok();
        refuses(&mut session, ExecuteError::InvalidArguments, |session| {
            session.client.execute_raw("stop", arguments, false, 1, &mut session.out).map(drop)
        });
    }
    for name in ["sto\"p", "stop\\", "\nstop", "a\"name\"of more than sixteen", "arrêt", "stöp"] {
        refuses(&mut session, ExecuteError::InvalidName, |session| {
            session.client.execute_raw(name, None, false, 1, &mut session.out).map(drop)
        });
        refuses(&mut session, ExecuteError::InvalidName, |session| {
            session.client.execute(&named(name), 1, &mut session.out).map(drop)
        });
    }
    refuses(&mut session, ExecuteError::InvalidArguments, |session| {
        let command = Named { name: "stop", arguments: 7 };
        session.client.execute(&command, 1, &mut session.out).map(drop)
    });
    for _ in 0..4 {
        in_band(&mut session).unwrap();
    }
    refuses(&mut session, ExecuteError::TableFull, execute);
    let mut session = with_oob(16);
    for _ in 0..8 {
        in_band(&mut session).unwrap();
    }
    refuses(&mut session, ExecuteError::ServerQueueFull, execute);
}

#[test]
fn client_has_192_bytes_beyond_its_buffers_at_most() {
    assert!(size_of::<Client<[u8; 0]>>() <= 192, "{}", size_of::<Client<[u8; 0]>>());
}

#[test]
fn negotiation_of_any_session_fits_the_room_that_its_documentation_names() {
    let mut out = [0; 96];
    let mut client = Client::with_slots(8_999_999, vec![0; 256], vec![Slot::FREE; 4]);
    assert!(client.attach(NEVER, &mut out).is_ok());
    let mut session =
        Session { client: Client::with_slots(8_999_999, vec![0; 256], vec![Slot::FREE; 4]), out: [0; 128] };
    session.hear(GREETING);
    assert!(session.client.negotiate(true, NEVER, &mut out).is_ok());
}

#[test]
fn close_delivers_what_was_received_and_reports_what_was_cut_off_and_ends_each_command() {
    let mut session = Session::ready();
    let ids = [session.stop(NEVER).get(), session.stop(NEVER).get()];
    let bytes = reply(ids[1], "1") + "{\"return\": {";
    session.client.window()[..bytes.len()].copy_from_slice(bytes.as_bytes());
    session.client.commit(bytes.len()).unwrap();
    session.client.close();
    let cut_off = Said::Discarded(Item::Truncated { bytes: 12 });
    assert_eq!(session.all(), [returned(ids[1], "1"), cut_off, lost(ids[0])]);
    assert_eq!((session.client.phase(), session.all()), (Phase::Closed, vec![]));
}

#[test]
fn close_reports_what_was_cut_off_also_after_a_handshake_that_timed_out() {
    let mut session = Session::new();
    session.client.await_greeting(1);
    session.client.handle_timeout(1);
    assert_eq!(session.hear("{\"QMP\": "), [Said::TimedOut(Phase::Greeting)]);
    session.client.close();
    assert_eq!(session.all(), [Said::Discarded(Item::Truncated { bytes: 8 })]);
    assert_eq!(session.all(), []);
}

#[test]
fn attach_goes_on_where_a_session_was_closed() {
    let mut session = Session::ready();
    session.client.close();
    assert_eq!(session.all(), []);
    session.client.attach(NEVER, &mut session.out).unwrap();
    assert_eq!(session.all(), []);
    assert_eq!(session.hear(reply(2_000_005, "{}")), [Said::Ready(Some(false))]);
    assert_eq!(session.client.phase(), Phase::Command);
}

#[test]
fn reset_in_the_middle_of_anything_starts_a_fresh_connection() {
    for rubbish in ["", "{\"return\": [\"", "{\"return\": +", "junk", &"{\"return\": \"too long".repeat(40)] {
        let mut session = Session::ready();
        let id = session.stop(10).get();
        session.hear(rubbish);
        session.client.reset();
        assert_eq!((session.client.phase(), session.client.pending()), (Phase::Greeting, 0));
        assert_eq!(session.all(), [lost(id)]);
        assert_eq!(session.client.next_deadline(), None);
        assert!(matches!(session.hear(GREETING)[..], [Said::Greeting(_)]));
        assert!(session.negotiate().contains("3000005"));
        assert_eq!(session.hear(reply(3_000_005, "{}")), [Said::Ready(Some(true))]);
    }
}

#[test]
fn client_goes_on_after_every_kind_of_bad_input() {
    let mut session = Session::ready();
    let (_, ticket) = session.client.execute(&QueryStatus {}, NEVER, &mut session.out).unwrap();
    session.client.exec_oob(&named("query-yank"), NEVER, &mut session.out).unwrap_err();
    let bad = ["\u{ff}junk\r\n", "{\"return\": nope}\r\n", "{\"return\": 1\r\n", "{\"id\": 1, \"id\": 2}\r\n"];
    let told = session.hear(bad.concat() + &reply(ticket.id().get(), "1"));
    let faults: Vec<Option<Fault>> = told
        .iter()
        .map(|said| match said {
            Said::Discarded(Item::Malformed { fault, .. }) => Some(*fault),
            _ => None,
        })
        .collect();
    assert_eq!(faults, [None, Some(Fault::Syntax), None, Some(Fault::DuplicateMember), None]);
    assert_eq!(told.last(), Some(&returned(ticket.id().get(), "1")));
}

#[test]
fn what_slots_hold_of_another_client_does_not_matter() {
    fn hear(client: &mut Client<Vec<u8>, &mut [Slot]>, text: &str) -> usize {
        client.window()[..text.len()].copy_from_slice(text.as_bytes());
        client.commit(text.len()).unwrap();
        std::iter::from_fn(|| client.poll().map(|_| ())).count()
    }
    let mut slots = [Slot::FREE; 4];
    for _ in 0..3 {
        let mut client = Client::with_slots(5, vec![0; 256], &mut slots[..]);
        let mut out = [0; 128];
        assert_eq!(hear(&mut client, GREETING), 1);
        client.negotiate(false, NEVER, &mut out).unwrap();
        assert_eq!(hear(&mut client, "{\"return\": {}, \"id\": 1000005}\r\n"), 1);
        assert_eq!(client.next_deadline(), None);
        // They are left open.
        for deadline in [10, 20, NEVER] {
            client.execute_raw("stop", None, false, deadline, &mut out).unwrap();
        }
        client.handle_timeout(5);
        assert_eq!((client.next_deadline(), client.poll().is_some()), (Some(10), false));
    }
}
