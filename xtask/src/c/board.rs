//! The firmware in C: linked without a libc, looked at, and run on an emulated board against a real VM.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::live::Vm;
use super::{LIMIT, compilers};
use crate::embedded::Compiler;
use crate::{Result, ffi, process};

/// The program, the board, and what it prints.
const SOURCES: [&str; 2] = ["examples/c/firmware_status.c", "examples/c/lm3s6965.c"];
const SCRIPT: &str = "examples/c/lm3s6965.ld";
const EXPECTED: &str = "examples/c/firmware_status.out";

const FLAGS: [&str; 8] = [
    "-mcpu=cortex-m3",
    "-mthumb",
    "-Os",
    "-flto",
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-nostdlib",
];

/// What only a panic needs.
const PANICS: [&str; 3] = ["panic", "unwind", "core3fmt"];

/// Bytes of flash that the program may take: what it takes, and a little more. The goal is 8 KB.
const FLASH: u64 = 7_950;

/// Builds and runs it. Its size in flash.
pub(super) fn run(compiler: &Compiler, folder: &Path) -> Result<u64> {
    let archive = ffi::bare(compiler)?;
    only_memory_is_missing(&archive, folder)?;
    let program = link(&archive, folder)?;
    let names = process::output(Command::new("arm-none-eabi-nm").arg(&program))?;
    if let Some(name) = names.lines().find(|name| PANICS.iter().any(|panic| name.contains(panic))) {
        return Err(format!("{} can panic: {name}", program.display()));
    }
    let flash = flash(&program)?;
    if flash > FLASH {
        return Err(format!("{} has {flash} bytes, {FLASH} are the most", program.display()));
    }
    let vm = Vm::start()?;
    let mut emulator = Command::new("qemu-system-arm");
    emulator.args(["-M", "lm3s6965evb", "-display", "none", "-monitor", "none", "-serial"]);
    emulator.arg(format!("unix:{}", vm.socket.display()));
    // What is printed by way of the debugger goes to standard output.
    emulator.args(["-chardev", "stdio,id=host", "-semihosting-config", "enable=on,target=native,chardev=host"]);
    emulator.arg("-kernel").arg(&program);
    let output = process::output_within(&mut emulator, LIMIT)?;
    let expected = process::root().join(EXPECTED);
    let expected = std::fs::read_to_string(&expected).map_err(|e| format!("{}: {e}", expected.display()))?;
    if output == expected { Ok(flash) } else { Err(format!("{EXPECTED} was expected, and came:\n{output}")) }
}

fn link(archive: &Path, folder: &Path) -> Result<PathBuf> {
    let program = folder.join("firmware_status");
    let mut compiler = compilers::compiler("arm-none-eabi-gcc", "c11");
    compiler.args(FLAGS).args(SOURCES).arg(archive);
    compiler.args(["-Wl,--gc-sections", "-Wl,-z,noexecstack", "-Wl,-T"]).arg(SCRIPT).arg("-o").arg(&program);
    process::run(&mut compiler)?;
    Ok(program)
}

/// Code, constants, and the initial values of data.
fn flash(program: &Path) -> Result<u64> {
    let output = process::output(Command::new("arm-none-eabi-size").arg(program))?;
    let numbers = output.lines().nth(1).unwrap_or_default();
    let mut numbers = numbers.split_whitespace().map_while(|number| number.parse::<u64>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(text), Some(data)) => Ok(text + data),
        _ => Err(format!("the output of `size` is not understood:\n{output}")),
    }
}

/// Of all names that the archive's parts want, those that none of them has are functions on memory: so says the linker, which is given all
/// parts, and those functions.
fn only_memory_is_missing(archive: &Path, folder: &Path) -> Result {
    let mut linker = compilers::compiler("arm-none-eabi-gcc", "c11");
    linker.args([
        "-mcpu=cortex-m3",
        "-mthumb",
        "-nostdlib",
        "-Wl,--entry=0",
        "-Wl,-z,noexecstack",
        "-Wl,--whole-archive",
    ]);
    linker.arg(archive).args(["memcpy", "memmove", "memset", "memcmp"].map(|name| format!("-Wl,--defsym={name}=0")));
    process::run(linker.arg("-o").arg(folder.join("whole")))?;
    let names = process::output(Command::new("arm-none-eabi-nm").arg(folder.join("whole")))?;
    if names.contains(" T qmp_client_init\n") { Ok(()) } else { Err(format!("{} has no names", archive.display())) }
}
