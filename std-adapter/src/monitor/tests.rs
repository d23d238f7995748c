//! What a monitor waits for.

use std::net::TcpStream;

use qmp_core::VersionTriple;

use super::*;

const LONG: Duration = Duration::from_secs(60);

#[test]
fn one_that_does_not_negotiate_and_does_not_leave_is_waited_for_without_work_when_a_monitor_ends() {
    let limits = Limits { handshake: Some(Duration::from_millis(1)), ..Limits::default() };
    let profile = Profile::qmp(VersionTriple { major: 1, minor: 0, micro: 0 }, "");
    let mut monitor = Monitor::bind("tcp:127.0.0.1:0", profile, limits).unwrap();
    let Address::Tcp { port, .. } = *monitor.address() else { panic!() };
    let _silent = TcpStream::connect(("127.0.0.1", port)).unwrap();
    while monitor.clients() == 0 {
        monitor.turn(&[], &mut (), None).unwrap();
    }
    // It is late.
    while monitor.patience(None) != Some(Duration::ZERO) {}
    monitor.retire();
    assert_eq!(monitor.patience(Some(LONG)), Some(LONG));
}
