//! `serde_json`: from a slice, skipped or typed, and from a reader.

use super::envelope::Envelope;
use super::lines::Lines;
use crate::{Answer, Chunks, Contender, Finds, Parser};
use serde::de::IgnoredAny;
use std::io::BufReader;

pub(super) const IGNORED: Contender = Contender {
    name: "serde_json ignored",
    what: "IgnoredAny from a slice, after line assembly",
    finds: Finds::Messages,
    pretty: true,
    open: |corpus| Box::new(Ignored(Lines::new(corpus))),
};

pub(super) const TYPED: Contender = Contender {
    name: "serde_json",
    what: "typed envelope from a slice, after line assembly",
    finds: Finds::Everything,
    pretty: true,
    open: |corpus| Box::new(Typed(Lines::new(corpus))),
};

pub(super) const READER: Contender = Contender {
    name: "serde_json reader",
    what: "typed envelope, StreamDeserializer over BufReader",
    finds: Finds::Everything,
    pretty: true,
    open: |_| Box::new(Reader),
};

struct Ignored(Lines);

impl Parser for Ignored {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        for chunk in stream {
            self.0.feed(chunk, |message| {
                ::serde_json::from_slice::<IgnoredAny>(message).expect("valid");
                answer.message();
            });
        }
    }
}

struct Typed(Lines);

impl Parser for Typed {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        for chunk in stream {
            self.0.feed(chunk, |message| {
                ::serde_json::from_slice::<Envelope<&str>>(message).expect("valid").count(answer);
            });
        }
    }
}

struct Reader;

impl Parser for Reader {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        let messages = ::serde_json::Deserializer::from_reader(BufReader::new(stream)).into_iter::<Envelope<String>>();
        for message in messages {
            message.expect("valid").count(answer);
        }
    }
}
