//! The examples and the program in README.md, built from an installed copy, on a real VM.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::LIMIT;
use crate::{Result, process};

/// A running QEMU without a machine, which listens at two unix sockets and at a port.
pub(super) struct Vm {
    child: Child,
    /// For the program.
    pub(super) socket: PathBuf,
    /// For the test.
    monitor: PathBuf,
    port: u16,
}

impl Vm {
    /// Starts it and waits until it listens.
    pub(super) fn start() -> Result<Self> {
        Self::start_with(&[])
    }

    /// As [`start`](Self::start), with more options.
    fn start_with(options: &[String]) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // A socket's path must be short.
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = |name| std::env::temp_dir().join(format!("qmp-c-{}-{number}.{name}", std::process::id()));
        let (socket, monitor) = (path("vm"), path("test"));
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|e| format!("no free port: {e}"))?.port();
        let mut command = Command::new("qemu-system-x86_64");
        command.args(["-M", "none", "-nodefaults", "-display", "none"]).args(options).stdin(Stdio::null());
        let addresses = [
            format!("tcp:127.0.0.1:{port}"),
            format!("unix:{}", monitor.display()),
            format!("unix:{}", socket.display()),
        ];
        for address in addresses {
            command.args(["-qmp", &format!("{address},server=on,wait=off")]);
        }
        let child = command.spawn().map_err(|e| format!("`{}`: {e}", process::line(&command)))?;
        let mut vm = Self { child, socket, monitor, port };
        let end = Instant::now() + LIMIT;
        while !vm.socket.exists() {
            if Instant::now() > end || !matches!(vm.child.try_wait(), Ok(None)) {
                return Err("QEMU does not listen".to_owned());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(vm)
    }

    /// Pauses it, lets it go on, and ends it.
    fn live_a_little(&self) -> std::io::Result<()> {
        let mut monitor = UnixStream::connect(&self.monitor)?;
        monitor.set_read_timeout(Some(LIMIT))?;
        for command in ["qmp_capabilities", "stop", "cont", "quit"] {
            writeln!(monitor, "{{\"execute\": \"{command}\"}}")?;
        }
        // The end of the stream, or its breaking off: it is gone either way.
        let _ = monitor.read_to_end(&mut Vec::new());
        Ok(())
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.socket);
        let _ = std::fs::remove_file(&self.monitor);
    }
}

/// Builds the programs from what is installed at `prefix`, with the archive and with the shared library, and runs them.
pub(super) fn run(prefix: &Path, folder: &Path) -> Result {
    let readme = folder.join("readme.c");
    std::fs::write(&readme, readme_program()?).map_err(|e| format!("{}: {e}", readme.display()))?;
    let [example, selecting] = ["status", "disks"].map(|name| process::root().join(format!("examples/c/{name}.c")));
    for shared in [false, true] {
        let program = |name: &str| {
            let mut command = Command::new(folder.join(name));
            command.env("LD_LIBRARY_PATH", prefix.join("lib"));
            command
        };
        build(prefix, &readme, shared, &folder.join("readme"))?;
        let vm = Vm::start()?;
        let output = process::output_within(program("readme").arg(&vm.socket), LIMIT)?;
        expect(&output, &["QEMU ", "status: running"])?;

        build(prefix, &example, shared, &folder.join("status"))?;
        let unix = format!("unix:{}", vm.socket.display());
        watch(&vm, program("status").arg(unix))?;
        let vm = Vm::start()?;
        watch(&vm, program("status").arg(format!("tcp:127.0.0.1:{}", vm.port)))?;

        build(prefix, &selecting, shared, &folder.join("disks"))?;
        disks(&mut program("disks"))?;
    }
    Ok(())
}

/// Runs the example until its VM ends, and lets something happen to that once it is watched.
fn watch(vm: &Vm, program: &mut Command) -> Result {
    let line = process::line(program);
    println!("$ {line}");
    let failed = |e: std::io::Error| format!("`{line}`: {e}");
    let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
    let mut text = String::new();
    while !text.contains("status ") && output.read_line(&mut text).map_err(failed)? != 0 {}
    vm.live_a_little().map_err(failed)?;
    output.read_to_string(&mut text).map_err(failed)?;
    let status = child.wait().map_err(failed)?;
    if !status.success() {
        return Err(format!("`{line}` failed ({status})\n{text}"));
    }
    expect(
        &text,
        &[
            "greeting of QEMU ",
            "package ",
            "status running",
            "event STOP at ",
            "event RESUME at ",
            "event SHUTDOWN at ",
        ],
    )
}

/// Runs the example with a selection on a VM whose reply is many times as large as its buffer.
fn disks(program: &mut Command) -> Result {
    let options =
        (0..20).flat_map(|disk| ["-drive".to_owned(), format!("if=none,id=disk{disk},file=null-co://,format=raw")]);
    let vm = Vm::start_with(&options.collect::<Vec<_>>())?;
    let output = process::output_within(program.arg(&vm.socket), LIMIT)?;
    let lines: Vec<String> = (0..20).map(|disk| format!("disk {disk}: disk{disk} null-co://")).collect();
    let mut lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    lines.push("20 disks, 0 too large");
    expect(&output, &lines)
}

/// Each line begins as it should, and there are no others.
fn expect(output: &str, lines: &[&str]) -> Result {
    let found: Vec<&str> = output.lines().collect();
    let same = found.len() == lines.len() && found.iter().zip(lines).all(|(found, line)| found.starts_with(line));
    if same { Ok(()) } else { Err(format!("lines that begin with {lines:?} were expected, and came:\n{output}")) }
}

/// Compiles as a C programmer would.
fn build(prefix: &Path, source: &Path, shared: bool, program: &Path) -> Result {
    let mut compiler = Command::new("cc");
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]);
    compiler.args(package(prefix, &["--cflags"])?).arg(source).arg("-o").arg(program);
    if shared {
        compiler.args(package(prefix, &["--libs"])?);
    } else {
        compiler.arg(prefix.join("lib/libqmp.a"));
    }
    process::run(&mut compiler)
}

fn package(prefix: &Path, ask: &[&str]) -> Result<Vec<String>> {
    let mut command = Command::new("pkg-config");
    command.env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig")).args(ask).arg("qmp");
    Ok(process::output(&mut command)?.split_whitespace().map(str::to_owned).collect())
}

/// The one program in C in README.md.
fn readme_program() -> Result<String> {
    let text = std::fs::read_to_string(process::root().join("README.md")).map_err(|e| format!("README.md: {e}"))?;
    let start = text.split("```c\n").nth(1).ok_or("README.md has no program in C")?;
    let program = start.split("```").next().unwrap_or_default().to_owned();
    match program.lines().count() {
        0..=60 => Ok(program),
        lines => Err(format!("README.md: the program in C has {lines} lines, 60 are the most")),
    }
}
