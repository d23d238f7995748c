//! Commands out, replies and events in: instructions, allocations and round trips.

use super::Effort;
use crate::count::Task;
use crate::exchange::exchangers;
use crate::latency::{RoundTrip, Server, round_trips};
use crate::table::{Table, whole, with_ratio};

/// What one command with its reply takes, and one event.
pub(super) fn exchanges() -> Result<Table, String> {
    let mut table =
        Table::new(["", "command cycle, instructions", "allocations", "event, instructions", "allocations", "how"]);
    let mut ours = None;
    for exchanger in exchangers() {
        let (cycle, event) = (Task::Cycle(exchanger.name.into()), Task::Event(exchanger.name.into()));
        let counts = (cycle.instructions()?, event.instructions()?);
        let (ours_cycle, ours_event) = *ours.get_or_insert(counts);
        table.row([
            exchanger.name.to_owned(),
            with_ratio(counts.0, counts.0 / ours_cycle),
            whole(cycle.allocations()?.round() as u64),
            with_ratio(counts.1, counts.1 / ours_event),
            whole(event.allocations()?.round() as u64),
            exchanger.what.to_owned(),
        ]);
    }
    Ok(table)
}

/// What a round trip takes with one and with eight commands in flight.
pub(super) fn latencies(server: Server, effort: Effort) -> Result<Table, String> {
    let rounds = match (server, effort.quick) {
        (Server::Instant, quick) => {
            if quick {
                2_000
            } else {
                20_000
            }
        }
        (Server::Qemu, quick) => {
            if quick {
                150
            } else {
                2_000
            }
        }
    };
    let measure = |commands| round_trips(server, commands, rounds).map_err(|error| error.to_string());
    let (one, eight) = (measure(1)?, measure(8)?);
    let mut table = Table::new(["", "1 in flight", "8 in flight"]);
    for (one, eight) in one.iter().zip(&eight) {
        let cell = |trip: &RoundTrip| with_ratio(trip.median.as_secs_f64() * 1e6, trip.ratio);
        table.row([one.name.to_owned(), cell(one), cell(eight)]);
    }
    Ok(table)
}
