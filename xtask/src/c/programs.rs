//! The tests written in C: each compiled with both compilers, with sanitizers, and run under valgrind. Together they provoke each
//! result that the header has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{LIMIT, compilers};
use crate::{Result, ffi, process};

const FOLDER: &str = "core/ffi/tests/c";

/// How each is compiled: the compiler, and what it is told.
const BUILDS: [(&str, &str, &[&str]); 4] = [
    ("gcc", "c99", &["-O2"]),
    ("clang", "c11", &["-O2"]),
    ("gcc", "c11", &["-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]),
    ("gcc", "c2x", &["-g", "-O1"]),
];

/// The test programs.
pub(crate) fn sources() -> Result<Vec<PathBuf>> {
    let folder = process::root().join(FOLDER);
    let entries = std::fs::read_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut sources: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "c")).collect();
    sources.sort();
    if sources.is_empty() { Err(format!("no tests in {}", folder.display())) } else { Ok(sources) }
}

/// Runs them all. How many checks were made.
pub(crate) fn run(archive: &Path, folder: &Path) -> Result<u64> {
    let mut checks = 0;
    let mut given = BTreeSet::new();
    for source in sources()? {
        for (index, (name, standard, flags)) in BUILDS.into_iter().enumerate() {
            let program = folder.join(format!("{}-{index}", source.file_stem().unwrap_or_default().display()));
            let mut compiler = compilers::compiler(name, standard);
            compiler.args(flags).arg(&source).arg(archive).arg("-o").arg(&program);
            process::run(&mut compiler)?;
            let plain = index + 1 == BUILDS.len();
            let mut run = if plain { under_valgrind(&program) } else { Command::new(&program) };
            let output = process::output_within(&mut run, LIMIT)?;
            checks += made(&output)?;
            given.extend(output.lines().filter_map(|line| line.strip_prefix("gave ")).map(str::to_owned));
        }
    }
    let header = ffi::header()?;
    calls_all(&header)?;
    let missing: Vec<&str> = results(&header)?.into_iter().filter(|name| !given.contains(*name)).collect();
    if missing.is_empty() { Ok(checks) } else { Err(format!("no test in C provokes {}", missing.join(", "))) }
}

/// Runs them all on another machine, linked statically. How many checks were made.
pub(crate) fn run_elsewhere(archive: &Path, folder: &Path, cc: &str, emulator: &str) -> Result<u64> {
    let mut checks = 0;
    for source in sources()? {
        let program = folder.join(source.file_stem().unwrap_or_default());
        let mut compiler = compilers::compiler(cc, "c11");
        compiler.args(["-O1", "-static"]).arg(&source).arg(archive).arg("-o").arg(&program);
        // What the linker says of parts of the standard library that are not used is not shown.
        process::output_within(&mut compiler, LIMIT)?;
        checks += made(&process::output_within(Command::new(emulator).arg(&program), LIMIT)?)?;
    }
    Ok(checks)
}

/// Each function of the header is called by a test.
fn calls_all(header: &str) -> Result {
    let mut tests = String::new();
    for source in sources()? {
        tests += &std::fs::read_to_string(&source).map_err(|e| format!("{}: {e}", source.display()))?;
    }
    let called: BTreeSet<&str> = tests.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let functions = functions(header);
    let missing: Vec<&str> = functions.iter().copied().filter(|name| !called.contains(name)).collect();
    match (functions.len(), missing.is_empty()) {
        (0, _) => Err("qmp.h has no functions".to_owned()),
        (_, true) => Ok(()),
        _ => Err(format!("no test in C calls {}", missing.join(", "))),
    }
}

/// The functions that the header declares.
fn functions(header: &str) -> Vec<&str> {
    let declared = header.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    declared
        .filter_map(|line| line.split_once('(')?.0.rsplit([' ', '*']).next())
        .filter(|name| name.starts_with("qmp_"))
        .collect()
}

/// The results that the header has.
fn results(header: &str) -> Result<Vec<&str>> {
    let list = header.split_once("enum qmp_result").and_then(|(_, rest)| rest.split_once("\n}"));
    let (list, _) = list.ok_or("qmp.h has no qmp_result")?;
    let lines = list.lines().map(str::trim).filter(|line| line.starts_with("QMP_"));
    let names: Vec<&str> = lines.filter_map(|line| line.split(' ').next()).collect();
    if names.contains(&"QMP_OK") { Ok(names) } else { Err("qmp.h: the results are not found".to_owned()) }
}

/// Any error, and any memory that is not given back, is a failure.
fn under_valgrind(program: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--quiet", "--error-exitcode=1", "--leak-check=full"]).arg(program);
    command
}

/// The number in the last line, `N checks`.
fn made(output: &str) -> Result<u64> {
    let last = output.lines().last().and_then(|line| line.strip_suffix(" checks"));
    match last.and_then(|number| number.parse().ok()) {
        Some(0) | None => Err(format!("the test made no checks:\n{output}")),
        Some(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_checks_nothing_is_a_failure() {
        assert_eq!(made("something\n12 checks\n"), Ok(12));
        assert!(made("0 checks\n").is_err());
        assert!(made("").is_err());
    }

    #[test]
    fn functions_are_found_in_the_header() {
        let header =
            "/**\n * qmp_a(1)\n */\nqmp_result qmp_b(int x);\nconst char *qmp_c(void);\nuint32_t x;\n#define qmp_d(x)";
        assert_eq!(functions(header), ["qmp_b", "qmp_c"]);
    }

    #[test]
    fn results_are_found_in_the_header() {
        let found = results(
            "x\nenum qmp_result\n{\n    /**\n     * QMP_X.\n     */\n    QMP_OK = 0,\n    QMP_END = 1,\n};\nQMP_NO = 2,",
        );
        assert_eq!(found, Ok(vec!["QMP_OK", "QMP_END"]));
        assert!(results("enum qmp_result\n{\n};").is_err());
        assert!(results("").is_err());
    }
}
