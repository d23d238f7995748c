//! Commands out, replies and events in: instructions, allocations and round trips.

use super::Effort;
use crate::count::Task;
use crate::exchange::exchangers;
use crate::latency::{RoundTrip, Server, round_trips};
use crate::table::{Table, whole, with_ratio};

/// What one command with its reply takes, one event, and one session that waits; and the instructions of ours for the first two.
pub(super) fn exchanges() -> Result<(Table, (f64, f64)), String> {
    let mut table = Table::new([
        "",
        "command cycle, instructions",
        "allocations",
        "event, instructions",
        "allocations",
        "heap of an idle session, bytes",
        "how",
    ]);
    let mut ours = None;
    for exchanger in exchangers() {
        let (cycle, event) = (Task::Cycle(exchanger.name.into()), Task::Event(exchanger.name.into()));
        let counts = (cycle.instructions()?, event.instructions()?);
        let (ours_cycle, ours_event) = *ours.get_or_insert(counts);
        let heap = Task::Session(exchanger.name.into()).heap()?;
        table.row([
            exchanger.name.to_owned(),
            with_ratio(counts.0, counts.0 / ours_cycle),
            whole(cycle.allocations()?.round() as u64),
            with_ratio(counts.1, counts.1 / ours_event),
            whole(event.allocations()?.round() as u64),
            whole(heap.round() as u64),
            exchanger.what.to_owned(),
        ]);
    }
    Ok((table, ours.unwrap_or_default()))
}

/// What round trips take with one and with eight commands in flight.
pub(super) fn latencies(server: Server, effort: Effort) -> Result<(Vec<RoundTrip>, Vec<RoundTrip>), String> {
    let rounds = match (server, effort.quick) {
        (Server::Instant, true) => 2_000,
        (Server::Instant, false) => 20_000,
        (Server::Qemu, true) => 150,
        (Server::Qemu, false) => 2_000,
    };
    let measure = |commands| round_trips(server, commands, rounds).map_err(|error| error.to_string());
    Ok((measure(1)?, measure(8)?))
}

/// Both, side by side.
pub(super) fn trips((one, eight): &(Vec<RoundTrip>, Vec<RoundTrip>)) -> Table {
    let mut table = Table::new(["", "1 in flight", "8 in flight"]);
    for (one, eight) in one.iter().zip(eight) {
        let cell = |trip: &RoundTrip| with_ratio(trip.median.as_secs_f64() * 1e6, trip.ratio);
        table.row([one.name.to_owned(), cell(one), cell(eight)]);
    }
    table
}
