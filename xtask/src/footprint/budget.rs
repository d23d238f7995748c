//! The absolute numbers for a Cortex-M3: the limits that are held, and the goals that are aimed at. One optimisation level, `s` or
//! `z`, has to keep all limits.

use super::table::TOLERANCE;

/// What was measured at one optimisation level, in bytes and instructions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Flash of frame and message only.
    pub(crate) frame_flash: u32,
    /// Flash of the client without serde.
    pub(crate) client_flash: u32,
    /// Flash of the client with all that can be asked of it.
    pub(crate) session_flash: u32,
    /// Flash of the example `status`, with the types of its replies.
    pub(crate) status_flash: u32,
    /// Flash that selections take beyond all that, in all deliveries.
    pub(crate) select_flash: u32,
    /// RAM of the client beyond its buffers.
    pub(crate) client_state: u32,
    /// The deepest stack of the receive path.
    pub(crate) stack: u32,
    /// Instructions for a greeting, an empty return, a status reply and an event.
    pub(crate) instructions: [u32; 4],
}

/// The most that is allowed. Where a goal has been reached it is the goal, elsewhere what there is and a little room.
const LIMITS: Measured = Measured {
    frame_flash: 3_000,
    client_flash: 5_000,
    session_flash: 5_800,
    status_flash: 10_000,
    select_flash: 3_150,
    client_state: 192,
    stack: 160,
    instructions: [2_650, 780, 1_650, 1_550],
};

/// What it is meant to come to, for code that is small, and for code that is fast.
const GOALS: [Measured; 2] = [
    Measured { frame_flash: 2_000, instructions: [3_200, 920, 2_100, 2_050], ..COMMON },
    Measured { frame_flash: 3_000, instructions: [2_650, 780, 1_650, 1_550], ..COMMON },
];

/// The goals that are the same for both.
const COMMON: Measured = Measured {
    frame_flash: 0,
    client_flash: 5_000,
    session_flash: 5_800,
    status_flash: 10_000,
    select_flash: 2_048,
    client_state: 192,
    stack: 160,
    instructions: [0; 4],
};

/// What breaks a limit, one line each. A compiler that is not `known`, of which nothing was measured yet, has as much room beyond the
/// limits as a number has to grow.
pub(crate) fn broken(measured: &Measured, known: bool) -> Vec<String> {
    beyond(measured, &LIMITS, if known { 0 } else { TOLERANCE as u32 })
}

/// The goals that are missed, one line each: those of the kind of code of which fewer are.
pub(crate) fn missed(measured: &Measured) -> Vec<String> {
    let missed = GOALS.iter().map(|goals| beyond(measured, goals, 0));
    missed.min_by_key(Vec::len).unwrap_or_default()
}

/// What of `measured` is more than `most` and so many percent.
fn beyond(measured: &Measured, most: &Measured, percent: u32) -> Vec<String> {
    let [greeting, reply, status, event] = most.instructions;
    let limits = [
        ("frame, flash in bytes", measured.frame_flash, most.frame_flash),
        ("client, flash in bytes", measured.client_flash, most.client_flash),
        ("session, flash in bytes", measured.session_flash, most.session_flash),
        ("status, flash in bytes", measured.status_flash, most.status_flash),
        ("selections beyond the session, flash in bytes", measured.select_flash, most.select_flash),
        ("client, bytes of RAM beyond its buffers", measured.client_state, most.client_state),
        ("receive path, bytes of stack", measured.stack, most.stack),
        ("greeting, instructions", measured.instructions[0], greeting),
        ("empty return, instructions", measured.instructions[1], reply),
        ("status reply, instructions", measured.instructions[2], status),
        ("event, instructions", measured.instructions[3], event),
    ];
    let over = limits.map(|(what, count, most)| (what, count, most + most * percent / 100));
    let over = over.iter().filter(|(_, count, most)| count > most);
    over.map(|(what, count, most)| format!("{what}: {count}, not {most}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_counts() {
        assert_eq!(broken(&LIMITS, true), [""; 0]);
        let one = LIMITS.client_flash + 1;
        assert_eq!(broken(&Measured { client_flash: one, ..LIMITS }, true).len(), 1);
        let (stack, client_state) = (LIMITS.stack + 1, LIMITS.client_state + 1);
        assert_eq!(broken(&Measured { stack, client_state, ..LIMITS }, true).len(), 2);
        assert_eq!(
            broken(&Measured { instructions: LIMITS.instructions.map(|count| count + 1), ..LIMITS }, true).len(),
            4
        );
        assert_eq!(
            broken(&Measured { status_flash: u32::MAX, frame_flash: u32::MAX, ..LIMITS }, true)[0],
            format!("frame, flash in bytes: {}, not {}", u32::MAX, LIMITS.frame_flash)
        );
    }

    #[test]
    fn unknown_compiler_has_a_little_room() {
        let stack = LIMITS.stack + 1;
        assert_eq!(broken(&Measured { stack, ..LIMITS }, false), [""; 0]);
        let stack = LIMITS.stack + LIMITS.stack / 10;
        assert_eq!(broken(&Measured { stack, ..LIMITS }, false).len(), 1);
    }

    #[test]
    fn goals_are_those_of_small_code_or_those_of_fast_code() {
        assert!(GOALS.iter().all(|goals| missed(goals).is_empty()));
        let [small, fast] = GOALS;
        assert_eq!(missed(&Measured { frame_flash: fast.frame_flash, ..small }).len(), 1);
        assert_eq!(missed(&Measured { instructions: small.instructions, ..fast }).len(), 1);
    }

    #[test]
    fn limits_are_no_stricter_than_what_is_aimed_at() {
        assert!(GOALS.iter().any(|goals| broken(goals, true).is_empty()));
    }
}
