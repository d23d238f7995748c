//! `picojson`: a `no_std` push parser, fed whatever arrives.

use crate::{Answer, Chunks, Contender, Finds, Parser, class_index};
use ::picojson::{DefaultConfig, Event, ParseError, PushParser, PushParserHandler};
use memchr::memchr;
use std::cell::Cell;

pub(super) const PUSH: Contender = Contender {
    name: "picojson",
    what: "push parser, one per message, events sorted by a handler",
    finds: Finds::Everything,
    pretty: true,
    open: |_| Box::new(Push { scratch: [0; 4096] }),
};

struct Push {
    scratch: [u8; 4096],
}

impl Parser for Push {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        let mut rest: &[u8] = &[];
        loop {
            // A parser reads one document, so every message gets its own, up to the line end at which all brackets are closed.
            let open = Cell::new(true);
            let mut parser = PushParser::<_, DefaultConfig>::new(Handler::new(answer, &open), &mut self.scratch);
            while open.get() {
                if rest.is_empty() {
                    let Some(chunk) = stream.next() else { return };
                    rest = chunk;
                }
                let (piece, tail) = rest.split_at(memchr(b'\n', rest).map_or(rest.len(), |end| end + 1));
                parser.write(piece).expect("valid");
                rest = tail;
            }
            parser.finish().expect("complete");
        }
    }
}

/// Which value comes next, as far as it matters.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Return,
    Error,
    Class,
    Event,
    Id,
    Greeting,
    Other,
}

/// The kinds of messages; a class or a name has been dealt with by the time that its message ends.
#[derive(Clone, Copy)]
enum Kind {
    Unknown,
    Return,
    Error(usize),
    Event,
    Greeting,
}

struct Handler<'h> {
    answer: &'h mut Answer,
    open: &'h Cell<bool>,
    depth: usize,
    in_error: bool,
    next: Next,
    kind: Kind,
    id: Option<u64>,
}

impl<'h> Handler<'h> {
    fn new(answer: &'h mut Answer, open: &'h Cell<bool>) -> Self {
        Self { answer, open, depth: 0, in_error: false, next: Next::Other, kind: Kind::Unknown, id: None }
    }

    fn key(&self, key: &str) -> Next {
        match (self.depth, key) {
            (1, "return") => Next::Return,
            (1, "error") => Next::Error,
            (1, "event") => Next::Event,
            (1, "id") => Next::Id,
            (1, "QMP") => Next::Greeting,
            (2, "class") if self.in_error => Next::Class,
            _ => Next::Other,
        }
    }

    fn value(&mut self) {
        match self.next {
            Next::Return => self.kind = Kind::Return,
            Next::Greeting => self.kind = Kind::Greeting,
            _ => {}
        }
        self.in_error = self.depth == 1 && self.next == Next::Error || self.depth > 1 && self.in_error;
        self.next = Next::Other;
    }

    fn end(&mut self) {
        self.depth -= 1;
        if self.depth > 0 {
            return;
        }
        self.open.set(false);
        match self.kind {
            Kind::Return => self.answer.success(self.id),
            Kind::Error(class) => self.answer.error(self.id, class),
            Kind::Greeting => self.answer.greeting(),
            Kind::Event => {}
            Kind::Unknown => self.answer.message(),
        }
    }
}

impl<'input, 'scratch> PushParserHandler<'input, 'scratch, ParseError> for Handler<'_> {
    fn handle_event(&mut self, event: Event<'input, 'scratch>) -> Result<(), ParseError> {
        match event {
            Event::Key(key) => self.next = self.key(&key),
            Event::StartObject | Event::StartArray => {
                self.value();
                self.depth += 1;
            }
            Event::EndObject | Event::EndArray => self.end(),
            Event::String(text) => {
                match self.next {
                    Next::Event => {
                        self.kind = Kind::Event;
                        self.answer.event(text.as_bytes());
                    }
                    Next::Class => self.kind = Kind::Error(class_index(&text)),
                    _ => {}
                }
                self.value();
            }
            Event::Number(number) => {
                if self.next == Next::Id {
                    self.id = number.as_int().and_then(|id| u64::try_from(id).ok());
                }
                self.value();
            }
            Event::Bool(_) | Event::Null => self.value(),
            Event::EndDocument => {}
        }
        Ok(())
    }
}
