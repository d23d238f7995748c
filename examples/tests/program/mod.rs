//! Running an example as a process.

// Each test file uses a part of this.
#![allow(dead_code, unreachable_pub)]

use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::sync::OnceLock;
use std::time::Duration;

/// The path of an example, built as this test was.
fn example(name: &str) -> PathBuf {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--quiet",
            "--examples",
            "--manifest-path",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        ]);
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success());
    });
    // target/debug/deps/this-test
    let deps = std::env::current_exe().unwrap();
    deps.parent().unwrap().parent().unwrap().join("examples").join(name)
}

/// Ready for more arguments.
pub fn command(name: &str) -> Command {
    Command::new(example(name))
}

/// How a program ended.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Runs an example to its end.
pub fn run(name: &str, arguments: &[&str]) -> Run {
    command(name).args(arguments).output().unwrap().into()
}

/// Stops a process and lets it go on, at what may be any point of its way: it is given the time to wait for something first.
#[cfg(unix)]
pub fn stop_for_a_while(child: &Child) {
    for signal in ["-STOP", "-CONT"] {
        std::thread::sleep(Duration::from_millis(2));
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    }
}
