//! Ours beside every peer: prints the tables and writes `RESULTS.md` and the plots.
//!
//! `cargo run --release -p qmp-benches --bin bench [-- --quick] [--out DIRECTORY]`. Needs valgrind. `--guard` does what the binary `guard` does, and
//! `count TASK` one count, such as `count parse serde_json small 1460` or `count cycle qapi`.

use qmp_benches::report::{self, Effort};
use qmp_benches::{count, guard};
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<bool, String> {
    if let Some(counted) = count::serve(arguments) {
        return counted.map(|()| true);
    }
    let mut effort = Effort { quick: false };
    let mut directory = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--guard" => return guard::run(),
            "--quick" => effort.quick = true,
            "--out" => directory = rest.next().ok_or("--out needs a directory")?.into(),
            _ => return Err("usage: bench [--quick] [--out DIRECTORY] | --guard | count TASK [ITERATIONS]".into()),
        }
    }
    report::write(&directory, effort).map(|()| true)
}
