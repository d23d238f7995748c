//! The program `status` pauses and resumes a real VM, on each board, and prints what is expected of it.

use std::os::unix::net::UnixListener;

use firmware_tests::{Board, Folder, Model, Vm};

#[test]
fn a_cortex_m3_pauses_and_resumes_a_vm() {
    pauses_and_resumes(Model::Lm3s6965);
}

#[test]
fn a_risc_v_pauses_and_resumes_a_vm() {
    pauses_and_resumes(Model::Virt);
}

#[test]
fn a_vm_that_does_not_answer_is_a_failure() {
    let folder = Folder::new();
    let uart = folder.file("uart");
    let _silent = UnixListener::bind(&uart).unwrap();
    let board = Board::start(Model::Lm3s6965, "status", &uart);
    assert_eq!(board.end(), (b"failed: TimedOut(Negotiating)\n".to_vec(), Some(1)));
}

fn pauses_and_resumes(model: Model) {
    let folder = Folder::new();
    let uart = folder.file("uart");
    let vm = Vm::start(&uart, &[]);
    let board = Board::start(model, "status", &uart);
    assert_eq!(board.end(), (include_bytes!("../../status.out").to_vec(), Some(0)));
    let running = vm.monitor().execute(&qmp_core::QueryStatus {}).unwrap().running;
    assert!(running);
}
