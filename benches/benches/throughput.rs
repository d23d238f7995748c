//! Time of every parser on every corpus, by criterion: `cargo bench -p qmp-benches`.
//!
//! For the change of one parser over time. Ratios between parsers are better taken from `--bin bench`, which lets them take turns.

use criterion::{BenchmarkId, Criterion, Throughput};
use qmp_benches::{Answer, Chunks, Corpus, contenders};
use std::hint::black_box;
use std::time::Duration;

/// Bytes at a time: what one Ethernet frame carries.
const CHUNK: usize = 1460;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for corpus in Corpus::all() {
        let mut group = criterion.benchmark_group(corpus.name);
        group.throughput(Throughput::Bytes(corpus.bytes.len() as u64));
        for contender in contenders().iter().filter(|contender| contender.reads(&corpus)) {
            contender.check(&corpus, CHUNK).unwrap_or_else(|why| panic!("{why}"));
            let mut parser = (contender.open)(&corpus);
            group.bench_function(BenchmarkId::from_parameter(contender.name), |bencher| {
                bencher.iter(|| {
                    let mut answer = Answer::default();
                    parser.parse(&mut Chunks::new(black_box(&corpus.bytes), CHUNK), &mut answer);
                    answer
                });
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
