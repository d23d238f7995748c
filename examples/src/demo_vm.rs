//! A VM to develop a client against: no guest, no disks, and a monitor that behaves like QEMU's.
//!
//! It can be stopped, reset and shut down, runs a job that reports its progress, and a command that takes as long as it is told,
//! which another one can end out of band.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use qmp_core::{
    Argument, ArgumentType, Call, CommandEntry, ErrorClass, EventPolicy, Invocation, Profile, Server, Timestamp,
    VersionTriple,
};

/// How often the VM looks at what it is doing while its client says nothing.
const TICK: Duration = Duration::from_millis(10);

/// How long a job takes from one progress event to the next.
const JOB_STEP: Duration = Duration::from_millis(50);

/// The steps of a job.
const JOB_STEPS: u64 = 4;

/// What the VM's monitor says of itself.
pub const PROFILE: Profile = Profile {
    oob: true,
    events: &[EventPolicy::keep_last("DEMO_JOB_PROGRESS")],
    ..Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "demo")
};

type Monitor = Server<Vec<u8>, Vec<u8>, Vec<u8>>;

/// A stream that does not wait for ever.
pub trait Stream: Read + Write {
    /// Reads and writes return after this time at the latest.
    ///
    /// # Errors
    /// Those of the operating system.
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_nodelay(true)?;
        self.set_write_timeout(Some(timeout))?;
        self.set_read_timeout(Some(timeout))
    }
}

#[cfg(unix)]
impl Stream for UnixStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_write_timeout(Some(timeout))?;
        self.set_read_timeout(Some(timeout))
    }
}

/// A VM in a thread of its own, for as long as the program lives. It serves one client after the other.
#[derive(Debug)]
pub struct DemoVm {
    address: String,
}

impl DemoVm {
    /// Starts it.
    ///
    /// # Errors
    /// There is no loopback port, or no thread.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = format!("tcp:{}", listener.local_addr()?);
        thread::Builder::new().name("demo-vm".into()).spawn(move || {
            let mut machine = Machine::with_profile("demo", Profile { oob: false, ..PROFILE });
            for client in listener.incoming() {
                // However it ended: the next client, please.
                let _ = client.and_then(|mut socket| machine.serve(&mut socket));
            }
        })?;
        Ok(Self { address })
    }

    /// Where its monitor is: `tcp:127.0.0.1:` and a port.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// The VM itself. It goes on from one connection of its monitor to the next.
#[derive(Debug)]
pub struct Machine {
    profile: Profile,
    name: String,
    running: bool,
    over: bool,
    job: Option<Job>,
    /// The command that takes its time, and when it is done.
    wait: Option<(Call, Instant)>,
    /// The command that was told to end, and is to be answered.
    yanked: Option<Call>,
}

#[derive(Debug)]
struct Job {
    id: String,
    status: &'static str,
    progress: u64,
    next: Instant,
}

impl Machine {
    /// A VM that runs.
    pub fn new(name: &str) -> Self {
        Self::with_profile(name, PROFILE)
    }

    /// A VM whose monitor has another profile: [`PROFILE`] with changes.
    pub fn with_profile(name: &str, profile: Profile) -> Self {
        Self { profile, name: name.into(), running: true, over: false, job: None, wait: None, yanked: None }
    }

    /// Whether a client has ended it.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Serves one client until it leaves, or ends the VM.
    ///
    /// # Errors
    /// Those of the stream; the VM is ready for the next client then.
    pub fn serve(&mut self, stream: &mut impl Stream) -> io::Result<()> {
        stream.set_timeout(TICK)?;
        let mut monitor = Server::new(self.profile, vec![0; 65_536], vec![0; 65_536], vec![0; 65_536]);
        let served = self.serve_with(&mut monitor, stream);
        (self.wait, self.yanked) = (None, None);
        served
    }

