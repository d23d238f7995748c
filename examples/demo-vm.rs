//! A VM to develop a client against, without QEMU.
//!
//! ```text
//! cargo run --release --example demo-vm -- unix:/tmp/vm.qmp
//! cargo run --release --example demo-vm -- tcp:127.0.0.1:4444 --pretty --no-oob
//! ```
//!
//! It serves one client at a time, as QEMU does, until one of them sends `quit`.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::process::ExitCode;

use qmp_core::Profile;
use qmp_examples::demo_vm::{Machine, PROFILE, Stream};

fn main() -> ExitCode {
    let mut profile = PROFILE;
    let mut address = None;
    for argument in std::env::args_os().skip(1) {
        let Ok(argument) = argument.into_string() else { return usage() };
        match argument.as_str() {
            "--pretty" => profile.pretty = true,
            "--no-oob" => profile.oob = false,
            _ if address.is_none() && !argument.starts_with('-') => address = Some(argument),
            _ => return usage(),
        }
    }
    let Some(address) = address else { return usage() };
    match listen(&address, profile) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo-vm: {address}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: demo-vm unix:PATH|tcp:HOST:PORT [--pretty] [--no-oob]");
    ExitCode::from(2)
}

fn listen(address: &str, profile: Profile) -> std::io::Result<()> {
    let mut vm = Machine::with_profile("demo", profile);
    match address.strip_prefix("tcp:") {
        Some(address) => {
            let listener = TcpListener::bind(address)?;
            eprintln!("demo-vm: listening on tcp:{}", listener.local_addr()?);
            serve(&mut vm, || Ok(listener.accept()?.0))
        }
        None => {
            let path = address.strip_prefix("unix:").unwrap_or(address);
            let listener = UnixListener::bind(path)?;
            eprintln!("demo-vm: listening on unix:{path}");
            let served = serve(&mut vm, || Ok(listener.accept()?.0));
            std::fs::remove_file(path)?;
            served
        }
    }
}

/// One client after the other.
fn serve<S: Stream>(vm: &mut Machine, accept: impl Fn() -> std::io::Result<S>) -> std::io::Result<()> {
    while !vm.is_over() {
        // A client that breaks its connection is not the VM's trouble.
        if let Err(error) = vm.serve(&mut accept()?) {
            eprintln!("demo-vm: {error}");
        }
    }
    Ok(())
}
