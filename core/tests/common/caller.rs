//! A client in a caller's hands, with a server's words put into its mouth.

use super::said;
use crate::model::client::Said;
use qmp_core::{Client, CommandId, Failure, NEVER, Slot};

pub(crate) struct Session {
    pub(crate) client: Client<Vec<u8>, Vec<Slot>>,
    pub(crate) out: [u8; 128],
}

pub(crate) const GREETING: &str = "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n";

impl Session {
    /// Not greeted yet. The first id is 1000005.
    pub(crate) fn new() -> Self {
        let client = Client::with_slots(5, vec![0; 256], vec![Slot::FREE; 4]);
        Self { client, out: [0; 128] }
    }

    /// In command mode; 1000005 was the negotiation's id.
    pub(crate) fn ready() -> Self {
        let mut session = Self::new();
        assert!(matches!(session.hear(GREETING)[..], [Said::Greeting(_)]));
        session.client.negotiate(false, NEVER, &mut session.out).unwrap();
        assert_eq!(session.hear("{\"return\": {}, \"id\": 1000005}"), [Said::Ready(Some(false))]);
        session
    }

    /// What the client says after these bytes.
    pub(crate) fn hear(&mut self, bytes: impl AsRef<[u8]>) -> Vec<Said> {
        let mut rest = bytes.as_ref();
        let mut told = Vec::new();
        while !rest.is_empty() {
            let window = self.client.window();
            let length = window.len().min(rest.len());
            window[..length].copy_from_slice(&rest[..length]);
            self.client.commit(length).unwrap();
            rest = &rest[length..];
            told.extend(self.all());
        }
        told
    }

    pub(crate) fn all(&mut self) -> Vec<Said> {
        std::iter::from_fn(|| self.client.poll().map(said)).collect()
    }

    pub(crate) fn stop(&mut self, deadline: u64) -> CommandId {
        self.client.execute_raw("stop", None, false, deadline, &mut self.out).unwrap().1
    }

    pub(crate) fn negotiate(&mut self) -> String {
        let length = self.client.negotiate(true, NEVER, &mut self.out).unwrap();
        String::from_utf8(self.out[..length].to_vec()).unwrap()
    }
}

pub(crate) fn reply(id: u64, value: &str) -> String {
    format!("{{\"return\": {value}, \"id\": {id}}}\r\n")
}

pub(crate) fn returned(id: u64, value: &str) -> Said {
    Said::Reply(id, true, value.to_string())
}

pub(crate) fn lost(id: u64) -> Said {
    Said::Failed(id, Failure::ConnectionLost)
}