    fn serve_with(&mut self, monitor: &mut Monitor, stream: &mut impl Stream) -> io::Result<()> {
        loop {
            monitor.dispatch(COMMANDS, self);
            self.work(monitor);
            while !monitor.unsent().is_empty() {
                match stream.write(monitor.unsent()) {
                    Ok(0) => return Err(ErrorKind::WriteZero.into()),
                    Ok(sent) => monitor.sent(sent),
                    Err(error) if is_timeout(&error) => break,
                    Err(error) => return Err(error),
                }
            }
            if self.over && monitor.unsent().is_empty() {
                return Ok(());
            }
            if monitor.window().is_empty() {
                thread::sleep(TICK);
                continue;
            }
            match stream.read(monitor.window()) {
                Ok(0) => return Ok(()),
                Ok(read) => monitor.commit(read).map_err(io::Error::other)?,
                Err(error) if is_timeout(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Does what is to be done by now.
    fn work(&mut self, monitor: &mut Monitor) {
        let now = Instant::now();
        if let Some(call) = self.yanked.take() {
            let _ = monitor.error(call, ErrorClass::GenericError, "The wait was yanked");
        }
        if let Some((call, end)) = self.wait
            && now >= end
        {
            self.wait = None;
            let _ = monitor.reply(call, |_| {});
        }
        let Some(job) = self.job.as_mut().filter(|job| job.status == "running" && now >= job.next) else { return };
        job.next = now + JOB_STEP;
        job.progress += 1;
        let _ = monitor.event("DEMO_JOB_PROGRESS", timestamp(), |w| {
            w.object().name("id").string(&job.id).name("current-progress").u64(job.progress);
            w.name("total-progress").u64(JOB_STEPS).end();
        });
        if job.progress == JOB_STEPS {
            for status in ["waiting", "pending", "concluded"] {
                job.status = status;
                let _ = monitor.event("JOB_STATUS_CHANGE", timestamp(), |w| job.write_status(w));
            }
        }
    }
}

impl Job {
    fn write_status(&self, w: &mut qmp_core::Writer<'_>) {
        w.object().name("status").string(self.status).name("id").string(&self.id).end();
    }
}

const COMMANDS: &[CommandEntry<Machine>] = &[
    CommandEntry::new("query-name", &[], query_name),
    CommandEntry::new("query-status", &[], query_status),
    CommandEntry::new("stop", &[], stop),
    CommandEntry::new("cont", &[], cont),
    CommandEntry::new("system_reset", &[], system_reset),
    CommandEntry::new("system_powerdown", &[], system_powerdown),
    CommandEntry::new("quit", &[], quit),
    CommandEntry::new(
        "human-monitor-command",
        &[
            Argument::required("command-line", ArgumentType::String),
            Argument::optional("cpu-index", ArgumentType::Integer),
        ],
        human_monitor_command,
    ),
    CommandEntry::new(
        "blockdev-create",
        &[Argument::required("job-id", ArgumentType::String), Argument::required("options", ArgumentType::Object)],
        blockdev_create,
    ),
    CommandEntry::new("query-jobs", &[], query_jobs),
    CommandEntry::new("job-dismiss", &[Argument::required("id", ArgumentType::String)], job_dismiss),
    CommandEntry::new("demo-wait", &[Argument::required("milliseconds", ArgumentType::Size)], demo_wait),
    CommandEntry::new("query-yank", &[], query_yank).allow_oob(),
    CommandEntry::new("yank", &[Argument::required("instances", ArgumentType::Array)], yank).allow_oob(),
];

fn query_name(vm: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| _ = w.object().name("name").string(&vm.name).end());
}

fn query_status(vm: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.object().name("status").string(vm.status()).name("singlestep").bool(false);
        w.name("running").bool(vm.running).end();
    });
}

fn stop(vm: &mut Machine, call: &mut Invocation<'_>) {
    if std::mem::replace(&mut vm.running, false) {
        let _ = call.event("STOP", timestamp(), |_| {});
    }
}

fn cont(vm: &mut Machine, call: &mut Invocation<'_>) {
    if !std::mem::replace(&mut vm.running, true) {
        let _ = call.event("RESUME", timestamp(), |_| {});
    }
}

fn system_reset(_: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.event("RESET", timestamp(), |w| {
        w.object().name("guest").bool(false).name("reason").string("host-qmp-system-reset").end();
    });
}

fn system_powerdown(_: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.event("POWERDOWN", timestamp(), |_| {});
}

fn quit(vm: &mut Machine, call: &mut Invocation<'_>) {
    vm.over = true;
    let _ = call.event("SHUTDOWN", timestamp(), |w| {
        w.object().name("guest").bool(false).name("reason").string("host-qmp-quit").end();
    });
}

fn human_monitor_command(vm: &mut Machine, call: &mut Invocation<'_>) {
    let line = text(call, "command-line");
    let output = match line.trim() {
        "" => String::new(),
        "info status" => format!("VM status: {}\r\n", vm.status()),
        "info version" => {
            let VersionTriple { major, minor, micro } = vm.profile.version;
            format!("{major}.{minor}.{micro} ({})\r\n", vm.profile.package)
        }
        other => format!("unknown command: '{}'\r\n", other.split(' ').next().unwrap_or_default()),
    };
    let _ = call.reply(|w| _ = w.string(&output));
}

fn blockdev_create(vm: &mut Machine, call: &mut Invocation<'_>) {
    let id = text(call, "job-id");
    if vm.job.is_some() {
        let _ = call.error(ErrorClass::GenericError, &format!("Job ID '{id}' cannot be used: there is a job already"));
        return;
    }
    let mut job = Job { id, status: "created", progress: 0, next: Instant::now() + JOB_STEP };
    for status in ["created", "running"] {
        job.status = status;
        let _ = call.event("JOB_STATUS_CHANGE", timestamp(), |w| job.write_status(w));
    }
    vm.job = Some(job);
}

fn query_jobs(vm: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.array();
        if let Some(job) = &vm.job {
            w.object().name("current-progress").u64(job.progress).name("status").string(job.status);
            w.name("total-progress").u64(JOB_STEPS).name("type").string("create").name("id").string(&job.id).end();
        }
        w.end();
    });
}

