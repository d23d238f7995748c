//! The program `watchdog` watches over a real VM with a guest, and gets over everything that may happen to the guest, to QEMU and
//! to its own board.

use firmware_tests::{Board, Folder, Guest, Model, Order};

#[test]
fn a_cortex_m3_resets_a_vm_whose_guest_is_gone() {
    resets_a_vm_whose_guest_is_gone(Model::Lm3s6965);
}

#[test]
fn a_risc_v_resets_a_vm_whose_guest_is_gone() {
    resets_a_vm_whose_guest_is_gone(Model::Virt);
}

fn resets_a_vm_whose_guest_is_gone(model: Model) {
    let (_folder, mut guest, mut board) = watched(model);
    let ends = [
        (Order::Panic, "the guest has panicked"),
        (Order::ShutDown, "the guest was shut down"),
        (Order::Hang, "the guest hangs"),
    ];
    for (order, said) in ends {
        guest.tell(order);
        board.wait_for(said);
        board.wait_for("it was reset");
        guest.wait_until_up();
    }
}

#[test]
fn a_qemu_that_hangs_is_reset_as_soon_as_it_hears() {
    let (_folder, mut guest, mut board) = watched(Model::Lm3s6965);
    guest.vm().freeze();
    board.wait_for("no answer");
    guest.vm().thaw();
    board.wait_for("QEMU has hung");
    board.wait_for("it was reset");
    guest.wait_until_up();
}

#[test]
fn a_board_that_was_reset_goes_on_without_a_second_greeting() {
    let (_folder, mut guest, mut board) = watched(Model::Lm3s6965);
    board.reset();
    board.wait_for("run 2");
    board.wait_for("watching");
    guest.tell(Order::Panic);
    board.wait_for("it was reset");
    guest.wait_until_up();
    // What happened while the board was away is seen when it is back.
    board.halt();
    guest.tell(Order::Panic);
    guest.vm().wait_for_state("guest-panicked");
    board.reset();
    board.resume();
    board.wait_for("run 3");
    board.wait_for("the guest has panicked");
    board.wait_for("it was reset");
    guest.wait_until_up();
}

#[test]
fn a_qemu_that_was_restarted_is_watched_again() {
    let (_folder, mut guest, mut board) = watched(Model::Lm3s6965);
    guest.kill();
    guest.restart();
    board.wait_for("watching");
    guest.tell(Order::Panic);
    board.wait_for("it was reset");
    guest.wait_until_up();
    // Also one that is away for longer.
    guest.kill();
    board.wait_for("no answer");
    guest.restart();
    board.wait_for("watching");
    guest.tell(Order::Panic);
    board.wait_for("the guest has panicked");
    guest.wait_until_up();
}

/// A guest that runs, and a board that has found it.
fn watched(model: Model) -> (Folder, Guest, Board) {
    let folder = Folder::new();
    let uart = folder.file("uart");
    let guest = Guest::start(&folder, &uart);
    let mut board = Board::start(model, "watchdog", &uart);
    board.wait_for("run 1");
    board.wait_for("watching");
    (folder, guest, board)
}
