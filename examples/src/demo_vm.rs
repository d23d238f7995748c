//! A VM to develop a client against: no guest, no disks, and a monitor that behaves like QEMU's.
//!
//! It can be stopped, reset and shut down, runs a job that reports its progress, and a command that takes as long as it is told,
//! which another one can end out of band.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use qmp_core::{
    Argument, ArgumentType, Call, CommandEntry, ErrorClass, EventPolicy, Invocation, Profile, VersionTriple, Writer,
};
use qmp_std_adapter::{Error, Limits, Monitor, timestamp};

/// How long a job takes from one progress event to the next.
const JOB_STEP: Duration = Duration::from_millis(50);

/// The steps of a job.
const JOB_STEPS: u64 = 4;

/// How long a client may take to read what was said last.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the VM's monitor says of itself.
pub const PROFILE: Profile = Profile {
    oob: true,
    events: &[EventPolicy::keep_last("DEMO_JOB_PROGRESS")],
    ..Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "demo")
};

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
    pub fn start() -> Result<Self, Error> {
        let profile = Profile { oob: false, ..PROFILE };
        let monitor = Monitor::bind("tcp:127.0.0.1:0", profile, Limits::default())?;
        let address = monitor.address().to_string();
        let serve = move || Machine::new("demo").serve(monitor);
        thread::Builder::new().name("demo-vm".into()).spawn(serve).map_err(Error::Spawn)?;
        Ok(Self { address })
    }

    /// Where its monitor is: `tcp:127.0.0.1:` and a port.
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// The VM itself.
#[derive(Debug)]
pub struct Machine {
    name: String,
    running: bool,
    over: bool,
    job: Option<Job>,
    /// The commands that take their time, and when they are done.
    waits: Vec<(Call, Instant)>,
    /// The commands that were told to end, and are to be answered.
    yanked: Vec<Call>,
    /// What a command has caused, to be told to the clients that did not send it: its connection's number, and what.
    news: Vec<(u32, News)>,
}

#[derive(Debug)]
struct Job {
    id: String,
    status: &'static str,
    progress: u64,
    next: Instant,
}

/// What a command causes.
#[derive(Clone, Debug)]
enum News {
    Stop,
    Resume,
    Reset,
    Powerdown,
    Shutdown,
    Job { id: String, status: &'static str },
}

impl News {
    fn name(&self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Resume => "RESUME",
            Self::Reset => "RESET",
            Self::Powerdown => "POWERDOWN",
            Self::Shutdown => "SHUTDOWN",
            Self::Job { .. } => "JOB_STATUS_CHANGE",
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        let reason = match self {
            Self::Stop | Self::Resume | Self::Powerdown => return,
            Self::Job { id, status } => {
                w.object().name("status").string(status).name("id").string(id).end();
                return;
            }
            Self::Reset => "host-qmp-system-reset",
            Self::Shutdown => "host-qmp-quit",
        };
        w.object().name("guest").bool(false).name("reason").string(reason).end();
    }
}

impl Machine {
    /// A VM that runs.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            running: true,
            over: false,
            job: None,
            waits: Vec::new(),
            yanked: Vec::new(),
            news: Vec::new(),
        }
    }

    /// Serves clients until one of them ends the VM.
    ///
    /// # Errors
    /// Those of the system's call that waits for clients.
    pub fn serve(mut self, mut monitor: Monitor) -> io::Result<()> {
        while !self.over {
            let patience = self.next_deadline().map(|next| next.saturating_duration_since(Instant::now()));
            monitor.turn(COMMANDS, &mut self, patience)?;
            self.work(&mut monitor);
        }
        monitor.finish(FAREWELL)
    }

    /// When there is something to be done.
    fn next_deadline(&self) -> Option<Instant> {
        let job = self.job.as_ref().filter(|job| job.status == "running").map(|job| job.next);
        self.waits.iter().map(|(_, end)| *end).chain(job).min()
    }

    /// Does what is to be done by now. A client that does not read loses events; one that has left needs no answer.
    fn work(&mut self, monitor: &mut Monitor) {
        let now = Instant::now();
        for (connection, news) in self.news.drain(..) {
            let _ = monitor.event_to_others(connection, news.name(), timestamp(), |w| news.write(w));
        }
        for call in self.yanked.drain(..) {
            if let Some(server) = monitor.server(call) {
                let _ = server.error(call, ErrorClass::GenericError, "The wait was yanked");
            }
        }
        // Nobody waits any more for what a client that has left asked for.
        self.waits.retain(|(call, _)| monitor.is_connected(call.connection()));
        for (call, _) in self.waits.extract_if(.., |(_, end)| *end <= now) {
            if let Some(server) = monitor.server(call) {
                let _ = server.reply(call, |_| {});
            }
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
                let news = News::Job { id: job.id.clone(), status };
                let _ = monitor.event(news.name(), timestamp(), |w| news.write(w));
            }
        }
    }

    /// Tells the client whose command this is, before the reply; the others are told after it.
    fn tell(&mut self, call: &mut Invocation<'_>, news: News) {
        let _ = call.event(news.name(), timestamp(), |w| news.write(w));
        self.news.push((call.connection(), news));
    }

    fn status(&self) -> &'static str {
        if self.running { "running" } else { "paused" }
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
        vm.tell(call, News::Stop);
    }
}

