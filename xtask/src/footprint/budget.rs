//! The absolute limits, for a Cortex-M3. One optimisation level, `s` or `z`, has to keep them all.

/// What was measured at one optimisation level, in bytes and instructions.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Measured {
    /// Flash of frame and message only.
    pub(crate) frame_flash: u32,
    /// Flash of the whole client without serde.
    pub(crate) client_flash: u32,
    /// Flash of the example `status`, with the types of its replies.
    pub(crate) status_flash: u32,
    /// RAM of the client beyond its buffers.
    pub(crate) client_state: u32,
    /// The deepest stack of the receive path.
    pub(crate) stack: u32,
    /// Instructions for a greeting, an empty return, a status reply and an event.
    pub(crate) instructions: [u32; 4],
}

/// Flash in bytes of frame and message, and the instructions that go with it: little code may take its time.
const FRAME: [(u32, [u32; 4]); 2] = [(2_000, [3_200, 920, 2_100, 2_050]), (3_000, [2_650, 780, 1_650, 1_550])];
const CLIENT_FLASH: u32 = 5_000;
const STATUS_FLASH: u32 = 10_000;
const CLIENT_STATE: u32 = 192;
const STACK: u32 = 160;

/// What breaks a limit, one line each.
pub(crate) fn broken(measured: &Measured) -> Vec<String> {
    let Measured { frame_flash, client_flash, status_flash, client_state, stack, instructions } = measured;
    let mut broken = Vec::new();
    let within = |most: &[u32; 4]| instructions.iter().zip(most).all(|(count, most)| count <= most);
    if !FRAME.iter().any(|(flash, most)| frame_flash <= flash && within(most)) {
        let limits: Vec<String> = FRAME.iter().map(|(flash, most)| format!("{flash} B with {most:?}")).collect();
        broken.push(format!("frame: {frame_flash} B with {instructions:?} instructions, not {}", limits.join(" or ")));
    }
    let limits = [
        ("client, flash", client_flash, CLIENT_FLASH),
        ("status, flash", status_flash, STATUS_FLASH),
        ("client, RAM beyond its buffers", client_state, CLIENT_STATE),
        ("stack of the receive path", stack, STACK),
    ];
    let over = limits.iter().filter(|(_, bytes, most)| *bytes > most);
    broken.extend(over.map(|(what, bytes, most)| format!("{what}: {bytes} B, not {most}")));
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Measured = Measured {
        frame_flash: 2_900,
        client_flash: 5_000,
        status_flash: 10_000,
        client_state: 192,
        stack: 160,
        instructions: [2_650, 780, 1_650, 1_550],
    };

    #[test]
    fn code_is_small_or_fast() {
        assert_eq!(broken(&GOOD), [""; 0]);
        let slow = [3_200, 920, 2_100, 2_050];
        assert_eq!(broken(&Measured { instructions: slow, ..GOOD }).len(), 1);
        assert_eq!(broken(&Measured { instructions: slow, frame_flash: 2_000, ..GOOD }), [""; 0]);
    }

    #[test]
    fn each_limit_counts() {
        assert_eq!(broken(&Measured { client_flash: 5_001, ..GOOD }), ["client, flash: 5001 B, not 5000"]);
        assert_eq!(broken(&Measured { status_flash: 10_001, ..GOOD }), ["status, flash: 10001 B, not 10000"]);
        assert_eq!(broken(&Measured { stack: 161, client_state: 193, ..GOOD }).len(), 2);
    }
}
