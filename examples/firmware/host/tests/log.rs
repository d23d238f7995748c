//! The program `log` logs a whole session with a real VM by `defmt`; decoded, it says what is expected.

use defmt_decoder::{DecodeError, Table};
use firmware_tests::{Board, Folder, Model, Vm};

#[test]
fn a_cortex_m3_logs_what_is_decoded_here() {
    logs(Model::Lm3s6965);
}

#[test]
fn a_risc_v_logs_what_is_decoded_here() {
    logs(Model::Virt);
}

fn logs(model: Model) {
    let folder = Folder::new();
    let uart = folder.file("uart");
    let mut board = Board::listening(model, "log", &uart);
    board.wait_for_output();
    let _vm = Vm::connecting(&uart, &[]);
    let (log, code) = board.end();
    let log = decoded(&std::fs::read(model.program("log")).unwrap(), &log);
    assert_eq!(code, Some(0), "{log}");
    // A star stands for what depends on time and version.
    let expected = include_str!("../../log.out");
    let same = log.lines().count() == expected.lines().count()
        && log.lines().zip(expected.lines()).all(|(line, pattern)| matches(pattern, line));
    assert!(same, "logged was:\n{log}");
}

/// The text of a log, one line for each entry. `program` has the words.
fn decoded(program: &[u8], log: &[u8]) -> String {
    let table = Table::parse(program).unwrap().expect("it logs");
    let mut decoder = table.new_stream_decoder();
    decoder.received(log);
    let mut text = String::new();
    loop {
        match decoder.decode() {
            Ok(frame) => text += &(frame.display_message().to_string().replace("\r\n", "\\r\\n") + "\n"),
            Err(DecodeError::UnexpectedEof) => return text,
            Err(DecodeError::Malformed) => panic!("not a log: {}, after:\n{text}", log.escape_ascii()),
        }
    }
}

fn matches(pattern: &str, line: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == line,
        Some((start, pattern)) => line
            .strip_prefix(start)
            .is_some_and(|line| (0..=line.len()).any(|at| line.get(at..).is_some_and(|rest| matches(pattern, rest)))),
    }
}
