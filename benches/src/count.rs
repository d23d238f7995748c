//! Instructions and allocations, counted by valgrind.
//!
//! A count is the difference between a process that does the work `2 n` times and one that does it `n` times, divided by `n`: set-up, the
//! making of the corpus and the first touch of the buffers are in both and cancel. The process counted is this program itself, started again with
//! the arguments of a [`Task`].

use crate::exchange::{Drill, Exchanger, IN_FLIGHT, exchangers};
use crate::ours::selection::{self, Case};
use crate::{Answer, Chunks, Contender, Corpus, contenders};
use std::hint::black_box;
use std::process::Command;
use std::str::FromStr;

/// What is done over and over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Parse a corpus in chunks of some size: `parse serde_json small 1460`.
    Parse {
        /// Name of a [`crate::Contender`].
        parser: String,
        /// Name of a [`Corpus`].
        corpus: String,
        /// Bytes.
        chunk: usize,
    },
    /// Read a corpus of lists with a selection, in chunks of some size: `select member schema 1460`.
    Select {
        /// What is selected.
        case: Case,
        /// Name of a [`Corpus`].
        corpus: String,
        /// Bytes.
        chunk: usize,
    },
    /// A command cycle: `cycle serde_json`.
    Cycle(String),
    /// An event: `event serde_json`.
    Event(String),
    /// Another client that has negotiated and waits: `session serde_json`.
    Session(String),
}

impl Task {
    /// The arguments that name this task.
    pub fn arguments(&self) -> Vec<String> {
        match self {
            Self::Parse { parser, corpus, chunk } => {
                vec!["parse".into(), parser.clone(), corpus.clone(), chunk.to_string()]
            }
            Self::Select { case, corpus, chunk } => {
                vec!["select".into(), case.name().into(), corpus.clone(), chunk.to_string()]
            }
            Self::Cycle(name) => vec!["cycle".into(), name.clone()],
            Self::Event(name) => vec!["event".into(), name.clone()],
            Self::Session(name) => vec!["session".into(), name.clone()],
        }
    }

    /// The task that `arguments` name, and what is left of them.
    pub fn from_arguments(arguments: &[String]) -> Option<(Self, &[String])> {
        match arguments {
            [verb, parser, corpus, chunk, rest @ ..] if verb == "parse" => {
                let chunk = chunk.parse().ok()?;
                Some((Self::Parse { parser: parser.clone(), corpus: corpus.clone(), chunk }, rest))
            }
            [verb, case, corpus, chunk, rest @ ..] if verb == "select" => {
                let (case, chunk) = (Case::named(case)?, chunk.parse().ok()?);
                Some((Self::Select { case, corpus: corpus.clone(), chunk }, rest))
            }
            [verb, name, rest @ ..] if verb == "cycle" => Some((Self::Cycle(name.clone()), rest)),
            [verb, name, rest @ ..] if verb == "event" => Some((Self::Event(name.clone()), rest)),
            [verb, name, rest @ ..] if verb == "session" => Some((Self::Session(name.clone()), rest)),
            _ => None,
        }
    }

    /// Does it so many times.
    pub fn run(&self, iterations: u64) -> Result<(), String> {
        match self {
            Self::Parse { parser, corpus, chunk } => {
                let contender = contender(parser)?;
                let corpus = Corpus::named(corpus).ok_or("no such corpus")?;
                let mut parser = (contender.open)(&corpus);
                for _ in 0..iterations {
                    let mut answer = Answer::default();
                    parser.parse(&mut Chunks::new(black_box(&corpus.bytes), *chunk), &mut answer);
                    black_box(answer);
                }
            }
            Self::Select { case, corpus, chunk } => {
                let corpus = Corpus::named(corpus).ok_or("no such corpus")?;
                let mut reader = selection::reader(&corpus);
                for _ in 0..iterations {
                    case.run(&mut reader, &corpus, *chunk, |text| {
                        black_box(text);
                    });
                }
            }
            Self::Cycle(name) | Self::Event(name) => {
                let mut drill = Drill::new(&exchanger(name)?);
                for n in 0..iterations {
                    if matches!(self, Self::Cycle(_)) { drill.cycle(n)? } else { drill.event(n)? }
                }
            }
            Self::Session(name) => {
                let exchanger = exchanger(name)?;
                let sessions: Vec<_> = (0..iterations).map(|_| (exchanger.open)(IN_FLIGHT)).collect();
                black_box(sessions);
            }
        }
        Ok(())
    }

