//! A blocking connection on a script, and what a server says there.

use super::script::{Move, Script};
use crate::model::Item;
use crate::model::client::Said;
use qmp_core::{Client, Settings, io::Connection};

pub(crate) type Qmp = Connection<Script, Box<dyn FnMut() -> u64>, [u8; 512], [u8; 128]>;

pub(crate) const GREETING: Move = Move::Say("{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}\r\n");
pub(crate) const NO_OOB: Move = Move::Say("{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n");
pub(crate) const DONE: Move = Move::Say("{\"return\": {}, \"id\": @0}\r\n");
pub(crate) const STATUS: Move = Move::Say("{\"return\": {\"status\": \"running\", \"running\": true}, \"id\": @0}\r\n");
pub(crate) const STOP_EVENT: Move = Move::Say("{\"event\": \"STOP\", \"data\": {\"n\": 1}}\r\n");
pub(crate) const RESUME_EVENT: Move = Move::Say("{\"event\": \"RESUME\"}\r\n");
pub(crate) const REFUSED: Move =
    Move::Say("{\"id\": @0, \"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}\r\n");

pub(crate) const SETTINGS: Settings = Settings { handshake: 100, command: 50, oob: false };

/// Not connected yet.
pub(crate) fn fresh(script: &Script, settings: Settings) -> Qmp {
    let now = script.now.clone();
    Connection::new(script.clone(), Box::new(move || now.get()), Client::new(7, [0; 512]), [0; 128], settings)
}

/// In command mode, nothing written that was not taken out, then with this to be read.
pub(crate) fn ready(reads: impl IntoIterator<Item = Move>) -> (Qmp, Script) {
    let script = Script::new([GREETING, DONE]);
    let mut qmp = fresh(&script, SETTINGS);
    qmp.connect(|_| {}).unwrap();
    script.take();
    script.read(reads);
    (qmp, script)
}

/// What the handler was given, in short.
pub(crate) fn short(said: &Said) -> String {
    match said {
        Said::Event(Item::Message(_, fields)) => fields[0].1.clone(),
        Said::Greeting(_) => "greeting".to_string(),
        Said::Discarded(item) => format!("{item:?}"),
        other => format!("{other:?}"),
    }
}
