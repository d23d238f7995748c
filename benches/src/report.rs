//! All measurements in a row, and the page that tells about them.

mod charts;
mod clients;
mod goals;
mod introduction;
mod parsing;
mod selecting;

use crate::Corpus;
use crate::latency::Server;
use goals::Measured;
use qmp_core::{Client, FrameReader};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Bytes at a time where nothing else is said: what one Ethernet frame carries.
const CHUNK: usize = 1460;

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// All within three minutes: peers are counted at one chunk size only, and times are taken for a shorter while.
    pub quick: bool,
}

impl Effort {
    fn time(self, quick: u64, full: u64) -> Duration {
        Duration::from_millis(if self.quick { quick } else { full })
    }
}

/// Measures everything, prints it as it comes, and writes `RESULTS.md` and the plots into `directory`.
pub fn write(directory: &Path, effort: Effort) -> Result<(), String> {
    let start = Instant::now();
    let corpora = Corpus::all();
    let state = size_of::<Client<[u8; 0]>>();
    let mut measured = Measured { state, ..Measured::default() };
    let introduction = introduction::introduction(&corpora, effort)?;
    let mut page = Page(String::new());

    measured.counts = parsing::instructions(&corpora, effort)?;
    page.add("\n## Instructions per byte, 1460 bytes at a time\n\n");
    page.add("In brackets: how many times ours.\n\n");
    page.add(&parsing::by_corpus(&measured.counts, &corpora).markdown());
    page.add("\n## Instructions per byte of *small*, by chunk size\n\n");
    page.add(&parsing::by_chunk(&measured.counts).markdown());

    page.add("\n## Speed, 1460 bytes at a time\n\n");
    page.add("MB/s at the median; in brackets: how many times as long as ours, median over rounds in which all took turns.\n\n");
    let (table, speeds) = parsing::speeds(&corpora, effort)?;
    page.add(&table.markdown());
    measured.speeds = speeds;

    let corpus = corpora.iter().find(|corpus| corpus.name == "schema").ok_or("no corpus *schema*")?;
    page.add("\n## Selections of *schema*, 1460 bytes at a time\n\n");
    page.add(
        "MB/s at the median; in brackets: how many times as long as without a selection. Other turns than \
         above, and so another speed of the same: ratios compare.\n\n",
    );
    let (table, selections) = selecting::speeds(corpus, effort)?;
    page.add(&table.markdown());
    measured.selections = selections;

    page.add("\n## A command and its reply, an event, and an idle session\n\n");
    page.add(
        "In memory: `query-status` encoded with an id, the reply found, matched and decoded; an event of 81 bytes to its name and time stamp; \
         10,000 sessions that have negotiated and wait, each with its receive and transmit buffers (ours: 4,096 and 256 bytes).\n\n",
    );
    let (table, exchanges) = clients::exchanges()?;
    page.add(&table.markdown());
    measured.exchanges = exchanges;
    page.add(&format!(
        "\nA `Client` with room for four open commands has {state} bytes beyond its buffers, a `FrameReader` {}.\n",
        size_of::<FrameReader<[u8; 0]>>()
    ));

    page.add("\n## Round trips over a unix socket\n\n");
    page.add("µs at the median, until the last reply is decoded; in brackets: how many times what the bare socket takes.\n\n");
    page.add("A server that answers at once:\n\n");
    let trips = clients::latencies(Server::Instant, effort)?;
    page.add(&clients::trips(&trips).markdown());
    measured.trips = Some(trips);
    page.add("\nQEMU, which reads one byte at a time:\n\n");
    match clients::latencies(Server::Qemu, effort) {
        Ok(trips) => page.add(&clients::trips(&trips).markdown()),
        Err(why) => page.add(&format!("not measured: {why}\n")),
    }

    page.add("\n## Plots\n\n");
    for (file, chart) in charts::charts(&corpora[0], effort)? {
        fs::write(directory.join(file), chart.draw()).map_err(|error| format!("{file}: {error}"))?;
        page.add(&format!("![{}]({file})\n\n", chart.title));
    }
    let goals = format!("\n## Goals\n\n{}", goals::table(&measured)?.markdown());
    println!("{introduction}{goals}");
    let path = directory.join("RESULTS.md");
    let text = format!("{introduction}{goals}{}\n", page.0.trim_end());
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    println!("{} written after {} s", path.display(), start.elapsed().as_secs());
    Ok(())
}

/// What is printed and kept.
struct Page(String);

impl Page {
    fn add(&mut self, text: &str) {
        print!("{text}");
        self.0 += text;
    }
}
