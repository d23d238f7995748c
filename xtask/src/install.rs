//! `cargo xtask install --prefix FOLDER`: the C library where a C compiler finds it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::embedded::Compiler;
use crate::{Result, ffi, process};

const USAGE: &str = "usage: cargo xtask install --prefix FOLDER [--shared | --target TARGET]";

/// What to install, and where.
#[derive(Debug, PartialEq, Eq)]
struct Options {
    prefix: PathBuf,
    shared: bool,
    target: Option<String>,
}

/// Installs the archive, or what the arguments say, with header and `qmp.pc`.
pub(crate) fn run(arguments: &[&str]) -> Result {
    let options = Options::read(arguments)?;
    let prefix = &options.prefix;
    for folder in ["include", "lib/pkgconfig"] {
        fs::create_dir_all(prefix.join(folder)).map_err(|e| format!("{}: {e}", prefix.join(folder).display()))?;
    }
    let header = process::root().join(ffi::INCLUDE).join("qmp.h");
    put(&header, &prefix.join("include/qmp.h"))?;
    let archive = match &options.target {
        None => ffi::archive()?,
        Some(target) => ffi::bare(&Compiler::new(target.clone().leak())?)?,
    };
    put(&archive, &prefix.join("lib/libqmp.a"))?;
    if options.shared {
        shared(prefix)?;
    }
    let file = prefix.join("lib/pkgconfig/qmp.pc");
    fs::write(&file, package(prefix, options.target.is_none())?).map_err(|e| format!("{}: {e}", file.display()))?;
    println!("installed {}", file.display());
    Ok(())
}

impl Options {
    fn read(arguments: &[&str]) -> Result<Self> {
        let (mut prefix, mut shared, mut target) = (None, false, None);
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--prefix" => prefix = rest.next().map(|folder| PathBuf::from(*folder)),
                "--target" => target = Some(rest.next().ok_or(USAGE)?.to_string()),
                "--shared" => shared = true,
                _ => return Err(USAGE.to_owned()),
            }
        }
        let prefix = prefix.filter(|_| !shared || target.is_none()).ok_or(USAGE)?;
        // It is written into qmp.pc, which is read anywhere.
        let prefix = std::path::absolute(&prefix).map_err(|e| format!("{}: {e}", prefix.display()))?;
        Ok(Self { prefix, shared, target })
    }
}

/// The shared library under its version, and the two links by which it is found.
fn shared(prefix: &Path) -> Result {
    let soname = format!("libqmp.so.{}", ffi::abi()?);
    let full = format!("{soname}.{}", env!("CARGO_PKG_VERSION"));
    put(&ffi::shared(&soname)?, &prefix.join("lib").join(&full))?;
    for (link, target) in [(&soname, &full), (&"libqmp.so".to_owned(), &soname)] {
        let path = prefix.join("lib").join(link);
        let _ = fs::remove_file(&path);
        link_to(target, &path).map_err(|e| format!("{}: {e}", path.display()))?;
        println!("installed {}", path.display());
    }
    Ok(())
}

#[cfg(unix)]
fn link_to(target: &str, path: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn link_to(_: &str, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The text of `qmp.pc`.
fn package(prefix: &Path, hosted: bool) -> Result<String> {
    let template = process::root().join(ffi::PKG_CONFIG);
    let text = fs::read_to_string(&template).map_err(|e| format!("{}: {e}", template.display()))?;
    let text = text.replace("@prefix@", &prefix.display().to_string());
    let text = text.replace("@version@", env!("CARGO_PKG_VERSION"));
    Ok(text.replace("@libraries@", if hosted { ffi::LIBRARIES } else { "" }))
}

fn put(from: &Path, to: &Path) -> Result {
    // A library in use is replaced, not written over.
    let _ = fs::remove_file(to);
    fs::copy(from, to).map_err(|e| format!("{} to {}: {e}", from.display(), to.display()))?;
    println!("installed {}", to.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_is_made_absolute_and_must_be_there() {
        let options = Options::read(&["--shared", "--prefix", "/opt/qmp"]).unwrap();
        assert_eq!(options, Options { prefix: "/opt/qmp".into(), shared: true, target: None });
        assert!(Options::read(&["--prefix", "here"]).unwrap().prefix.is_absolute());
        for wrong in [&[][..], &["--prefix"], &["/opt"], &["--prefix", "/opt", "--shared", "--target", "x"]] {
            assert_eq!(Options::read(wrong), Err(USAGE.to_owned()), "{wrong:?}");
        }
    }

    #[test]
    fn pkg_config_is_told_the_prefix_and_the_version() {
        let text = package(Path::new("/opt/qmp"), true).unwrap();
        assert!(text.starts_with("prefix=/opt/qmp\n"));
        assert!(text.contains(concat!("\nVersion: ", env!("CARGO_PKG_VERSION"), "\n")));
        assert!(!text.contains('@'));
    }
}
