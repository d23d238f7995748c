//! So many command cycles, as the argument says: what `cycle.c` does through the C interface, without it.

use std::hint::black_box;

use qmp_core::{Client, Incoming, Slot};

const BEFORE: &[u8] = br#"{"execute":"query-status","id":"#;
const START: &[u8] = br#"{"return": {"status": "running", "singlestep": false, "running": true}, "id": "#;

fn feed(client: &mut Client<&mut [u8], &mut [Slot]>, bytes: &[u8]) {
    client.window()[..bytes.len()].copy_from_slice(bytes);
    client.commit(bytes.len()).unwrap();
}

fn main() {
    let cycles: u64 = std::env::args().nth(1).and_then(|number| number.parse().ok()).expect("a number of cycles");
    let (mut buffer, mut slots, mut out, mut reply) = ([0; 1024], [Slot::FREE; 4], [0; 128], [0; 128]);
    let mut client = Client::with_slots(1, &mut buffer[..], &mut slots[..]);
    feed(&mut client, b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Greeting(_))));
    client.negotiate(false, 1, &mut out).unwrap();
    feed(&mut client, b"{\"return\": {}, \"id\": 1000001}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Ready { .. })));
    reply[..START.len()].copy_from_slice(START);
    let mut running = 0;
    for cycle in 0..cycles {
        let (length, id) = client
            .execute_raw(
                black_box("query-status"),
                black_box(None),
                black_box(false),
                cycle + 1000,
                black_box(&mut out),
            )
            .unwrap();
        // The server's part: the reply ends with the id that the command ends with.
        let digits = length - BEFORE.len() - 2;
        assert!(digits < 16);
        reply[START.len()..][..16].copy_from_slice(&out[BEFORE.len()..][..16]);
        reply[START.len() + digits..][..3].copy_from_slice(b"}\r\n");
        feed(&mut client, black_box(&reply[..START.len() + digits + 3]));
        match client.poll() {
            Some(Incoming::Reply(reply)) if reply.id() == id => {
                let value = reply.result().unwrap();
                let truth = value.member(black_box("running")).and_then(|value| value.as_bool()).unwrap();
                let status = value.member(black_box("status")).and_then(|value| value.as_str()).unwrap();
                running += u64::from(truth && status == black_box("running"));
            }
            other => panic!("{other:?}"),
        }
        assert!(client.poll().is_none());
    }
    assert_eq!(running, cycles);
}
