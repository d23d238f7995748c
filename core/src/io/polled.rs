//! A transport that can say whether a byte is there, made one whose `read` comes back.

use embedded_io::{ErrorKind, Read, ReadReady, Write};

/// A transport with [`ReadReady`], such as a UART, made fit for deadlines: `read` returns [`ErrorKind::TimedOut`] at once when no
/// byte is there.
#[derive(Clone, Debug)]
pub struct Polled<T>(pub T);

/// What [`Polled`] reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PolledError<E> {
    /// No byte was there.
    Idle,
    /// The transport's own error.
    Transport(E),
}

impl<E: core::fmt::Display> core::fmt::Display for PolledError<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Idle => f.write_str("no byte there"),
            Self::Transport(error) => core::fmt::Display::fmt(error, f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for PolledError<E> {}

impl<E: embedded_io::Error> embedded_io::Error for PolledError<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Idle => ErrorKind::TimedOut,
            Self::Transport(error) => error.kind(),
        }
    }
}

impl<T: embedded_io::ErrorType> embedded_io::ErrorType for Polled<T> {
    type Error = PolledError<T::Error>;
}

impl<T: Read + ReadReady> Read for Polled<T> {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, Self::Error> {
        if !self.0.read_ready().map_err(PolledError::Transport)? {
            return Err(PolledError::Idle);
        }
        self.0.read(to).map_err(PolledError::Transport)
    }
}

impl<T: Write> Write for Polled<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(bytes).map_err(PolledError::Transport)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        self.0.flush().map_err(PolledError::Transport)
    }
}
