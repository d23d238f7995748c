//! The example `many-vms`: a thousand commands in flight in one process, and what a session takes.

mod program;

use program::run;

/// Bytes. A session with its buffers and its task: what is there now, and some room for a change of the compiler.
const MOST: u32 = 2_500;

#[test]
fn a_thousand_answers_come_to_those_who_asked() {
    let run = run("many-vms", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "1000 sessions, 1000 commands in flight at once, in 3 rounds");
    assert_eq!(lines[1], "3000 answers of 3000 came to the session that had asked");
    assert!(lines[2].starts_with("memory per session: 512 bytes to receive, 128 to send, "), "{run:?}");
    let task = lines[3].strip_prefix("with its task: ").and_then(|line| line.strip_suffix(" bytes"));
    assert!(task.is_some_and(|bytes| bytes.parse().is_ok_and(|bytes: u32| bytes <= MOST)), "{run:?}");
}
