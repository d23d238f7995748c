//! What was to be reached, and what was.

use super::parsing::{Counts, Speeds};
use crate::count::Task;
use crate::guard;
use crate::latency::RoundTrip;
use crate::ours::selection::Case;
use crate::table::{Table, significant};

/// What the goals are compared with, as it is measured.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) counts: Counts,
    pub(super) speeds: Speeds,
    /// How many times as long a selection takes as none.
    pub(super) selections: Vec<(Case, f64)>,
    /// Instructions of ours for a command cycle and for an event.
    pub(super) exchanges: (f64, f64),
    /// Round trips to a server that answers at once, with one and with eight commands in flight.
    pub(super) trips: Option<(Vec<RoundTrip>, Vec<RoundTrip>)>,
    /// Bytes of a client with room for four commands, beyond its buffers.
    pub(super) state: usize,
}

/// One goal.
struct Goal {
    what: String,
    measured: Option<f64>,
    must: f64,
    aim: Option<f64>,
    /// More is better.
    more: bool,
}

/// All goals, met or not.
pub(super) fn table(measured: &Measured) -> Result<Table, String> {
    let mut goals = vec![];
    for budget in guard::budgets()? {
        let (what, count) = match &budget.task {
            Task::Parse { corpus, chunk, .. } => {
                let count = measured
                    .counts
                    .iter()
                    .find(|((name, of, size), _)| *name == "qmp-core" && of == corpus && size == chunk);
                (format!("instructions per byte, *{corpus}*, {chunk} at a time"), count.map(|(_, count)| *count))
            }
            Task::Select { case, corpus, chunk } => (
                format!("instructions per byte of *{corpus}*, selection: {}, {chunk} at a time", case.name()),
                Some(guard::per_unit(&budget.task)?),
            ),
            Task::Cycle(_) => ("instructions for a command and its reply".to_owned(), Some(measured.exchanges.0)),
            _ => ("instructions for an event".to_owned(), Some(measured.exchanges.1)),
        };
        goals.push(Goal { what, measured: count, must: budget.must, aim: Some(budget.aim), more: false });
    }
    let speeds = [
        ("small", "serde_json", 3.0, Some(4.0)),
        ("small", "qapi", 12.0, Some(20.0)),
        ("schema", "serde_json", 1.5, None),
        ("schema", "qapi", 30.0, None),
    ];
    for (corpus, peer, must, aim) in speeds {
        let what = format!("times as fast as {peer}, *{corpus}*");
        goals.push(Goal { what, measured: measured.speeds.get(&(peer, corpus)).copied(), must, aim, more: true });
    }
    for (case, ratio) in &measured.selections {
        let what = format!("time of a selection over that of none, *schema*, {}", case.name());
        goals.push(Goal { what, measured: Some(*ratio), must: 2.0, aim: None, more: false });
    }
    if let Some((one, eight)) = &measured.trips {
        for (trips, commands, must, aim) in [(one, 1, 1.05, 1.02), (eight, 8, 1.2, 1.1)] {
            let ours = trips.iter().find(|trip| trip.name == "qmp-core").map(|trip| trip.ratio);
            let what = format!("round trip over that of the bare socket, {commands} in flight");
            goals.push(Goal { what, measured: ours, must, aim: Some(aim), more: false });
        }
    }
    let what = "bytes of a client beyond its buffers".to_owned();
    goals.push(Goal { what, measured: Some(measured.state as f64), must: 192.0, aim: Some(128.0), more: false });

    let mut table = Table::new(["", "measured", "must", "aim", "met"]);
    for Goal { what, measured, must, aim, more } in goals {
        let reaches =
            |goal: f64| measured.is_some_and(|measured| if more { measured >= goal } else { measured <= goal });
        let met = match aim {
            Some(aim) if reaches(aim) => "yes, and the aim",
            _ if reaches(must) => "yes",
            _ => "**no**",
        };
        let number = |number: Option<f64>| number.map_or("-".to_owned(), significant);
        table.row([what, number(measured), significant(must), number(aim), met.to_owned()]);
    }
    Ok(table)
}
