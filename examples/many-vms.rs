//! A thousand sessions in one thread, all with a command in flight at once: the async driver on tokio.
//!
//! The VMs are in this program, too. None answers before all have been asked.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use embedded_io_adapters::tokio_1::FromTokio;
use qmp_core::io_async::{Connection, Timer};
use qmp_core::{Client, Clock, Inbound, Profile, Server, Settings, VersionTriple};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Barrier;

const VMS: u32 = 1_000;
const ROUNDS: u32 = 3;

/// Bytes: the longest reply or event that is of interest, and the longest command.
const RECEIVE: usize = 512;
const TRANSMIT: usize = 128;

/// Milliseconds since the program's start.
#[derive(Clone, Copy)]
struct Milliseconds(Instant);

impl Clock for Milliseconds {
    fn now(&mut self) -> u64 {
        self.0.elapsed().as_millis() as u64
    }
}

impl Timer for Milliseconds {
    async fn until(&mut self, deadline: u64) {
        tokio::time::sleep_until((self.0 + Duration::from_millis(deadline)).into()).await;
    }
}

type Session = Connection<FromTokio<DuplexStream>, Milliseconds, [u8; RECEIVE], [u8; TRANSMIT]>;

/// Connects, and asks for the VM's name in each round. How many answers were that VM's.
async fn ask(number: u32, link: DuplexStream, clock: Milliseconds) -> Result<u32, String> {
    let settings = Settings { handshake: 60_000, command: 60_000, oob: false };
    let client = Client::new(number, [0; RECEIVE]);
    let mut qmp: Session = Connection::new(FromTokio::new(link), clock, client, [0; TRANSMIT], settings);
    qmp.connect(|_| {}).await.map_err(|error| error.to_string())?;
    let mut right = 0;
    for _ in 0..ROUNDS {
        let outcome = qmp.execute_raw("query-name", None, false, |_| {}).await.map_err(|error| error.to_string())?;
        let name = outcome.map_err(|refused| refused.to_string())?.member("name").and_then(|name| name.as_str());
        right += u32::from(name.is_some_and(|name| name == *format!("vm-{number}")));
    }
    Ok(right)
}

/// One VM: it answers when all have been asked.
async fn serve(number: u32, mut link: DuplexStream, asked: Arc<Barrier>) -> Result<(), Box<dyn Error + Send + Sync>> {
    let profile = Profile::qmp(VersionTriple { major: 1, minor: 0, micro: 0 }, "");
    let mut server = Server::new(profile, [0; 256], [0; 512], [0; 32]);
    loop {
        let request = match server.poll() {
            Some(Inbound::Request { call, .. }) => Some(call),
            Some(_) => continue,
            None => None,
        };
        if let Some(call) = request {
            asked.wait().await;
            server.reply(call, |w| _ = w.object().name("name").string(&format!("vm-{number}")).end())?;
        } else if !server.unsent().is_empty() {
            let sent = link.write(server.unsent()).await?;
            server.sent(sent);
        } else {
            let read = link.read(server.window()).await?;
            server.commit(read)?;
            if read == 0 {
                return Ok(());
            }
        }
    }
}

async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    let (asked, clock) = (Arc::new(Barrier::new(VMS as usize)), Milliseconds(Instant::now()));
    let (mut sessions, mut vms, mut task) = (Vec::new(), Vec::new(), 0);
    for number in 1..=VMS {
        let (here, there) = tokio::io::duplex(256);
        let session = ask(number, here, clock);
        task = size_of_val(&session);
        sessions.push(tokio::spawn(session));
        vms.push(tokio::spawn(serve(number, there, Arc::clone(&asked))));
    }
    println!("{VMS} sessions, {} commands in flight at once, in {ROUNDS} rounds", VMS);
    let mut right = 0;
    for session in sessions {
        right += session.await??;
    }
    for vm in vms {
        vm.await??;
    }
    println!("{right} answers of {} came to the session that had asked", VMS * ROUNDS);
    let rest = size_of::<Session>() - RECEIVE - TRANSMIT;
    println!("memory per session: {RECEIVE} bytes to receive, {TRANSMIT} to send, {rest} for the rest");
    println!("with its task: {task} bytes");
    if right == VMS * ROUNDS { Ok(()) } else { Err("an answer came to another session".into()) }
}

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(run())
}
