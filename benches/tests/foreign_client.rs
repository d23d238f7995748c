//! The crate `qapi`, unchanged, as a client of this project's server: its blocking half and its async one.

use std::io::BufReader;
use std::net::TcpStream;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use futures::StreamExt as _;
use qapi::futures::{QgaStreamTokio, QmpStreamTokio};
use qapi::qmp::{self, Event, QMPCapability, RunState};
use qapi::{ErrorClass, ExecuteError, Qga, Qmp, Stream, qga};
use qmp_core::{CommandEntry, Profile, VersionTriple};
use qmp_examples::demo_vm::{Machine, PROFILE};
use qmp_std_adapter::{Limits, Monitor};

/// The demo VM, and its port.
fn vm() -> (String, JoinHandle<()>) {
    let monitor = Monitor::bind("tcp:127.0.0.1:0", PROFILE, Limits::default()).unwrap();
    let address = monitor.address().to_string();
    let vm = thread::spawn(|| Machine::new("demo").serve(monitor).unwrap());
    (address.strip_prefix("tcp:").unwrap().to_owned(), vm)
}

/// A guest agent without commands of its own, and its port. It is served for as long as the test runs.
fn agent() -> String {
    let profile = Profile::agent(VersionTriple { major: 7, minor: 2, micro: 0 });
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", profile, Limits::default()).unwrap();
    let address = monitor.address().to_string();
    thread::spawn(move || {
        const COMMANDS: &[CommandEntry<()>] = &[];
        while monitor.turn(COMMANDS, &mut (), None).is_ok() {}
    });
    address.strip_prefix("tcp:").unwrap().to_owned()
}

fn class(error: ExecuteError) -> ErrorClass {
    match error {
        ExecuteError::Qapi(error) => error.class,
        other => panic!("{other}"),
    }
}

fn is_shutdown(event: &Event) -> bool {
    matches!(event, Event::SHUTDOWN { data, .. } if !data.guest)
}

#[test]
fn the_blocking_half_gets_along_with_the_server() {
    let (address, vm) = vm();
    let socket = TcpStream::connect(address).unwrap();
    let mut client = Qmp::new(Stream::new(BufReader::new(&socket), &socket));
    let greeting = client.handshake().unwrap();
    assert_eq!((greeting.version.qemu.major, greeting.version.package.as_str()), (7, "demo"));
    let status = client.execute(&qmp::query_status {}).unwrap();
    assert!(status.running && status.status == RunState::running);
    client.execute(&qmp::stop {}).unwrap();
    client.execute(&qmp::cont {}).unwrap();
    client.nop().unwrap();
    let events: Vec<Event> = client.events().collect();
    assert!(matches!(events[..], [Event::STOP { .. }, Event::RESUME { .. }]), "{events:?}");
    let command = qmp::human_monitor_command { command_line: "info status".into(), cpu_index: None };
    assert_eq!(client.execute(&command).unwrap(), "VM status: running\r\n");
    assert!(client.execute(&qmp::query_commands {}).unwrap().iter().any(|command| command.name == "yank"));
    let refused = client.execute(&qmp::query_block {}).unwrap_err();
    assert_eq!(class(refused), ErrorClass::CommandNotFound);
    let refused = client.execute(&qmp::job_dismiss { id: "none".into() }).unwrap_err();
    assert_eq!(class(refused), ErrorClass::DeviceNotActive);
    client.execute(&qmp::quit {}).unwrap();
    assert!(client.events().all(|event| is_shutdown(&event)));
    drop(client);
    drop(socket);
    vm.join().unwrap();
}

#[tokio::test]
async fn the_async_half_gets_along_with_the_server() {
    let (address, vm) = vm();
    let stream = QmpStreamTokio::open_tcp(address).await.unwrap();
    let stream = stream.negotiate_caps([QMPCapability::oob]).await.unwrap();
    let (client, mut events) = stream.into_parts();
    let events = tokio::spawn(async move {
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(event.unwrap());
            if seen.last().is_some_and(is_shutdown) {
                break;
            }
        }
        // What comes after it is the reply to `quit`.
        let _ = tokio::time::timeout(Duration::from_secs(1), events.next()).await;
        seen
    });
    // Several in flight.
    let (status, name, commands) = tokio::join!(
        client.execute(qmp::query_status {}),
        client.execute(qmp::query_name {}),
        client.execute(qmp::query_commands {})
    );
    assert!(status.unwrap().running);
    assert_eq!(name.unwrap().name.as_deref(), Some("demo"));
    assert!(commands.unwrap().len() >= 17);
    client.execute(qmp::stop {}).await.unwrap();
    let status = client.execute(qmp::query_status {}).await.unwrap();
    assert_eq!(status.status, RunState::paused);
    let refused = client.execute(qmp::query_block {}).await.unwrap_err();
    assert_eq!(class(refused), ErrorClass::CommandNotFound);
    client.execute(qmp::quit {}).await.unwrap();
    let events = events.await.unwrap();
    assert!(matches!(events[..], [Event::STOP { .. }, Event::SHUTDOWN { .. }]), "{events:?}");
    drop(client);
    vm.join().unwrap();
}

#[tokio::test]
async fn both_halves_get_along_with_an_agent() {
    let address = agent();
    let blocking = address.clone();
    let info = tokio::task::spawn_blocking(move || {
        let socket = TcpStream::connect(blocking).unwrap();
        let mut client = Qga::new(Stream::new(BufReader::new(&socket), &socket));
        client.guest_sync(77).unwrap();
        client.execute(&qga::guest_ping {}).unwrap();
        client.execute(&qga::guest_info {}).unwrap()
    });
    let info = info.await.unwrap();
    assert_eq!(info.version, "7.2.0");
    assert!(info.supported_commands.iter().any(|command| command.name == "guest-sync-delimited" && command.enabled));

    let (client, _events) = QgaStreamTokio::open_tcp(address).await.unwrap().spawn_tokio();
    client.guest_sync(78).await.unwrap();
    client.execute(qga::guest_ping {}).await.unwrap();
    let refused = client.execute(qga::guest_get_host_name {}).await.unwrap_err();
    assert_eq!(class(refused), ErrorClass::CommandNotFound);
}
