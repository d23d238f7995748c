//! How speed depends on the chunk size, and how time grows with the size of a message and with the commands in flight.

use super::{CHUNK, Effort};
use crate::exchange::exchangers;
use crate::svg::Chart;
use crate::timing::{Timing, in_flight, parsing};
use crate::{Contender, Corpus, Finds, contenders};

/// File names and pictures.
pub(super) fn charts(small: &Corpus, effort: Effort) -> Result<[(&'static str, Chart); 3], String> {
    Ok([
        ("throughput.svg", throughput(small, effort)?),
        ("message-size.svg", message_size(effort)?),
        ("in-flight.svg", flight(effort)),
    ])
}

fn throughput(small: &Corpus, effort: Effort) -> Result<Chart, String> {
    let contenders = everything();
    let mut lines = named(contenders.iter().map(|contender| contender.name));
    for chunk in [1, 4, 16, 64, 256, CHUNK, 8192, 65_536] {
        let timings = parsing(&contenders, small, chunk, effort.time(400, 4_000))?;
        plot(&mut lines, chunk, &timings, |timing| small.bytes.len() as f64 / timing.median.as_secs_f64() / 1e6);
    }
    Ok(Chart {
        title: "Throughput by chunk size, small messages".into(),
        x: "bytes per chunk".into(),
        y: "MB/s".into(),
        lines,
    })
}

fn message_size(effort: Effort) -> Result<Chart, String> {
    let contenders = everything();
    let mut lines = named(contenders.iter().map(|contender| contender.name));
    for size in [100, 316, 1_000, 3_162, 10_000, 31_623, 100_000, 316_228, 1_000_000] {
        let corpus = Corpus::of_size(size, size.max(100_000));
        let timings = parsing(&contenders, &corpus, CHUNK, effort.time(300, 4_000))?;
        let messages = corpus.manifest().messages as f64;
        let mean = corpus.bytes.len() / corpus.manifest().messages as usize;
        plot(&mut lines, mean, &timings, |timing| timing.median.as_secs_f64() / messages * 1e6);
    }
    Ok(Chart {
        title: "Time by message size, 1460-byte chunks".into(),
        x: "bytes per message".into(),
        y: "µs per message".into(),
        lines,
    })
}

fn flight(effort: Effort) -> Chart {
    let exchangers = exchangers();
    let mut lines = named(exchangers.iter().map(|exchanger| exchanger.name));
    for commands in [1, 2, 4, 8, 16, 32, 64] {
        let timings = in_flight(&exchangers, commands, effort.time(300, 3_000));
        plot(&mut lines, commands, &timings, |timing| timing.median.as_secs_f64() / 1024.0 * commands as f64 * 1e6);
    }
    let y = "µs for all, in memory, making the replies included".into();
    Chart { title: "Time by commands in flight".into(), x: "commands in flight".into(), y, lines }
}

/// Those who do the whole work.
fn everything() -> Vec<Contender> {
    contenders().into_iter().filter(|contender| contender.finds == Finds::Everything).collect()
}

type Lines = Vec<(String, Vec<(f64, f64)>)>;

fn named(names: impl Iterator<Item = &'static str>) -> Lines {
    names.map(|name| (name.to_owned(), vec![])).collect()
}

fn plot(lines: &mut Lines, x: usize, timings: &[Timing], y: impl Fn(&Timing) -> f64) {
    for ((_, points), timing) in lines.iter_mut().zip(timings) {
        points.push((x as f64, y(timing)));
    }
}
