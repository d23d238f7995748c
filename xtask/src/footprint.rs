//! `cargo xtask footprint`: what the library costs on bare metal.
//!
//! The programs are in `xtask/footprint`: this builds them for every target, reads sizes and symbols from the linked files,
//! runs two of them on an emulated Cortex-M3, and writes the result to `benches/footprint.md`, or compares it with what is there. A
//! third one checks there that what is measured also reads what it should.

mod budget;
mod elf;
mod table;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::embedded::{self, Compiler, THUMBV7M};
use crate::setup::{self, Tool};
use crate::steps::Remark;
use crate::{Result, process};
use budget::Measured;
use elf::Program;
use table::{Row, Table};

const TARGETS: [&str; 4] = ["thumbv6m-none-eabi", THUMBV7M, "thumbv7em-none-eabi", "riscv32imc-unknown-none-elf"];
const LEVELS: [&str; 2] = ["s", "z"];
/// The programs whose size is of interest.
const PROGRAMS: [&str; 7] = ["frame", "client", "session", "status", "server", "select", "inventory"];
/// Sections that stay in flash, those in RAM that are filled from it included.
const FLASH: [&str; 4] = [".vectors", ".text", ".rodata", ".data"];
/// The programs that measure their own stack and instructions.
const MEASURING: [&str; 2] = ["measure-frame", "measure-client"];
/// The program that checks on the same machine that the way in which a stream is cut makes no difference.
const AGREE: &str = "agree";
/// What the first of those that measure prints for one message each.
const TIMED: [&str; 4] = ["greeting", "return", "status", "event"];
const FILE: &str = "benches/footprint.md";

const PREFACE: &str = "\
# What it costs on bare metal

Bytes beyond an empty program, linked with fat LTO, one codegen unit and `panic = \"abort\"`; nothing is stripped out by hand.
*frame* finds, validates and classifies messages (`FrameReader`, `Message`); *client* is a session without serde: greeting and
negotiation, ids, four commands in flight, deadlines, out-of-band execution, commands with ready JSON arguments, everything that can come in.
*session* is *client* with all else that can be asked of one: `attach`, arguments that are checked, `cancel`, the greeting's deadline, `close` and
`reset`. *status* is the session of the example `status`: the blocking driver, commands and replies as types. *server* is the other end, with two
commands in a table. *select* is *session* with selections in every delivery. *inventory* is the blocking driver again, with three typed commands whose replies are larger
than the buffer, one in each delivery. *flash* is the sum of code, constants and initial data; *mem*
is the part of it that is `memcpy` and its like, which nearly every firmware has anyway. *panics* counts the symbols through which a program could panic. No program uses a heap. In the first
three and *select* the reader, the client and the transmit buffer are static memory, which is all zeros at first.

Stack and instructions are those of an emulated Cortex-M3. The stack is the deepest over every kind of message and every kind of
error, fed whole and byte by byte, the caller's frame included. The instructions are those of `window`, `commit` and `poll` for a greeting
(142 bytes), an empty return (25), a reply to `query-status` (85) and an event (81), each in one piece, and for that status reply byte by byte.

Repeat it with `cargo xtask footprint`; `cargo xtask footprint --check` fails where a number has grown by more than 2 %, or
is beyond the limits in `xtask/src/footprint/budget.rs`.
";

/// What the check of the target with limits needs.
pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = embedded::tools(&[THUMBV7M]);
    tools.push(Tool::QEMU_ARM);
    tools
}

/// That check, as a step of the test run.
pub(crate) fn step() -> Result<Remark> {
    check(&[THUMBV7M])
}

/// Measures everything, then writes the file, or checks against it and the limits.
pub(crate) fn run(only_check: bool) -> Result {
    let mut tools = embedded::tools(&TARGETS);
    tools.push(Tool::QEMU_ARM);
    setup::ensure(&tools)?;
    if only_check {
        println!("{}", check(&TARGETS)?);
        return Ok(());
    }
    let (compiler, file) = (Compiler::new(THUMBV7M)?.version()?, file());
    let (tables, complaints, missed) = measure(&TARGETS, table::find(&file, &compiler).is_some())?;
    let section = table::section(&tables) + &goals(&missed);
    let path = process::root().join(FILE);
    let file = table::replace(&file, PREFACE, &compiler, &section);
    std::fs::write(&path, file).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("\n{compiler}\n{section}\nwritten to {FILE}");
    complaints.iter().for_each(|complaint| println!("not as it should be: {complaint}"));
    Ok(())
}

