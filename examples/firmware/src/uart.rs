//! The board's UART as `embedded-io` sees it.

use core::convert::Infallible;

use embedded_io::{ErrorType, Read, ReadReady, Write};

use crate::board;

/// The board's only UART.
pub struct Uart {
    _one_only: (),
}

impl Uart {
    /// The UART of a board that is started.
    pub(crate) const fn new() -> Self {
        Self { _one_only: () }
    }
}

/// What is received without errors is all that there is: noise on the line comes as wrong bytes.
impl ErrorType for Uart {
    type Error = Infallible;
}

impl ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Infallible> {
        Ok(board::has_received())
    }
}

impl Read for Uart {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        while !to.is_empty() && !board::has_received() {}
        Ok(receive(to))
    }
}

impl Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        while !bytes.is_empty() && !board::has_room() {}
        Ok(transmit(bytes))
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        while board::is_transmitting() {}
        Ok(())
    }
}

/// Takes what is there, and says how many bytes.
pub(crate) fn receive(to: &mut [u8]) -> usize {
    let received = to.iter_mut().take_while(|_| board::has_received());
    received.map(|byte| *byte = board::receive()).count()
}

/// Sends what there is room for, and says how many bytes.
pub(crate) fn transmit(bytes: &[u8]) -> usize {
    let fitting = bytes.iter().take_while(|_| board::has_room());
    fitting.map(|byte| board::transmit(*byte)).count()
}
