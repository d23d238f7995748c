//! A real VM to be watched over.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use qmp_core::QueryStatus;
use qmp_std_adapter::Session;

use crate::LONG;

/// A running `qemu-system-x86_64`. One monitor is for the firmware, another for the test.
#[derive(Debug)]
pub struct Vm {
    child: Child,
    arguments: Vec<String>,
    monitor: PathBuf,
}

impl Vm {
    /// Starts it with its firmware's monitor listening at `uart`, and with more arguments. Returns when it does.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn start(uart: &Path, more: &[&str]) -> Self {
        Self::with_monitor(uart, ",server=on,wait=off", more)
    }

    /// As [`start`](Self::start), but it connects to a board that listens at `uart`.
    ///
    /// # Panics
    /// It cannot be started.
    pub fn connecting(uart: &Path, more: &[&str]) -> Self {
        Self::with_monitor(uart, "", more)
    }

    fn with_monitor(uart: &Path, options: &str, more: &[&str]) -> Self {
        let monitor = uart.with_extension("test");
        let socket = |path: &Path, options: &str| format!("unix:{}{options}", path.display());
        let machine = ["-M", "pc,accel=tcg", "-m", "64", "-nodefaults", "-display", "none"];
        let mut arguments: Vec<String> = machine.iter().chain(more).map(|word| word.to_string()).collect();
        arguments.extend(["-qmp".to_owned(), socket(uart, options)]);
        arguments.extend(["-qmp".to_owned(), socket(&monitor, ",server=on,wait=off")]);
        let vm = Self { child: spawn(&arguments), arguments, monitor };
        drop(vm.monitor());
        vm
    }

    /// A session with its other monitor.
    pub fn monitor(&self) -> Session {
        crate::connect(&self.monitor)
    }

    /// Waits until `query-status` says this.
    ///
    /// # Panics
    /// It does not.
    pub fn wait_for_state(&self, state: &str) {
        let (mut monitor, start) = (self.monitor(), Instant::now());
        while monitor.execute(&QueryStatus {}).expect("it answers").status != *state {
            assert!(start.elapsed() < LONG, "not {state}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Makes it hang: it does nothing any more, and nothing of it ends.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Ends that.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill");
    }

    /// Ends it as a crash would.
    ///
    /// # Panics
    /// It cannot be ended.
    pub fn kill(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("it was started");
    }

    /// Starts it again after [`kill`](Self::kill).
    pub fn restart(&mut self) {
        self.child = spawn(&self.arguments);
        drop(self.monitor());
    }
}

impl Drop for Vm {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(arguments: &[String]) -> Child {
    let mut command = Command::new("qemu-system-x86_64");
    command.args(arguments).stdin(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
