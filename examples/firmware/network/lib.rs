//! The same over TCP: a VM's monitor (`-qmp tcp:…,server=on,wait=off`) by way of the network stack of `embassy`.
//!
//! The board brings the stack's driver, an executor, and the driver of `embassy-time`; nothing here depends on them.
#![no_std]

use embassy_net::tcp::{ConnectError, Error as TcpError, TcpSocket};
use embassy_net::{IpEndpoint, Stack};
use embassy_time::{Instant, TICK_HZ};
use qmp_core::io_async::{Connection, Timer};
use qmp_core::{Client, Clock, Error, Incoming, QueryStatus, Settings};

/// How long anything may take.
const TIMEOUT: u64 = 5 * TICK_HZ;

/// The clock of `embassy`, in its ticks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ticks;

impl Clock for Ticks {
    fn now(&mut self) -> u64 {
        Instant::now().as_ticks()
    }
}

impl Timer for Ticks {
    async fn until(&mut self, deadline: u64) {
        embassy_time::Timer::at(Instant::from_ticks(deadline)).await;
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Failure {
    /// There is no connection.
    Connect(ConnectError),
    /// There is one, and the session has failed.
    Session(Error<TcpError>),
}

/// Whether the VM whose monitor listens at `monitor` runs. `session` is another number each time; `on` is given what else comes.
///
/// # Errors
/// There is no connection, or no answer. What the server refuses is no error, and means that it does not run.
pub async fn is_running(
    stack: Stack<'_>,
    monitor: IpEndpoint,
    session: u32,
    on: fn(Incoming<'_>),
) -> Result<bool, Failure> {
    let (mut rx, mut tx) = ([0; 512], [0; 256]);
    let mut socket = TcpSocket::new(stack, &mut rx, &mut tx);
    socket.connect(monitor).await.map_err(Failure::Connect)?;
    let settings = Settings { handshake: TIMEOUT, command: TIMEOUT, oob: false };
    let mut qmp = Connection::new(socket, Ticks, Client::<_>::new(session, [0; 512]), [0; 128], settings);
    qmp.connect(on).await.map_err(Failure::Session)?;
    let outcome = qmp.execute(&QueryStatus {}, on).await.map_err(Failure::Session)?;
    Ok(outcome.is_ok_and(|status| status.running))
}
