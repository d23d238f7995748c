//! Events: sent at once, kept for later, or lost, as their policies have it.

use super::held::{Head, Held};
use super::output::{Output, Write};
use super::profile::{EventPolicy, Profile};
use crate::bytes::copy;
use crate::client::NEVER;
use crate::encode::{EncodeError, Writer};
use crate::json::Json;
use crate::message::Timestamp;

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Emission {
    /// It is among what is to be sent.
    Sent,
    /// It is kept, to be sent when there is room or the interval is over.
    Kept,
    /// It is kept in place of an earlier one of its name, which is lost.
    Replaced,
    /// It is lost: there is no room, and no policy to keep it.
    Lost,
    /// There is nobody to hear it: no client has negotiated. That is no loss.
    Unheard,
}

/// What is known of events.
#[derive(Clone, Debug)]
pub(super) struct Events {
    /// Whether there is a client that hears them.
    pub(super) heard: bool,
    pub(super) lost: u32,
    /// The time that was told last.
    now: u64,
    policies: &'static [EventPolicy],
    held: Held,
}

impl Events {
    pub(super) const fn new(profile: &Profile) -> Self {
        Self { heard: false, lost: 0, now: 0, policies: profile.events, held: Held::new() }
    }

    /// Forgets what is kept: there is another peer.
    pub(super) fn reset(&mut self) {
        self.heard = false;
        self.held = Held::new();
    }

    /// Bytes at the end of the transmit buffer that are not free.
    pub(super) fn used(&self) -> usize {
        self.held.used()
    }

    /// How many events are kept.
    pub(super) fn pending(&self, tx: &[u8]) -> u32 {
        self.held.entries(tx).filter(|(_, head)| head.pending).count() as u32
    }

    /// What is kept is lost, so many events.
    pub(super) fn give_up(&mut self, pending: u32) {
        self.held = Held::new();
        self.lost = self.lost.saturating_add(pending);
    }

