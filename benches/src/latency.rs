//! Round trips over a unix socket, beside what the socket alone takes.

use crate::exchange::{Exchange, Exchanger, exchangers, reply_to};
use std::io::{Read, Result, Write};
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

/// Medians over `rounds` calls of `commands` commands each. The bare socket comes first; all take turns.
pub fn round_trips(commands: usize, rounds: usize) -> Result<Vec<RoundTrip>> {
    let mut callers: Vec<(&str, Box<dyn Caller>)> = vec![("bare socket", Box::new(Bare::new(connect()?, commands)))];
    for exchanger in exchangers() {
        // A crate that brings its own socket loop is measured with it.
        #[cfg(feature = "peers")]
        if let Some(caller) = crate::peers::caller(exchanger.name, connect()?) {
            callers.push((exchanger.name, caller));
            continue;
        }
        callers.push((exchanger.name, Box::new(Connected::new(&exchanger, commands, connect()?))));
    }

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

/// Ready-made bytes out, and as many bytes in as will come.
struct Bare {
    stream: UnixStream,
    commands: Vec<u8>,
    replies: Vec<u8>,
}

impl Bare {
    fn new(stream: UnixStream, commands: usize) -> Self {
        let commands = b"{\"execute\":\"query-status\",\"id\":1001}\n".repeat(commands);
        let mut replies = vec![];
        for command in commands.split_inclusive(|&b| b == b'\n') {
            reply_to(command, &mut replies);
        }
        Self { stream, commands, replies }
    }
}

impl Caller for Bare {
    fn call(&mut self, _: usize) -> Result<()> {
        self.stream.write_all(&self.commands)?;
        self.stream.read_exact(&mut self.replies)
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
            let rows = round_trips(commands, 10).unwrap();
            assert_eq!(rows.len(), exchangers().len() + 1);
        }
    }
}
