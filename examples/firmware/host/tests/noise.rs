//! On a line that loses, repeats and changes bytes, in both directions, the firmware and a real QEMU come back into step.

use std::time::{Duration, Instant};
use std::{env, thread};

use firmware_tests::{Board, Folder, Guest, LONG, Line, Model, Order};
use qmp_core::{Cont, Stop};

/// How long the line is noisy. The firmware asks for the VM's state several times in it.
const NOISY: Duration = Duration::from_secs(8);

#[test]
fn a_cortex_m3_is_in_step_after_noise() {
    is_in_step_after_noise(Model::Lm3s6965);
}

#[test]
fn a_risc_v_is_in_step_after_noise() {
    is_in_step_after_noise(Model::Virt);
}

fn is_in_step_after_noise(model: Model) {
    let seed = env::var("QMP_SEED").map_or(1, |seed| seed.parse().unwrap());
    let folder = Folder::new();
    let (uart, qmp) = (folder.file("uart"), folder.file("qmp"));
    let mut guest = Guest::start(&folder, &qmp);
    let line = Line::start(&uart, &qmp, seed);
    let mut board = Board::start(model, "watchdog", &uart);
    board.wait_for("run 1");
    // Many events pass, beside the firmware's own commands.
    let (mut monitor, start) = (guest.vm().monitor(), Instant::now());
    while start.elapsed() < NOISY {
        // The firmware may have taken a damaged event for the guest's end.
        let _ = monitor.execute(&Stop {});
        let _ = monitor.execute(&Cont {});
        thread::sleep(Duration::from_millis(40));
    }
    line.calm();
    let faults = line.faults();
    assert!(faults.iter().all(|count| *count > 5), "seed {seed}: too little noise, {faults:?}");
    // It may be about to reset the VM, as one that does not answer, and the guest may miss the order.
    let start = Instant::now();
    loop {
        guest.tell(Order::Panic);
        if board.has_said("the guest has panicked", Duration::from_secs(5)) {
            break;
        }
        assert!(start.elapsed() < LONG, "seed {seed}: out of step, {board:?}");
    }
    board.wait_for("it was reset");
    guest.wait_until_up();
}
