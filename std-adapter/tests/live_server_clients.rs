//! The server's end with clients that know nothing of it.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use common::monitor::{PROFILE, Running};
use common::{Folder, unix};
use qmp_core::Profile;
use qmp_std_adapter::{Address, Limits};

/// A monitor on a unix socket.
fn start(folder: &Folder, pretty: bool) -> Running {
    Running::new(&unix(&folder.file("qmp")), Profile { pretty, ..PROFILE }, Limits::default())
}

/// Python, where `PYTHONPATH` has the package `qemu.qmp`.
fn python() -> Command {
    Command::new("python3")
}

/// Runs a program to its end, with `input` on its standard input. Its standard output.
fn run(command: &mut Command, input: &str) -> String {
    let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{command:?}: {error}: see cargo xtask test"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("No module named"), "qemu.qmp is not there: cargo xtask test installs it");
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// What the Python library is to be good for: `argv[1]` is the socket; its requests end without a line feed.
const PYTHON: &str = r#"
import asyncio, sys
from qemu.qmp import QMPClient, ExecuteError

async def main():
    qmp = QMPClient("test")
    await qmp.connect(sys.argv[1])
    assert (await qmp.execute("query-status"))["status"] == "running"
    with qmp.listener("STOP") as listener:
        await qmp.execute("stop")
        event = await listener.get()
        assert event["timestamp"] == {"seconds": 1, "microseconds": 2}, event
    for value in ["é€😀\x00\"\\/", {"a": [1, None, True, {}]}, "x" * 20000, [], -1.5e300]:
        assert await qmp.execute("echo", {"value": value}) == value, value
    for command, arguments, text in [
        ("nope", None, "The command nope has not been found"),
        ("echo", {}, "Parameter 'value' is missing"),
        ("stop", {"x": 1}, "Parameter 'x' is unexpected"),
    ]:
        try:
            await qmp.execute(command, arguments)
            raise AssertionError(command)
        except ExecuteError as error:
            assert str(error) == text, error
    waiting = asyncio.create_task(qmp.execute("wait"))
    behind = asyncio.create_task(qmp.execute("query-status"))
    await asyncio.sleep(0.1)
    assert not waiting.done() and not behind.done()
    await qmp.execute("yank", oob=True)
    try:
        await waiting
        raise AssertionError("yanked")
    except ExecuteError as error:
        assert str(error) == "yanked", error
    assert (await behind)["running"] is False
    await qmp.disconnect()

asyncio.run(main())
print("done")
"#;

#[test]
#[ignore = "needs Python: run by cargo xtask test"]
fn qemus_own_python_client_gets_along_with_the_server() {
    let folder = Folder::new();
    let _running = start(&folder, false);
    let output = run(python().args(["-c", PYTHON]).arg(folder.file("qmp")), "");
    assert_eq!(output, "done\n");
}

#[test]
#[ignore = "needs Python: run by cargo xtask test"]
fn qemus_own_shell_gets_along_with_the_server() {
    let folder = Folder::new();
    let _running = start(&folder, false);
    let lines = "query-status\nstop\nquery-status\necho value=[1,{\"a\":null}]\necho\nnope\n";
    let output = run(python().args(["-m", "qemu.qmp.qmp_shell"]).arg(folder.file("qmp")), lines);
    let expected = [
        "Welcome to the QMP low-level shell!",
        "Connected to QEMU 7.2.0",
        "",
        "(QEMU) {\"return\": {\"status\": \"running\", \"running\": true}}",
        "(QEMU) {\"return\": {}}",
        "(QEMU) {\"return\": {\"status\": \"paused\", \"running\": false}}",
        "(QEMU) {\"return\": [1, {\"a\": null}]}",
        "(QEMU) {\"error\": {\"class\": \"GenericError\", \"desc\": \"Parameter 'value' is missing\"}}",
        "(QEMU) {\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command nope has not been found\"}}",
    ];
    // The shell may show an event wherever it comes.
    let shown: Vec<&str> = output.lines().map(str::trim_end).filter(|line| !line.contains("\"event\"")).collect();
    assert_eq!(shown[..expected.len().min(shown.len())], expected, "{output}");
}

#[test]
#[ignore = "needs socat: run by cargo xtask test"]
fn requests_by_hand_through_socat_are_answered() {
    for pretty in [false, true] {
        let folder = Folder::new();
        let _running = start(&folder, pretty);
        let lines = "{\"execute\": \"qmp_capabilities\"}\n\n { \"execute\":\n\"stop\" }\nhelp\n{\"execute\": \"query-status\", \"id\": \"é\"}\n";
        let address = format!("UNIX-CONNECT:{}", folder.file("qmp").display());
        let output = run(Command::new("socat").args(["-t", "20", "-", &address]), lines);
        let status = if pretty {
            "{\r\n    \"return\": {\r\n        \"status\": \"paused\",\r\n        \"running\": false\r\n    },\r\n    \"id\": \"\\u00E9\"\r\n}\r\n"
        } else {
            "{\"return\": {\"status\": \"paused\", \"running\": false}, \"id\": \"\\u00E9\"}\r\n"
        };
        assert!(output.ends_with(status), "{output}");
        assert_eq!(output.matches("\"STOP\"").count(), 1, "{output}");
        assert_eq!(output.matches("GenericError").count(), 1, "{output}");
    }
}

#[test]
#[ignore = "needs telnet: run by cargo xtask test"]
fn requests_by_hand_through_telnet_are_answered() {
    let running = Running::new("tcp:127.0.0.1:0", PROFILE, Limits::default());
    let Address::Tcp { host, port } = &running.address else { panic!() };
    let mut command = Command::new("telnet");
    command.args([host, &port.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("telnet is not there: apt-get install telnet");
    let mut keyboard = child.stdin.take().unwrap();
    let mut screen = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut expect = |start: &str| assert!(screen.any(|line| line.starts_with(start)), "no {start}");
    expect("{\"QMP\": {\"version\": ");
    for (line, answer) in [
        ("{\"execute\": \"qmp_capabilities\"}\n", "{\"return\": {}}"),
        ("\n\n", ""),
        ("info\n", "{\"error\": {\"class\": \"GenericError\", "),
        (
            "{\"execute\": \"query-status\",\n \"id\": 1}\n",
            "{\"return\": {\"status\": \"running\", \"running\": true}, \"id\": 1}",
        ),
    ] {
        keyboard.write_all(line.as_bytes()).unwrap();
        if !answer.is_empty() {
            expect(answer);
        }
    }
    drop(keyboard);
    child.wait().unwrap();
}
