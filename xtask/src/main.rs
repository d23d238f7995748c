//! The repository's own commands: `cargo xtask <command>`.
//!
//! `main` reads the command line and nothing else; each command is a module. What they share: [`process`] starts
//! programs, [`steps`] times, counts and sums up, [`setup`] brings the tools, [`embedded`] picks a compiler for a bare-metal target.

mod c;
mod embedded;
mod ffi;
mod firmware;
mod footprint;
mod fuzz;
mod install;
mod metadata;
mod portability;
mod process;
mod python;
mod setup;
mod steps;
mod test;

use std::process::ExitCode;

/// What a command comes back with. An error is one message for the person at the terminal.
type Result<T = ()> = std::result::Result<T, String>;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [STEP…]      install or name missing tools, then run every check (or only the steps named)
  test --list       name the steps
  footprint         what the library costs on bare metal, written to benches/footprint.md
  footprint --check compare it with that file and with the limits
  firmware          build the programs in examples/firmware, and run them on emulated boards against real VMs
  install --prefix FOLDER [--shared | --target TARGET]
                    the C library with its header and qmp.pc; a shared one too, or one for bare metal
  fuzz [TARGET] [SECONDS]
                    feed the core with what a fuzzer finds, 1200 seconds for each target unless told otherwise
  fuzz --keep       keep in core/fuzz/corpus what was found since, as few and as short inputs as will do
  bench [--quick]   speed of this library and its peers, side by side";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["test", steps @ ..] => test::run(steps),
        ["footprint"] => footprint::run(false),
        ["footprint", "--check"] => footprint::run(true),
        ["firmware"] => firmware::run(),
        ["install", rest @ ..] => install::run(rest),
        ["fuzz", rest @ ..] => fuzz::run(rest),
        ["bench", rest @ ..] => bench(rest),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        [] => Err(USAGE.to_owned()),
        [other, ..] => Err(format!("no command `{other}`\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &[&str]) -> Result {
    setup::ensure(&[setup::Tool::VALGRIND])?;
    let mut cargo = process::cargo("run");
    process::run(cargo.args(["--release", "--package", "qmp-benches", "--bin", "bench", "--"]).args(arguments))
}
