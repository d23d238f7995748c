//! QEMU's own client library for Python, which the server end is tested with, in a folder beside what cargo builds.

use std::path::PathBuf;
use std::process::Command;

use crate::setup::Tool;
use crate::{Result, process};

/// What is installed, from PyPI.
const PACKAGE: &str = "qemu.qmp==0.0.6";

/// What that takes.
pub(crate) const TOOLS: [Tool; 2] = [Tool::new("python3", "python3"), Tool::new("pip3", "python3-pip")];

/// Installs the library where it is not there yet. The folder to name in `PYTHONPATH`.
pub(crate) fn packages() -> Result<PathBuf> {
    let folder = process::target_dir().join("python");
    if !folder.join("qemu/qmp/qmp_shell.py").is_file() {
        let mut pip = Command::new("pip3");
        pip.args(["install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"]);
        process::run(pip.arg(&folder).arg(PACKAGE))?;
    }
    Ok(folder)
}
