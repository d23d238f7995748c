//! Commands in a table: arguments checked, unknown ones refused, and the list of them answered.

use core::fmt;

use super::arguments::{Argument, check};
use super::check::Refusal;
use super::events::Emission;
use super::inbound::{Call, ReplyError};
use super::output;
use super::profile::{Dialect, Profile};
use super::session::{Buffers, Place, Session};
use crate::encode::{EncodeError, Piece, Writer};
use crate::json::{Json, Str};
use crate::message::{ErrorClass, Request, Timestamp};

/// A command that an application `A` offers: its name, its arguments, and the function that runs it.
///
/// ```
/// use qmp_core::{Argument, ArgumentType, CommandEntry, ErrorClass, Invocation};
///
/// struct Lamp {
///     on: bool,
/// }
///
/// fn switch(lamp: &mut Lamp, call: &mut Invocation<'_>) {
///     lamp.on = call.argument("on").and_then(|on| on.as_bool()).unwrap_or(!lamp.on);
/// }
///
/// fn query(lamp: &mut Lamp, call: &mut Invocation<'_>) {
///     let _ = call.reply(|w| _ = w.object().name("on").bool(lamp.on).end());
/// }
///
/// const COMMANDS: &[CommandEntry<Lamp>] = &[
///     CommandEntry::new("switch", &[Argument::optional("on", ArgumentType::Boolean)], switch),
///     CommandEntry::new("query-lamp", &[], query).allow_oob(),
/// ];
/// # let _ = (COMMANDS, ErrorClass::GenericError);
/// ```
#[derive(Debug)]
pub struct CommandEntry<A> {
    pub(super) spec: Spec,
    pub(super) run: fn(&mut A, &mut Invocation<'_>),
}

impl<A> CommandEntry<A> {
    /// A command. Its arguments are checked before `run` is called, which answers through the [`Invocation`]; if it
    /// does not, and does not [`defer`](Invocation::defer) either, the reply is `{}`.
    pub const fn new(name: &'static str, arguments: &'static [Argument], run: fn(&mut A, &mut Invocation<'_>)) -> Self {
        Self { spec: Spec { name, arguments, oob: false, silent: false }, run }
    }

    /// The command can also be run out of band: it needs nothing that another command may hold for long.
    pub const fn allow_oob(mut self) -> Self {
        self.spec.oob = true;
        self
    }

    /// The command has no reply where it succeeds, as `guest-shutdown` of the guest agent.
    pub const fn without_reply(mut self) -> Self {
        self.spec.silent = true;
        self
    }
}

#[cfg(feature = "defmt")]
impl<A> defmt::Format for CommandEntry<A> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "CommandEntry({=str})", self.spec.name);
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Invocation<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Invocation({})", self.request);
    }
}

impl<A> Clone for CommandEntry<A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<A> Copy for CommandEntry<A> {}

/// An entry without its function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    arguments: &'static [Argument],
    oob: bool,
    silent: bool,
}

/// How a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Answered,
    Deferred,
    /// A reply was refused, and none has followed it.
    Failed(ReplyError),
}

/// A command that is being run: what it was given, and the way to answer it.
#[derive(Debug)]
pub struct Invocation<'a> {
    request: Request<'a>,
    call: Call,
    state: State,
    session: &'a mut Session,
    tx: &'a mut [u8],
    store: &'a [u8],
}

