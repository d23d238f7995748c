//! What a server says of itself, and how.

use crate::command::VersionTriple;

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Dialect {
    /// QMP: greeting, negotiation, events, lines ended by CR LF.
    Qmp,
    /// The guest agent's: none of these, lines ended by LF, `guest-sync` and `guest-sync-delimited` answered here.
    Agent,
}

/// What becomes of events of one name that cannot be sent at once. Those of names without a policy are sent if there
/// is room, and are lost otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EventPolicy {
    /// The event's name.
    pub name: &'static str,
    /// Ticks of the caller's clock. Two events of this name are at least that far apart: the first is sent at once,
    /// of those that follow too early the last one when the time has come, with its own time stamp. 0 for no limit.
    pub interval: u64,
    /// Whether the last one that found no room is sent later. Otherwise it is lost.
    pub keep: bool,
    /// The member of the data that tells those apart to which all of this applies by themselves: with `id`, one device's
    /// events do not wait for, or replace, another's. `None`: the name alone counts.
    pub key: Option<&'static str>,
}

impl EventPolicy {
    /// Of the events that find no room the last one is kept.
    pub const fn keep_last(name: &'static str) -> Self {
        Self { name, interval: 0, keep: true, key: None }
    }

    /// As [`keep_last`](Self::keep_last), with at least `interval` ticks between two events.
    pub const fn limited(name: &'static str, interval: u64) -> Self {
        Self { name, interval, keep: true, key: None }
    }

    /// The same for each value of this member of the data, as QEMU limits `VSERPORT_CHANGE` by `id`,
    /// `MEMORY_DEVICE_SIZE_CHANGE` by `qom-path` and `QUORUM_REPORT_BAD` by `node-name`. Each takes its room among what is
    /// kept: 32 bytes, and its data.
    pub const fn by(self, member: &'static str) -> Self {
        Self { key: Some(member), ..self }
    }
}

/// What a server is, the same for all its connections.
///
/// ```
/// use qmp_core::{EventPolicy, Profile, VersionTriple};
///
/// const PROFILE: Profile = Profile {
///     events: &[
///         EventPolicy::limited("BALLOON_CHANGE", 1_000),
///         EventPolicy::limited("VSERPORT_CHANGE", 1_000).by("id"),
///     ],
///     oob: true,
///     ..Profile::qmp(VersionTriple { major: 7, minor: 2, micro: 0 }, "")
/// };
/// # let _ = PROFILE;
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Profile {
    /// Which protocol is spoken.
    pub dialect: Dialect,
    /// The version in the greeting.
    pub version: VersionTriple,
    /// The package in the greeting; often empty.
    pub package: &'static str,
    /// Whether out-of-band execution is offered.
    pub oob: bool,
    /// Whether everything is pretty-printed, as by QEMU's option `pretty=on`.
    pub pretty: bool,
    /// The events that are not simply lost where they find no room; at most 255.
    pub events: &'static [EventPolicy],
}

impl Profile {
    /// A QMP server: no out-of-band execution, one line a message, no policies.
    pub const fn qmp(version: VersionTriple, package: &'static str) -> Self {
        Self { dialect: Dialect::Qmp, version, package, oob: false, pretty: false, events: &[] }
    }

    /// A guest agent.
    pub const fn agent(version: VersionTriple) -> Self {
        Self { dialect: Dialect::Agent, ..Self::qmp(version, "") }
    }
}
