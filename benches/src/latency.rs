//! Round trips over a unix socket, beside what the socket alone takes.

mod qemu;

use crate::exchange::{Exchange, Exchanger, exchangers, reply_to};
use std::io::{ErrorKind, Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

/// A client with a connection.
pub trait Caller {
    /// Sends so many commands and waits for all the replies.
    fn call(&mut self, commands: usize) -> Result<()>;
}

/// One row of the table.
pub struct RoundTrip {
    /// Who.
    pub name: &'static str,
    /// Median time of one call, all its commands together.
    pub median: Duration,
    /// That over the median of the bare socket.
    pub ratio: f64,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// A thread that answers at once.
    Instant,
    /// `qemu-system-x86_64` without a machine.
    Qemu,
}

/// Medians over `rounds` calls of `commands` commands each. The bare socket comes first; all take turns.
pub fn round_trips(server: Server, commands: usize, rounds: usize) -> Result<Vec<RoundTrip>> {
    let exchangers = exchangers();
    // One connection for all: who runs on which processor differs between connections, and that is more than what is to be seen. Every call
    // leaves it idle. One has to have its own. QEMU lives until the end of this function.
    let (connection, another, _qemu) = match server {
        Server::Instant => (connect()?, connect()?, None),
        Server::Qemu => qemu::start().map(|(connections, qemu)| (connections.0, connections.1, Some(qemu)))?,
    };

    let mut callers: Vec<(&str, Box<dyn Caller>)> =
        vec![("bare socket", Box::new(Bare::new(connection.try_clone()?, commands)))];
    for exchanger in exchangers {
        // A crate that brings its own socket loop is measured with it.
        #[cfg(feature = "peers")]
        if exchanger.name == crate::peers::BLOCKING {
            callers.push((exchanger.name, crate::peers::blocking(connection.try_clone()?)));
            continue;
        }
        callers.push((exchanger.name, Box::new(Connected::new(&exchanger, commands, connection.try_clone()?))));
    }

    // A runtime needs a socket that does not block, and so one of its own.
    #[cfg(feature = "peers")]
    callers.push((crate::peers::ASYNCHRONOUS, crate::peers::asynchronous(another)?));
    #[cfg(not(feature = "peers"))]
    drop(another);

    let mut times: Vec<Vec<Duration>> = vec![vec![]; callers.len()];
    for round in 0..rounds + rounds / 10 {
        for ((_, caller), times) in callers.iter_mut().zip(&mut times) {
            let start = Instant::now();
            caller.call(commands)?;
            let elapsed = start.elapsed();
            if round >= rounds / 10 {
                times.push(elapsed);
            }
        }
    }
    let medians: Vec<Duration> = times
        .into_iter()
        .map(|mut times| {
            times.sort();
            times[times.len() / 2]
        })
        .collect();
    let bare = medians[0].as_secs_f64();
    Ok(callers
        .iter()
        .zip(medians)
        .map(|((name, _), median)| RoundTrip { name, median, ratio: median.as_secs_f64() / bare })
        .collect())
}

/// A connection to a server of its own, which lives as long as the connection.
fn connect() -> Result<UnixStream> {
    let (client, server) = UnixStream::pair()?;
    thread::spawn(move || serve(server));
    Ok(client)
}

/// Answers each command at once: as many replies in one write as there were commands in one read.
fn serve(mut stream: UnixStream) -> Result<()> {
    let (mut input, mut output, mut chunk) = (vec![], vec![], [0; 8192]);
    loop {
        let n = stream.read(&mut chunk)?;
        if n == 0 {
            return Ok(());
        }
        input.extend_from_slice(&chunk[..n]);
        let complete = input.iter().rposition(|&b| b == b'\n').map_or(0, |end| end + 1);
        output.clear();
        for command in input[..complete].split_inclusive(|&b| b == b'\n') {
            reply_to(command, &mut output);
        }
        input.drain(..complete);
        if !output.is_empty() {
            stream.write_all(&output)?;
        }
    }
}

/// Ready-made bytes out, and as many line ends in as will come.
struct Bare {
    stream: UnixStream,
    commands: Vec<u8>,
    input: [u8; 8192],
}

impl Bare {
    fn new(stream: UnixStream, commands: usize) -> Self {
        let commands = b"{\"execute\":\"query-status\",\"id\":1001}\n".repeat(commands);
        Self { stream, commands, input: [0; 8192] }
    }
}

impl Caller for Bare {
    fn call(&mut self, commands: usize) -> Result<()> {
        self.stream.write_all(&self.commands)?;
        let mut open = commands;
        while open > 0 {
            let n = self.stream.read(&mut self.input)?;
            if n == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            open -= self.input[..n].iter().filter(|&&b| b == b'\n').count();
        }
        Ok(())
    }
}

/// A client that leaves the socket to its caller: one write for all commands, and reads until all are answered.
struct Connected {
    client: Box<dyn Exchange>,
    stream: UnixStream,
    output: Vec<u8>,
    input: [u8; 8192],
}

impl Connected {
    fn new(exchanger: &Exchanger, commands: usize, stream: UnixStream) -> Self {
        Self { client: (exchanger.open)(commands), stream, output: vec![], input: [0; 8192] }
    }
}

impl Caller for Connected {
    fn call(&mut self, commands: usize) -> Result<()> {
        self.output.clear();
        for _ in 0..commands {
            self.output.extend_from_slice(self.client.command());
        }
        self.stream.write_all(&self.output)?;
        let mut open = commands;
        while open > 0 {
            let n = self.stream.read(&mut self.input)?;
            if n == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            open -= self.client.receive(&self.input[..n]);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyone_gets_all_replies() {
        for commands in [1, 8] {
            let rows = round_trips(Server::Instant, commands, 10).unwrap();
            assert_eq!(rows.len(), exchangers().len() + 1 + usize::from(cfg!(feature = "peers")));
        }
    }
}