    /// The time is `now`.
    pub(super) fn tell_time(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// When the next kept event may be sent. `None`: only room is missing, or nothing is kept.
    pub(super) fn next_deadline(&self, tx: &[u8]) -> Option<u64> {
        let waiting = self.held.entries(tx).filter(|(_, head)| head.pending && head.due > self.now);
        waiting.map(|(_, head)| head.due).min().filter(|due| *due != NEVER)
    }

    /// The first entry whose time has come.
    fn next_due(&self, tx: &[u8]) -> Option<(usize, Head)> {
        self.held.entries(tx).find(|(_, head)| head.due <= self.now)
    }

    /// The policy for events of this name, and its place.
    fn policy(&self, name: &str) -> Option<(u8, EventPolicy)> {
        let (index, policy) = self.policies.iter().enumerate().find(|(_, policy)| policy.name == name)?;
        Some((u8::try_from(index).ok()?, *policy))
    }

    /// One more is lost.
    fn lose(&mut self) {
        self.lost = self.lost.saturating_add(1);
    }
}

impl Output {
    /// Something happened. If it is to be told at once, that leaves `keep` bytes free.
    pub(super) fn event(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        name: &str,
        timestamp: Timestamp,
        data: Write<'_>,
    ) -> Result<Emission, EncodeError> {
        if !self.events.heard {
            return Ok(Emission::Unheard);
        }
        let policy = self.events.policy(name);
        let earlier = match policy {
            Some((index, EventPolicy { key: Some(key), .. })) => self.earlier_by(tx, index, key, data)?,
            Some((index, _)) => self.events.held.entries(tx).find(|(_, head)| head.policy == index),
            None => None,
        };
        if let (Some((index, _)), Some((place, head))) = (policy, earlier) {
            if head.pending || head.due > self.events.now {
                let later = Head::new(index, true, head.due, timestamp);
                return self.hold(tx, true, Some((place, head.pending)), later, name, data);
            }
            self.events.held.remove(tx, place);
        }
        let start = self.compact(tx);
        match (self.write_event(tx, keep, name, timestamp, data), policy) {
            (Ok(()), Some((index, policy))) if policy.interval != 0 => {
                self.start_interval(tx, index, policy, start);
                Ok(Emission::Sent)
            }
            (Ok(()), _) => Ok(Emission::Sent),
            (Err(EncodeError::Full), policy) => {
                let (index, keep) = policy.map_or((0, false), |(index, policy)| (index, policy.keep));
                self.hold(tx, keep, None, Head::new(index, true, 0, timestamp), name, data)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// The entry of this policy whose event has the same value of the member `key` as the one that `data` writes.
    fn earlier_by(
        &mut self,
        tx: &mut [u8],
        index: u8,
        key: &str,
        data: Write<'_>,
    ) -> Result<Option<(usize, Head)>, EncodeError> {
        let from = self.compact(tx);
        let most = tx.len().saturating_sub(self.events.used());
        let mut writer = Writer::new(tx.get_mut(from..most).unwrap_or_default());
        let length = match if writer.guarded(data) { writer.complete() } else { Ok(0) } {
            Ok(length) => length,
            // There is no room to send or to keep it either.
            Err(EncodeError::Full) => return Ok(None),
            Err(error) => return Err(error),
        };
        let value = key_of(tx.get(from..from.saturating_add(length)).unwrap_or_default(), key);
        let mut entries = self.events.held.entries(tx).filter(|(_, head)| head.policy == index);
        Ok(entries.find(|(place, head)| {
            let data = self.events.held.data(tx, *place);
            value == if head.pending { key_of(data, key) } else { data }
        }))
    }

    /// Sends what was kept and can be sent now, oldest first.
    pub(super) fn send_held(&mut self, tx: &mut [u8], keep: usize) {
        while let Some((place, head)) = self.events.next_due(tx) {
            let policy = self.events.policies.get(usize::from(head.policy)).copied();
            if head.pending
                && let Some(policy) = policy
            {
                let start = self.compact(tx);
                if self.move_held(tx, keep, policy.name, head, place) {
                    if policy.interval != 0 {
                        self.start_interval(tx, head.policy, policy, start);
                    }
                } else if self.is_empty() && keep <= tx.len() / 2 {
                    // There will never be more room: its data was longer than what was asked first.
                    self.events.held.remove(tx, place);
                    self.events.lose();
                } else {
                    return;
                }
            } else {
                self.events.held.remove(tx, place);
            }
        }
    }

    /// Makes the kept event at `place` a message. Whether there was room.
    fn move_held(&mut self, tx: &mut [u8], keep: usize, name: &str, head: Head, place: usize) -> bool {
        let used = self.events.used();
        let boundary = tx.len().saturating_sub(used);
        // What is kept takes no room from the half that it is to be sent in.
        let keep = keep.saturating_sub(used);
        let (front, back) = tx.split_at_mut_checked(boundary).unwrap_or_default();
        let data = self.events.held.data(back, place.saturating_sub(boundary));
        let data = (!data.is_empty()).then(|| Json::new(data));
        // The kept events are not in `front`.
        let held = core::mem::replace(&mut self.events.held, Held::new());
        let written = self.write_event(front, keep, name, head.timestamp, &mut |w| {
            if let Some(data) = data {
                w.json(data);
            }
        });
        self.events.held = held;
        if written.is_ok() {
            self.events.held.remove(tx, place);
        }
        written.is_ok()
    }

    /// Keeps an event that cannot be sent now, if it may be kept, in place of an entry: its place, and whether that is an event.
    /// Otherwise it is lost.
    fn hold(
        &mut self,
        tx: &mut [u8],
        keep: bool,
        replaced: Option<(usize, bool)>,
        head: Head,
        name: &str,
        data: Write<'_>,
    ) -> Result<Emission, EncodeError> {
        // It has to fit where nothing else waits, or it would be kept for ever.
        if self.length(&mut |w| event(w, name, head.timestamp, data)) > tx.len() / 2 {
            return Err(EncodeError::Full);
        }
        if !keep {
            self.events.lose();
            return Ok(Emission::Lost);
        }
        let from = self.compact(tx);
        let most = tx.len().saturating_sub(self.events.used());
        let mut writer = Writer::new(tx.get_mut(from..most).unwrap_or_default());
        let length = if writer.guarded(data) { writer.complete() } else { Ok(0) };
        let kept = match length {
            Ok(length) => self.events.held.add(tx, head, from, length, replaced.map(|(place, _)| place)),
            Err(EncodeError::Full) => false,
            Err(error) => return Err(error),
        };
        let earlier = replaced.is_some_and(|(_, pending)| pending);
        if earlier || !kept {
            self.events.lose();
        }
        Ok(match kept {
            true if earlier => Emission::Replaced,
            true => Emission::Kept,
            false => Emission::Lost,
        })
    }

    /// The next event of this policy, and with the same key as the one that was written at `start`, has to wait. Where there
    /// is no room to know that, it does not.
    fn start_interval(&mut self, tx: &mut [u8], index: u8, policy: EventPolicy, start: usize) {
        let from = self.end();
        let length = policy.key.map_or(Some(0), |key| self.copy_key(tx, key, start));
        let Some(length) = length else { return };
        let due = self.events.now.saturating_add(policy.interval);
        let timestamp = Timestamp { seconds: 0, microseconds: 0 };
        self.events.held.add(tx, Head::new(index, false, due, timestamp), from, length, None);
    }

    /// Copies the key of the event that was written last, at `start`, behind it. Its length, if there was room.
    fn copy_key(&self, tx: &mut [u8], key: &str, start: usize) -> Option<usize> {
        let boundary = tx.len().saturating_sub(self.events.used());
        let (messages, free) = tx.get_mut(..boundary)?.split_at_mut_checked(self.end())?;
        let data = Json::new(messages.get(start..)?.trim_ascii_end()).member("data").map_or(&[][..], Json::text);
        let value = key_of(data, key);
        copy(free.get_mut(..value.len())?, value);
        Some(value.len())
    }

    fn write_event(
        &mut self,
        tx: &mut [u8],
        keep: usize,
        name: &str,
        timestamp: Timestamp,
        data: Write<'_>,
    ) -> Result<(), EncodeError> {
        self.message(tx, keep, b"", &mut |w| event(w, name, timestamp, data))
    }
}

fn event(w: &mut Writer<'_>, name: &str, timestamp: Timestamp, data: Write<'_>) {
    w.object().name("timestamp").object();
    w.name("seconds").i64(timestamp.seconds).name("microseconds").i64(timestamp.microseconds).end();
    w.name("event").string(name).optional("data", data).end();
}

/// The text of a member of an event's data; empty where there is none.
fn key_of<'a>(data: &'a [u8], key: &str) -> &'a [u8] {
    if data.is_empty() {
        return data;
    }
    Json::new(data).member(key).map_or(&[], Json::text)
}
