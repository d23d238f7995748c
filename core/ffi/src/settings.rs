//! What a server is made with, and what it says of an event.

use core::ffi::c_char;
use core::ptr::slice_from_raw_parts;

use qmp_core::{Dialect, EventPolicy, Profile, VersionTriple};

use crate::memory::{Region, name};
use crate::result::*;

/// Which protocol a server speaks.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_dialect {
    /// QMP.
    QMP_DIALECT_QMP = 0,
    /// The guest agent's: no greeting, no negotiation, no events; lines ended by LF.
    QMP_DIALECT_AGENT = 1,
}

/// What became of an event.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_emission {
    /// It is among what is to be sent.
    QMP_EMISSION_SENT = 1,
    /// It is kept, to be sent when there is room or the interval is over.
    QMP_EMISSION_KEPT = 2,
    /// It is kept in place of an earlier one of its name, which is lost.
    QMP_EMISSION_REPLACED = 3,
    /// It is lost: there is no room, and no policy to keep it.
    QMP_EMISSION_LOST = 4,
    /// There is nobody to hear it: no client has negotiated. That is no loss.
    QMP_EMISSION_UNHEARD = 5,
}

/// Out-of-band execution is offered. A flag of `qmp_server_settings`.
pub const QMP_SERVER_OOB: u32 = 1;

/// Everything is pretty-printed. A flag of `qmp_server_settings`.
pub const QMP_SERVER_PRETTY: u32 = 2;

/// The last event that found no room is sent later; without it, it is lost. A flag of `qmp_event_policy`.
pub const QMP_EVENT_KEEP: u32 = 1;

/// What becomes of events of one name that cannot be sent at once. Those without a policy are sent if there is room, and are
/// lost otherwise.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_event_policy {
    /// Ticks of the caller's clock: two events of this name are at least that far apart. 0 for no limit.
    pub interval: u64,
    /// The event's name, UTF-8, ended by a zero byte.
    pub name: *const c_char,
    /// The member of the data, UTF-8, ended by a zero byte, that tells those apart to which all of this applies by themselves: with
    /// `"id"`, one device's events do not wait for, or replace, another's. Each takes its room among what is kept: 32 bytes, and its data.
    /// NULL where the name alone counts.
    pub key: *const c_char,
    /// `QMP_EVENT_KEEP` or 0.
    pub flags: u32,
    /// 0.
    pub reserved: u32,
}

/// What a server is made with. Set all of it to zero first: what is 0 is the usual.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_server_settings {
    /// Bytes for what is received: the longest request, at least `QMP_RX_MIN`.
    pub rx_bytes: usize,
    /// Bytes for what is to be sent: the longest reply, or twice the longest event if that is more, at least `QMP_TX_MIN`.
    pub tx_bytes: usize,
    /// Bytes for the ids of commands that are being run: the longest and four more. With out-of-band execution twice
    /// the longest and four more, and the requests that wait.
    pub store_bytes: usize,
    /// A number of policies, at most 255.
    pub policies_length: usize,
    /// What becomes of events that cannot be sent at once. NULL if there are none.
    pub policies: *const qmp_event_policy,
    /// The package in the greeting, UTF-8, ended by a zero byte. NULL for an empty one.
    pub package: *const c_char,
    /// The version in the greeting.
    pub major: u64,
    /// The version in the greeting.
    pub minor: u64,
    /// The version in the greeting.
    pub micro: u64,
    /// `QMP_DIALECT_QMP` or `QMP_DIALECT_AGENT`.
    pub dialect: u32,
    /// `QMP_SERVER_OOB` and `QMP_SERVER_PRETTY`, or 0.
    pub flags: u32,
}

impl qmp_event_policy {
    /// The policy as the core has it. Its strings must not lie in the storage.
    ///
    /// # Safety
    /// As `name`, for the name and the key, which live as long as the policy.
    pub(crate) unsafe fn read(&self, storage: Region) -> Checked<EventPolicy> {
        if self.flags & !QMP_EVENT_KEEP != 0 || self.reserved != 0 {
            return Err(QMP_INVALID_VALUE);
        }
        // SAFETY: as the caller's.
        let (event, region) = unsafe { name(self.name) }?;
        storage.apart([region])?;
        let key = if self.key.is_null() {
            None
        } else {
            // SAFETY: as the caller's.
            let (key, region) = unsafe { name(self.key) }?;
            storage.apart([region])?;
            Some(key)
        };
        Ok(EventPolicy { name: event, interval: self.interval, keep: self.flags & QMP_EVENT_KEEP != 0, key })
    }
}

impl qmp_server_settings {
    /// The profile, its policies apart. Nothing of it must lie in the storage.
    ///
    /// # Safety
    /// The header's rules on pointers and names; the package lives as long as the profile.
    pub(crate) unsafe fn profile(&self, storage: Region) -> Checked<(Profile, &[qmp_event_policy])> {
        let version = VersionTriple { major: self.major, minor: self.minor, micro: self.micro };
        let package = if self.package.is_null() {
            ""
        } else {
            // SAFETY: as the caller's.
            let (package, region) = unsafe { name(self.package) }?;
            storage.apart([region])?;
            package
        };
        let mut profile = Profile::qmp(version, package);
        profile.dialect = match self.dialect {
            dialect if dialect == qmp_dialect::QMP_DIALECT_QMP as u32 => Dialect::Qmp,
            dialect if dialect == qmp_dialect::QMP_DIALECT_AGENT as u32 => Dialect::Agent,
            _ => return Err(QMP_INVALID_VALUE),
        };
        if self.flags & !(QMP_SERVER_OOB | QMP_SERVER_PRETTY) != 0 {
            return Err(QMP_INVALID_VALUE);
        }
        profile.oob = self.flags & QMP_SERVER_OOB != 0;
        profile.pretty = self.flags & QMP_SERVER_PRETTY != 0;
        if self.policies_length == 0 {
            return Ok((profile, &[]));
        }
        storage.apart([Region::new(self.policies, self.policies_length)?])?;
        // SAFETY: checked just now, and there by the contract.
        Ok((profile, unsafe { &*slice_from_raw_parts(self.policies, self.policies_length) }))
    }
}
