//! The core where a host is not: its tests, and those written in C, with 32 bits and with the most significant byte first, and whether
//! it compiles for WebAssembly and with a `usize` of 16 bits.

use crate::embedded::{self, Compiler};
use crate::setup::Tool;
use crate::steps::{Counts, Remark};
use crate::{Result, c, process};

/// Another machine's Linux, on which the core's tests run, linked statically.
struct Machine {
    target: &'static str,
    /// `None` where the toolchain brings all it needs.
    linker: Option<&'static str>,
    /// `None` where the host runs its programs.
    emulator: Option<&'static str>,
    tools: &'static [Tool],
}

/// 32 bits, and what a host of 64 bits has in addition is left out.
const I686_MUSL: Machine = Machine { target: "i686-unknown-linux-musl", linker: None, emulator: None, tools: &[] };

/// The same without rustup, and with a C compiler.
const I686: Machine = Machine {
    target: "i686-unknown-linux-gnu",
    linker: Some("i686-linux-gnu-gcc"),
    emulator: Some("qemu-i386"),
    tools: &[
        Tool::new("i686-linux-gnu-gcc", "gcc-i686-linux-gnu"),
        Tool::new("/usr/i686-linux-gnu/lib/libc.a", "libc6-dev-i386-cross"),
        Tool::new("qemu-i386", "qemu-user"),
    ],
};

/// The most significant byte first.
const S390X: Machine = Machine {
    target: "s390x-unknown-linux-gnu",
    linker: Some("s390x-linux-gnu-gcc"),
    emulator: Some("qemu-s390x"),
    tools: &[
        Tool::new("s390x-linux-gnu-gcc", "gcc-s390x-linux-gnu"),
        Tool::new("/usr/s390x-linux-gnu/lib/libc.a", "libc6-dev-s390x-cross"),
        Tool::new("qemu-s390x", "qemu-user"),
    ],
};

/// Targets for which the core is compiled and not run: one without an operating system's types, and one with 16 bits.
const COMPILED: [&str; 2] = ["wasm32-unknown-unknown", "msp430-none-elf"];

/// The tests that are run: what may depend on the machine, and takes no minutes on an emulated one. `fuzz_bodies` compares the
/// reader and the client with their models.
const TESTS: &[&str] = &[
    "client_limits",
    "client_rules",
    "encode",
    "frame_model",
    "frame_rules",
    "fuzz_bodies",
    "json_values",
    "message",
    "select",
    "select_alone",
    "select_replies",
];

/// Random cases for each of the fuzzer's bodies.
const SEEDS: &str = "1000";

/// Where the tests in C are run.
const IN_C: [&Machine; 2] = [&I686, &S390X];

fn machines() -> [&'static Machine; 2] {
    let native = cfg!(all(target_arch = "x86_64", target_os = "linux")) && embedded::has_target(I686_MUSL.target);
    [if native { &I686_MUSL } else { &I686 }, &S390X]
}

pub(crate) fn tools() -> Vec<Tool> {
    let machines = machines();
    let targets = machines.iter().chain(&IN_C).map(|machine| machine.target);
    let mut tools = embedded::tools(&targets.chain(COMPILED).collect::<Vec<_>>());
    tools.extend(machines.iter().chain(&IN_C).flat_map(|machine| machine.tools));
    tools
}

pub(crate) fn step() -> Result<Remark> {
    for target in COMPILED {
        let mut cargo = Compiler::new(target)?.cargo("check");
        process::run(cargo.args(["--quiet", "--package", "qmp-core", "--lib", "--features", "embedded-io-async"]))?;
    }
    let mut remark = vec![format!("compiles for {}", COMPILED.join(", "))];
    for machine in machines() {
        let counts = test(machine)?;
        remark.push(format!("{}: {counts}", machine.target));
    }
    for machine in IN_C {
        let (Some(linker), Some(emulator)) = (machine.linker, machine.emulator) else { continue };
        let checks = c::elsewhere(&Compiler::hosted(machine.target, machine.linker)?, linker, emulator)?;
        remark.push(format!("{}: {checks} checks in C", machine.target));
    }
    Ok(remark.join("; "))
}

/// The core's unit tests, and [`TESTS`].
fn test(machine: &Machine) -> Result<Counts> {
    let compiler = Compiler::hosted(machine.target, machine.linker)?;
    let mut cargo = compiler.cargo("test");
    cargo.args(["--quiet", "--no-fail-fast", "--package", "qmp-core", "--lib"]);
    cargo.args(TESTS.iter().flat_map(|name| ["--test", name])).env("QMP_SEEDS", SEEDS);
    cargo.env(compiler.variable("RUSTFLAGS"), "-Ctarget-feature=+crt-static");
    if let Some(emulator) = machine.emulator {
        cargo.env(compiler.variable("RUNNER"), emulator);
    }
    // The standard library may have to be built too, which takes longer than the tests. Only what runs long is optimized.
    cargo.env("CARGO_PROFILE_TEST_DEBUG", "none").env("CARGO_PROFILE_TEST_OPT_LEVEL", "0");
    cargo.args(["--config", "profile.test.package.qmp-core.opt-level=1"]);
    let (output, result) = process::tee(&mut cargo);
    let counts = Counts::of(&output);
    match result {
        Ok(()) if counts.passed == 0 => Err(format!("{}: no test ran", machine.target)),
        Ok(()) => Ok(counts),
        Err(message) => Err(format!("{}: {counts}: {message}", machine.target)),
    }
}
