//! `cargo xtask firmware`: the programs in `examples/firmware`, built for their boards and run there, under emulation, against
//! real VMs.
//!
//! What is expected of them stands in the tests of `examples/firmware/host`, which start the emulators.

use std::path::PathBuf;

use crate::embedded::{self, Compiler, THUMBV7M};
use crate::setup::{self, Tool};
use crate::steps::{Counts, Remark};
use crate::{Result, process};

/// The boards' targets, and the variable by which the tests learn where they are.
const BOARDS: [(&str, &str); 2] = [(THUMBV7M, "FIRMWARE_LM3S6965"), ("riscv32imac-unknown-none-elf", "FIRMWARE_VIRT")];

/// What the network's example is built for. There is no such board with a network here to run it on.
const THUMBV7EM: &str = "thumbv7em-none-eabi";

/// Every target that something here is built for.
const TARGETS: [&str; 3] = [BOARDS[0].0, BOARDS[1].0, THUMBV7EM];

pub(crate) const MANIFEST: &str = "examples/firmware/Cargo.toml";

/// Compilers for the boards, their emulators, and the VM that they watch.
pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = embedded::tools(&TARGETS);
    tools.extend([Tool::QEMU_X86, Tool::QEMU_ARM, Tool::QEMU_RISCV32]);
    tools
}

/// Compilers that lint for the boards.
pub(crate) fn clippy_tools() -> Vec<Tool> {
    embedded::clippy_tools(&TARGETS)
}

/// Lints what runs on the boards; how many targets that were.
pub(crate) fn clippy() -> Result<usize> {
    for (target, package) in TARGETS.into_iter().zip(["firmware", "firmware", "firmware-network"]) {
        let mut cargo = Compiler::new(target)?.clippy();
        cargo.args(["--quiet", "--release", "--manifest-path", MANIFEST, "--package", package, "--all-features"]);
        process::run(cargo.args(["--", "-D", "warnings"]))?;
    }
    Ok(TARGETS.len())
}

/// Builds and tests everything.
pub(crate) fn run() -> Result {
    setup::ensure(&tools())?;
    println!("{}", step()?);
    Ok(())
}

/// The same as a step of the test run.
pub(crate) fn step() -> Result<Remark> {
    let mut tests = process::cargo("test");
    tests.args(["--manifest-path", MANIFEST, "--package", "firmware-tests"]);
    // Beside what the host's workspace builds: the two have most dependencies in common.
    tests.env("CARGO_TARGET_DIR", process::target_dir());
    for (target, variable) in BOARDS {
        tests.env(variable, build(&Compiler::new(target)?)?);
    }
    let network = Compiler::new(THUMBV7EM)?;
    let mut cargo = network.cargo("build");
    process::run(cargo.args(["--quiet", "--release", "--manifest-path", MANIFEST, "--package", "firmware-network"]))?;
    let (output, result) = process::tee(&mut tests);
    let counts = Counts::of(&output);
    match result {
        Ok(()) if counts.passed == 0 => Err("no test ran".to_owned()),
        Ok(()) => Ok(counts.to_string()),
        Err(message) => Err(format!("{counts}: {message}")),
    }
}

/// Builds a board's programs, and says where they are.
fn build(compiler: &Compiler) -> Result<PathBuf> {
    let mut cargo = compiler.cargo("build");
    process::run(cargo.args([
        "--quiet",
        "--release",
        "--manifest-path",
        MANIFEST,
        "--package",
        "firmware",
        "--all-features",
    ]))?;
    Ok(compiler.output_dir().join("release"))
}
