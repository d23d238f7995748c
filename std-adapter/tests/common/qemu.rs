//! Real servers, ended when dropped.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use std::{fs, thread, time};

use qmp_core::Json;
use qmp_std_adapter::{Error, Options, Session};

use super::{Folder, LONG, unix};

/// A machine that stands still, with a keyboard that can be unplugged without a guest's help.
pub const MACHINE: &[&str] = &[
    "-M",
    "q35,accel=tcg",
    "-m",
    "64",
    "-nodefaults",
    "-display",
    "none",
    "-S",
    "-device",
    "qemu-xhci",
    "-device",
    "usb-kbd,id=kbd0",
];

/// A running server with a monitor on a unix socket.
pub struct Server {
    child: Child,
    folder: Folder,
    /// How it was started.
    program: &'static str,
    arguments: Vec<String>,
}

impl Server {
    /// `qemu-system-x86_64` whose monitor prints compactly or not; with more arguments.
    pub fn system(pretty: bool, more: &[&str]) -> Self {
        let folder = Folder::new();
        let chardev = format!("socket,id=monitor,server=on,wait=off,path={}", folder.file("qmp").display());
        let monitor = if pretty { "chardev=monitor,mode=control,pretty=on" } else { "chardev=monitor,mode=control" };
        let mut arguments = MACHINE.to_vec();
        arguments.extend(["-chardev", &chardev, "-mon", monitor]);
        arguments.extend(more);
        Self::start("qemu-system-x86_64", arguments.iter().map(|word| word.to_string()).collect(), folder)
    }

    /// The same with a second monitor on a TCP port that it chose, and the port; with more options of that socket.
    pub fn with_tcp(options: &str) -> (Self, String) {
        let chardev = format!("socket,id=tcp,host=127.0.0.1,port=0,server=on,wait=off{options}");
        let server = Self::system(false, &["-chardev", &chardev, "-mon", "chardev=tcp,mode=control"]);
        let mut session = server.connect();
        let chardevs = session.execute_raw("query-chardev", None, false).unwrap();
        let is_tcp = |chardev: &Json<'_>| chardev.member("label").and_then(Json::as_str).is_some_and(|it| it == "tcp");
        let tcp = chardevs.elements().find(is_tcp).unwrap();
        // disconnected:tcp:127.0.0.1:43211,server=on
        let filename = tcp.member("filename").and_then(Json::as_str).unwrap().to_string();
        let port = filename.split_once("127.0.0.1:").unwrap().1.split(',').next().unwrap().to_owned();
        (server, port)
    }

    /// `qemu-storage-daemon`.
    pub fn storage_daemon(pretty: bool) -> Self {
        let folder = Folder::new();
        let chardev = format!("socket,id=monitor,server=on,wait=off,path={}", folder.file("qmp").display());
        let monitor = format!("chardev=monitor,pretty={}", if pretty { "on" } else { "off" });
        let arguments = ["--chardev", &chardev, "--monitor", &monitor];
        Self::start("qemu-storage-daemon", arguments.iter().map(|word| word.to_string()).collect(), folder)
    }

    fn start(program: &'static str, arguments: Vec<String>, folder: Folder) -> Self {
        let child = spawn(program, &arguments);
        Self { child, folder, program, arguments }
    }

    /// Where its monitor is.
    pub fn path(&self) -> PathBuf {
        self.folder.file("qmp")
    }

    /// The same as text.
    pub fn address(&self) -> String {
        unix(&self.path())
    }

    /// A session with it.
    pub fn connect(&self) -> Session {
        self.connect_with(&Options::default())
    }

    /// A session with it, once it listens.
    pub fn connect_with(&self, options: &Options) -> Session {
        connect(options, &self.address())
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &command]).status().unwrap().success());
    }

    /// Ends it as a crash would. Its socket is gone, so that nobody connects to it any more.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let _ = fs::remove_file(self.path());
    }

    /// Starts it again, where it was.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.program, &self.arguments);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Connects to a server that may not listen yet.
pub fn connect(options: &Options, address: &str) -> Session {
    let start = Instant::now();
    loop {
        match options.connect(address) {
            Err(Error::Connect { source, .. })
                if matches!(source.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
                    && start.elapsed() < LONG =>
            {
                thread::sleep(time::Duration::from_millis(10));
            }
            result => return result.unwrap_or_else(|error| panic!("{address}: {error}")),
        }
    }
}

/// The command that starts `qemu-system-x86_64` with [`MACHINE`].
pub fn command(more: &[&str]) -> Command {
    let mut command = Command::new("qemu-system-x86_64");
    command.args(MACHINE).args(more);
    command
}

fn spawn(program: &str, arguments: &[String]) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.spawn().unwrap_or_else(|error| {
        panic!("{program}: {error}. On Debian: sudo apt-get install qemu-system-x86 qemu-system-common")
    })
}
