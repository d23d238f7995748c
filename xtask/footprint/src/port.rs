//! A port to nowhere: the compiler must assume that anything can come in and that all that goes out is used.

use core::hint::black_box;

/// Reads into `buffer` and says how many bytes came.
#[inline(never)]
pub fn read(buffer: &mut [u8]) -> usize {
    black_box(buffer);
    black_box(0)
}

/// Text that is there already, such as arguments that the program has prepared.
#[inline(never)]
pub fn text() -> &'static [u8] {
    b"{}".get(..black_box(2)).unwrap_or_default()
}

/// Sends `bytes`.
#[inline(never)]
pub fn write(bytes: &[u8]) {
    black_box(bytes);
}

/// Makes use of a number.
#[inline(never)]
pub fn take(number: u32) {
    black_box(number);
}

/// A choice, a size, the time in ticks, or any other number from outside.
#[inline(never)]
pub fn number() -> u32 {
    black_box(0)
}

/// The port as a transport, which may have no byte.
pub struct Uart;

impl embedded_io::ErrorType for Uart {
    type Error = core::convert::Infallible;
}

impl embedded_io::ReadReady for Uart {
    fn read_ready(&mut self) -> Result<bool, Self::Error> {
        Ok(number() != 0)
    }
}

impl embedded_io::Read for Uart {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, Self::Error> {
        Ok(read(to))
    }
}

impl embedded_io::Write for Uart {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Self::Error> {
        write(bytes);
        Ok(number() as usize)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