fn cont(vm: &mut Machine, call: &mut Invocation<'_>) {
    if !std::mem::replace(&mut vm.running, true) {
        vm.tell(call, News::Resume);
    }
}

fn system_reset(vm: &mut Machine, call: &mut Invocation<'_>) {
    vm.tell(call, News::Reset);
}

fn system_powerdown(vm: &mut Machine, call: &mut Invocation<'_>) {
    vm.tell(call, News::Powerdown);
}

fn quit(vm: &mut Machine, call: &mut Invocation<'_>) {
    vm.over = true;
    vm.tell(call, News::Shutdown);
}

fn human_monitor_command(vm: &mut Machine, call: &mut Invocation<'_>) {
    let line = text(call, "command-line");
    let output = match line.trim() {
        "" => String::new(),
        "info status" => format!("VM status: {}\r\n", vm.status()),
        "info version" => {
            let VersionTriple { major, minor, micro } = PROFILE.version;
            format!("{major}.{minor}.{micro} ({})\r\n", PROFILE.package)
        }
        other => format!("unknown command: '{}'\r\n", other.split(' ').next().unwrap_or_default()),
    };
    let _ = call.reply(|w| _ = w.string(&output));
}

fn blockdev_create(vm: &mut Machine, call: &mut Invocation<'_>) {
    let id = text(call, "job-id");
    if vm.job.is_some() {
        let desc = format_args!("Job ID '{id}' cannot be used: there is a job already");
        let _ = call.error_format(ErrorClass::GenericError, desc);
        return;
    }
    for status in ["created", "running"] {
        vm.tell(call, News::Job { id: id.clone(), status });
    }
    vm.job = Some(Job { id, status: "running", progress: 0, next: Instant::now() + JOB_STEP });
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
        Some(_) => vm.tell(call, News::Job { id, status: "null" }),
        None if vm.job.as_ref().is_some_and(|job| job.id == id) => {
            let desc = format_args!("Job '{id}' in state 'running' cannot accept command verb 'dismiss'");
            let _ = call.error_format(ErrorClass::GenericError, desc);
        }
        None => {
            let _ = call.error(ErrorClass::DeviceNotActive, "Job not found");
        }
    }
}

fn demo_wait(vm: &mut Machine, call: &mut Invocation<'_>) {
    let milliseconds = call.argument("milliseconds").and_then(|value| value.as_u64()).unwrap_or(0);
    vm.waits.push((call.defer(), Instant::now() + Duration::from_millis(milliseconds.min(3_600_000))));
}

fn query_yank(vm: &mut Machine, call: &mut Invocation<'_>) {
    let _ = call.reply(|w| {
        w.array();
        if !vm.waits.is_empty() {
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
    if unknown || vm.waits.is_empty() {
        let _ = call.error(ErrorClass::DeviceNotFound, "Instance not found");
        return;
    }
    vm.yanked.extend(vm.waits.drain(..).map(|(waiting, _)| waiting));
}

/// An argument that is a string.
fn text(call: &Invocation<'_>, name: &str) -> String {
    call.argument(name).and_then(|value| value.as_str()).map(|text| text.to_string()).unwrap_or_default()
}
