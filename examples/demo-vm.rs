//! A VM to develop a client against, without QEMU.
//!
//! ```text
//! cargo run --release --example demo-vm -- unix:/tmp/vm.qmp
//! cargo run --release --example demo-vm -- tcp:127.0.0.1:4444 --pretty --no-oob
//! ```
//!
//! It serves one client at a time, as QEMU does, or so many as `--clients` says, until one of them sends `quit`.

use std::process::ExitCode;

use qmp_examples::demo_vm::{Machine, PROFILE};
use qmp_std_adapter::{Limits, Monitor};

fn main() -> ExitCode {
    let (mut profile, mut limits) = (PROFILE, Limits::default());
    let mut address = None;
    let mut arguments = std::env::args_os().skip(1).map(|argument| argument.into_string().unwrap_or_default());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--pretty" => profile.pretty = true,
            "--no-oob" => profile.oob = false,
            "--clients" => match arguments.next().and_then(|number| number.parse().ok()) {
                Some(clients) if clients > 0 => limits.clients = clients,
                _ => return usage(),
            },
            "" => return usage(),
            _ if address.is_none() && !argument.starts_with('-') => address = Some(argument),
            _ => return usage(),
        }
    }
    let Some(address) = address else { return usage() };
    let monitor = match Monitor::bind(&address, profile, limits) {
        Ok(monitor) => monitor,
        Err(error) => {
            eprintln!("demo-vm: {error}");
            return ExitCode::FAILURE;
        }
    };
    eprintln!("demo-vm: listening at {}", monitor.address());
    match Machine::new("demo").serve(monitor) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo-vm: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("usage: demo-vm unix:PATH|tcp:HOST:PORT [--pretty] [--no-oob] [--clients NUMBER]");
    ExitCode::from(2)
}
