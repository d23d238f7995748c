//! On which machine, built how, and what the streams and the parsers are.

use super::Effort;
use crate::guard::compiler;
use crate::table::{Table, whole};
use crate::{Corpus, Finds, contenders};
use std::fs;
use std::thread;

/// The page down to the first number.
pub(super) fn introduction(corpora: &[Corpus], effort: Effort) -> Result<String, String> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let cpu = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let vectors = if cfg!(target_feature = "avx2") { "AVX2" } else { "baseline" };
    let ours = if cfg!(feature = "simd") { "with" } else { "without" };
    let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
    let (by_hand, by_xtask) = if effort.quick { (" -- --quick", " --quick") } else { ("", "") };
    let mut text = format!(
        "# Results\n\nWritten by `cargo run --release -p qmp-benches --bin bench{by_hand}`; `cargo xtask bench{by_xtask}` is the same.\n\n\
         - machine: {cpu}, {} threads, {} {}, Linux {}\n\
         - compiler: {}, `-C opt-level=3 -C lto=fat -C codegen-units=1`, RUSTFLAGS \"{flags}\", target features: {vectors}\n\
         - ours: {ours} its feature `simd`; the peers as `benches/Cargo.toml` says\n\n## What is measured\n\n",
        thread::available_parallelism().map_or(1, usize::from),
        std::env::consts::ARCH,
        std::env::consts::OS,
        kernel.trim(),
        compiler()?,
    );
    text +=
        "Streams of real QEMU 7.2 output (`benches/corpus/ORIGIN.md`), varied so that no two messages are equal:\n\n";
    let mut table = Table::new(["stream", "bytes", "messages", "mean", "returns", "errors", "events"]);
    for corpus in corpora {
        let found = corpus.manifest();
        let numbers = [
            found.messages,
            corpus.bytes.len() as u64 / found.messages,
            found.returns,
            found.errors.iter().sum(),
            found.events,
        ];
        let numbers = numbers.map(whole);
        table.row([corpus.name.to_owned(), whole(corpus.bytes.len() as u64)].into_iter().chain(numbers));
    }
    text += &table.markdown();
    text += "\nEvery parser's answer is compared with one found independently before it is measured.\n\n";
    let mut table = Table::new(["parser", "what it is", "what it finds"]);
    for contender in contenders() {
        let finds = match contender.finds {
            Finds::Lines => "line ends",
            Finds::Messages => "valid messages",
            Finds::Everything => "kind, id, event name, error class",
        };
        table.row([contender.name, contender.what, finds]);
    }
    text += &table.markdown();
    Ok(text)
}
