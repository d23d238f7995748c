//! A real server.

use std::fs;
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const PROGRAM: &str = "qemu-system-x86_64";

/// A running QEMU; dropping it ends it.
pub(super) struct Qemu {
    process: Child,
    directory: PathBuf,
}

impl Drop for Qemu {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Starts QEMU and connects to two monitors of it. The connections have negotiated.
pub(super) fn start() -> Result<((UnixStream, UnixStream), Qemu)> {
    let directory = std::env::temp_dir().join(format!("qmp-benches-{}", std::process::id()));
    fs::create_dir_all(&directory)?;
    let sockets = [directory.join("qmp.sock"), directory.join("other.sock")];
    let monitor = |socket: &PathBuf| format!("unix:{},server=on,wait=off", socket.display());
    let process = Command::new(PROGRAM)
        .args(["-machine", "none", "-nodefaults", "-display", "none"])
        .args(sockets.iter().flat_map(|socket| ["-qmp".to_owned(), monitor(socket)]))
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| Error::new(error.kind(), format!("{PROGRAM}: {error}; `apt-get install qemu-system-x86`")))?;
    let qemu = Qemu { process, directory };
    let [first, second] = sockets;
    Ok(((negotiate(&first)?, negotiate(&second)?), qemu))
}

/// Connects, as soon as there is something to connect to, reads the greeting, and enters command mode.
fn negotiate(socket: &Path) -> Result<UnixStream> {
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut stream = loop {
        match UnixStream::connect(socket) {
            Ok(stream) => break stream,
            Err(error) if Instant::now() > deadline => return Err(error),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    // Nothing else comes after the reply, so nothing is lost with the reader's buffer.
    let mut lines = BufReader::new(stream.try_clone()?);
    lines.read_line(&mut String::new())?;
    stream.write_all(b"{\"execute\": \"qmp_capabilities\"}\n")?;
    lines.read_line(&mut String::new())?;
    Ok(stream)
}
