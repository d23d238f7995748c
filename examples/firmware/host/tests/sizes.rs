//! What README.md says of the size of a receive buffer, on a real VM.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Instant;

use firmware_tests::{Folder, LONG, Vm};
use qmp_core::{Client, Failure, Incoming, NEVER};

#[test]
fn a_buffer_holds_what_the_guide_says_and_a_smaller_one_does_not() {
    let (folder, mut run) = (Folder::new(), 0);
    let (uart, disk) = (folder.file("uart"), folder.file("disk"));
    File::create(&disk).and_then(|file| file.set_len(64 << 20)).unwrap();
    let drive = format!("file={},format=raw,if=virtio", disk.display());
    let network = ["-netdev", "user,id=net", "-device", "virtio-net,netdev=net"];
    let _vm = Vm::start(&uart, &[&["-M", "q35,accel=tcg", "-drive", &drive], &network[..]].concat());
    let mut smaller = None;
    for (size, commands) in guide() {
        for command in commands {
            run += 1;
            assert_eq!(execute(&uart, size, &command), Ok(()), "{command} in {size} bytes");
            let Some(smaller) = smaller else { continue };
            let outcome = execute(&uart, smaller, &command);
            assert!(matches!(outcome, Err(Failure::Oversized { .. })), "{command} in {smaller} bytes: {outcome:?}");
        }
        smaller = Some(size);
    }
    assert!(run > 15, "the guide was not found");
}

/// The rows of the guide: a size, and the commands.
fn guide() -> Vec<(usize, Vec<String>)> {
    let text = include_str!("../../../../README.md");
    let (_, rows) = text.split_once("| bytes | replies that fit from here on |").expect("there is a guide");
    let rows = rows.lines().skip(2).take_while(|line| line.starts_with('|'));
    let numbered = rows.filter_map(|row| {
        let mut cells = row.split('|').skip(1);
        let size = cells.next()?.trim().parse().ok()?;
        Some((size, cells.next()?.split('`').skip(1).step_by(2).map(str::to_owned).collect()))
    });
    numbered.collect()
}

/// Runs one command in a session of its own, with a receive buffer of `size` bytes.
fn execute(uart: &Path, size: usize, command: &str) -> Result<(), Failure> {
    let mut stream = UnixStream::connect(uart).unwrap();
    stream.set_read_timeout(Some(LONG)).unwrap();
    let (mut client, mut out, start) = (Client::<_>::new(u32::MAX, vec![0; size]), [0; 128], Instant::now());
    loop {
        while let Some(incoming) = client.poll() {
            let length = match incoming {
                Incoming::Greeting(_) => client.negotiate(false, NEVER, &mut out).unwrap(),
                Incoming::Ready { .. } => client.execute_raw(command, None, false, NEVER, &mut out).unwrap().0,
                Incoming::Reply(reply) => {
                    assert!(reply.result().is_ok(), "{reply:?}");
                    return Ok(());
                }
                Incoming::Failed { failure, .. } => return Err(failure),
                _ => continue,
            };
            stream.write_all(&out[..length]).unwrap();
        }
        assert!(start.elapsed() < LONG);
        match stream.read(client.window()) {
            Ok(read) => client.commit(read).unwrap(),
            // The system does not take a read with a time limit up again.
            Err(error) => assert_eq!(error.kind(), ErrorKind::Interrupted),
        }
    }
}
