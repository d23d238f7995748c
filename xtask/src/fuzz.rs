//! `cargo xtask fuzz`: the core under libFuzzer, by way of `cargo fuzz` and the targets in `core/fuzz`.
//!
//! No sanitizer takes part, so that the toolchain in use will do, nightly or not: the core has no unsafe code, and what it must
//! never do is checked by the targets themselves, with debug assertions and overflow checks on.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::setup::{self, Tool};
use crate::steps::Remark;
use crate::{Result, process};

/// What is fuzzed, and with which features of the core. The accelerator for hosts is in front of all the others.
const RUNS: [(&str, &str); 7] = [
    ("frame", ""),
    ("json", ""),
    ("message", ""),
    ("client", ""),
    ("select", ""),
    ("frame", "simd"),
    ("select", "simd"),
];

/// Seconds. Enough to run the whole corpus and a few ten thousand inputs more.
const SHORT: u32 = 10;

/// Seconds, for each run that is asked for by hand.
const LONG: u32 = 1200;

/// Bytes. Longer inputs find nothing that shorter ones do not, and cost their time.
const LONGEST: u32 = 2048;

/// Bytes of an input that is kept with the sources.
const LONGEST_KEPT: u32 = 400;

const CORPUS: &str = "core/fuzz/corpus";

/// What libFuzzer needs beside Rust.
pub(crate) fn tools() -> Vec<Tool> {
    vec![Tool::new("c++", "g++")]
}

/// `[TARGET] [SECONDS]` or `--keep`.
pub(crate) fn run(arguments: &[&str]) -> Result {
    let (target, seconds) = match arguments {
        [] => (None, LONG),
        ["--keep"] => return keep(),
        [only] => only.parse().map_or((Some(*only), LONG), |seconds| (None, seconds)),
        [target, seconds] => {
            (Some(*target), seconds.parse().map_err(|_| format!("`{seconds}` is no number of seconds"))?)
        }
        _ => return Err("too many arguments".to_owned()),
    };
    if let Some(unknown) = target.filter(|target| RUNS.iter().all(|(name, _)| name != target)) {
        return Err(format!("no target `{unknown}`; there are: {}", targets().join(", ")));
    }
    setup::ensure(&tools())?;
    println!("{}", fuzz(|name| target.is_none_or(|target| target == name), seconds)?);
    Ok(())
}

/// A short run of each.
pub(crate) fn step() -> Result<Remark> {
    fuzz(|_| true, SHORT)
}

fn targets() -> Vec<&'static str> {
    RUNS.iter().filter(|(_, features)| features.is_empty()).map(|(name, _)| *name).collect()
}

fn fuzz(chosen: impl Fn(&str) -> bool, seconds: u32) -> Result<Remark> {
    ensure_cargo_fuzz()?;
    let mut remark = Vec::new();
    for (target, features) in RUNS.into_iter().filter(|(target, _)| chosen(target)) {
        let found = folder(target)?;
        let mut cargo = cargo_fuzz("run", target, features);
        // What is found goes to the first folder. The second one is read.
        cargo.args([found, process::root().join(CORPUS).join(target)]);
        cargo.args(["--", "-print_final_stats=1", "-timeout=20"]);
        cargo.args([format!("-max_total_time={seconds}"), format!("-max_len={LONGEST}")]);
        let (output, result) = watch(&mut cargo);
        result?;
        let name = if features.is_empty() { target.to_owned() } else { format!("{target} with {features}") };
        let executions = executions(&output).ok_or_else(|| format!("{name}: libFuzzer has not counted anything"))?;
        remark.push(format!("{name} {executions}"));
    }
    Ok(format!("inputs: {}", remark.join(", ")))
}

