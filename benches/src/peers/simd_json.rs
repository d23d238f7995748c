//! `simd-json`: the Rust port of simdjson, which picks its instruction set at run time.

use super::envelope::Envelope;
use super::lines::Lines;
use crate::{Answer, Chunks, Contender, Finds, Parser};
use ::simd_json::Buffers;

pub(super) const TYPED: Contender = Contender {
    name: "simd-json",
    what: "typed envelope, best SIMD of this machine, after line assembly and a copy: it writes to its input",
    finds: Finds::Everything,
    pretty: true,
    open: |corpus| {
        Box::new(Typed {
            lines: Lines::new(corpus),
            message: Vec::with_capacity(corpus.longest),
            buffers: Buffers::new(corpus.longest),
        })
    },
};

struct Typed {
    lines: Lines,
    message: Vec<u8>,
    buffers: Buffers,
}

impl Parser for Typed {
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer) {
        let Self { lines, message: copy, buffers } = self;
        for chunk in stream {
            lines.feed(chunk, |message| {
                copy.clear();
                copy.extend_from_slice(message);
                ::simd_json::serde::from_slice_with_buffers::<Envelope<&str>>(copy, buffers)
                    .expect("valid")
                    .count(answer);
            });
        }
    }
}
