//! An emulated board with a program.

use std::env;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use qmp_core::{Cont, Stop, SystemReset};
use qmp_std_adapter::Session;

use crate::{Folder, LONG};

/// Which board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// `lm3s6965evb`, a Cortex-M3.
    Lm3s6965,
    /// `virt`, a RISC-V of 32 bits.
    Virt,
}

impl Model {
    /// The emulator, and what it is told.
    fn emulator(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Lm3s6965 => ("qemu-system-arm", &["-M", "lm3s6965evb", "-cpu", "cortex-m3"]),
            Self::Virt => ("qemu-system-riscv32", &["-M", "virt", "-bios", "none", "-m", "16"]),
        }
    }

    /// Where its programs are: the build says so, by a variable.
    ///
    /// # Panics
    /// Nothing was built.
    pub fn program(self, name: &str) -> PathBuf {
        let variable = match self {
            Self::Lm3s6965 => "FIRMWARE_LM3S6965",
            Self::Virt => "FIRMWARE_VIRT",
        };
        let folder =
            env::var_os(variable).unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask firmware`"));
        Path::new(&folder).join(name)
    }
}

/// A board that runs, until its program ends it.
#[derive(Debug)]
pub struct Board {
    child: Child,
    /// What it prints.
    chunks: Receiver<Vec<u8>>,
    printed: Vec<u8>,
    /// How much of it was waited for.
    seen: usize,
    folder: Folder,
}

impl Board {
    /// A board whose UART is connected to the socket at `uart`, and is connected again when that ends.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(model: Model, program: &str, uart: &Path) -> Self {
        let chardev = format!("socket,id=uart,reconnect=1,path={}", uart.display());
        Self::with_chardev(model, program, &chardev)
    }

    /// A board whose UART is a socket at `uart`, to which somebody else connects.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn listening(model: Model, program: &str, uart: &Path) -> Self {
        let chardev = format!("socket,id=uart,server=on,wait=off,path={}", uart.display());
        Self::with_chardev(model, program, &chardev)
    }

    fn with_chardev(model: Model, program: &str, chardev: &str) -> Self {
        let (folder, (emulator, machine)) = (Folder::new(), model.emulator());
        let mut command = Command::new(emulator);
        command.args(machine).args(["-display", "none", "-monitor", "none"]);
        command.args(["-chardev", chardev, "-serial", "chardev:uart", "-qmp"]);
        command.arg(format!("unix:{},server=on,wait=off", folder.file("monitor").display()));
        command.args(["-semihosting-config", "enable=on,target=native", "-kernel"]).arg(model.program(program));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect(emulator);
        let mut output = child.stdout.take().expect("it was asked for");
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || {
            let mut chunk = [0; 4096];
            // Ends with the emulator.
            while let Ok(read @ 1..) = output.read(&mut chunk) {
                if sender.send(chunk[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, chunks, printed: Vec::new(), seen: 0, folder }
    }

    /// Waits until the program has printed this line, after the one that was last waited for.
    ///
    /// # Panics
    /// It has not.
    pub fn wait_for(&mut self, line: &str) {
        assert!(self.has_said(line, LONG), "no `{line}`; printed was:\n{}", self.printed.escape_ascii());
    }

    /// Whether the program prints this line within this time, after the one that was last waited for.
    pub fn has_said(&mut self, line: &str, time: Duration) -> bool {
        let end = Instant::now() + time;
        loop {
            let mut lines = self.printed[self.seen..].split_inclusive(|byte| *byte == b'\n');
            let before = lines.by_ref().take_while(|it| it.strip_suffix(b"\n") != Some(line.as_bytes()));
            let before: usize = before.map(<[u8]>::len).sum();
            if self.seen + before < self.printed.len() {
                self.seen += before + line.len() + 1;
                return true;
            }
            if !self.more(end) {
                return false;
            }
        }
    }

    /// Waits until the program has printed anything.
    ///
    /// # Panics
    /// It has not.
    pub fn wait_for_output(&mut self) {
        assert!(self.more(Instant::now() + LONG), "it prints nothing");
    }

    fn more(&mut self, end: Instant) -> bool {
        let chunk = self.chunks.recv_timeout(end.saturating_duration_since(Instant::now()));
        self.printed.extend(chunk.as_deref().unwrap_or_default());
        chunk.is_ok()
    }

    /// Presses the board's reset button.
    ///
    /// # Panics
    /// The emulator does not do it.
    pub fn reset(&self) {
        self.monitor().execute(&SystemReset {}).expect("it can be reset");
    }

    /// Takes its clock away.
    ///
    /// # Panics
    /// The emulator does not do it.
    pub fn halt(&self) {
        self.monitor().execute(&Stop {}).expect("it can be halted");
    }

    /// Gives the clock back.
    ///
    /// # Panics
    /// The emulator does not do it.
    pub fn resume(&self) {
        self.monitor().execute(&Cont {}).expect("it can go on");
    }

    fn monitor(&self) -> Session {
        crate::connect(&self.folder.file("monitor"))
    }

    /// Waits for the program's end: everything it printed, and its exit code.
    ///
    /// # Panics
    /// It does not end.
    pub fn end(mut self) -> (Vec<u8>, Option<i32>) {
        let end = Instant::now() + LONG;
        // The channel ends with the emulator's output.
        while let Ok(chunk) = self.chunks.recv_timeout(end.saturating_duration_since(Instant::now())) {
            self.printed.extend_from_slice(&chunk);
        }
        let printed = std::mem::take(&mut self.printed);
        assert!(Instant::now() < end, "it does not end; printed was:\n{}", printed.escape_ascii());
        (printed, self.child.wait().expect("it was started").code())
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
