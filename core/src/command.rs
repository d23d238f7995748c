//! Commands as types.
//!
//! A command is a struct whose members are its arguments: derive `serde::Serialize`, name it, and say what it returns. Those
//! here are a start; a program adds its own the same way.

use serde::{Deserialize, Serialize};

use crate::json::Json;

/// A command: its arguments are the type's members as serde writes them, an object.
///
/// ```
/// use qmp_core::{Command, Empty};
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "kebab-case")]
/// struct DeviceDel<'a> {
///     id: &'a str,
/// }
///
/// impl Command for DeviceDel<'_> {
///     const NAME: &'static str = "device_del";
///     type Return<'r> = Empty;
/// }
/// ```
pub trait Command: Serialize {
    /// The command's name on the wire.
    const NAME: &'static str;

    /// Whether the server can run it out of band (`allow-oob` in its schema). Only such a command may be given to
    /// [`Client::exec_oob`](crate::Client::exec_oob).
    const ALLOW_OOB: bool = false;

    /// What the member `return` decodes into; it may borrow from the message.
    type Return<'r>: Deserialize<'r>;

    /// The name to send. Only [`Named`] has reason to change it.
    fn name(&self) -> &str {
        Self::NAME
    }
}

/// A command by name, with arguments of any type that serializes to an object. Its return is left as JSON.
///
/// ```
/// use qmp_core::Named;
///
/// #[derive(serde::Serialize)]
/// struct Path<'a> {
///     path: &'a str,
/// }
/// let list = Named { name: "qom-list", arguments: Path { path: "/machine" } };
/// # let _ = list;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Named<'a, A> {
    /// The command's name.
    pub name: &'a str,
    /// Its arguments; [`Empty`] for none.
    pub arguments: A,
}

impl<A: Serialize> Serialize for Named<'_, A> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.arguments.serialize(serializer)
    }
}

impl<A: Serialize> Command for Named<'_, A> {
    const NAME: &'static str = "";
    const ALLOW_OOB: bool = true;
    type Return<'r> = Json<'r>;

    fn name(&self) -> &str {
        self.name
    }
}

/// `{}`: the arguments of a command without any, and the return of one that returns nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Empty {}

/// Commands without arguments.
macro_rules! commands {
    ($($(#[$doc:meta])* $type:ident $name:literal -> $return:ty;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Serialize)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        pub struct $type {}

        impl Command for $type {
            const NAME: &'static str = $name;
            type Return<'r> = $return;
        }
    )*};
}

commands! {
    /// `query-version`: the server's version.
    QueryVersion "query-version" -> VersionInfo<'r>;
    /// `query-status`: whether the VM runs.
    QueryStatus "query-status" -> StatusInfo<'r>;
    /// `query-commands`: the names of all commands, an array of `{"name": …}` to be walked; 6.5 KB from QEMU 7.2.
    QueryCommands "query-commands" -> Json<'r>;
    /// `stop`: pauses the VM. The event `STOP` comes before the reply, or not at all if it was paused already.
    Stop "stop" -> Empty;
    /// `cont`: lets the VM go on. The event `RESUME` comes before the reply.
    Cont "cont" -> Empty;
    /// `system_reset`: the VM's reset button.
    SystemReset "system_reset" -> Empty;
    /// `system_powerdown`: the VM's power button; what the guest makes of it is another matter.
    SystemPowerdown "system_powerdown" -> Empty;
    /// `quit`: ends the server. The reply may be lost with the connection.
    Quit "quit" -> Empty;
}

/// `human-monitor-command`: a line for the human monitor. Returns what it prints, lines ended by CR LF.
#[derive(Clone, Copy, Debug, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[serde(rename_all = "kebab-case")]
pub struct HumanMonitorCommand<'a> {
    /// The line, such as `info status`.
    pub command_line: &'a str,
}

impl Command for HumanMonitorCommand<'_> {
    const NAME: &'static str = "human-monitor-command";
    type Return<'r> = crate::json::Str<'r>;
}

/// `qmp_capabilities`, the end of the negotiation. [`Client::negotiate`](crate::Client::negotiate) sends it; it is of use by
/// itself only to see a server refuse it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct QmpCapabilities<'a> {
    /// The capabilities to be turned on.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub enable: &'a [&'a str],
}

impl Command for QmpCapabilities<'_> {
    const NAME: &'static str = "qmp_capabilities";
    type Return<'r> = Empty;
}

/// What `query-version` returns.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct VersionInfo<'a> {
    /// QEMU's version.
    pub qemu: VersionTriple,
    /// The distribution's name for the package; often empty.
    #[serde(borrow)]
    pub package: crate::json::Str<'a>,
}

/// A version of QEMU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct VersionTriple {
    /// Major.
    pub major: u64,
    /// Minor.
    pub minor: u64,
    /// Micro; 50 or more between releases.
    pub micro: u64,
}

/// What `query-status` returns.
#[derive(Clone, Copy, Debug, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StatusInfo<'a> {
    /// Whether the VM's processors run.
    pub running: bool,
    /// The run state, such as `running`, `paused`, `shutdown`. A string, since QEMU adds states.
    #[serde(borrow)]
    pub status: crate::json::Str<'a>,
}
