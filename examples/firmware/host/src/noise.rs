//! A bad line between a board and a VM: bytes are lost, come twice, or come wrong.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

/// One byte in so many suffers.
const ONE_IN: u64 = 500;

/// The line: noisy at first.
#[derive(Debug)]
pub struct Line {
    quiet: Arc<AtomicBool>,
    faults: Arc<[AtomicU32; 3]>,
}

impl Line {
    /// Listens for the board at `uart`, and connects it to the VM at `qmp`. `seed` decides what happens to which byte.
    ///
    /// # Panics
    /// It cannot listen.
    pub fn start(uart: &Path, qmp: &Path, seed: u64) -> Self {
        let listener = UnixListener::bind(uart).expect("the folder can be written to");
        let line = Self { quiet: Arc::default(), faults: Arc::default() };
        let (quiet, faults, qmp) = (Arc::clone(&line.quiet), Arc::clone(&line.faults), qmp.to_owned());
        // The threads end with the board or the VM.
        thread::spawn(move || {
            let (board, _) = listener.accept().expect("it listens");
            let vm = UnixStream::connect(qmp).expect("the VM is there first");
            let ends = [(board.try_clone(), vm.try_clone(), seed), (Ok(vm), Ok(board), !seed)];
            for (from, to, seed) in ends {
                let (Ok(from), Ok(to)) = (from, to) else { return };
                let (quiet, faults) = (Arc::clone(&quiet), Arc::clone(&faults));
                thread::spawn(move || pass(from, to, seed, &quiet, &faults));
            }
        });
        line
    }

    /// From now on all bytes arrive.
    pub fn calm(&self) {
        self.quiet.store(true, Ordering::Relaxed);
    }

    /// How many bytes were lost, came twice, and came wrong.
    pub fn faults(&self) -> [u32; 3] {
        [0, 1, 2].map(|kind: usize| self.faults[kind].load(Ordering::Relaxed))
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, seed: u64, quiet: &AtomicBool, faults: &[AtomicU32; 3]) {
    let (mut dice, mut chunk) = (seed, [0; 1024]);
    while let Ok(read @ 1..) = from.read(&mut chunk) {
        let mut out = Vec::new();
        for &byte in &chunk[..read] {
            let number = roll(&mut dice);
            let kind = (number / ONE_IN % 3) as usize;
            if quiet.load(Ordering::Relaxed) || !number.is_multiple_of(ONE_IN) {
                out.push(byte);
                continue;
            }
            faults[kind].fetch_add(1, Ordering::Relaxed);
            match kind {
                0 => {}
                1 => out.extend([byte, byte]),
                _ => out.push(byte ^ 1 << (number / ONE_IN / 3 % 8)),
            }
        }
        if to.write_all(&out).is_err() {
            return;
        }
    }
}

/// SplitMix64.
fn roll(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
