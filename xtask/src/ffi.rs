//! The C library: where its parts are, and how it is built for a host or for bare metal.

use std::path::PathBuf;

use crate::embedded::Compiler;
use crate::{Result, process};

const PACKAGE: &str = "qmp-ffi";

/// The folder of `qmp.h`, from the root.
pub(crate) const INCLUDE: &str = "core/ffi/include";

/// What `pkg-config` reads, but for what is known when it is installed.
pub(crate) const PKG_CONFIG: &str = "core/ffi/qmp.pc.in";

/// What a program that links the archive needs of the system. `rustc --print native-static-libs` names more, of which nothing is
/// used here.
pub(crate) const LIBRARIES: &str = "-lgcc_s -lc";

/// The archive for this machine. Its place.
pub(crate) fn archive() -> Result<PathBuf> {
    let mut cargo = process::cargo("rustc");
    cargo.args(["--quiet", "--release", "--package", PACKAGE, "--features", "simd", "--crate-type", "staticlib"]);
    process::run(&mut cargo)?;
    Ok(process::target_dir().join("release/libqmp.a"))
}

/// The shared library for this machine, which says that it is `soname`. Its place.
pub(crate) fn shared(soname: &str) -> Result<PathBuf> {
    let mut cargo = process::cargo("rustc");
    cargo.args(["--quiet", "--release", "--package", PACKAGE, "--features", "simd", "--crate-type", "cdylib"]);
    process::run(cargo.args(["--", "-C"]).arg(format!("link-arg=-Wl,-soname,{soname}")))?;
    Ok(process::target_dir().join("release/libqmp.so"))
}

/// The archive for another machine's Linux. Its place.
pub(crate) fn elsewhere(compiler: &Compiler) -> Result<PathBuf> {
    let mut cargo = compiler.cargo("rustc");
    cargo.args(["--quiet", "--release", "--package", PACKAGE, "--crate-type", "staticlib"]);
    // Built with the standard library, of which little is linked: that would take minutes.
    cargo.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
    process::run(&mut cargo)?;
    Ok(compiler.output_dir().join("release/libqmp.a"))
}

/// The archive for a target without an operating system, as small as it gets. Its place.
pub(crate) fn bare(compiler: &Compiler) -> Result<PathBuf> {
    let mut cargo = compiler.cargo("rustc");
    cargo.args(["--quiet", "--release", "--package", PACKAGE, "--crate-type", "staticlib"]);
    cargo.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z");
    // What is called in few places is smaller there, without a prologue, than the compiler takes it for at this level.
    cargo.args(["--", "-C", "llvm-args=-inline-threshold=275"]);
    process::run(&mut cargo)?;
    Ok(compiler.output_dir().join("release/libqmp.a"))
}

/// The text of `qmp.h`.
pub(crate) fn header() -> Result<String> {
    let path = process::root().join(INCLUDE).join("qmp.h");
    std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))
}

/// The version of the interface, which the header says.
pub(crate) fn abi() -> Result<u32> {
    let header = header()?;
    let version = header.lines().find_map(|line| line.strip_prefix("#define QMP_ABI_VERSION "));
    version.and_then(|version| version.trim().parse().ok()).ok_or_else(|| "qmp.h has no QMP_ABI_VERSION".to_owned())
}
