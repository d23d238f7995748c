//! A compiler for another target than the host: bare metal, or another machine's Linux.
//!
//! The normal one is the toolchain in use, after `rustup target add`. Where that target is not installed, Debian's
//! compiler and its copy of the standard library's source build what is needed of it on the spot. Callers see one
//! [`Compiler`] either way.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::setup::{self, Tool};
use crate::{Result, process};

/// The target on which every feature combination of the core is built: no std, 32 bits.
pub(crate) const THUMBV7M: &str = "thumbv7m-none-eabi";

const SYSTEM_CARGO: &str = "/usr/bin/cargo";
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";
const SYSTEM_CLIPPY: &str = "/usr/bin/cargo-clippy";
const SYSTEM_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/core/src/lib.rs";

/// Builds for one target.
pub(crate) struct Compiler {
    target: &'static str,
    /// Debian's, which has to build the standard library first.
    system: bool,
    /// What it builds of the standard library then.
    build_std: &'static str,
    /// Given where the compiler has none of its own.
    linker: Option<PathBuf>,
}

/// What has to be installed before [`Compiler::new`] can serve all of `targets`: nothing where rustup has them.
pub(crate) fn tools(targets: &[&str]) -> Vec<Tool> {
    if targets.iter().all(|target| has_target(target)) {
        return Vec::new();
    }
    let mut tools = vec![
        Tool::new(SYSTEM_CARGO, "cargo-web"),
        Tool::new(SYSTEM_RUSTC, "rustc-web"),
        Tool::new(SYSTEM_SOURCE, "rust-web-src"),
    ];
    if toolchain_linker().is_none() {
        tools.push(Tool::new("ld.lld", "lld"));
    }
    tools
}

/// What has to be installed before [`Compiler::clippy`] can serve all of `targets`.
pub(crate) fn clippy_tools(targets: &[&str]) -> Vec<Tool> {
    let mut tools = tools(targets);
    if !tools.is_empty() {
        tools.push(Tool::new(SYSTEM_CLIPPY, "rust-web-clippy"));
    }
    tools
}

impl Compiler {
    /// Chooses a compiler for bare metal. Fails with what to run where there is none.
    pub(crate) fn new(target: &'static str) -> Result<Self> {
        Self::choose(target, "-Zbuild-std=core", None)
    }

    /// As [`new`](Self::new), for a target with an operating system, for which `linker` is the C compiler.
    pub(crate) fn hosted(target: &'static str, linker: Option<&str>) -> Result<Self> {
        Self::choose(target, "-Zbuild-std", linker.map(PathBuf::from))
    }

    fn choose(target: &'static str, build_std: &'static str, linker: Option<PathBuf>) -> Result<Self> {
        if has_target(target) {
            return Ok(Self { target, system: false, build_std, linker });
        }
        setup::ensure(&tools(&[target])).map_err(|e| format!("{target}: run `rustup target add {target}`, or: {e}"))?;
        let linker = linker.or_else(toolchain_linker).or_else(|| setup::find("ld.lld"));
        let compiler = Self { target, system: true, build_std, linker };
        let (found, wanted) = (compiler.version()?, env!("CARGO_PKG_RUST_VERSION"));
        if minor(&found) < minor(wanted) {
            return Err(format!("{SYSTEM_RUSTC} is {found}, {wanted} is needed: run `rustup target add {target}`"));
        }
        Ok(compiler)
    }

    /// The target it builds for.
    pub(crate) fn target(&self) -> &'static str {
        self.target
    }

    /// Where [`cargo`](Self::cargo) puts what it builds for the target, in one folder per profile.
    pub(crate) fn output_dir(&self) -> PathBuf {
        target_dir().join(self.target)
    }

    /// `cargo clippy --target T`, ready for more arguments.
    pub(crate) fn clippy(&self) -> Command {
        // Debian's cargo would run the first `cargo-clippy` that it finds, which may be another compiler's.
        let mut command = self.prepare(SYSTEM_CLIPPY, "clippy");
        if self.system {
            command.env("CARGO", SYSTEM_CARGO);
        }
        command
    }

    /// `cargo <subcommand> --target T`, ready for more arguments.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        self.prepare(SYSTEM_CARGO, subcommand)
    }

    /// The same, by the program `system` where it is not rustup's toolchain that serves.
    fn prepare(&self, system: &str, subcommand: &str) -> Command {
        let mut command = process::cargo(subcommand);
        if self.system {
            command = Command::new(system);
            // The variables are those that the toolchain in use has set for this program: they are not the other one's.
            for name in ["CARGO", "RUSTUP_TOOLCHAIN", "LD_LIBRARY_PATH"] {
                command.env_remove(name);
            }
            command.current_dir(process::root());
            command.args([subcommand, self.build_std]).env("RUSTC", SYSTEM_RUSTC).env("RUSTC_BOOTSTRAP", "1");
        }
        if let Some(linker) = &self.linker {
            command.env(self.variable("LINKER"), linker);
        }
        command.args(["--target", self.target]).env("CARGO_TARGET_DIR", target_dir());
        command
    }

    /// The name of the variable by which cargo takes a setting for the target: `LINKER`, `RUNNER`, `RUSTFLAGS`.
    pub(crate) fn variable(&self, setting: &str) -> String {
        format!("CARGO_TARGET_{}_{setting}", self.target.to_uppercase().replace('-', "_"))
    }

    /// As `rustc --version` says, e.g. `rustc 1.95.0 (59807616e 2026-04-14)`.
    pub(crate) fn version(&self) -> Result<String> {
        let rustc = if self.system { SYSTEM_RUSTC.into() } else { rustc() };
        Ok(process::output(Command::new(rustc).arg("--version"))?.trim().to_owned())
    }
}

/// Apart from the host's, so that two compilers do not keep each other waiting.
fn target_dir() -> PathBuf {
    process::target_dir().join("embedded")
}

/// The compiler of the toolchain in use.
fn rustc() -> PathBuf {
    std::env::var_os("RUSTC").map_or_else(|| "rustc".into(), PathBuf::from)
}

fn ask_rustc(arguments: &[&str]) -> Option<PathBuf> {
    process::output(Command::new(rustc()).args(arguments)).ok().map(|path| path.trim().into())
}

/// Whether the toolchain in use has `core` for `target`.
pub(crate) fn has_target(target: &str) -> bool {
    ask_rustc(&["--print", "target-libdir", "--target", target]).is_some_and(|folder| folder.is_dir())
}

/// The linker for every bare-metal target that rustup's toolchains bring, and Debian's does not.
fn toolchain_linker() -> Option<PathBuf> {
    let library = ask_rustc(&["--print", "target-libdir"])?;
    let linker = library.parent().map(Path::to_path_buf)?.join("bin/rust-lld");
    linker.is_file().then_some(linker)
}

/// The `95` of `rustc 1.95.0 (…)` or of `1.95`.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_minor_version_is_read_from_both_forms() {
        assert_eq!(minor("rustc 1.95.0 (59807616e 2026-04-14)"), Some(95));
        assert_eq!(minor("1.89"), Some(89));
        assert_eq!(minor("nonsense"), None);
    }
}