fn job_dismiss(vm: &mut Machine, call: &mut Invocation<'_>) {
    let id = text(call, "id");
    match vm.job.take_if(|job| job.id == id && job.status == "concluded") {
        Some(mut job) => {
            job.status = "null";
            let _ = call.event("JOB_STATUS_CHANGE", timestamp(), |w| job.write_status(w));
        }
        None if vm.job.as_ref().is_some_and(|job| job.id == id) => {
            let desc = format!("Job '{id}' in state 'running' cannot accept command verb 'dismiss'");
            let _ = call.error(ErrorClass::GenericError, &desc);
        }
        None => {
            let _ = call.error(ErrorClass::DeviceNotActive, "Job not found");
        }
    }
}

fn demo_wait(vm: &mut Machine, call: &mut Invocation<'_>) {
    let milliseconds = call.argument("milliseconds").and_then(|value| value.as_u64()).unwrap_or(0);
    vm.wait = Some((call.defer(), Instant::now() + Duration::from_millis(milliseconds.min(3_600_000))));
}

fn query_yank(vm: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.array();
        if vm.wait.is_some() {
            w.object().name("type").string("chardev").name("id").string("demo-wait").end();
        }
        w.end();
    });
}

fn yank(vm: &mut Machine, call: &mut Invocation<'_>) {
    let instances = call.argument("instances");
    let known = |name| name == "demo-wait";
    let mut named = instances.into_iter().flat_map(|instances| instances.elements());
    let unknown = named.any(|instance| !instance.member("id").and_then(|id| id.as_str()).is_some_and(known));
    match vm.wait {
        Some((waiting, _)) if !unknown => {
            vm.wait = None;
            vm.yanked = Some(waiting);
        }
        _ => _ = call.error(ErrorClass::DeviceNotFound, "Instance not found"),
    }
}

impl Machine {
    fn status(&self) -> &'static str {
        if self.running { "running" } else { "paused" }
    }
}

/// An argument that is a string.
fn text(call: &Invocation<'_>, name: &str) -> String {
    call.argument(name).and_then(|value| value.as_str()).map(|text| text.to_string()).unwrap_or_default()
}

fn timestamp() -> Timestamp {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp { seconds: time.as_secs() as i64, microseconds: i64::from(time.subsec_micros()) }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}
