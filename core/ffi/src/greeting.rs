//! Reading what a greeting says, and an event's time.

use qmp_core::{Json, Timestamp};

use crate::json::qmp_json;
use crate::memory::Output;
use crate::result::*;

/// Reads the time of an event: `timestamp` of a `qmp_incoming`. It is wall-clock time since 1970 of the server's clock, which may
/// jump, and −1 where the server has no clock.
///
/// Returns `QMP_OK`; `QMP_WRONG_TYPE` where it is not in integers; `QMP_NULL_POINTER`, also where the event has no time;
/// `QMP_MISALIGNED`, `QMP_OVERLAP`, `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_timestamp(timestamp: qmp_json, seconds: *mut i64, microseconds: *mut i64) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (text, region) = unsafe { timestamp.bytes() }?;
        // SAFETY: the header's rules on pointers.
        let seconds = unsafe { Output::new(seconds, [region]) }?;
        // SAFETY: the header's rules on pointers.
        let microseconds = unsafe { Output::new(microseconds, [region, seconds.region]) }?;
        let time = Timestamp::read(Json::from_valid(text)).ok_or(QMP_WRONG_TYPE)?;
        seconds.set(time.seconds);
        microseconds.set(time.microseconds);
        Ok(())
    })
}

/// Reads the version in a greeting: `value` of `QMP_INCOMING_GREETING`. `micro` is 50 or more between two releases.
///
/// Returns `QMP_OK`; `QMP_NOT_FOUND` where the greeting does not say it; `QMP_NULL_POINTER`, `QMP_MISALIGNED`, `QMP_OVERLAP`,
/// `QMP_INVALID_VALUE`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_greeting_version(
    greeting: qmp_json,
    major: *mut u64,
    minor: *mut u64,
    micro: *mut u64,
) -> qmp_result {
    answer(|| {
        // SAFETY: the header's rules on pointers.
        let (text, region) = unsafe { greeting.bytes() }?;
        // SAFETY: the header's rules on pointers.
        let major = unsafe { Output::new(major, [region]) }?;
        // SAFETY: the header's rules on pointers.
        let minor = unsafe { Output::new(minor, [region, major.region]) }?;
        // SAFETY: the header's rules on pointers.
        let micro = unsafe { Output::new(micro, [region, major.region, minor.region]) }?;
        let version = Json::from_valid(text).member("version").and_then(|version| version.member("qemu"));
        let part = |name| version?.member(name)?.as_u64();
        let (Some(first), Some(second), Some(third)) = (part("major"), part("minor"), part("micro")) else {
            return Err(QMP_NOT_FOUND);
        };
        major.set(first);
        minor.set(second);
        micro.set(third);
        Ok(())
    })
}

/// Whether a greeting, `value` of `QMP_INCOMING_GREETING`, offers out-of-band execution. `false` also where it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qmp_greeting_offers_oob(greeting: qmp_json) -> bool {
    // SAFETY: the header's rules on pointers.
    let Ok((text, _)) = (unsafe { greeting.bytes() }) else { return false };
    let offered = Json::from_valid(text).member("capabilities");
    offered.is_some_and(|list| list.elements().filter_map(Json::as_str).any(|name| name == "oob"))
}
