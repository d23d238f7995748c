//! The same UART and clock for programs that wait for several things at once: whoever waits is woken by an interrupt.

use core::convert::Infallible;
use core::future::{Future, poll_fn};
use core::task::Poll;

use embassy_sync::waitqueue::AtomicWaker;
use embedded_io_async::{Read, Write};
use qmp_core::{Clock, io_async};

use crate::{Uart, board, uart};

/// Who waits for the UART to receive, for room to send, and for the time. The board's interrupts wake them.
pub(crate) static RECEIVED: AtomicWaker = AtomicWaker::new();
pub(crate) static ROOM: AtomicWaker = AtomicWaker::new();
pub(crate) static TIME: AtomicWaker = AtomicWaker::new();

/// Registers first, so that no interrupt between question and registration is lost.
fn until(waker: &AtomicWaker, arm: impl Fn(), ready: impl Fn() -> bool) -> impl Future<Output = ()> {
    poll_fn(move |context| {
        waker.register(context.waker());
        if ready() {
            return Poll::Ready(());
        }
        arm();
        Poll::Pending
    })
}

impl Read for Uart {
    async fn read(&mut self, to: &mut [u8]) -> Result<usize, Infallible> {
        until(&RECEIVED, board::wake_when_received, || to.is_empty() || board::has_received()).await;
        Ok(uart::receive(to))
    }
}

impl Write for Uart {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        until(&ROOM, board::wake_when_room, || bytes.is_empty() || board::has_room()).await;
        Ok(uart::transmit(bytes))
    }

    /// What is left is in the UART's own memory, and on its way.
    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The board's clock.
pub struct Timer;

impl Clock for Timer {
    fn now(&mut self) -> u64 {
        board::now()
    }
}

impl io_async::Timer for Timer {
    async fn until(&mut self, deadline: u64) {
        until(&TIME, || board::wake_at(deadline), || board::now() >= deadline).await;
    }
}
