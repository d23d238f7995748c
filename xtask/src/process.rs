//! Starting programs: every command line is printed before it runs, so that a failure can be repeated by hand.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;

/// The repository's root, which is every command's working directory.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from))
}

/// `cargo <subcommand>` in the root, with the toolchain that runs this program.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.arg(subcommand).current_dir(root());
    command
}

/// Runs to the end with output on the terminal; an exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result {
    announce(command);
    let status = command.status().map_err(|e| cannot_start(command, &e))?;
    if status.success() { Ok(()) } else { Err(failed(command, status)) }
}

/// As [`run`], standard output both shown and returned, line by line as it comes. A failure carries the output up to it.
pub(crate) fn tee(command: &mut Command) -> (String, Result) {
    announce(command);
    let mut child = match command.stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(e) => return (String::new(), Err(cannot_start(command, &e))),
    };
    let mut seen = Vec::new();
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut from = 0;
        while output.read_until(b'\n', &mut seen).is_ok_and(|n| n > 0) {
            // A closed terminal ends the display, not the run.
            let _ = std::io::stdout().write_all(&seen[from..]);
            from = seen.len();
        }
    }
    let result = match child.wait() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(failed(command, status)),
        Err(e) => Err(cannot_start(command, &e)),
    };
    (String::from_utf8_lossy(&seen).into_owned(), result)
}

/// Standard output of a short query, which is not announced.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(|e| cannot_start(command, &e))?;
    if !output.status.success() {
        return Err(failed(command, output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("`{}` printed something that is not UTF-8", line(command)))
}

/// As [`output`], for a program that may hang: it is ended after `limit`. What it prints must fit a pipe (64 KiB).
pub(crate) fn output_within(command: &mut Command, limit: Duration) -> Result<String> {
    announce(command);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| cannot_start(command, &e))?;
    let end = Instant::now() + limit;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    let late = matches!(child.try_wait(), Ok(None));
    if late {
        let _ = child.kill();
    }
    let output = child.wait_with_output().map_err(|e| cannot_start(command, &e))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    if late {
        return Err(format!("`{}` did not end within {limit:?}\n{errors}", line(command)));
    }
    if !output.status.success() {
        return Err(format!("{}\n{errors}", failed(command, output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it, variables first.
pub(crate) fn line(command: &Command) -> String {
    let mut words = Vec::new();
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            words.push(format!("{}={}", key.to_string_lossy(), quoted(&value.to_string_lossy())));
        }
    }
    let program = Path::new(command.get_program());
    let own_cargo = std::env::var_os("CARGO").is_some_and(|cargo| cargo == *program);
    words.push(if own_cargo { "cargo".to_owned() } else { program.display().to_string() });
    words.extend(command.get_args().map(|word| quoted(&word.to_string_lossy())));
    words.join(" ")
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn announce(command: &Command) {
    println!("$ {}", line(command));
    let _ = std::io::stdout().flush();
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("`{}` could not be run: {error}", line(command))
}

fn failed(command: &Command, status: std::process::ExitStatus) -> String {
    format!("`{}` failed ({status})", line(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_printed_as_one_would_type_it() {
        let mut command = Command::new("tool");
        command.env("FLAGS", "-D warnings").env_remove("HOME").args(["a-b=c", "", "it's"]);
        assert_eq!(line(&command), r"FLAGS='-D warnings' tool a-b=c '' 'it'\''s'");
    }

    #[test]
    fn a_program_that_hangs_is_ended() {
        let result = output_within(Command::new("sleep").arg("60"), Duration::from_millis(50));
        assert!(result.is_err_and(|message| message.contains("did not end within 50ms")));
    }

    #[test]
    fn output_before_a_failure_is_kept() {
        let (seen, result) = tee(Command::new("sh").args(["-c", "printf 'one\ntwo'; exit 3"]));
        assert_eq!(seen, "one\ntwo");
        assert!(result.is_err_and(|message| message.contains("exit status: 3")));
    }
}
