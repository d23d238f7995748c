//! What a selection costs: time, beside reading the same without one.

use super::{CHUNK, Effort};
use crate::ours::selection::Case;
use crate::table::{Table, with_ratio};
use crate::{Corpus, contenders, timing};

/// A row for each selection, and how many times as long each takes.
pub(super) fn speeds(corpus: &Corpus, effort: Effort) -> Result<(Table, Vec<(Case, f64)>), String> {
    let timings = timing::selecting(&contenders()[0], corpus, CHUNK, effort.time(1_000, 8_000))?;
    let mut table = Table::new(["selection", "path", "MB/s"]);
    let rows = [None].into_iter().chain(Case::ALL.map(Some));
    for (case, timing) in rows.zip(&timings) {
        let (name, path) = case.map_or(("none", "-".to_owned()), |case| (case.name(), format!("`{}`", case.path())));
        let speed = corpus.bytes.len() as f64 / timing.median.as_secs_f64() / 1e6;
        table.row([name.to_owned(), path, with_ratio(speed, timing.ratio)]);
    }
    Ok((table, Case::ALL.into_iter().zip(timings.iter().skip(1).map(|timing| timing.ratio)).collect()))
}
