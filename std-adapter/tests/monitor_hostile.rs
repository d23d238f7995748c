//! Clients that mean a monitor no good cost their own place, and nothing grows.

mod common;

use std::io::{ErrorKind, Write as _};
use std::thread;
use std::time::{Duration, Instant};

use common::monitor::{COMMANDS, NEGOTIATE, PROFILE, Running, STOP, Vm, Wire};
use common::{LONG, Random};
use qmp_core::{EventPolicy, Profile};
use qmp_std_adapter::{Error, Limits, Monitor};

const FEW: Limits = Limits { clients: 4, receive: 4096, transmit: 4096, waiting: 512, handshake: None };

/// A client that is none of the others is served.
fn check(running: &Running) {
    let mut wire = running.connect();
    wire.negotiate();
    for id in 0..50 {
        let answer = wire.ask(r#""execute":"echo","arguments":{"value":{}}"#, id);
        assert!(answer.ends_with(&format!("{{\"return\": {{}}, \"id\": {id}}}\r\n")), "{answer}");
    }
}

/// Sends `request` again and again until nothing more is taken, and nothing more done: not by a server that is slow, either.
fn flood(running: &Running, wire: &mut Wire, request: &[u8]) {
    let block = request.repeat(100);
    let (mut sent, mut refused, mut before) = (0, 0, None);
    while refused < 10 {
        let taken = wire.try_send(&block[sent % block.len()..]);
        sent += taken;
        assert!(sent < 64 << 20, "all of it is taken");
        if taken != 0 {
            refused = 0;
            continue;
        }
        // Between two of its turns.
        let done = Some(running.with(|_, vm| vm.commands));
        refused = if done == before { refused + 1 } else { 0 };
        before = done;
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn one_that_asks_and_never_reads_is_not_listened_to_any_more() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, FEW);
    let mut deaf = running.connect();
    deaf.send(NEGOTIATE);
    flood(&running, &mut deaf, br#"{"execute":"echo","arguments":{"value":"0123456789abcdef0123456789abcdef"}}"#);
    let commands = running.with(|_, vm| vm.commands);
    check(&running);
    assert_eq!(running.with(|_, vm| vm.commands), commands + 50);
    // Another that has out-of-band execution asks for what is never answered.
    let mut deaf = running.connect();
    deaf.send(br#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#);
    flood(&running, &mut deaf, br#"{"execute":"wait"}"#);
    assert_eq!(running.with(|_, vm| vm.waiting.len()), 1);
    check(&running);
}

#[test]
fn one_that_never_reads_loses_events_and_the_others_none() {
    const COALESCED: Profile = Profile { events: &[EventPolicy::keep_last("PROGRESS")], ..PROFILE };
    const EVENTS: u32 = 100_000;
    let running = Running::new("tcp:127.0.0.1:0", COALESCED, FEW);
    let (mut deaf, mut good) = (running.connect(), running.connect());
    good.negotiate();
    deaf.negotiate();
    let reader = thread::spawn(move || {
        let heard = good.until("LAST");
        (good, heard)
    });
    // The deaf one's socket is full after a while.
    for number in 0..EVENTS {
        running.with(move |monitor, _| {
            monitor.event("PROGRESS", STOP, |w| _ = w.object().name("n").u64(number.into()).end()).unwrap();
        });
    }
    assert!(running.with(|monitor, _| monitor.lost_events()) > 0);
    running.with(|monitor, _| monitor.event("LAST", STOP, |_| {})).unwrap();
    let (_good, heard) = reader.join().unwrap();
    let numbers: Vec<u32> =
        heard.split("\"n\": ").skip(1).map(|text| text.split('}').next().unwrap().parse().unwrap()).collect();
    assert_eq!(numbers.last(), Some(&(EVENTS - 1)));
    assert!(numbers.is_sorted());
}

#[test]
fn one_that_sends_a_byte_now_and_then_holds_nobody_up() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, FEW);
    let mut slow = running.connect();
    slow.until("QMP");
    for byte in NEGOTIATE {
        slow.send(&[*byte]);
        check(&running);
    }
    assert_eq!(slow.until("return"), "{\"return\": {}}\r\n");
}

#[test]
fn megabytes_of_garbage_are_errors_and_then_the_client_is_in_step() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, FEW);
    let mut random = Random(7);
    let noise: Vec<u8> = (0..256 << 10).map(|_| random.next() as u8).collect();
    let open: &[u8] = b"{\"execute\":\"";
    for (garbage, times) in
        [(&b"x".repeat(1 << 20)[..], 64), (b"[[[[{\"a\":", 1 << 17), (open, 1 << 17), (&noise, 4), (b"{}", 1 << 16)]
    {
        let Wire::Tcp(stream) = running.connect() else { panic!() };
        let mut reading = Wire::Tcp(stream.try_clone().unwrap());
        let reader = thread::spawn(move || {
            let (mut bytes, mut tail) = (0u64, String::new());
            loop {
                let heard = reading.receive();
                assert!(!heard.is_empty());
                bytes += heard.len() as u64;
                tail = tail.split_off(tail.len().saturating_sub(200)) + &heard;
                if tail.ends_with("\"id\": 77}\r\n") {
                    return bytes;
                }
            }
        });
        let mut wire = Wire::Tcp(stream);
        for _ in 0..times {
            wire.send(garbage);
        }
        // 0xFF ends whatever is open.
        wire.send(b"\xff");
        wire.send(NEGOTIATE);
        wire.send(b"{\"execute\":\"yank\",\"id\":77}");
        assert!(reader.join().unwrap() > 200);
        check(&running);
    }
}

