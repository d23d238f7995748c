//! The step `c`: the C library as its users meet it. Compilers and standards, the tests written in C, the examples on real VMs, an
//! installed copy, and the firmware on an emulated board.

mod board;
mod compilers;
mod cycle;
mod live;
mod programs;

use std::path::PathBuf;
use std::time::Duration;

use crate::embedded::{self, Compiler};
use crate::setup::Tool;
use crate::steps::Remark;
use crate::{Result, ffi, install, process};

/// Nothing here takes as long.
const LIMIT: Duration = Duration::from_secs(120);

/// Compilers, analysers, emulators.
pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = embedded::tools(&[embedded::THUMBV7M]);
    tools.extend([
        Tool::new("gcc", "gcc"),
        Tool::new("g++", "g++"),
        Tool::new("clang", "clang"),
        Tool::new("arm-none-eabi-gcc", "gcc-arm-none-eabi"),
        Tool::new("pkg-config", "pkg-config"),
        Tool::VALGRIND,
        Tool::QEMU_X86,
        Tool::QEMU_ARM,
    ]);
    tools
}

/// All of it.
pub(crate) fn step() -> Result<Remark> {
    let folder = folder("c")?;
    let archive = ffi::archive()?;
    let headers = compilers::header(&folder)?;
    let checks = programs::run(&archive, &folder)?;
    let cycle = cycle::run(&archive, &folder)?;
    let prefix = folder.join("prefix");
    install::run(&["--shared", "--prefix", &prefix.display().to_string()])?;
    live::run(&prefix, &folder)?;
    let flash = board::run(&Compiler::new(embedded::THUMBV7M)?, &folder)?;
    Ok(format!("{headers} ways to compile, {checks} checks in C, {cycle}, firmware_status of {flash} bytes"))
}

/// The tests written in C on another machine, whose programs are made by `cc` and run by `emulator`. How many checks were made.
pub(crate) fn elsewhere(compiler: &Compiler, cc: &str, emulator: &str) -> Result<u64> {
    let archive = ffi::elsewhere(compiler)?;
    programs::run_elsewhere(&archive, &folder(&format!("c-{}", compiler.target()))?, cc, emulator)
}

/// An empty folder for what is built here.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = process::target_dir().join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}