    /// Does it once and looks at the answer.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Parse { parser, corpus, chunk } => {
                contender(parser)?.check(&Corpus::named(corpus).ok_or("no such corpus")?, *chunk)
            }
            Self::Select { case, corpus, chunk } => case.check(&Corpus::named(corpus).ok_or("no such corpus")?, *chunk),
            Self::Cycle(_) | Self::Event(_) | Self::Session(_) => self.run(1),
        }
    }

    /// How often it is done for one count; twice that for the other.
    fn iterations(&self) -> u64 {
        match self {
            Self::Parse { .. } | Self::Select { .. } => 1,
            Self::Cycle(_) | Self::Event(_) => 250,
            Self::Session(_) => 10_000,
        }
    }

    /// Instructions for doing it once.
    pub fn instructions(&self) -> Result<f64, String> {
        // `==12345== Collected : 8031537`
        self.difference(&["--tool=callgrind", "--callgrind-out-file=/dev/null"], |line| {
            number(line.split_once("Collected : ")?.1)
        })
    }

    /// Allocations for doing it once.
    pub fn allocations(&self) -> Result<f64, String> {
        // `==12345== Total:     1,234 bytes in 56 blocks`
        self.difference(&["--tool=dhat", "--dhat-out-file=/dev/null"], |line| {
            number(line.split_once("Total: ")?.1.split_once(" in ")?.1)
        })
    }

    /// The most bytes on the heap at any time, for doing it once more.
    pub fn heap(&self) -> Result<f64, String> {
        // `==12345== At t-gmax: 1,234 bytes in 56 blocks`
        self.difference(&["--tool=dhat", "--dhat-out-file=/dev/null"], |line| number(line.split_once("At t-gmax: ")?.1))
    }

    fn difference(&self, tool: &[&str], read: fn(&str) -> Option<u64>) -> Result<f64, String> {
        let n = self.iterations();
        let (once, twice) = (self.valgrind(tool, n, read)?, self.valgrind(tool, 2 * n, read)?);
        Ok((twice as f64 - once as f64) / n as f64)
    }

    fn valgrind(&self, tool: &[&str], iterations: u64, read: fn(&str) -> Option<u64>) -> Result<u64, String> {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = Command::new("valgrind")
            .args(tool)
            .arg(program)
            .arg("count")
            .args(self.arguments())
            .arg(iterations.to_string())
            .output()
            .map_err(|error| format!("valgrind: {error}; `apt-get install valgrind`"))?;
        let report = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            return Err(format!("{self:?} under valgrind failed: {report}"));
        }
        report.lines().find_map(read).ok_or_else(|| format!("no count in what valgrind said: {report}"))
    }
}

fn exchanger(name: &str) -> Result<Exchanger, String> {
    exchangers().into_iter().find(|it| it.name == name).ok_or_else(|| format!("no client is called {name}"))
}

fn contender(name: &str) -> Result<Contender, String> {
    contenders().into_iter().find(|it| it.name == name).ok_or_else(|| format!("no parser is called {name}"))
}

/// The number that `text` starts with; valgrind writes commas into long ones.
fn number(text: &str) -> Option<u64> {
    let digits: String =
        text.trim_start().chars().take_while(|c| c.is_ascii_digit() || *c == ',').filter(|&c| c != ',').collect();
    u64::from_str(&digits).ok()
}

/// Serves `count TASK ITERATIONS`, which is how this program is started under valgrind. `None` if `arguments` are something else.
pub fn serve(arguments: &[String]) -> Option<Result<(), String>> {
    let [verb, rest @ ..] = arguments else { return None };
    if verb != "count" {
        return None;
    }
    let usage = || {
        "usage: count (parse PARSER CORPUS CHUNK | select CASE CORPUS CHUNK | cycle CLIENT | event CLIENT | session CLIENT) [ITERATIONS]"
            .to_owned()
    };
    let Some((task, rest)) = Task::from_arguments(rest) else { return Some(Err(usage())) };
    Some(match rest {
        [] => task.instructions().map(|n| println!("{n}")),
        [n] => n.parse().map_err(|_| usage()).and_then(|n| task.run(n)),
        _ => Err(usage()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_commas() {
        assert_eq!(number("8031537"), Some(8_031_537));
        assert_eq!(number("    1,234 bytes"), Some(1234));
        assert_eq!(number("bytes"), None);
    }
}
