//! Telnet's escapes, as far as a QMP link meets them: 0xFF (IAC) begins a sequence that is no data, and doubled it is one 0xFF
//! (RFC 854). Negotiation is not answered; a chardev with `telnet=on` does not wait for that.

/// Interpret As Command.
pub(crate) const IAC: u8 = 0xff;
/// End of a subnegotiation.
const SE: u8 = 240;
/// Begin of a subnegotiation.
const SB: u8 = 250;
const WILL: u8 = 251;
const DONT: u8 = 254;

/// Where the stream of received bytes stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Data,
    /// After IAC.
    Command,
    /// After IAC and WILL, WONT, DO or DONT.
    Option,
    /// In a subnegotiation.
    Sub,
    /// In a subnegotiation, after IAC.
    SubCommand,
}

/// Takes telnet's sequences out of what is received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    state: State,
}

impl Filter {
    /// Leaves only data in `bytes`, at its start, and returns how much that is. Sequences may be cut anywhere between two calls.
    pub(crate) fn strip(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for at in 0..bytes.len() {
            let byte = bytes[at];
            if self.is_data(byte) {
                bytes[kept] = byte;
                kept += 1;
            }
        }
        kept
    }

    fn is_data(&mut self, byte: u8) -> bool {
        let (state, data) = match (self.state, byte) {
            (State::Data, IAC) => (State::Command, false),
            (State::Data, _) => (State::Data, true),
            (State::Command, IAC) => (State::Data, true),
            (State::Command, WILL..=DONT) => (State::Option, false),
            (State::Command, SB) => (State::Sub, false),
            (State::Command | State::Option, _) => (State::Data, false),
            (State::Sub, IAC) => (State::SubCommand, false),
            (State::SubCommand, SE) => (State::Data, false),
            (State::Sub | State::SubCommand, _) => (State::Sub, false),
        };
        self.state = state;
        data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_data_is_left_however_the_stream_is_cut() {
        // What a chardev sends first, a doubled 0xFF, a subnegotiation with a doubled 0xFF in it, and NOP.
        let stream = b"\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00{\"QMP\"\xff\xff:\xff\xfa\x18\x01\xff\xff\xff\xf0 1\xff\xf1}";
        for size in 1..=stream.len() {
            let mut filter = Filter::default();
            let mut data = Vec::new();
            for chunk in stream.chunks(size) {
                let mut chunk = chunk.to_vec();
                let kept = filter.strip(&mut chunk);
                data.extend_from_slice(&chunk[..kept]);
            }
            assert_eq!(data, b"{\"QMP\"\xff: 1}", "in chunks of {size}");
        }
    }
}
