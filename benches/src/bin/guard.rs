//! Counts the instructions of our own paths and compares them with `budgets.txt` and `baselines.txt`.
//!
//! `cargo run --release -p qmp-benches --no-default-features --features simd --bin guard`: without the peers, which take longer to compile than
//! this takes to run. Exit code 1: over budget, or slower than the same compiler's baseline.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = qmp_benches::count::serve(&arguments).map(|counted| counted.map(|()| true));
    match result.unwrap_or_else(qmp_benches::guard::run) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
