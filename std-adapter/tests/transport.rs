//! The transport by itself, as one who drives `qmp-core` without a session uses it.

use std::io::{BufRead, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use embedded_io::{Read, Write};
use qmp_core::{Client, Connection, QueryStatus, Settings};
use qmp_std_adapter::{Address, Monotonic, Transport, session_number};

/// A transport and the server's end of it.
fn connected(telnet: bool) -> (Transport, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (host, port) = ("127.0.0.1".into(), listener.local_addr().unwrap().port());
    let address = if telnet { Address::Telnet { host, port } } else { Address::Tcp { host, port } };
    let transport = Transport::connect(&address, Duration::from_secs(5)).unwrap();
    (transport, listener.accept().unwrap().0)
}

/// A read as a [`qmp_core::Connection`] goes about it: one that a signal or a stop of the process interrupts is done again.
fn read(transport: &mut Transport, to: &mut [u8]) -> Result<usize, ErrorKind> {
    loop {
        match transport.read(to).map_err(|error| error.kind()) {
            Err(ErrorKind::Interrupted) => {}
            result => return result,
        }
    }
}

#[test]
fn a_read_without_bytes_comes_back_with_or_without_a_deadline() {
    let (mut transport, _peer) = connected(false);
    for deadline in [None, Some(Duration::from_millis(1)), Some(Duration::from_millis(50)), Some(Duration::ZERO)] {
        transport.set_deadline(deadline.map(|after| Instant::now() + after));
        for _ in 0..3 {
            assert_eq!(read(&mut transport, &mut [0; 16]), Err(ErrorKind::TimedOut));
        }
    }
}

#[test]
fn a_write_that_finds_no_room_comes_back() {
    let (mut transport, _peer) = connected(false);
    let block = vec![b'x'; 1 << 20];
    let error = (0..1000).find_map(|_| transport.write(&block).err()).unwrap();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
}

#[test]
fn the_end_of_the_stream_is_no_error() {
    let (mut transport, peer) = connected(false);
    drop(peer);
    assert_eq!(read(&mut transport, &mut [0; 16]), Ok(0));
    // So is an end that leaves something unread.
    let (mut transport, mut peer) = connected(false);
    transport.write_all(b"unread").unwrap();
    peer.write_all(b"last words").unwrap();
    peer.peek(&mut [0; 1]).unwrap();
    drop(peer);
    let mut words = [0; 16];
    let length = read(&mut transport, &mut words).unwrap();
    assert!(words.starts_with(b"last words") || length == 0);
    assert_eq!(read(&mut transport, &mut words), Ok(0));
}

#[test]
fn a_reset_byte_is_doubled_on_a_telnet_link_only() {
    for (telnet, expected) in [(true, &b"{}\xff\xff\xff\xff{}\n"[..]), (false, &b"{}\xff\xff{}\n"[..])] {
        let (mut transport, mut peer) = connected(telnet);
        transport.write_all(b"{}\xff\xff{}\n").unwrap();
        transport.flush().unwrap();
        drop(transport);
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received, expected);
    }
}

#[test]
fn a_connection_can_be_driven_without_a_session() {
    let (transport, mut peer) = connected(true);
    peer.write_all(b"\xff\xfb\x01").unwrap();
    let client = Client::new(session_number(), [0; 1024]);
    let settings = Settings { command: 50_000, ..Settings::NONE };
    let mut connection = Connection::new(transport, Monotonic::default(), client, [0; 256], settings);
    let server = std::thread::spawn(move || {
        let mut request = Vec::new();
        BufReader::new(&peer).read_until(b'\n', &mut request).unwrap();
        let text = String::from_utf8_lossy(&request[2..]).into_owned();
        assert_eq!(request[..2], [0xff, 0xff]);
        let id: String = text.split_once("\"id\":").unwrap().1.chars().take_while(char::is_ascii_digit).collect();
        peer.write_all(format!("{{\"return\": {{}}, \"id\": {id}}}\r\n").as_bytes()).unwrap();
        peer
    });
    connection.attach(|_| {}).unwrap();
    let _peer = server.join().unwrap();
    let error = connection.execute(&QueryStatus {}, |_| {}).unwrap_err();
    assert!(matches!(error, qmp_core::Error::Failed(qmp_core::Failure::TimedOut)), "{error:?}");
}
