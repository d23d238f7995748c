//! The server's end on sockets: where it listens, whom it serves, what reaches whom.

mod common;

use std::io::ErrorKind;
use std::time::Duration;

use common::monitor::{COMMANDS, NEGOTIATE, PROFILE, Running, STOP, Vm, Wire};
use common::{Folder, LONG};
use qmp_core::{Dialect, Empty, EncodeError, EventPolicy, Named, Profile, QueryStatus, Stop, VersionTriple};
use qmp_std_adapter::{AddressError, Error, Limits, Monitor, Notice, Options};

const MANY: Limits = Limits { clients: 8, receive: 4096, transmit: 4096, waiting: 512, handshake: None };

/// Why a monitor cannot be had.
fn refused(address: &str) -> ErrorKind {
    match Monitor::bind(address, PROFILE, MANY) {
        Err(Error::Listen { source, .. }) => source.kind(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_session_works_over_each_kind_of_socket() {
    let folder = Folder::new();
    let mut addresses = vec!["tcp:127.0.0.1:0".to_owned(), "tcp:localhost:0".to_owned()];
    if cfg!(unix) {
        addresses.extend([common::unix(&folder.file("qmp")), folder.file("bare").display().to_string()]);
    }
    // A system without IPv6 says so.
    match std::net::TcpListener::bind("[::1]:0") {
        Ok(_) => addresses.push("tcp:[::1]:0".into()),
        Err(_) => _ = refused("tcp:[::1]:0"),
    }
    for address in addresses {
        for pretty in [false, true] {
            let running = Running::new(&address, Profile { pretty, ..PROFILE }, MANY);
            let options = Options { oob: true, ..Options::default() };
            // By its name too, whichever of the name's addresses it is.
            let there = running.address.to_string();
            let (_, port) = there.rsplit_once(':').unwrap();
            let named = address.strip_suffix("localhost:0").map(|kind| format!("{kind}localhost:{port}"));
            let mut session = options.connect(named.as_deref().unwrap_or(&there)).unwrap();
            assert!(session.oob());
            assert!(session.execute(&QueryStatus {}).unwrap().running);
            session.execute(&Stop {}).unwrap();
            assert!(!session.execute(&QueryStatus {}).unwrap().running);
            let notice = session.next_event(Duration::ZERO).unwrap();
            assert!(
                matches!(notice, Some(Notice::Event(event)) if event.name() == "STOP" && event.timestamp() == Some(STOP))
            );
        }
    }
}

#[test]
fn an_address_that_cannot_be_listened_at_is_an_error() {
    let taken = Running::new("tcp:127.0.0.1:0", PROFILE, MANY);
    assert_eq!(refused(&taken.address.to_string()), ErrorKind::AddrInUse);
    assert_eq!(refused("telnet:127.0.0.1:0"), ErrorKind::Unsupported);
    let error = Monitor::bind("tcp:127.0.0.1", PROFILE, MANY).unwrap_err();
    assert!(matches!(error, Error::Address(AddressError::NoPort)));
    let error = Monitor::bind("/nowhere/at/all/vm.qmp", PROFILE, MANY).unwrap_err().to_string();
    assert!(error.starts_with("listening at unix:/nowhere/at/all/vm.qmp: "), "{error}");
}

#[cfg(unix)]
#[test]
fn a_socket_that_nobody_listens_at_is_replaced_and_nothing_else_is() {
    let folder = Folder::new();
    let (path, file) = (folder.file("qmp"), folder.file("file"));
    let address = path.display().to_string();
    // What a monitor leaves that was killed.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    let mut first = Monitor::bind(&address, PROFILE, MANY).unwrap();
    assert_eq!(refused(&address), ErrorKind::AddrInUse);
    // The look at who listens is a client that has left.
    first.turn(COMMANDS, &mut Vm::default(), Some(LONG)).unwrap();
    drop(first);
    assert!(!path.exists());

    std::fs::write(&file, "precious").unwrap();
    assert_eq!(refused(&file.display().to_string()), ErrorKind::AddrInUse);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    std::os::unix::fs::symlink(&file, &path).unwrap();
    assert_eq!(refused(&address), ErrorKind::AddrInUse);
    std::fs::remove_file(&path).unwrap();

    // Another's socket at the same place is not this monitor's to remove.
    let first = Monitor::bind(&address, PROFILE, MANY).unwrap();
    std::fs::remove_file(&path).unwrap();
    let second = Monitor::bind(&address, PROFILE, MANY).unwrap();
    drop(first);
    assert!(path.exists());
    drop(second);
    assert!(!path.exists());
}

#[test]
fn with_room_for_one_the_next_client_waits_for_its_greeting() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, Limits::default());
    let mut first = running.connect();
    first.negotiate();
    let mut second = running.connect();
    second.send(br#"{"execute":"query-status","id":1}"#);
    for id in 0..100 {
        assert_eq!(first.ask(r#""execute":"echo","arguments":{"value":[]}"#, id).lines().count(), 1);
    }
    assert_eq!(running.with(|monitor, _| monitor.clients()), 1);
    drop(first);
    let answer = second.until("\"id\": 1");
    assert!(answer.starts_with("{\"QMP\": ") && answer.contains("Expecting capabilities negotiation"), "{answer}");
}

#[test]
fn an_event_reaches_all_that_have_negotiated_and_what_a_command_causes_precedes_its_reply() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, MANY);
    let (mut first, mut second, mut third) = (running.connect(), running.connect(), running.connect());
    first.negotiate();
    second.negotiate();
    let stop = "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"STOP\"}\r\n";
    assert_eq!(first.ask(r#""execute":"stop""#, 1), format!("{stop}{{\"return\": {{}}, \"id\": 1}}\r\n"));
    assert_eq!(second.until("STOP"), stop);
    running.with(|monitor, _| monitor.event("STOP", STOP, |_| {})).unwrap();
    assert_eq!(first.until("STOP"), stop);
    assert_eq!(second.until("STOP"), stop);
    // The third has not negotiated.
    third.until("QMP");
    assert_eq!(third.ask(r#""execute":"qmp_capabilities""#, 3), "{\"return\": {}, \"id\": 3}\r\n");
    assert_eq!(running.with(|monitor, _| monitor.lost_events()), 0);
}

#[test]
fn an_event_that_one_client_has_no_room_for_is_told_to_the_others() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, Limits { transmit: 1024, ..MANY });
    let (mut first, mut second) = (running.connect(), running.connect());
    first.until("QMP");
    first.send(br#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#);
    first.until("return");
    first.send(br#"{"execute":"wait","id":1}{"exec-oob":"wait","id":2}"#);
    while running.with(|_, vm| vm.waiting.len()) < 2 {}
    second.negotiate();
    // Two replies are due to the first, and leave a quarter of its buffer.
    let text = "x".repeat(300);
    let data = text.clone();
    let told = running
        .with(move |monitor, _| monitor.event("LARGE", STOP, |w| _ = w.object().name("text").string(&data).end()));
    assert_eq!(told, Ok(()));
    assert!(second.until("LARGE").contains(&text));
    assert_eq!(running.with(|monitor, _| monitor.lost_events()), 1);
}

#[test]
fn an_event_whose_data_fails_for_one_client_is_told_to_the_others() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, MANY);
    let (mut first, mut second) = (running.connect(), running.connect());
    first.negotiate();
    second.negotiate();
    let told = running.with(|monitor, _| {
        let mut asked = 0;
        monitor.event("ODD", STOP, |w| {
            asked += 1;
            if asked == 1 {
                w.object()
            } else {
                w.object().end()
            };
        })
    });
    assert_eq!(told, Err(EncodeError::Misplaced));
    let heard = second.until("ODD");
    assert!(heard.contains("\"data\": {}"), "{heard}");
}

#[test]
fn a_deferred_command_is_answered_to_the_client_that_sent_it_or_to_nobody() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, MANY);
    let (mut first, mut second) = (running.connect(), running.connect());
    for (wire, id) in [(&mut first, 1), (&mut second, 2)] {
        wire.until("QMP");
        wire.send(br#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#);
        wire.until("return");
        wire.send(
            format!("{{\"execute\":\"wait\",\"id\":{id}}}{{\"execute\":\"query-status\",\"id\":\"after\"}}").as_bytes(),
        );
    }
    while running.with(|_, vm| vm.waiting.len()) < 2 {}
    let connected = |monitor: &mut Monitor, vm: &mut Vm| {
        vm.waiting.iter().filter(|call| monitor.is_connected(call.connection())).count()
    };
    assert_eq!(running.with(connected), 2);
    drop(second);
    while running.with(|monitor, _| monitor.clients()) > 1 {}
    assert_eq!(running.with(connected), 1);
    // At the place of the one that left; it is not to hear of that one's command.
    let mut third = running.connect();
    third.negotiate();
    assert_eq!(running.with(connected), 1);
    first.send(br#"{"exec-oob":"yank","id":"yank"}"#);
    let heard = first.until("after");
    assert_eq!(heard.lines().count(), 3, "{heard}");
    assert!(heard.contains("{\"id\": 1, \"error\": {\"class\": \"GenericError\", \"desc\": \"yanked\"}}"), "{heard}");
    assert!(heard.find("\"id\": \"yank\"") < heard.find("\"id\": 1"), "{heard}");
    assert_eq!(third.ask(r#""execute":"yank""#, 7), "{\"return\": {}, \"id\": 7}\r\n");
}

#[test]
fn a_limited_event_comes_at_once_and_then_when_its_interval_is_over() {
    const INTERVAL: u64 = 200_000;
    const LIMITED: Profile = Profile { events: &[EventPolicy::limited("RTC_CHANGE", INTERVAL)], ..PROFILE };
    let running = Running::new("tcp:127.0.0.1:0", LIMITED, MANY);
    let mut wire = running.connect();
    wire.negotiate();
    running.with(|monitor, _| {
        for offset in 1..=5 {
            monitor.event("RTC_CHANGE", STOP, |w| _ = w.object().name("offset").i64(offset).end()).unwrap();
        }
    });
    // Nothing but the time brings the second one.
    let heard = wire.until("\"offset\": 5");
    assert!(heard.lines().count() == 2 && heard.contains("\"offset\": 1}"), "{heard}");
    assert_eq!(running.with(|monitor, _| monitor.lost_events()), 3);
}

#[test]
fn what_was_sent_before_the_end_is_answered() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, MANY);
    let mut wire = running.connect();
    wire.send(NEGOTIATE);
    for id in 0..500 {
        wire.send(format!("{{\"execute\":\"echo\",\"arguments\":{{\"value\":\"{id}\"}},\"id\":{id}}}").as_bytes());
    }
    wire.end();
    let heard = wire.rest();
    assert_eq!(heard.lines().count(), 502);
    assert!(heard.ends_with("{\"return\": \"499\", \"id\": 499}\r\n"));
}

#[test]
fn what_was_said_last_arrives_though_the_monitor_ends() {
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", PROFILE, MANY).unwrap();
    let address = monitor.address().clone();
    let client = std::thread::spawn(move || {
        let mut wire = Wire::connect(&address);
        wire.send(NEGOTIATE);
        wire.send(b"{\"execute\":\"stop\",\"id\":1}\n\n\n");
        wire.rest()
    });
    let mut vm = Vm::default();
    while !vm.stopped {
        monitor.turn(COMMANDS, &mut vm, Some(LONG)).unwrap();
    }
    monitor.finish(LONG).unwrap();
    assert!(client.join().unwrap().ends_with("{\"return\": {}, \"id\": 1}\r\n"));
}

#[test]
fn events_that_are_kept_arrive_though_the_monitor_ends() {
    // The next limited one would come in an hour.
    const KEPT: Profile = Profile {
        events: &[EventPolicy::keep_last("PROGRESS"), EventPolicy::limited("RTC_CHANGE", 3_600_000_000)],
        ..PROFILE
    };
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", KEPT, Limits { transmit: 1024, ..MANY }).unwrap();
    let address = monitor.address().clone();
    let client = std::thread::spawn(move || {
        let mut wire = Wire::connect(&address);
        wire.negotiate();
        wire.send(b"{\"execute\":\"stop\"}");
        wire.rest()
    });
    let mut vm = Vm::default();
    while !vm.stopped {
        monitor.turn(COMMANDS, &mut vm, Some(LONG)).unwrap();
    }
    for number in 0..2 {
        monitor.event("RTC_CHANGE", STOP, |w| _ = w.object().name("offset").u64(number).end()).unwrap();
    }
    let lost = monitor.lost_events();
    // More than is sent before the end.
    while monitor.lost_events() == lost {
        monitor.event("RESUME", STOP, |_| {}).unwrap();
    }
    monitor.event("PROGRESS", STOP, |_| {}).unwrap();
    monitor.finish(LONG).unwrap();
    let heard = client.join().unwrap();
    let last: Vec<&str> = heard.lines().rev().take(2).collect();
    assert!(last[0].contains("PROGRESS") && last[1].contains("\"offset\": 1"), "{heard}");
}

#[test]
fn a_guest_agents_profile_makes_it_a_guest_agent() {
    let profile = Profile::agent(VersionTriple { major: 7, minor: 2, micro: 0 });
    let running = Running::new("tcp:127.0.0.1:0", profile, MANY);
    let mut wire = running.connect();
    wire.send(br#"{"execute":"guest-sync","arguments":{"id":7}}"#);
    assert_eq!(wire.receive(), "{\"return\": 7}\n");
    // Half a command is forgotten with its connection.
    wire.send(b"{\"execute\":\"guest-pi");
    drop(wire);
    let mut wire = running.connect();
    wire.send(br#"{"execute":"guest-ping"}"#);
    assert_eq!(wire.receive(), "{\"return\": {}}\n");
}

#[test]
fn a_session_with_an_agent_synchronises_and_takes_silence_for_success() {
    let profile = Profile::agent(VersionTriple { major: 7, minor: 2, micro: 0 });
    let running = Running::new("tcp:127.0.0.1:0", profile, MANY);
    let options = Options { dialect: Dialect::Agent, command: Duration::from_millis(50), ..Options::default() };
    let mut session = options.connect(&running.address.to_string()).unwrap();
    let command = |name| Named { name, arguments: Empty {} };
    session.execute(&command("guest-ping")).unwrap();
    session.execute_unanswered(&command("guest-shutdown"), Duration::from_millis(50)).unwrap();
    assert!(running.with(|_, vm| vm.stopped));
    // One that is answered is a success at once, and one that is refused is refused.
    session.execute_unanswered(&command("guest-ping"), LONG).unwrap();
    let refused = session.execute_unanswered(&command("nope"), LONG);
    assert!(matches!(refused, Err(Error::Refused(refusal)) if refusal.class() == "CommandNotFound"));
    // What times out leaves the session in step.
    assert!(matches!(session.execute(&command("wait")), Err(Error::TimedOut { .. })));
    running.with(|_, vm| vm.ended = true);
    session.synchronise().unwrap();
    session.execute(&command("guest-ping")).unwrap();
    assert_eq!(session.counters().late_replies, 1);
    session.reconnect(LONG).unwrap();
    session.execute(&command("guest-ping")).unwrap();
}

#[test]
fn a_waker_ends_a_turn_that_waits() {
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", PROFILE, MANY).unwrap();
    let waker = monitor.waker();
    let (go, wait) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        wait.recv().unwrap();
        waker.clone().wake().unwrap();
    });
    let mut vm = Vm::default();
    monitor.turn(COMMANDS, &mut vm, Some(Duration::ZERO)).unwrap();
    go.send(()).unwrap();
    // No client ever comes.
    monitor.turn(COMMANDS, &mut vm, None).unwrap();
    thread.join().unwrap();
}
