//! The tools the checks need: found, installed, or named together with the line that installs them. Never skipped.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Result, process};

/// A program that does not come with the Rust toolchain.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    /// What is looked for: a program's name, or a file's absolute path.
    probe: &'static str,
    /// Debian's package that has it.
    package: &'static str,
}

impl Tool {
    pub(crate) const QEMU_X86: Self = Self::new("qemu-system-x86_64", "qemu-system-x86");
    pub(crate) const QEMU_ARM: Self = Self::new("qemu-system-arm", "qemu-system-arm");
    pub(crate) const QEMU_RISCV32: Self = Self::new("qemu-system-riscv32", "qemu-system-misc");
    pub(crate) const QEMU_STORAGE_DAEMON: Self = Self::new("qemu-storage-daemon", "qemu-system-common");
    pub(crate) const QEMU_GUEST_AGENT: Self = Self::new("qemu-ga", "qemu-guest-agent");
    pub(crate) const VALGRIND: Self = Self::new("valgrind", "valgrind");

    pub(crate) const fn new(probe: &'static str, package: &'static str) -> Self {
        Self { probe, package }
    }

    fn is_there(self) -> bool {
        find(self.probe).is_some()
    }
}

/// The path of a program. The system's folders are searched too, which are not on every user's `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    // An absolute `program` replaces the folder it is joined to.
    folders.map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// Makes sure that all of `tools` are there. As root on Debian and its kin it installs what is missing, otherwise it
/// fails with the line to run.
pub(crate) fn ensure(tools: &[Tool]) -> Result {
    let mut missing: Vec<Tool> = Vec::new();
    for tool in tools {
        if !missing.contains(tool) && !tool.is_there() {
            missing.push(*tool);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let mut packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    packages.sort_unstable();
    packages.dedup();
    let may_install = Path::new("/usr/bin/apt-get").is_file() && is_root();
    let failure = if may_install { install(&packages).err() } else { None };
    missing.retain(|tool| !tool.is_there());
    if missing.is_empty() { Ok(()) } else { Err(instructions(&missing, &packages, failure.as_deref())) }
}

fn install(packages: &[&str]) -> Result {
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
        apt
    };
    process::run(apt().args(["-qq", "update"]))?;
    process::run(apt().args(["-qq", "install", "--yes", "--no-install-recommends"]).args(packages))
}

fn instructions(missing: &[Tool], packages: &[&str], failure: Option<&str>) -> String {
    let names: Vec<&str> = missing.iter().map(|tool| tool.probe).collect();
    let cause = failure.map(|e| format!(" ({e})")).unwrap_or_default();
    let packages = packages.join(" ");
    format!(
        "missing: {}{cause}. On Debian or Ubuntu, run\n  \
         sudo apt-get update && sudo apt-get install --no-install-recommends {packages}\n\
         elsewhere, install your system's packages for them",
        names.join(", ")
    )
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Tool = Tool::new("a-program-nobody-has", "a-package");

    #[test]
    fn a_program_is_found_by_name_and_by_path() {
        let by_name = find("sh").unwrap();
        assert_eq!(find(by_name.to_str().unwrap()), Some(by_name));
        assert!(!NEVER.is_there());
    }

    #[test]
    fn a_missing_tool_is_named_with_the_line_that_installs_it() {
        let message = instructions(&[NEVER], &["a-package"], Some("no network"));
        assert!(message.contains("missing: a-program-nobody-has (no network)"));
        assert!(message.contains("sudo apt-get install --no-install-recommends a-package"));
    }
}