impl<'a> Invocation<'a> {
    /// The command's name.
    pub fn name(&self) -> Str<'a> {
        self.request.name()
    }

    /// The number of the client's connection: see [`Server::set_connection`](crate::Server::set_connection).
    pub fn connection(&self) -> u32 {
        self.call.connection
    }

    /// Whether it runs out of band.
    pub fn is_oob(&self) -> bool {
        self.request.is_oob()
    }

    /// All arguments.
    pub fn arguments(&self) -> Option<Json<'a>> {
        self.request.arguments()
    }

    /// An argument; one that is required is there and has its type.
    pub fn argument(&self, name: &str) -> Option<Json<'a>> {
        self.arguments()?.member(name)
    }

    /// Answers: `value` writes what the command returns.
    ///
    /// # Errors
    /// As [`Server::reply`](crate::Server::reply). If nothing else answers, an error reply says so.
    pub fn reply(&mut self, value: impl FnOnce(&mut Writer<'_>)) -> Result<(), ReplyError> {
        let mut value = Some(value);
        self.write_reply(&mut |w| {
            if let Some(value) = value.take() {
                value(w);
            }
        })
    }

    fn write_reply(&mut self, value: output::Write<'_>) -> Result<(), ReplyError> {
        self.answer(&mut |output, tx, keep, id| output.reply(tx, keep, b"", id, value))
    }

    /// Answers by an error.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub fn error(&mut self, class: ErrorClass<'_>, desc: &str) -> Result<(), ReplyError> {
        self.answer(&mut |output, tx, keep, id| output.error(tx, keep, id, class, &[Piece::Plain(desc)]))
    }

    /// Answers by an error whose `desc` is formatted: see [`Server::error_format`](crate::Server::error_format).
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    pub fn error_format(&mut self, class: ErrorClass<'_>, desc: fmt::Arguments<'_>) -> Result<(), ReplyError> {
        self.answer(&mut |output, tx, keep, id| output.error_with(tx, keep, id, class, &mut |w| _ = w.format(desc)))
    }

    /// Something happened: see [`Server::event`](crate::Server::event).
    ///
    /// # Errors
    /// As there.
    pub fn event(
        &mut self,
        name: &str,
        timestamp: Timestamp,
        mut data: impl FnMut(&mut Writer<'_>),
    ) -> Result<Emission, EncodeError> {
        self.session.event(self.tx, name, timestamp, &mut data)
    }

    /// The command is answered later, by [`Server::reply`](crate::Server::reply) or
    /// [`Server::error`](crate::Server::error). What was lent with it is gone then.
    pub fn defer(&mut self) -> Call {
        if self.state != State::Answered {
            self.state = State::Deferred;
        }
        self.call
    }

    fn answer(&mut self, write: super::session::Reply<'_>) -> Result<(), ReplyError> {
        if self.state == State::Answered {
            return Err(ReplyError::Closed);
        }
        let result = self.session.write_reply(self.call, self.tx, self.store, write);
        self.state = result.map_or_else(State::Failed, |()| State::Answered);
        result
    }

    fn refuse(&mut self, refusal: Refusal<'_>) {
        let refused = self.answer(&mut |output, tx, keep, id| {
            output.refuse(tx, keep, id, &refusal);
            Ok(())
        });
        // It answers as well as it can.
        let _ = refused;
    }

    /// Checks, runs and answers. `spec` is the command's entry in the table at hand, `run` runs it.
    fn run(&mut self, specs: Specs<'_>, run: &mut dyn FnMut(usize, &mut Self)) {
        let name = self.name();
        let mut index = 0usize;
        while let Some(spec) = specs(index) {
            if name == spec.name {
                break;
            }
            index = index.saturating_add(1);
        }
        let profile = self.session.profile;
        let builtin = Builtin::named(profile.dialect, name);
        let spec = match (specs(index), builtin) {
            (Some(spec), _) => spec,
            (None, Some(_)) => Spec { name: "", arguments: &[], oob: false, silent: false },
            (None, None) => return self.refuse(Refusal::NoCommand(name)),
        };
        if self.is_oob() && !spec.oob {
            return self.refuse(Refusal::NotOutside(name));
        }
        if let Err(refusal) = check(spec.arguments, self.arguments()) {
            return self.refuse(refusal);
        }
        match builtin.filter(|_| specs(index).is_none()) {
            Some(builtin) => _ = self.write_reply(&mut |w| builtin.write(w, &profile, specs)),
            None => run(index, self),
        }
        match self.state {
            State::Open if spec.silent => self.state = State::Answered,
            State::Open => _ = self.write_reply(&mut |_| {}),
            State::Failed(ReplyError::Invalid(_)) => self.refuse(Refusal::Generic("The reply is not valid JSON")),
            State::Failed(_) => self.refuse(Refusal::Generic("The reply is too large")),
            State::Answered | State::Deferred => {}
        }
    }
}

/// The entries of a table, one by one.
pub(super) type Specs<'s> = &'s dyn Fn(usize) -> Option<Spec>;

/// Runs the command that `session` has handed out.
pub(super) fn dispatch(
    session: &mut Session,
    (place, call): (Place, Call),
    buffers: &mut Buffers<'_>,
    specs: Specs<'_>,
    run: &mut dyn FnMut(usize, &mut Invocation<'_>),
) {
    let request = Request::new(session.text(place, buffers.rx, buffers.store));
    let mut invocation =
        Invocation { request, call, state: State::Open, session, tx: &mut *buffers.tx, store: &*buffers.store };
    invocation.run(specs, run);
    if invocation.state != State::Deferred {
        session.close(call, buffers.store);
    }
}

/// Commands that every server with a table has.
#[derive(Clone, Copy)]
enum Builtin {
    QueryCommands,
    QueryVersion,
    GuestPing,
    GuestInfo,
}

impl Builtin {
    const QMP: [(&'static str, Self); 2] =
        [("query-commands", Self::QueryCommands), ("query-version", Self::QueryVersion)];
    const AGENT: [(&'static str, Self); 2] = [("guest-ping", Self::GuestPing), ("guest-info", Self::GuestInfo)];

    fn of(dialect: Dialect) -> (&'static [(&'static str, Self)], &'static [&'static str]) {
        match dialect {
            Dialect::Qmp => (&Self::QMP, &["qmp_capabilities"]),
            Dialect::Agent => (&Self::AGENT, &["guest-sync", "guest-sync-delimited"]),
        }
    }

    fn named(dialect: Dialect, name: Str<'_>) -> Option<Self> {
        let (builtins, _) = Self::of(dialect);
        builtins.iter().find(|(known, _)| name == **known).map(|(_, builtin)| *builtin)
    }

    fn write(self, w: &mut Writer<'_>, profile: &Profile, specs: Specs<'_>) {
        match self {
            Self::QueryVersion => output::version(w, profile),
            Self::GuestPing => {}
            Self::QueryCommands => {
                w.array();
                names(profile.dialect, specs, &mut |name, _| _ = w.object().name("name").string(name).end());
                w.end();
            }
            Self::GuestInfo => {
                let version = profile.version;
                w.object().name("version");
                w.dotted(&[version.major, version.minor, version.micro]);
                w.name("supported_commands").array();
                names(profile.dialect, specs, &mut |name, silent| {
                    w.object().name("enabled").bool(true).name("name").string(name);
                    w.name("success-response").bool(!silent).end();
                });
                w.end().end();
            }
        }
    }
}

/// Every command once: the name, and whether it has no reply where it succeeds.
fn names(dialect: Dialect, specs: Specs<'_>, each: &mut dyn FnMut(&'static str, bool)) {
    let (builtins, own) = Builtin::of(dialect);
    let table = || (0..).map_while(specs);
    table().for_each(|spec| each(spec.name, spec.silent));
    let builtins = builtins.iter().map(|(name, _)| *name).chain(own.iter().copied());
    builtins.filter(|name| table().all(|spec| spec.name != *name)).for_each(|name| each(name, false));
}
