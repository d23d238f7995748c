//! A run of named, timed steps. A step that fails does not stop the others; the summary at the end says what broke.

use std::fmt::Write;
use std::time::{Duration, Instant};

use crate::Result;
use crate::setup::Tool;

/// What a step says of itself in the summary when it went well, e.g. `12 combinations`. May be empty.
pub(crate) type Remark = String;

/// One named check.
pub(crate) struct Step {
    /// As given on the command line and shown in the summary.
    pub(crate) name: &'static str,
    /// What must be there before it runs.
    pub(crate) tools: fn() -> Vec<Tool>,
    /// Does the work.
    pub(crate) run: fn() -> Result<Remark>,
}

struct Outcome {
    name: &'static str,
    time: Duration,
    result: Result<Remark>,
}

/// Runs `steps` in order, prints the summary and fails if a step failed.
pub(crate) fn run(steps: &[&Step]) -> Result {
    let start = Instant::now();
    let mut outcomes = Vec::new();
    for step in steps {
        println!("\n== {} ==", step.name);
        let begin = Instant::now();
        let result = (step.run)();
        if let Err(message) = &result {
            eprintln!("{}: {message}", step.name);
        }
        outcomes.push(Outcome { name: step.name, time: begin.elapsed(), result });
    }
    println!("\n== summary ==\n{}", summary(&outcomes, start.elapsed()));
    let failed: Vec<&str> = outcomes.iter().filter(|o| o.result.is_err()).map(|o| o.name).collect();
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn summary(outcomes: &[Outcome], total: Duration) -> String {
    let mut text = String::new();
    for Outcome { name, time, result } in outcomes {
        let (verdict, remark) = match result {
            Ok(remark) => ("ok", remark),
            Err(message) => ("FAILED", message),
        };
        let line = format!("{verdict:<6} {name:<9} {:>6.1} s  {remark}", time.as_secs_f32());
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = write!(text, "{} steps in {:.0} s", outcomes.len(), total.as_secs_f32());
    text
}

/// What `cargo test` counted, over all its binaries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Tests that ran and held.
    pub(crate) passed: u32,
    /// Tests that ran and did not.
    pub(crate) failed: u32,
    /// Tests that were not asked to run.
    pub(crate) ignored: u32,
}

impl Counts {
    /// Adds up the `test result:` lines in `output`.
    pub(crate) fn of(output: &str) -> Self {
        let mut counts = Self::default();
        for part in output.lines().filter(|line| line.starts_with("test result: ")).flat_map(|line| line.split(';')) {
            // `12 passed`, in the first part after `test result: ok. `.
            let mut words = part.split_whitespace().rev();
            let (what, number) = (words.next(), words.next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0));
            match what {
                Some("passed") => counts.passed += number,
                Some("failed") => counts.failed += number,
                Some("ignored") => counts.ignored += number,
                _ => {}
            }
        }
        counts
    }
}

impl std::ops::Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { passed, failed, ignored } = self;
        write!(f, "{passed} passed, {failed} failed, {ignored} left out")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_added_over_all_test_binaries() {
        let output = "\
running 3 tests
test a ... ok
test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests x
test result: FAILED. 10 passed; 4 failed; 0 ignored; 0 measured; 7 filtered out; finished in 0.00s
";
        assert_eq!(Counts::of(output), Counts { passed: 12, failed: 4, ignored: 1 });
        assert_eq!(Counts::of("error: could not compile"), Counts::default());
    }

    #[test]
    fn every_step_runs_and_the_failed_ones_are_named() {
        let good = Step { name: "good", tools: Vec::new, run: || Ok("3 things".to_owned()) };
        let bad = Step { name: "bad", tools: Vec::new, run: || Err("broken".to_owned()) };
        assert_eq!(run(&[&bad, &good, &bad]), Err("failed: bad, bad".to_owned()));
        assert_eq!(run(&[&good]), Ok(()));
    }
}
