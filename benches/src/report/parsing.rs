//! Streams in, messages out: instructions and time, by corpus and by chunk size.

use super::{CHUNK, Effort};
use crate::count::Task;
use crate::table::{Table, significant, with_ratio};
use crate::{Contender, Corpus, contenders, timing};
use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;

/// Bytes at a time: by hand, by UART FIFO, by Ethernet frame, by socket buffer.
const CHUNKS: [usize; 4] = [1, 64, CHUNK, 65_536];

/// Instructions per byte by parser, corpus and chunk size.
pub(super) type Counts = HashMap<(&'static str, &'static str, usize), f64>;

/// How many times as fast as a parser ours is, by parser and corpus.
pub(super) type Speeds = HashMap<(&'static str, &'static str), f64>;

/// Counts on all processors: instructions do not care who else is running.
pub(super) fn instructions(corpora: &[Corpus], effort: Effort) -> Result<Counts, String> {
    let mut wanted = vec![];
    for corpus in corpora {
        for contender in contenders().into_iter().filter(|contender| contender.reads(corpus)) {
            for chunk in CHUNKS {
                let ours = contender.name == contenders()[0].name;
                if chunk == CHUNK || corpus.name == "small" && (ours || !effort.quick) {
                    wanted.push((contender, corpus, chunk));
                }
            }
        }
    }
    let (queue, counts) = (Mutex::new(wanted.into_iter()), Mutex::new(Ok(Counts::new())));
    let work = || {
        let next = || queue.lock().ok()?.next();
        while let Some((contender, corpus, chunk)) = next() {
            let task = Task::Parse { parser: contender.name.into(), corpus: corpus.name.into(), chunk };
            let count = contender.check(corpus, chunk).and_then(|()| task.instructions());
            let mut counts = counts.lock().expect("nobody panics with it");
            match (count, &mut *counts) {
                (Ok(count), Ok(counts)) => {
                    counts.insert((contender.name, corpus.name, chunk), count / corpus.bytes.len() as f64);
                }
                (Err(why), counts) => *counts = Err(why),
                (Ok(_), Err(_)) => {}
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    counts.into_inner().expect("nobody panicked with it")
}

/// Rows of parsers, columns of corpora.
pub(super) fn by_corpus(counts: &Counts, corpora: &[Corpus]) -> Table {
    let columns: Vec<_> = corpora.iter().map(|corpus| (corpus.name, CHUNK)).collect();
    table(counts, &columns, corpora.iter().map(|corpus| corpus.name.to_owned()))
}

/// Rows of parsers, columns of chunk sizes.
pub(super) fn by_chunk(counts: &Counts) -> Table {
    table(counts, &CHUNKS.map(|chunk| ("small", chunk)), CHUNKS.map(|chunk| format!("{chunk} B")))
}

fn table(counts: &Counts, columns: &[(&'static str, usize)], header: impl IntoIterator<Item = String>) -> Table {
    let contenders = contenders();
    let mut table = Table::new([String::new()].into_iter().chain(header));
    for contender in &contenders {
        let cells = columns.iter().map(|&(corpus, chunk)| {
            let count = |contender: &Contender| counts.get(&(contender.name, corpus, chunk)).copied();
            match (count(contender), count(&contenders[0])) {
                (Some(count), Some(ours)) => with_ratio(count, count / ours),
                _ => "-".to_owned(),
            }
        });
        table.row([contender.name.to_owned()].into_iter().chain(cells));
    }
    table
}

/// Rows of parsers, columns of corpora, all taking turns.
pub(super) fn speeds(corpora: &[Corpus], effort: Effort) -> Result<(Table, Speeds), String> {
    let mut columns = vec![];
    let mut speeds = Speeds::new();
    for corpus in corpora {
        let readers: Vec<Contender> = contenders().into_iter().filter(|contender| contender.reads(corpus)).collect();
        let timings = timing::parsing(&readers, corpus, CHUNK, effort.time(2_500, 20_000))?;
        speeds.extend(readers.iter().zip(&timings).map(|(it, timing)| ((it.name, corpus.name), timing.ratio)));
        let cells = readers.iter().zip(timings).map(|(contender, timing)| {
            let speed = corpus.bytes.len() as f64 / timing.median.as_secs_f64() / 1e6;
            (contender.name, format!("{} ({} ×)", significant(speed), significant(timing.ratio)))
        });
        columns.push(cells.collect::<HashMap<_, _>>());
    }
    let mut table = Table::new([""].into_iter().chain(corpora.iter().map(|corpus| corpus.name)));
    for contender in contenders() {
        let cells = columns.iter().map(|column| column.get(contender.name).map_or("-", String::as_str));
        table.row([contender.name].into_iter().chain(cells));
    }
    Ok((table, speeds))
}
