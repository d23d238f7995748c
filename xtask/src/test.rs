//! `cargo xtask test`: every check of the repository, cheap ones first.

use crate::embedded::{self, Compiler};
use crate::setup::{self, Tool};
use crate::steps::{self, Counts, Remark, Step};
use crate::{Result, c, firmware, footprint, fuzz, metadata, portability, process, python};

/// The package whose features are tried in every combination.
const CORE: &str = "qmp-core";

/// The packages whose `tests/live_*.rs` run against real servers.
const LIVE: [&str; 2] = ["qmp-std-adapter", "qmp-examples"];

/// The workspace as `cargo` is to see it: the core by itself, bare and with everything. As a dependency of its
/// neighbours it has the features they chose.
const VIEWS: [&[&str]; 3] =
    [&["--workspace", "--exclude", CORE], &["--package", CORE], &["--package", CORE, "--all-features"]];

const STEPS: &[Step] = &[
    Step { name: "fmt", tools: Vec::new, run: fmt },
    Step { name: "clippy", tools: firmware::clippy_tools, run: clippy },
    Step { name: "embedded", tools: || embedded::tools(&[embedded::THUMBV7M]), run: embedded },
    Step { name: "doc", tools: Vec::new, run: doc },
    Step { name: "test", tools: Vec::new, run: test },
    Step { name: "live", tools: live_tools, run: live },
    Step { name: "guard", tools: || vec![Tool::VALGRIND], run: guard },
    Step { name: "footprint", tools: footprint::tools, run: footprint::step },
    Step { name: "firmware", tools: firmware::tools, run: firmware::step },
    Step { name: "c", tools: c::tools, run: c::step },
    Step { name: "fuzz", tools: fuzz::tools, run: fuzz::step },
];

/// Run only where it is named: it takes cross compilers, and their time.
const ON_REQUEST: &[Step] = &[Step { name: "portability", tools: portability::tools, run: portability::step }];

/// Runs the steps named, or all but those on request, after bringing the tools they need.
pub(crate) fn run(arguments: &[&str]) -> Result {
    let all: Vec<&Step> = STEPS.iter().chain(ON_REQUEST).collect();
    let names: Vec<&str> = all.iter().map(|step| step.name).collect();
    if arguments == ["--list"] {
        println!("{}", names.join("\n"));
        return Ok(());
    }
    if let Some(unknown) = arguments.iter().find(|name| !names.contains(name)) {
        return Err(format!("no step `{unknown}`; there are: {}", names.join(", ")));
    }
    let chosen: Vec<&Step> = match arguments {
        [] => STEPS.iter().collect(),
        _ => all.into_iter().filter(|step| arguments.contains(&step.name)).collect(),
    };
    let tools: Vec<Tool> = chosen.iter().flat_map(|step| (step.tools)()).collect();
    setup::ensure(&tools)?;
    steps::run(&chosen)
}

fn fmt() -> Result<Remark> {
    process::run(process::cargo("fmt").args(["--all", "--check"]))?;
    for apart in ["xtask/footprint/Cargo.toml", "core/fuzz/Cargo.toml", firmware::MANIFEST] {
        process::run(process::cargo("fmt").args(["--all", "--manifest-path", apart, "--check"]))?;
    }
    Ok(Remark::new())
}

/// Every package in every combination of its features, its tests too where those are run: with none of them and with all. And the
/// programs for bare metal. `incompatible_msrv` is one of the lints.
fn clippy() -> Result<Remark> {
    let mut combinations = 0;
    for package in metadata::packages()? {
        let sets = package.feature_sets();
        for (index, features) in sets.iter().enumerate() {
            let mut cargo = process::cargo("clippy");
            cargo.args(["--quiet", "--package", &package.name, "--no-default-features"]);
            if !features.is_empty() {
                cargo.args(["--features", features]);
            }
            if index == 0 || index + 1 == sets.len() {
                cargo.arg("--all-targets");
            }
            process::run(cargo.args(["--", "-D", "warnings"]))?;
            combinations += 1;
        }
    }
    // The tests of these run on the host, and are linted there.
    let mut tests = process::cargo("clippy");
    tests.args(["--quiet", "--manifest-path", firmware::MANIFEST, "--package", "firmware-tests", "--all-targets"]);
    tests.env("CARGO_TARGET_DIR", process::target_dir());
    process::run(tests.args(["--", "-D", "warnings"]))?;
    let boards = firmware::clippy()?;
    Ok(format!("{combinations} combinations of package and features, programs for {boards} bare-metal targets"))
}

/// The core without std, in every combination of its features.
fn embedded() -> Result<Remark> {
    let compiler = Compiler::new(embedded::THUMBV7M)?;
    let packages = metadata::packages()?;
    let core = packages.iter().find(|package| package.name == CORE).ok_or(format!("no package {CORE}"))?;
    let sets = core.feature_sets();
    for features in &sets {
        let mut cargo = compiler.cargo("build");
        cargo.args(["--quiet", "--package", CORE, "--lib", "--no-default-features"]);
        if !features.is_empty() {
            cargo.args(["--features", features]);
        }
        process::run(&mut cargo)?;
    }
    Ok(format!("{} feature combinations, {}, {}", sets.len(), embedded::THUMBV7M, compiler.version()?))
}

fn doc() -> Result<Remark> {
    for view in VIEWS {
        let mut cargo = process::cargo("doc");
        process::run(cargo.env("RUSTDOCFLAGS", "-D warnings").args(["--quiet", "--no-deps"]).args(view))?;
    }
    Ok(Remark::new())
}

/// Unit, property and doc tests.
fn test() -> Result<Remark> {
    let mut counts = Counts::default();
    let mut result = Ok(());
    for view in VIEWS {
        let (output, run) = process::tee(process::cargo("test").arg("--no-fail-fast").args(view));
        counts = counts + Counts::of(&output);
        result = result.and(run);
    }
    verdict(counts, result)
}

fn live_tools() -> Vec<Tool> {
    let servers = [Tool::QEMU_X86, Tool::QEMU_STORAGE_DAEMON, Tool::QEMU_GUEST_AGENT];
    let clients = [Tool::new("socat", "socat"), Tool::new("telnet", "telnet")];
    servers.into_iter().chain(clients).chain(python::TOOLS).collect()
}

/// The tests that need real servers and clients, which plain `cargo test` leaves out. None at all is a failure.
fn live() -> Result<Remark> {
    let mut cargo = process::cargo("test");
    cargo.env("PYTHONPATH", python::packages()?);
    cargo.arg("--no-fail-fast").args(LIVE.iter().flat_map(|package| ["--package", package]));
    let (output, result) = process::tee(cargo.args(["--test", "live_*", "--", "--ignored"]));
    let counts = Counts::of(&output);
    if result.is_ok() && counts.passed == 0 {
        return Err("no live test ran".to_owned());
    }
    verdict(counts, result)
}

/// The instructions of our own paths, within `benches/budgets.txt`, and within 2 % of what the same compiler made of them before.
fn guard() -> Result<Remark> {
    let mut cargo = process::cargo("run");
    cargo.args(["--quiet", "--release", "--package", "qmp-benches", "--no-default-features", "--features", "simd"]);
    process::run(cargo.args(["--bin", "guard"]))?;
    Ok(Remark::new())
}

fn verdict(counts: Counts, result: Result) -> Result<Remark> {
    match result {
        Ok(()) => Ok(counts.to_string()),
        Err(message) => Err(format!("{counts}: {message}")),
    }
}
