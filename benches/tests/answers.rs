//! No parser is measured that does not find what is there.

use qmp_benches::{Corpus, contenders};

#[test]
fn every_parser_finds_what_is_there_however_the_stream_is_cut() {
    for corpus in Corpus::all() {
        for contender in contenders() {
            if contender.reads(&corpus) {
                for chunk in [1, 64, 1460, 65_536] {
                    contender.check(&corpus, chunk).unwrap();
                }
            }
        }
    }
}