/// Keeps the fewest short inputs, of the corpus and of all that was found since, that reach all places that any of them reaches.
fn keep() -> Result {
    setup::ensure(&tools())?;
    ensure_cargo_fuzz()?;
    for target in targets() {
        let corpus = process::root().join(CORPUS).join(target);
        let (found, fewest) = (folder(target)?, folder(&format!("{target}.fewest"))?);
        let mut cargo = cargo_fuzz("run", target, "");
        cargo
            .args([&fewest, &corpus, &found])
            .args(["--", "-merge=1", "-use_counters=0"])
            .arg(format!("-max_len={LONGEST_KEPT}"));
        watch(&mut cargo).1?;
        let moved = std::fs::remove_dir_all(&corpus).and_then(|()| copy(&fewest, &corpus));
        moved.and_then(|()| std::fs::remove_dir_all(&fewest)).map_err(|e| format!("{}: {e}", corpus.display()))?;
    }
    Ok(())
}

fn copy(from: &PathBuf, to: &PathBuf) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        std::fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

/// A folder for inputs that are not kept with the sources.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = process::target_dir().join("fuzz/corpus").join(name);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

fn ensure_cargo_fuzz() -> Result {
    if process::output(process::cargo("fuzz").arg("--version")).is_ok() {
        return Ok(());
    }
    let install = process::run(process::cargo("install").args(["--quiet", "--locked", "cargo-fuzz"]));
    install.map_err(|e| format!("missing: cargo-fuzz ({e}). Run\n  cargo install --locked cargo-fuzz"))
}

/// `cargo fuzz <subcommand>` of a target, ready for more arguments.
fn cargo_fuzz(subcommand: &str, target: &str, features: &str) -> Command {
    let mut cargo = process::cargo("fuzz");
    cargo.args([subcommand, "--fuzz-dir", "core/fuzz", "--sanitizer", "none"]);
    if !features.is_empty() {
        cargo.args(["--features", features]);
    }
    cargo.arg(target).env("CARGO_TARGET_DIR", process::target_dir().join("fuzz"));
    cargo
}

/// Runs to the end. What is told on the way is shown and returned, but for libFuzzer's lines of progress.
fn watch(command: &mut Command) -> (String, Result) {
    println!("$ {}", process::line(command));
    let mut child = match command.stderr(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(e) => return (String::new(), Err(format!("`{}` could not be run: {e}", process::line(command)))),
    };
    let mut seen = String::new();
    let lines = child.stderr.take().into_iter().flat_map(|output| BufReader::new(output).split(b'\n'));
    for line in lines.map_while(|line| line.ok()) {
        let line = String::from_utf8_lossy(&line);
        if !is_progress(&line) {
            eprintln!("{line}");
            seen.extend([&line, "\n"]);
        }
    }
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => {
            Err(format!("`{}` failed ({status}): what to repeat it with is shown above", process::line(command)))
        }
        Err(e) => Err(e.to_string()),
    };
    (seen, result)
}

/// Whether this is one of the lines that libFuzzer writes by the hundred: `#1234 NEW    cov: …`.
fn is_progress(line: &str) -> bool {
    line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// How many inputs were tried.
fn executions(output: &str) -> Option<u64> {
    let line = output.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executions_are_read_from_the_final_statistics() {
        let output = "Done 5 runs in 1 second(s)\nstat::number_of_executed_units: 3532\nstat::new_units_added: 7\n";
        assert_eq!(executions(output), Some(3532));
        assert_eq!(executions("error: could not compile"), None);
    }

    #[test]
    fn progress_is_not_shown_and_reports_are() {
        assert!(is_progress("#2271\tDONE   cov: 1902"));
        assert!(!is_progress("    #1 0x55 in main"));
        assert!(!is_progress("thread '<unnamed>' panicked"));
    }

    #[test]
    fn every_target_has_a_corpus() {
        for target in targets() {
            let corpus = process::root().join(CORPUS).join(target);
            assert!(std::fs::read_dir(corpus).is_ok_and(|files| files.count() > 10), "{target}");
        }
    }
}
