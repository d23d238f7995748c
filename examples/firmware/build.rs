//! Hands the board's memory layout to the linker.

use std::{env, fs, path::PathBuf};

fn main() {
    let board = match env::var("CARGO_CFG_TARGET_ARCH").as_deref() {
        Ok("arm") => "lm3s6965.x",
        Ok("riscv32") => "virt.x",
        _ => return,
    };
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::copy(board, folder.join("memory.x")).expect("the folder can be written to");
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    println!("cargo::rustc-link-arg-bins=--nmagic");
    if env::var_os("CARGO_FEATURE_DEFMT").is_some() {
        println!("cargo::rustc-link-arg-bin=log=-Tdefmt.x");
        // What is left out when it is compiled takes no room: normally only errors stay.
        println!("cargo::rustc-env=DEFMT_LOG=info");
    }
    println!("cargo::rerun-if-changed={board}");
}
