//! So many command cycles, as the argument says: what `cycle.c` does through the C interface, without it.

use std::hint::black_box;

use qmp_core::{Client, Incoming, Slot};

fn feed(client: &mut Client<&mut [u8], &mut [Slot]>, bytes: &[u8]) {
    client.window()[..bytes.len()].copy_from_slice(bytes);
    client.commit(bytes.len()).unwrap();
}

fn main() {
    let cycles: u64 = std::env::args().nth(1).and_then(|number| number.parse().ok()).expect("a number of cycles");
    let (mut buffer, mut slots, mut out) = ([0; 1024], [Slot::FREE; 4], [0; 128]);
    let mut client = Client::with_slots(1, &mut buffer[..], &mut slots[..]);
    feed(&mut client, b"{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Greeting(_))));
    client.negotiate(false, 1, &mut out).unwrap();
    feed(&mut client, b"{\"return\": {}, \"id\": 1000001}\r\n");
    assert!(matches!(client.poll(), Some(Incoming::Ready { .. })));
    let mut running = 0;
    for cycle in 0..cycles {
        let (length, id) =
            client.execute_raw(black_box("query-status"), None, false, cycle + 1000, black_box(&mut out)).unwrap();
        black_box(&out[..length]);
        let mut reply = *b"{\"return\": {\"running\": true, \"singlestep\": false, \"status\": \"running\"}, \"id\": 0000000000000}\r\n";
        let end = reply.len() - 3;
        let mut rest = id.get();
        // Leading zeros are no JSON; so blanks.
        for place in reply[end - 13..end].iter_mut().rev() {
            *place = if rest == 0 { b' ' } else { b'0' + (rest % 10) as u8 };
            rest /= 10;
        }
        feed(&mut client, black_box(&reply));
        match client.poll() {
            Some(Incoming::Reply(reply)) if reply.id() == id => {
                let value = reply.result().unwrap();
                running += u64::from(value.member(black_box("running")).and_then(|value| value.as_bool()).unwrap());
            }
            other => panic!("{other:?}"),
        }
        assert!(client.poll().is_none());
    }
    assert_eq!(running, cycles);
}
