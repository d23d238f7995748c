//! `serde-json-core`: no allocation, no `std`, the usual choice on a microcontroller.

use super::envelope::Envelope;
use super::lines::Lines;
use crate::{Answer, Chunks, Contender, Finds, Parser};

pub(super) const TYPED: Contender = Contender {
    name: "serde-json-core",
    what: "typed envelope from a slice, after line assembly",
    finds: Finds::Everything,
    pretty: true,
    open: |corpus| Box::new(Typed(Lines::new(corpus))),
};

struct Typed(Lines);

impl Parser for Typed {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        for chunk in stream {
            self.0.feed(chunk, |message| {
                let (envelope, _) = ::serde_json_core::from_slice::<Envelope<&str>>(message).expect("valid");
                envelope.count(answer);
            });
        }
    }
}
