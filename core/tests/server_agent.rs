//! The guest agent's dialect, at both ends.

use qmp_core::{
    Client, CommandEntry, Failure, Incoming, Invocation, NEVER, Named, Phase, Profile, Server, VersionTriple,
};

const AGENT: Profile = Profile::agent(VersionTriple { major: 7, minor: 2, micro: 22 });

fn host_name(_: &mut (), call: &mut Invocation<'_>) {
    call.reply(|w| _ = w.object().name("host-name").string("vm").end()).unwrap();
}

fn nothing(_: &mut (), _: &mut Invocation<'_>) {}

const COMMANDS: &[CommandEntry<()>] = &[
    CommandEntry::new("guest-get-host-name", &[], host_name),
    CommandEntry::new("guest-shutdown", &[], nothing).without_reply(),
];

type Agent = Server<[u8; 1024], [u8; 1024], [u8; 64]>;

fn agent() -> Agent {
    Server::new(AGENT, [0; 1024], [0; 1024], [0; 64])
}

/// Sends `input` and returns all that comes back.
fn say(agent: &mut Agent, input: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    for byte in input {
        agent.window()[0] = *byte;
        agent.commit(1).unwrap();
        loop {
            agent.dispatch(COMMANDS, &mut ());
            let unsent = agent.unsent();
            if unsent.is_empty() {
                break;
            }
            output.extend_from_slice(unsent);
            let length = unsent.len();
            agent.sent(length);
        }
    }
    output
}

fn shown(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

#[test]
fn an_agent_answers_as_qemus_does_to_the_byte() {
    let sent = &include_bytes!("server/captures/qga_session.client.bin")[..];
    let until = b"{\"execute\":\"query-qmp-schema\",\"id\":4}";
    let end = sent.windows(until.len()).position(|bytes| bytes == until).unwrap() + until.len();
    let expected = &include_bytes!("server/captures/qga_session.bin")[..];
    let mut agent = agent();
    let answer = say(&mut agent, &sent[..end]);
    let lines = |bytes: &[u8]| bytes.split_inclusive(|byte| *byte == b'\n').map(shown).collect::<Vec<_>>();
    let (answer, expected) = (lines(&answer), lines(expected));
    assert_eq!(answer.len(), 18);
    // Two bytes 0xFF, each an error, in other words.
    for line in &answer[..2] {
        assert!(line.contains("JSON parse error, "), "{line}");
    }
    assert_eq!(answer[2..], expected[2..18]);
}

#[test]
fn an_agent_neither_greets_nor_negotiates_nor_tells_events() {
    let mut agent = agent();
    assert!(agent.poll().is_none());
    assert_eq!(shown(agent.unsent()), "");
    assert!(agent.is_ready());
    let emitted = agent.event("STOP", qmp_core::Timestamp { seconds: 0, microseconds: 0 }, |_| {});
    assert_eq!(emitted, Ok(qmp_core::Emission::Unheard));
}

#[test]
fn the_table_is_what_guest_info_lists() {
    let answer = say(&mut agent(), b"{\"execute\":\"guest-info\"}");
    let expected = "{\"return\": {\"version\": \"7.2.22\", \"supported_commands\": [\
        {\"enabled\": true, \"name\": \"guest-get-host-name\", \"success-response\": true}, \
        {\"enabled\": true, \"name\": \"guest-shutdown\", \"success-response\": false}, \
        {\"enabled\": true, \"name\": \"guest-ping\", \"success-response\": true}, \
        {\"enabled\": true, \"name\": \"guest-info\", \"success-response\": true}, \
        {\"enabled\": true, \"name\": \"guest-sync\", \"success-response\": true}, \
        {\"enabled\": true, \"name\": \"guest-sync-delimited\", \"success-response\": true}]}}\n";
    assert_eq!(String::from_utf8(answer).unwrap(), expected);
}

#[test]
fn a_command_without_reply_is_only_answered_where_it_fails() {
    let mut agent = agent();
    assert_eq!(say(&mut agent, b"{\"execute\":\"guest-shutdown\",\"id\":1}"), b"");
    let wrong = say(&mut agent, b"{\"execute\":\"guest-shutdown\",\"arguments\":{\"x\":1},\"id\":2}");
    assert!(wrong.starts_with(b"{\"id\": 2, \"error\": "), "{}", shown(&wrong));
    assert_eq!(say(&mut agent, b"{\"execute\":\"guest-ping\",\"id\":3}"), b"{\"return\": {}, \"id\": 3}\n");
}

#[test]
fn without_connections_the_second_half_of_a_command_may_come_from_the_next_client() {
    let mut agent = agent();
    assert_eq!(say(&mut agent, b"{\"execute\":\"guest-pi"), b"");
    assert_eq!(say(&mut agent, b"ng\",\"id\":1}\n"), b"{\"return\": {}, \"id\": 1}\n");
}

/// Gives a client what it is to receive.
fn feed(client: &mut Client<[u8; 512]>, bytes: &[u8]) {
    client.window()[..bytes.len()].copy_from_slice(bytes);
    client.commit(bytes.len()).unwrap();
}

/// What a client makes of `bytes`, besides what it drops or reports, until it is ready.
fn is_ready_after(client: &mut Client<[u8; 512]>, bytes: &[u8]) -> bool {
    for byte in bytes {
        feed(client, &[*byte]);
        while let Some(incoming) = client.poll() {
            match incoming {
                Incoming::Ready { oob } => {
                    assert_eq!(oob, Some(false));
                    return true;
                }
                Incoming::Unmatched(_) | Incoming::Discarded(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    false
}

const STALE: [&[u8]; 7] = [
    b"",
    b"{\"return\": {}}\n",
    b"{\"return\": {}, \"id\": 5}\n{\"return\": 12}\n",
    b"{\"return\": {\"host-na",
    b"{\"return\": \"half a str",
    b"me\": \"vm\"}}\n",
    b"Linux version 6.1 {console}\n\xff\xff",
];

#[test]
fn whatever_is_left_in_the_channel_a_synchronised_client_is_in_step() {
    for stale in STALE {
        for left in [&b""[..], b"{\"execute\":\"guest-pi", b"{\"execute\":\"guest-ping\",\"id\":\"", b"[["] {
            let mut agent = agent();
            let before = say(&mut agent, left);
            let mut client = Client::new(7, [0; 512]);
            let mut out = [0; 128];
            let length = client.synchronise(NEVER, &mut out).unwrap();
            let answer = say(&mut agent, &out[..length]);
            let received = [stale, &before, &answer].concat();
            assert!(is_ready_after(&mut client, &received), "{} {}", shown(stale), shown(left));
            assert_eq!(client.phase(), Phase::Command);

            let (length, ticket) = client
                .execute(&Named { name: "guest-get-host-name", arguments: qmp_core::Empty {} }, NEVER, &mut out)
                .unwrap();
            let reply = say(&mut agent, &out[..length]);
            feed(&mut client, &reply);
            loop {
                match client.poll() {
                    Some(Incoming::Reply(reply)) => {
                        let value = reply.decode(ticket).unwrap().unwrap().unwrap();
                        assert_eq!(value.text(), b"{\"host-name\": \"vm\"}");
                        break;
                    }
                    Some(Incoming::Discarded(_)) => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn an_agent_that_is_not_up_is_asked_again() {
    let mut client = Client::new(7, [0; 512]);
    let (mut first, mut second) = ([0; 128], [0; 128]);
    let early = client.synchronise(100, &mut first).unwrap();
    assert_eq!(client.next_deadline(), Some(100));
    client.handle_timeout(100);
    assert!(matches!(client.poll(), Some(Incoming::TimedOut(Phase::Negotiating))));
    let late = client.synchronise(200, &mut second).unwrap();
    // Now it is up, and has both to answer.
    let mut agent = agent();
    let answers = [say(&mut agent, &first[..early]), say(&mut agent, &second[..late])];
    // A reply to the first attempt will do, lest one that is slow be asked again for ever.
    assert!(is_ready_after(&mut client, &answers[0]));
    assert_eq!(client.next_deadline(), None);
    assert!(!is_ready_after(&mut client, &answers[1]));
    assert_eq!((client.phase(), client.late_replies()), (Phase::Command, 1));
    // Nothing of that is left the next time.
    let again = client.synchronise(NEVER, &mut first).unwrap();
    assert!(!is_ready_after(&mut client, &answers[0]) && !is_ready_after(&mut client, &answers[1]));
    assert!(is_ready_after(&mut client, &say(&mut agent, &first[..again])));
}

#[test]
fn a_command_without_reply_ends_with_its_deadline_and_the_client_goes_on() {
    let (mut client, mut agent, mut out) = (Client::new(7, [0; 512]), agent(), [0; 128]);
    let length = client.synchronise(NEVER, &mut out).unwrap();
    let answer = say(&mut agent, &out[..length]);
    assert!(is_ready_after(&mut client, &answer));
    let (length, id) = client.execute_raw("guest-shutdown", None, false, 50, &mut out).unwrap();
    assert_eq!(say(&mut agent, &out[..length]), b"");
    client.handle_timeout(50);
    let Some(Incoming::Failed { id: ended, failure: Failure::TimedOut }) = client.poll() else { panic!() };
    assert_eq!(ended, id);
    let length = client.synchronise(NEVER, &mut out).unwrap();
    let answer = say(&mut agent, &out[..length]);
    assert!(is_ready_after(&mut client, &answer));
}

#[test]
fn a_slice_too_short_to_synchronise_changes_nothing() {
    let mut client = Client::new(7, [0; 512]);
    for short in 0..76 {
        assert_eq!(client.synchronise(NEVER, &mut vec![0; short]), Err(qmp_core::ExecuteError::OutputTooSmall));
        assert_eq!(client.phase(), Phase::Greeting);
    }
    assert!(client.synchronise(NEVER, &mut [0; 100]).is_ok());
}
