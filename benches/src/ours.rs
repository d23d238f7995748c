//! `qmp-core`, used as its documentation suggests.

mod exchange;
pub(crate) mod selection;

use crate::{Answer, Chunks, Contender, Finds, Parser};
use qmp_core::{ErrorClass, FrameReader, Json, Message};

pub(crate) use exchange::EXCHANGER;

pub(crate) const CONTENDER: Contender = Contender {
    name: "qmp-core",
    what: "FrameReader, any chunking, validated",
    finds: Finds::Everything,
    pretty: true,
    // Room for the longest message and one chunk of the largest size measured.
    open: |corpus| Box::new(Ours(FrameReader::new(vec![0; corpus.longest + 65_536].into_boxed_slice()))),
};

struct Ours(FrameReader<Box<[u8]>>);

impl Parser for Ours {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        loop {
            let n = stream.fill(self.0.window());
            if n == 0 {
                return;
            }
            self.0.commit(n).expect("the window has room for what was put there");
            while let Some(item) = self.0.poll() {
                count(&item.expect("valid"), answer);
            }
        }
    }
}

#[inline]
fn count(message: &Message<'_>, answer: &mut Answer) {
    match message {
        Message::Return(reply) => answer.success(integer(reply.id())),
        Message::Error(reply) => answer.error(integer(reply.id()), class(reply.class())),
        Message::Event(event) => answer.event(event.name().raw()),
        Message::Greeting(_) => answer.greeting(),
        _ => answer.message(),
    }
}

#[inline]
fn integer(id: Option<Json<'_>>) -> Option<u64> {
    id?.as_u64()
}

/// In the order of [`crate::CLASSES`].
fn class(class: ErrorClass<'_>) -> usize {
    match class {
        ErrorClass::GenericError => 0,
        ErrorClass::CommandNotFound => 1,
        ErrorClass::DeviceNotActive => 2,
        ErrorClass::DeviceNotFound => 3,
        ErrorClass::KvmMissingCap => 4,
        _ => 5,
    }
}