#[test]
fn one_that_does_not_negotiate_in_time_is_disconnected_where_there_is_a_limit() {
    let limits = Limits { clients: 2, handshake: Some(Duration::from_millis(100)), ..FEW };
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, limits);
    let mut good = running.connect();
    good.negotiate();
    let mut silent = running.connect();
    silent.until("QMP");
    silent.send(b"{\"execute\":");
    assert_eq!(silent.rest(), "");
    // The one that has negotiated may be silent as long as it likes.
    assert!(good.ask(r#""execute":"query-status""#, 1).starts_with("{\"return\""));
    assert_eq!(running.with(|monitor, _| monitor.clients()), 1);
}

#[cfg(unix)]
#[test]
fn one_that_leaves_while_nothing_more_can_be_read_from_it_is_noticed() {
    let folder = common::Folder::new();
    let limits = Limits { clients: 1, ..FEW };
    let running = Running::new(&common::unix(&folder.file("qmp")), PROFILE, limits);
    let mut wire = running.connect();
    wire.negotiate();
    wire.send(br#"{"execute":"wait"}"#);
    // The buffer is full of requests that wait for the first, and so is the socket's.
    flood(&running, &mut wire, br#"{"execute":"query-status"}"#);
    drop(wire);
    check(&running);
    assert_eq!(running.with(|_, vm| (vm.waiting.len(), vm.commands)), (1, 50));
}

#[cfg(target_os = "linux")]
#[test]
fn a_listener_that_takes_nobody_in_is_not_waited_for() {
    use socket2::{Domain, SockAddr, Socket, Type};

    let folder = common::Folder::new();
    let path = folder.file("qmp");
    let stuck = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    stuck.bind(&SockAddr::unix(&path).unwrap()).unwrap();
    stuck.listen(0).unwrap();
    let _first = std::os::unix::net::UnixStream::connect(&path).unwrap();
    let refused = Monitor::bind(&common::unix(&path), PROFILE, FEW);
    assert!(matches!(refused, Err(Error::Listen { source, .. }) if source.kind() == ErrorKind::AddrInUse));
    assert!(path.exists());
}

#[test]
fn one_that_never_stops_sending_does_not_keep_a_monitor_from_its_end() {
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", PROFILE, FEW).unwrap();
    let address = monitor.address().to_string();
    let address = address.strip_prefix("tcp:").unwrap().to_owned();
    let flood = thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
    });
    while monitor.clients() == 0 {
        monitor.turn(COMMANDS, &mut Vm::default(), None).unwrap();
    }
    monitor.finish(Duration::from_millis(100)).unwrap();
    flood.join().unwrap();
}

#[test]
fn with_the_smallest_buffers_there_are_a_client_is_served() {
    let limits = Limits { clients: 0, receive: 0, transmit: 0, waiting: 0, handshake: None };
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, limits);
    check(&running);
    let mut wire = running.connect();
    wire.negotiate();
    wire.send(
        &[b"{\"execute\":\"echo\",\"arguments\":{\"value\":\"", &b"x".repeat(2000)[..], b"\"},\"id\":1}"].concat(),
    );
    assert!(wire.until("error").contains("is too large"));
    assert!(wire.ask(r#""execute":"query-status""#, 2).ends_with("\"id\": 2}\r\n"));
}

#[test]
fn clients_that_come_and_go_at_once_leave_nothing_behind() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, FEW);
    for round in 0..500 {
        let mut wire = running.connect();
        match round % 5 {
            0 => {}
            1 => wire.send(&NEGOTIATE[..10]),
            2 => wire.end(),
            3 => wire.negotiate(),
            _ => wire.send(&NEGOTIATE.repeat(20)),
        }
    }
    let start = Instant::now();
    while running.with(|monitor, _| monitor.clients()) > 0 {
        assert!(start.elapsed() < LONG);
    }
    check(&running);
}

#[test]
fn a_monitor_that_has_seen_its_clients_allocates_nothing() {
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", PROFILE, FEW).unwrap();
    let mut vm = Vm::default();
    let round = |monitor: &mut Monitor, vm: &mut Vm| {
        let address = monitor.address().clone();
        let mut clients = Vec::new();
        let mut used = 0;
        for _ in 0..FEW.clients {
            let mut wire = Wire::connect(&address);
            wire.send(NEGOTIATE);
            for id in 0..100 {
                wire.send(format!("{{\"execute\":\"echo\",\"arguments\":{{\"value\":[]}},\"id\":{id}}}").as_bytes());
            }
            wire.send(br#"{"execute":"stop","id":"last"}nonsense"#);
            clients.push(wire);
        }
        let count = |vm: &Vm| vm.commands;
        let until = count(vm) + 100 * FEW.clients as u64;
        used += allocation_counter::measure(|| {
            while count(vm) < until || vm.stopped_by.is_none() {
                monitor.turn(COMMANDS, vm, Some(LONG)).unwrap();
                monitor.event("TICK", STOP, |w| _ = w.object().name("n").u64(1).end()).unwrap();
            }
        })
        .count_total;
        vm.stopped_by = None;
        for wire in &mut clients {
            wire.end();
        }
        used += allocation_counter::measure(|| {
            while monitor.clients() > 0 {
                monitor.turn(COMMANDS, vm, Some(LONG)).unwrap();
            }
        })
        .count_total;
        used
    };
    assert!(round(&mut monitor, &mut vm) > 0);
    for _ in 0..5 {
        assert_eq!(round(&mut monitor, &mut vm), 0);
    }
}