/// Compares with the file and the limits.
fn check(targets: &[&'static str]) -> Result<Remark> {
    let (compiler, file) = (Compiler::new(THUMBV7M)?.version()?, file());
    let old = table::find(&file, &compiler);
    let (tables, mut complaints, missed) = measure(targets, old.is_some())?;
    let section = table::section(&tables);
    println!("\n{compiler}\n{section}{}", goals(&missed));
    match old {
        Some(old) => complaints.extend(table::compare(old, &tables)),
        None => println!("{FILE} has no section for this compiler: add the one above, with `cargo xtask footprint`"),
    }
    if !complaints.is_empty() {
        return Err(complaints.join("\n"));
    }
    let programs: usize = tables.iter().map(|table| table.rows.len()).sum();
    Ok(format!("{programs} rows, within the limits; goals missed: {}", missed.len()))
}

/// What was measured before, of every compiler; nothing if there is no such file.
fn file() -> String {
    std::fs::read_to_string(process::root().join(FILE)).unwrap_or_default()
}

/// What is missed of the goals, as it stands in the file.
fn goals(missed: &[String]) -> String {
    let mut text = "\nGoals for a Cortex-M3 that are missed, at the level that misses fewer:\n\n".to_owned();
    if missed.is_empty() {
        text.push_str("- none\n");
    }
    missed.iter().for_each(|line| text.push_str(&format!("- {line}\n")));
    text
}

/// The tables, what is wrong with them whatever rows the file has, and the goals that are missed. Whether the compiler is `known`: whether
/// the file has any rows of it.
fn measure(targets: &[&'static str], known: bool) -> Result<(Vec<Table>, Vec<String>, Vec<String>)> {
    let mut sizes = Table {
        title: "Size, in bytes beyond an empty program:",
        head: vec!["target", "level", "program", ".text", ".rodata", ".data", ".bss", "flash", "mem", "panics"],
        rows: Vec::new(),
    };
    let mut runs = Table {
        title: "RAM without buffers, stack in bytes, and instructions per message, on a Cortex-M3:",
        head: vec!["level", "RAM frame", "RAM client", "stack frame", "stack client"],
        rows: Vec::new(),
    };
    runs.head.extend(TIMED);
    runs.head.push("status bytewise");
    let mut complaints = Vec::new();
    let mut over_budget = Vec::new();
    let mut missed: Option<Vec<String>> = None;
    for &target in targets {
        let compiler = Compiler::new(target)?;
        for level in LEVELS {
            let folder = build(&compiler, level)?;
            let base = program(&folder, "base")?;
            if panics(&program(&folder, "control")?).is_empty() {
                return Err(format!("{target}: the search finds no panic symbol in a program that can panic"));
            }
            let mut flash = Vec::new();
            for name in PROGRAMS {
                let program = program(&folder, name)?;
                let row = size_row(&base, &program, [target, level, name]);
                flash.push(row.numbers[4]);
                sizes.rows.push(row);
                let panics = panics(&program);
                if !panics.is_empty() {
                    complaints.push(format!("{target} {level} {name} can panic: {}", panics.join(", ")));
                }
            }
            if target == THUMBV7M {
                agree(&folder)?;
                let numbers = emulate(&folder)?;
                let measured = measured(&flash, &numbers);
                over_budget.push(budget::broken(&measured, known));
                let missing = budget::missed(&measured);
                if missed.as_ref().is_none_or(|fewest| missing.len() < fewest.len()) {
                    missed = Some(missing);
                }
                runs.rows.push(Row { keys: vec![level.to_owned()], numbers });
            }
        }
    }
    if over_budget.iter().all(|broken| !broken.is_empty()) {
        let levels = LEVELS.iter().zip(over_budget);
        complaints.extend(levels.flat_map(|(level, broken)| broken.into_iter().map(move |b| format!("{level}: {b}"))));
    }
    Ok((vec![sizes, runs], complaints, missed.unwrap_or_default()))
}

/// Builds all programs, and says where they are.
fn build(compiler: &Compiler, level: &str) -> Result<std::path::PathBuf> {
    let mut cargo = compiler.cargo("build");
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", level);
    cargo.args(["--quiet", "--release", "--manifest-path", "xtask/footprint/Cargo.toml"]);
    cargo.args(PROGRAMS.iter().chain(&["base", "control"]).flat_map(|name| ["--bin", name]));
    if compiler.target() == THUMBV7M {
        cargo.args(MEASURING.iter().chain(&[AGREE]).flat_map(|name| ["--bin", name]));
    }
    process::run(&mut cargo)?;
    Ok(compiler.output_dir().join("release"))
}

fn program(folder: &Path, name: &str) -> Result<Program> {
    let path = folder.join(name);
    let file = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    elf::parse(&file).ok_or_else(|| format!("{} is not a program for a 32-bit target", path.display()))
}

/// `.text`, `.rodata`, `.data`, `.bss`, flash, mem and panics of `program`, less what `base` has.
fn size_row(base: &Program, program: &Program, keys: [&str; 3]) -> Row {
    let more = |of: &dyn Fn(&Program) -> u32| of(program).saturating_sub(of(base));
    let section = |name: &str| more(&|program| program.sections.get(name).copied().unwrap_or(0));
    let flash = FLASH.iter().map(|name| section(name)).sum();
    let mut numbers: Vec<u32> = [".text", ".rodata", ".data", ".bss"].iter().map(|name| section(name)).collect();
    numbers.extend([flash, more(&mem), panics(program).len() as u32]);
    Row { keys: keys.map(str::to_owned).to_vec(), numbers }
}

/// Bytes of the functions that the compiler calls of its own accord to copy, fill and compare memory.
fn mem(program: &Program) -> u32 {
    let is_mem = |name: &str| {
        let name = name.trim_start_matches("__aeabi_");
        name.starts_with("mem")
            || name == "bcmp"
            || name.contains("17compiler_builtins3mem")
            || name.contains("__aeabi_mem")
    };
    let mut found: Vec<_> = program.symbols.iter().filter(|symbol| is_mem(&symbol.name)).collect();
    // Two names of one function count once.
    found.sort_by_key(|symbol| symbol.address);
    found.dedup_by_key(|symbol| symbol.address);
    found.iter().map(|symbol| symbol.size).sum()
}

/// The symbols through which `program` could panic. The panic handler's own is among them, so none is missed.
fn panics(program: &Program) -> Vec<&str> {
    let parts = ["panic", "slice_index", "unwrap_failed", "expect_failed", "mismatch_fail", "rust_begin_unwind"];
    let names = program.symbols.iter().map(|symbol| symbol.name.as_str());
    names.filter(|name| parts.iter().any(|part| name.contains(part))).collect()
}

/// Runs the measuring programs: RAM and stack of both, then instructions.
fn emulate(folder: &Path) -> Result<Vec<u32>> {
    let mut output = String::new();
    for program in MEASURING {
        output += &print_of(&folder.join(program), &["-icount", "shift=0"])?;
    }
    let fixed = ["state-frame", "state-client", "stack-frame", "stack-client"];
    fixed.iter().chain(&TIMED).chain(&["status-bytewise"]).map(|name| number(&output, name)).collect()
}

/// Runs the program that cuts streams in all ways; an error if one of them made a difference.
fn agree(folder: &Path) -> Result {
    let output = print_of(&folder.join(AGREE), &[])?;
    match (number(&output, "streams")?, number(&output, "differences")?) {
        (0, _) => Err("no stream was cut".into()),
        (streams, 0) => {
            println!("{streams} streams are read alike on a Cortex-M3, however they are cut");
            Ok(())
        }
        (streams, differences) => {
            Err(format!("{differences} of {streams} streams are read otherwise if they are cut otherwise"))
        }
    }
}

/// What `program` prints on an emulated Cortex-M3.
fn print_of(program: &Path, options: &[&str]) -> Result<String> {
    let mut qemu = Command::new(setup::find("qemu-system-arm").unwrap_or_else(|| "qemu-system-arm".into()));
    qemu.args(["-M", "lm3s6965evb", "-cpu", "cortex-m3", "-display", "none", "-serial", "null", "-monitor", "none"]);
    qemu.args(options).args(["-chardev", "stdio,id=out"]);
    qemu.args(["-semihosting-config", "enable=on,target=native,chardev=out", "-kernel"]).arg(program);
    process::output_within(&mut qemu, Duration::from_secs(60))
}

/// The number that a program printed after `name`.
fn number(output: &str, name: &str) -> Result<u32> {
    let number = output.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
    number.ok_or_else(|| format!("no `{name}` was printed:\n{output}"))
}

/// `flash` in the order of [`PROGRAMS`], `numbers` in that of [`emulate`].
fn measured(flash: &[u32], numbers: &[u32]) -> Measured {
    let at = |list: &[u32], index| list.get(index).copied().unwrap_or(u32::MAX);
    Measured {
        frame_flash: at(flash, 0),
        client_flash: at(flash, 1),
        session_flash: at(flash, 2),
        status_flash: at(flash, 3),
        select_flash: at(flash, 5).saturating_sub(at(flash, 2)),
        client_state: at(numbers, 1),
        stack: at(numbers, 2).max(at(numbers, 3)),
        instructions: [4, 5, 6, 7].map(|index| at(numbers, index)),
    }
}
