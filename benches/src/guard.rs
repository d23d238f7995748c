//! Our own instruction counts against what is written down about them.
//!
//! `budgets.txt` says what each path may take at most. `baselines.txt` says what it took when a row for this compiler was added: within 2 % of that
//! it has to stay, since between builds of one compiler only the code differs. Another compiler has no row, and the row to add is printed.

use crate::Corpus;
use crate::count::Task;
use std::process::Command;

const BUDGETS: &str = include_str!("../budgets.txt");
const BASELINES: &str = include_str!("../baselines.txt");

/// By how much a count may exceed its baseline.
const TOLERANCE: f64 = 0.02;

/// One line of `budgets.txt`.
pub(crate) struct Budget {
    pub(crate) task: Task,
    limit: f64,
    /// What it must come to.
    pub(crate) must: f64,
    /// What it should come to.
    pub(crate) aim: f64,
}

/// All budgets, in their order.
pub(crate) fn budgets() -> Result<Vec<Budget>, String> {
    entries(BUDGETS).map(budget).collect()
}

/// Counts everything that has a budget, prints it and says whether all is well.
pub fn run() -> Result<bool, String> {
    let budgets = budgets()?;
    let toolchain = toolchain()?;
    let baseline = baseline(&toolchain, budgets.len())?;

    println!("{:<28}{:>10}{:>10}{:>10}", "instructions", "now", "baseline", "budget");
    let mut counts = vec![];
    let mut good = true;
    for (at, Budget { task, limit, must, .. }) in budgets.iter().enumerate() {
        let count = per_unit(task)?;
        let before = baseline.as_ref().map(|row| row[at]);
        let verdict = if count > *limit {
            "over budget"
        } else if before.is_some_and(|before| count > before * (1.0 + TOLERANCE)) {
            "slower than the baseline"
        } else if before.is_some_and(|before| count < before * (1.0 - TOLERANCE)) {
            "faster: update the baseline"
        } else if count > *must {
            "goal missed"
        } else {
            ""
        };
        good &= !(verdict.starts_with("over") || verdict.starts_with("slower"));
        let before = before.map_or("-".to_owned(), |before| format!("{before:.2}"));
        println!("{:<28}{count:>10.2}{before:>10}{limit:>10.2}  {verdict}", task.arguments().join(" "));
        counts.push(format!("{count:.2}"));
    }
    if baseline.is_none() {
        println!("\nNo baseline for this compiler. The row to add to benches/baselines.txt:\n");
    } else {
        println!("\nThe row as it is now:\n");
    }
    println!("{toolchain}: {}", counts.join(" "));
    Ok(good)
}

/// Instructions per byte of a stream, or per command or event. The path is tried out first: a wrong answer is not worth counting.
pub(crate) fn per_unit(task: &Task) -> Result<f64, String> {
    task.check()?;
    let instructions = task.instructions()?;
    Ok(match task {
        Task::Parse { corpus, .. } | Task::Select { corpus, .. } => {
            instructions / Corpus::named(corpus).ok_or("no such corpus")?.bytes.len() as f64
        }
        Task::Cycle(_) | Task::Event(_) | Task::Session(_) => instructions,
    })
}

fn budget(line: &str) -> Result<Budget, String> {
    let not_understood = || format!("not understood in budgets.txt: {line}");
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let (task, numbers) = Task::from_arguments(&words).ok_or_else(not_understood)?;
    let numbers: Vec<f64> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let [limit, must, aim] = numbers[..] else { return Err(not_understood()) };
    Ok(Budget { task, limit, must, aim })
}

/// The row for `toolchain`.
fn baseline(toolchain: &str, length: usize) -> Result<Option<Vec<f64>>, String> {
    let Some(row) = entries(BASELINES).find_map(|line| line.strip_prefix(toolchain)?.strip_prefix(':')) else {
        return Ok(None);
    };
    let row: Vec<f64> = row
        .split_whitespace()
        .map(|count| count.parse().map_err(|_| format!("no number in baselines.txt: {count}")))
        .collect::<Result<_, _>>()?;
    if row.len() == length {
        Ok(Some(row))
    } else {
        Err(format!("{} counts for {length} budgets in baselines.txt", row.len()))
    }
}

/// What decides about the code that is made: `rustc 1.95.0 (59807616e 2026-04-14) x86_64 simd`.
fn toolchain() -> Result<String, String> {
    let version = compiler()?;
    let vectors = if cfg!(feature = "simd") { "simd" } else { "portable" };
    Ok(format!("{version} {} {vectors}", std::env::consts::ARCH))
}

/// What `rustc -V` says.
pub fn compiler() -> Result<String, String> {
    let output = Command::new("rustc").arg("-V").output().map_err(|error| format!("rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_and_baselines_are_understood() {
        let budgets: Vec<_> = entries(BUDGETS).map(|line| budget(line).unwrap()).collect();
        assert!(budgets.iter().all(|budget| budget.limit > 0.0));
        for line in entries(BASELINES) {
            let (toolchain, _) = line.split_once(": ").unwrap();
            assert!(baseline(toolchain, budgets.len()).unwrap().is_some());
        }
    }
}
