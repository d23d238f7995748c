//! The program `demo-vm`, as a client sees it: every command it has, its options, and its end.

#[path = "../../std-adapter/tests/common/mod.rs"]
mod common;
mod program;

use std::io::{BufRead, BufReader, ErrorKind};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use common::monitor::{NEGOTIATE, Wire};
use common::{Folder, LONG, unix};
use program::{Run, run};
use qmp_core::{HumanMonitorCommand, Json, QueryStatus, Quit, Stop};
use qmp_std_adapter::{Address, Error, Notice, Options, Session};

/// The program, ended when dropped.
struct Demo {
    child: Child,
    address: String,
}

impl Demo {
    fn start(arguments: &[&str]) -> Self {
        Self::spawn(program::command("demo-vm").args(arguments))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("demo-vm: listening at ").unwrap_or_else(|| panic!("{line}"));
        Self { address: address.to_owned(), child }
    }

    fn session(&self, oob: bool) -> Session {
        Options { oob, ..Options::default() }.connect(&self.address).unwrap()
    }

    fn wire(&self) -> Wire {
        Wire::connect(&self.address.parse::<Address>().unwrap())
    }

    /// Waits for its end.
    fn end(mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Bytes of memory in use.
    #[cfg(target_os = "linux")]
    fn memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn raw(session: &mut Session, name: &str, arguments: &str) -> Result<String, String> {
    let arguments = Json::parse(arguments.as_bytes()).unwrap();
    match session.execute_raw(name, Some(arguments), false) {
        Ok(value) => Ok(String::from_utf8(value.text().to_vec()).unwrap()),
        Err(Error::Refused(refusal)) => Err(refusal.to_string()),
        Err(error) => panic!("{name}: {error}"),
    }
}

/// The next event: its name and its data.
fn event(session: &mut Session) -> String {
    match session.next_event(LONG).unwrap() {
        Some(Notice::Event(event)) => {
            assert!(event.timestamp().unwrap().seconds > 1_700_000_000);
            let data = event.data().map(|data| String::from_utf8(data.text().to_vec()).unwrap());
            format!("{} {}", event.name(), data.unwrap_or_default())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_command_of_the_tour_does_what_it_does_in_qemu() {
    let folder = Folder::new();
    let mut addresses =
        vec![("tcp:127.0.0.1:0".to_owned(), &["--pretty"][..]), ("tcp:127.0.0.1:0".into(), &["--no-oob"])];
    if cfg!(unix) {
        addresses.push((unix(&folder.file("vm.qmp")), &[]));
        addresses.push((folder.file("bare").display().to_string(), &["--pretty", "--no-oob"]));
    }
    for (address, options) in addresses {
        let demo = Demo::start(&[&[address.as_str()], options].concat());
        let mut vm = demo.session(true);
        assert_eq!(vm.oob(), !options.contains(&"--no-oob"));
        let version = raw(&mut vm, "query-version", "{}").unwrap();
        assert!(version.contains("\"package\": \"demo\""), "{version}");
        assert!(raw(&mut vm, "query-name", "{}").unwrap().contains("\"name\": \"demo\""));
        assert!(vm.execute(&QueryStatus {}).unwrap().running);
        vm.execute(&Stop {}).unwrap();
        vm.execute(&Stop {}).unwrap();
        assert_eq!(event(&mut vm), "STOP ");
        assert!(!vm.execute(&QueryStatus {}).unwrap().running);
        let text = vm.execute(&HumanMonitorCommand { command_line: "info status" }).unwrap();
        assert_eq!(text, "VM status: paused\r\n");
        #[cfg(unix)]
        (0..5).for_each(|_| program::stop_for_a_while(&demo.child));
        let text = vm.execute(&HumanMonitorCommand { command_line: "info version" }).unwrap();
        assert_eq!(text, "7.2.0 (demo)\r\n");
        let text = vm.execute(&HumanMonitorCommand { command_line: "launch now" }).unwrap();
        assert_eq!(text, "unknown command: 'launch'\r\n");
        raw(&mut vm, "cont", "{}").unwrap();
        assert_eq!(event(&mut vm), "RESUME ");
        raw(&mut vm, "system_reset", "{}").unwrap();
        assert!(event(&mut vm).starts_with("RESET "));
        raw(&mut vm, "system_powerdown", "{}").unwrap();
        assert_eq!(event(&mut vm), "POWERDOWN ");

        let refused = raw(&mut vm, "make-coffee", "{}").unwrap_err();
        assert_eq!(refused, "CommandNotFound: The command make-coffee has not been found");
        let refused = raw(&mut vm, "query-name", r#"{"x": 1}"#).unwrap_err();
        assert_eq!(refused, "GenericError: Parameter 'x' is unexpected");

        // All that is listed is there, and takes no nonsense.
        let listed = vm.execute_raw("query-commands", None, false).unwrap();
        let names: Vec<String> =
            listed.elements().map(|entry| entry.member("name").unwrap().as_str().unwrap().to_string()).collect();
        assert!(names.len() >= 17, "{names:?}");
        for name in names {
            let refused = raw(&mut vm, &name, r#"{"nonsense": 1}"#).unwrap_err();
            assert!(refused.starts_with("GenericError: Parameter '"), "{name}: {refused}");
        }

        vm.execute(&Quit {}).unwrap();
        assert!(event(&mut vm).starts_with("SHUTDOWN "));
        assert!(matches!(vm.next_event(LONG), Err(Error::ConnectionLost { .. })));
        drop(vm);
        assert_eq!(demo.end().code(), Some(0));
    }
    assert!(!folder.file("vm.qmp").exists() && !folder.file("bare").exists());
}

#[test]
fn a_job_tells_of_its_progress_and_is_dismissed() {
    let demo = Demo::start(&["tcp:127.0.0.1:0"]);
    let mut vm = demo.session(false);
    assert_eq!(raw(&mut vm, "query-jobs", "{}").unwrap(), "[]");
    assert_eq!(raw(&mut vm, "job-dismiss", r#"{"id": "j0"}"#).unwrap_err(), "DeviceNotActive: Job not found");
    raw(&mut vm, "blockdev-create", r#"{"job-id": "j0", "options": {}}"#).unwrap();
    let refused = raw(&mut vm, "blockdev-create", r#"{"job-id": "j1", "options": {}}"#).unwrap_err();
    assert!(refused.starts_with("GenericError: Job ID 'j1' cannot be used"), "{refused}");
    let mut states = Vec::new();
    while states.last().map(String::as_str) != Some("concluded") {
        let event = event(&mut vm);
        let (name, data) = event.split_once(' ').unwrap();
        let data = Json::parse(data.as_bytes()).unwrap();
        assert_eq!(data.member("id").unwrap().as_str().unwrap(), "j0");
        states.push(match name {
            "DEMO_JOB_PROGRESS" => data.member("current-progress").unwrap().as_u64().unwrap().to_string(),
            "JOB_STATUS_CHANGE" => data.member("status").unwrap().as_str().unwrap().to_string(),
            _ => panic!("{event}"),
        });
    }
    assert_eq!(states, ["created", "running", "1", "2", "3", "4", "waiting", "pending", "concluded"]);
    assert!(raw(&mut vm, "query-jobs", "{}").unwrap().contains("\"status\": \"concluded\""));
    raw(&mut vm, "job-dismiss", r#"{"id": "j0"}"#).unwrap();
    assert!(event(&mut vm).contains("\"null\""));
    assert_eq!(raw(&mut vm, "query-jobs", "{}").unwrap(), "[]");
}

#[test]
fn a_command_that_takes_its_time_ends_by_itself_or_by_an_out_of_band_yank() {
    let demo = Demo::start(&["tcp:127.0.0.1:0"]);
    let mut wire = demo.wire();
    wire.until("QMP");
    wire.send(br#"{"execute":"qmp_capabilities","arguments":{"enable":["oob"]}}"#);
    wire.until("return");
    // The second waits for the first, the third overtakes both.
    wire.send(
        br#"{"execute":"demo-wait","arguments":{"milliseconds":600000},"id":1}{"execute":"query-status","id":2}"#,
    );
    wire.send(br#"{"exec-oob":"query-yank","id":3}"#);
    let listed = wire.until("\"id\": 3");
    assert_eq!(listed, "{\"return\": [{\"type\": \"chardev\", \"id\": \"demo-wait\"}], \"id\": 3}\r\n");
    wire.send(br#"{"exec-oob":"yank","arguments":{"instances":[{"type":"chardev","id":"other"}]},"id":4}"#);
    assert!(wire.until("\"id\": 4").contains("DeviceNotFound"));
    wire.send(br#"{"exec-oob":"yank","arguments":{"instances":[{"type":"chardev","id":"demo-wait"}]},"id":5}"#);
    let ended = wire.until("\"id\": 2");
    let lines: Vec<&str> = ended.lines().collect();
    assert_eq!(lines[0], "{\"return\": {}, \"id\": 5}");
    assert_eq!(lines[1], "{\"id\": 1, \"error\": {\"class\": \"GenericError\", \"desc\": \"The wait was yanked\"}}");
    assert!(lines[2].starts_with("{\"return\": {\"status\": \"running\""), "{ended}");
    assert_eq!(wire.ask(r#""execute":"query-yank""#, 6), "{\"return\": [], \"id\": 6}\r\n");
    assert_eq!(
        wire.ask(r#""execute":"demo-wait","arguments":{"milliseconds":30}"#, 7),
        "{\"return\": {}, \"id\": 7}\r\n"
    );
    // A wait whose client leaves is nobody's, and forgotten.
    wire.send(br#"{"execute":"demo-wait","arguments":{"milliseconds":600000},"id":8}"#);
    drop(wire);
    let mut next = demo.session(false);
    assert!(next.execute(&QueryStatus {}).unwrap().running);
    assert_eq!(raw(&mut next, "query-yank", "{}").unwrap(), "[]");
}

#[test]
fn clients_hear_what_others_cause() {
    let demo = Demo::start(&["tcp:127.0.0.1:0", "--clients", "3"]);
    let (mut first, mut second, mut third) = (demo.session(false), demo.session(false), demo.session(false));
    first.execute(&Stop {}).unwrap();
    for vm in [&mut first, &mut second, &mut third] {
        assert_eq!(event(vm), "STOP ");
        assert!(vm.next_event(Duration::ZERO).unwrap().is_none());
    }
    // A fourth waits for one to leave.
    let options = Options { handshake: Duration::from_millis(100), ..Options::default() };
    assert!(matches!(options.connect(&demo.address), Err(Error::TimedOut { .. })));
    drop(third);
    drop(demo.session(false));
    second.execute(&Quit {}).unwrap();
    assert!(event(&mut first).starts_with("SHUTDOWN "));
    drop((first, second));
    assert_eq!(demo.end().code(), Some(0));
}

#[test]
fn it_ends_though_a_client_does_not_read() {
    let demo = Demo::start(&["tcp:127.0.0.1:0", "--clients", "2"]);
    let mut deaf = demo.wire();
    deaf.send(NEGOTIATE);
    while deaf.try_send(&br#"{"execute":"query-commands"}"#.repeat(100)) > 0 {}
    demo.session(false).execute(&Quit {}).unwrap();
    assert_eq!(demo.end().code(), Some(0));
}

#[test]
fn wrong_usage_and_an_address_that_cannot_be_had_are_said() {
    let usage = "usage: demo-vm unix:PATH|tcp:HOST:PORT [--pretty] [--no-oob] [--clients NUMBER]\n";
    for arguments in [&[][..], &["--help"], &["a", "b"], &["a", "--clients"], &["a", "--clients", "0"], &[""]] {
        let Run { code, stdout, stderr } = run("demo-vm", arguments);
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(2), "", usage), "{arguments:?}");
    }
    let demo = Demo::start(&["tcp:127.0.0.1:0"]);
    for (address, reason) in [
        (demo.address.as_str(), "in use"),
        ("unix:/nowhere/vm.qmp", "No such file"),
        ("telnet:127.0.0.1:1", "a server listens at unix or tcp sockets only"),
        ("ws:127.0.0.1:1", "not supported"),
    ] {
        let Run { code, stderr, .. } = run("demo-vm", &[address]);
        assert_eq!(code, Some(1));
        assert!(stderr.starts_with("demo-vm: ") && stderr.contains(reason), "{stderr}");
    }
}

#[test]
#[cfg(unix)]
fn without_room_for_more_sockets_it_goes_on_with_those_it_has() {
    let demo = program::command("demo-vm");
    let line = format!("ulimit -n 16; exec {} tcp:127.0.0.1:0 --clients 100", demo.get_program().display());
    let demo = Demo::spawn(Command::new("sh").args(["-c", &line]));
    let mut wires: Vec<Wire> = (0..40).map(|_| demo.wire()).collect();
    // Whoever was taken in is served; when they leave, so are the others, all of them in the end.
    let mut served = 0;
    while !wires.is_empty() {
        let mut wire = wires.remove(0);
        wire.negotiate();
        assert!(wire.ask(r#""execute":"query-name""#, 1).starts_with("{\"return\""));
        served += 1;
    }
    assert_eq!(served, 40);
}

#[test]
#[cfg(target_os = "linux")]
fn a_thousand_clients_are_served_in_bounded_memory_and_none_waits_for_another() {
    const CLIENTS: usize = 1000;
    const ROUNDS: u32 = 20;
    let folder = Folder::new();
    let demo = Demo::start(&[&unix(&folder.file("qmp")), "--clients", &CLIENTS.to_string()]);
    let empty = demo.memory();
    let mut clients: Vec<Wire> = (0..CLIENTS).map(|_| demo.wire()).collect();
    // Some ask until nothing more is taken in, and never read; some send half a request. They hold up nobody but themselves.
    let flood = br#"{"execute":"query-commands"}"#.repeat(1000);
    for wire in clients.iter_mut().step_by(100) {
        wire.send(NEGOTIATE);
        let (mut sent, mut refused) = (0, 0);
        while refused < 3 {
            match wire.try_send(&flood[sent % flood.len()..]) {
                0 => {
                    refused += 1;
                    std::thread::sleep(Duration::from_millis(10));
                }
                taken => (sent, refused) = (sent + taken, 0),
            }
        }
    }
    clients.iter_mut().skip(1).step_by(100).for_each(|wire| wire.send(b"{\"execute\":\"quer"));
    let mut talking: Vec<&mut Wire> =
        clients.iter_mut().enumerate().filter(|(number, _)| number % 100 > 1).map(|(_, wire)| wire).collect();
    talking.iter_mut().for_each(|wire| wire.negotiate());
    let mut memory = Vec::new();
    for id in 0..ROUNDS {
        let request =
            format!(r#"{{"execute":"human-monitor-command","arguments":{{"command-line":"x{id}"}},"id":{id}}}"#);
        for wire in &mut talking {
            wire.send(request.as_bytes());
        }
        for (number, wire) in talking.iter_mut().enumerate() {
            let answer = wire.until("\"id\": ");
            assert_eq!(
                answer,
                format!("{{\"return\": \"unknown command: 'x{id}'\\r\\n\", \"id\": {id}}}\r\n"),
                "{number}"
            );
        }
        memory.push(demo.memory());
    }
    let each = (memory[0] - empty) / CLIENTS;
    assert!(each < 160 << 10, "{each} bytes a client");
    // Nothing grows once all are there.
    assert!(memory[ROUNDS as usize - 1] <= memory[1] + (1 << 20), "{memory:?}");
    drop(clients);
    demo.session(false).execute(&Quit {}).unwrap();
    println!("{each} bytes of memory a client");
}

#[test]
fn a_client_that_reads_nothing_and_leaves_is_no_trouble() {
    let demo = Demo::start(&["tcp:127.0.0.1:0"]);
    for _ in 0..20 {
        let mut wire = demo.wire();
        wire.send(NEGOTIATE);
        wire.send(&br#"{"execute":"query-commands"}"#.repeat(50));
    }
    let Wire::Tcp(mut stream) = demo.wire() else { panic!() };
    stream.set_read_timeout(Some(LONG)).unwrap();
    let mut byte = [0];
    assert_eq!(common::read(&mut stream, &mut byte).map_err(|error| error.kind()), Ok::<usize, ErrorKind>(1));
}
