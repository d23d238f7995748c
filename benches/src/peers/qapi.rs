//! `qapi`: the QMP client crate, doing to each line what both its clients do, `read_until` and one untagged message.
//!
//! Its blocking client drops ids, so the message type is used directly: the same work, and the ids can be checked.

use crate::exchange::{Exchange, Exchanger, Moment, Status};
use crate::latency::Caller;
use crate::{Answer, Chunks, Contender, Finds, Parser};
use ::qapi::qmp::{Event, QapiCapabilities, QmpMessageAny, RunState, query_status};
use ::qapi::{ErrorClass, Qmp, Stream};
use qapi_spec::Response;
use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Cursor};
use std::os::unix::net::UnixStream;

pub(super) const CLIENT: Contender = Contender {
    name: "qapi",
    what: "its QmpMessage, line by line over BufReader",
    finds: Finds::Everything,
    pretty: false,
    open: |corpus| Box::new(Client { line: Vec::with_capacity(corpus.longest) }),
};

struct Client {
    line: Vec<u8>,
}

impl Parser for Client {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        let mut stream = BufReader::new(stream);
        let mut greeting_expected = true;
        loop {
            self.line.clear();
            if stream.read_until(b'\n', &mut self.line).expect("a slice does not fail") == 0 {
                return;
            }
            // Only the first line of a session is a greeting, and not every corpus has one.
            if std::mem::take(&mut greeting_expected)
                && ::serde_json::from_slice::<QapiCapabilities>(&self.line).is_ok()
            {
                answer.greeting();
            } else {
                count(&::serde_json::from_slice(&self.line).expect("valid"), answer);
            }
        }
    }
}

fn count(message: &QmpMessageAny, answer: &mut Answer) {
    let response = match message {
        QmpMessageAny::Event(event) => return answer.event(name(event).as_bytes()),
        QmpMessageAny::Response(response) => response,
    };
    let id = response.id().and_then(::serde_json::Value::as_u64);
    match response {
        Response::Ok(_) => answer.success(id),
        Response::Err(error) => answer.error(id, class(&error.class)),
    }
}

/// In the order of [`crate::CLASSES`].
fn class(class: &ErrorClass) -> usize {
    match class {
        ErrorClass::GenericError => 0,
        ErrorClass::CommandNotFound => 1,
        ErrorClass::DeviceNotActive => 2,
        ErrorClass::DeviceNotFound => 3,
        ErrorClass::KVMMissingCap => 4,
    }
}

/// The name of an event, for those that are in the corpus: the crate has no way to ask.
fn name(event: &Event) -> &'static str {
    macro_rules! names {
        ($($name:ident)*) => {
            match event {
                $(Event::$name { .. } => stringify!($name),)*
                _ => "",
            }
        };
    }
    names! {
        BLOCK_EXPORT_DELETED BLOCK_JOB_CANCELLED BLOCK_JOB_COMPLETED BLOCK_JOB_PENDING BLOCK_JOB_READY BLOCK_WRITE_THRESHOLD DEVICE_DELETED
        DEVICE_TRAY_MOVED DUMP_COMPLETED GUEST_PANICKED JOB_STATUS_CHANGE MIGRATION MIGRATION_PASS POWERDOWN RESET RESUME RTC_CHANGE SHUTDOWN STOP
    }
}

pub(super) const EXCHANGER: Exchanger = Exchanger {
    name: "qapi",
    what: "its blocking client, which sends no ids",
    tells_time: false,
    open: |_| Box::new(Session::new()),
};

/// What it reads from and writes to.
type Memory = Stream<BufReader<Cursor<Vec<u8>>>, Vec<u8>>;

/// Its client over memory instead of a socket.
struct Session {
    qmp: Qmp<Memory>,
    status: Status,
    line: Vec<u8>,
}

impl Session {
    fn new() -> Self {
        let stream = Stream::new(BufReader::new(Cursor::default()), vec![]);
        Self { qmp: Qmp::new(stream), status: Status::default(), line: vec![] }
    }
}

impl Exchange for Session {
    fn command(&mut self) -> &[u8] {
        self.qmp.inner_mut().get_mut_write().clear();
        self.qmp.write_command(&query_status {}).expect("memory does not fail");
        self.qmp.inner().get_ref_write()
    }

    fn receive(&mut self, bytes: &[u8]) -> usize {
        let wire = self.qmp.inner_mut().get_mut_read().get_mut();
        wire.set_position(0);
        wire.get_mut().clear();
        wire.get_mut().extend_from_slice(bytes);
        let replies = bytes.iter().filter(|&&b| b == b'\n').count();
        for _ in 0..replies {
            let info = self.qmp.read_response::<query_status>().expect("no error");
            self.status = Status { in_run_state: info.status == RunState::running, running: info.running };
        }
        replies
    }

    fn status(&self) -> Status {
        self.status
    }

    fn event(&mut self, mut bytes: &[u8]) -> Moment {
        // Its client hands out events only while it waits for a reply, so this is what it does to the line.
        self.line.clear();
        bytes.read_until(b'\n', &mut self.line).expect("memory does not fail");
        match ::serde_json::from_slice(&self.line).expect("valid") {
            QmpMessageAny::Event(event) => {
                // The time stamp has been decoded, and cannot be read.
                black_box(event.timestamp());
                Moment { name: name(&event).len(), ..Moment::default() }
            }
            QmpMessageAny::Response(_) => Moment::default(),
        }
    }
}

/// Its blocking client on a socket.
pub(super) fn caller(stream: UnixStream) -> Box<dyn Caller> {
    let reader = stream.try_clone().expect("a socket can be shared");
    Box::new(OnSocket(Qmp::new(Stream::new(BufReader::new(reader), stream))))
}

struct OnSocket(Qmp<Stream<BufReader<UnixStream>, UnixStream>>);

impl Caller for OnSocket {
    fn call(&mut self, commands: usize) -> io::Result<()> {
        for _ in 0..commands {
            self.0.write_command(&query_status {})?;
        }
        for _ in 0..commands {
            self.0.read_response::<query_status>()?;
        }
        Ok(())
    }
}
