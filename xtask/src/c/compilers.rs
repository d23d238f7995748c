//! Compilers and language standards: what is C for one of them is so for all.

use std::path::Path;
use std::process::Command;

use crate::{Result, ffi, process};

/// A compiler, and the standards that it is asked for. C23 has its name of before its publication, which older ones know it by.
const LANGUAGES: [(&[&str], &str, &[&str]); 2] =
    [(&["gcc", "clang"], "c", &["c99", "c11", "c2x"]), (&["g++", "clang++"], "c++", &["c++11", "c++17"])];

const WARNINGS: [&str; 10] = [
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wconversion",
    "-Wsign-conversion",
    "-Wcast-qual",
    "-Wredundant-decls",
    "-Wshadow",
    "-Wundef",
    "-Werror",
];

/// Machines with another layout than this one has: pointers of 32 bits where 64-bit integers are aligned to 8 bytes, and where to 4; of
/// 64 bits, big-endian.
const MACHINES: [&str; 3] = ["armv7-none-eabi", "i386-none-elf", "s390x-none-elf"];

/// The programs that show how C programs use the library, and the one that is measured.
pub(crate) const HOSTED: [&str; 3] = ["examples/c/status.c", "examples/c/disks.c", "core/ffi/examples/cycle.c"];

/// A compiler with all warnings on, in the root, that finds the header.
pub(crate) fn compiler(name: &str, standard: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(process::root()).arg(format!("-std={standard}")).args(WARNINGS).args(["-I", ffi::INCLUDE]);
    command
}

/// Compiles the header by itself, twice in one file, in each way; and the programs, for their compilers too are the users'. How many ways.
pub(crate) fn header(folder: &Path) -> Result<usize> {
    let file = folder.join("twice.h");
    let text = "#include <qmp.h>\n#include <qmp.h>\nsize_t sizes(void);\nsize_t sizes(void)\n{\n\
                static QMP_CLIENT_STORAGE(1000, 200, 3) client;\nstatic QMP_SERVER_STORAGE(1000, 1000, 100, 2) server;\n\
                return sizeof client + sizeof server;\n}\n";
    std::fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
    let mut ways = 0;
    for (compilers, language, standards) in LANGUAGES {
        for name in compilers {
            for standard in standards {
                let mut command = compiler(name, standard);
                process::run(command.args(["-fsyntax-only", "-x", language]).arg(&file))?;
                if language == "c" {
                    let mut command = compiler(name, standard);
                    process::run(command.arg("-fsyntax-only").args(HOSTED).args(super::programs::sources()?))?;
                }
                ways += 1;
            }
        }
    }
    for machine in MACHINES {
        let mut command = compiler("clang", "c99");
        command.args([&format!("--target={machine}"), "-ffreestanding", "-Wpadded", "-fsyntax-only", "-x", "c"]);
        process::run(command.arg(&file))?;
        ways += 1;
    }
    Ok(ways)
}
