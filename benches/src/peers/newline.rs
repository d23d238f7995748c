//! Not a parser: how long it takes to look at every byte once, for a line end.

use crate::{Answer, Chunks, Contender, Finds, Parser};

pub(super) const MEMCHR: Contender = Contender {
    name: "memchr",
    what: "newline search only, no JSON",
    finds: Finds::Lines,
    pretty: true,
    open: |_| Box::new(Memchr),
};

struct Memchr;

impl Parser for Memchr {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        for chunk in stream {
            for _ in memchr::memchr_iter(b'\n', chunk) {
                answer.message();
            }
        }
    }
}
