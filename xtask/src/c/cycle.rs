//! What a command cycle costs through the C interface, beside one without it: in instructions, as valgrind counts them.

use std::path::Path;
use std::process::Command;

use super::{LIMIT, compilers};
use crate::{Result, process};

/// Percent of the Rust one that a cycle in C may cost.
const MOST: u64 = 105;

/// Counts both. What is told of them.
pub(super) fn run(archive: &Path, folder: &Path) -> Result<String> {
    let in_c = folder.join("cycle");
    let mut compiler = compilers::compiler("gcc", "c11");
    process::run(compiler.args(["-O2", "core/ffi/examples/cycle.c"]).arg(archive).arg("-o").arg(&in_c))?;
    let mut cargo = process::cargo("build");
    process::run(cargo.args([
        "--quiet",
        "--release",
        "--package",
        "qmp-ffi",
        "--features",
        "simd",
        "--example",
        "cycle",
    ]))?;
    let in_rust = process::target_dir().join("release/examples/cycle");
    let (in_c, in_rust) = (instructions(&in_c, folder)?, instructions(&in_rust, folder)?);
    let told = format!("a cycle of {in_c} instructions in C, {in_rust} in Rust");
    if in_c * 100 > in_rust * MOST { Err(format!("{told}: {MOST} % are the most")) } else { Ok(told) }
}

/// Of one cycle: of so many more, without start and end.
fn instructions(program: &Path, folder: &Path) -> Result<u64> {
    let (few, many) = (1000, 3000);
    let log = folder.join("callgrind.log");
    let count = |cycles: u64| {
        let mut command = Command::new("valgrind");
        command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
        command.arg(format!("--log-file={}", log.display())).arg(program).arg(cycles.to_string());
        process::output_within(&mut command, LIMIT)?;
        let text = std::fs::read_to_string(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        collected(&text)
    };
    Ok((count(many)? - count(few)?) / (many - few))
}

fn collected(log: &str) -> Result<u64> {
    let number = log.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, number)| number.trim().parse());
    number.and_then(|number| number.ok()).ok_or_else(|| format!("valgrind counted nothing:\n{log}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_the_log() {
        assert_eq!(collected("==7== Events    : Ir\n==7== Collected : 8851656\n"), Ok(8851656));
        assert!(collected("==7== Collected : \n").is_err());
        assert!(collected("").is_err());
    }
}
