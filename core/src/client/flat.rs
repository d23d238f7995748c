//! What a step found, told by calls instead of lent as one of many shapes: for an interface to a language that has no such enumerations,
//! which would take each apart just after it was put together.

use super::Client;
use super::incoming::Phase;
use super::session::Head;
use super::table::{Failure, Slot};
use crate::error::Fault;
use crate::frame::Step;
use crate::json::{Json, Str};
use crate::message::Kind;
use crate::scan::Member;
use crate::select::{Part, Select};

/// What a step found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Found(Head);

/// What it is, as [`Incoming`](super::Incoming) has it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Greeting,
    Ready,
    Refused,
    Event,
    Return,
    Error,
    Failed,
    Unmatched,
    Discarded,
    TimedOut,
}

/// What is told of it: first what it is, then what there is to say of that.
#[doc(hidden)]
pub trait Report<'a> {
    fn told(&mut self, told: Told);
    /// Of a part of a delivery: all.
    fn part(&mut self, part: Part<'a>);
    /// When it is ready.
    fn oob(&mut self, oob: Option<bool>);
    /// Of a reply and a failure: the command's. Of an oversized message: its own, if it is an integer.
    fn id(&mut self, id: u64);
    /// Of a greeting, a refusal, a reply, an event with data and what is unmatched: what it holds.
    fn value(&mut self, value: Json<'a>);
    /// Of what was discarded, and of a reply that was too long: how many.
    fn bytes(&mut self, bytes: u64);
    /// Of an event, and of one that is oversized.
    fn name(&mut self, name: Str<'a>);
    /// Of an event that has one.
    fn timestamp(&mut self, timestamp: Json<'a>);
    fn failure(&mut self, failure: Failure);
    /// Of what is unmatched or oversized.
    fn message(&mut self, kind: Kind);
    fn discarded(&mut self, why: Why);
    /// Of what is malformed.
    fn fault(&mut self, at: u64, fault: Fault);
    /// In which the time passed.
    fn phase(&mut self, phase: Phase);
}

/// Why bytes are discarded, as [`Discarded`](crate::Discarded) has it.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Noise,
    Truncated,
    Malformed,
    Oversized,
}

#[doc(hidden)]
impl<B, S> Client<B, S>
where
    B: AsRef<[u8]> + AsMut<[u8]>,
    S: AsRef<[Slot]> + AsMut<[Slot]>,
{
    /// The [`window`](Self::window), if there is nothing to be told. Only for speed: `None` is always right.
    #[inline(always)]
    pub fn quiet_window(&mut self) -> Option<&mut [u8]> {
        if cfg!(target_pointer_width = "64") && self.session.is_quiet(self.buffer.as_ref()) {
            return Some(self.session.link.window(self.buffer.as_mut()));
        }
        None
    }

    /// As [`poll`](Self::poll), for [`tell`](Self::tell).
    #[inline(always)]
    pub fn step(&mut self) -> Option<Found> {
        self.session.advance_alone(self.buffer.as_mut(), self.slots.as_mut()).map(Found)
    }

    /// As [`poll_select`](Self::poll_select), for [`tell_select`](Self::tell_select).
    #[inline(always)]
    pub fn step_select(&mut self, select: &mut Select<'_>) -> Option<Found> {
        self.advance_select(Some(select)).map(Found)
    }

    /// Tells what the last step has found.
    #[inline(always)]
    pub fn tell<'a>(&'a self, found: Found, to: &mut impl Report<'a>) {
        // What comes most often, without a call.
        if cfg!(target_pointer_width = "64") && found.0 == Head::Reply {
            self.tell_any(Head::Reply, to);
        } else {
            self.tell_other(found.0, to);
        }
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn tell_other<'a>(&'a self, head: Head, to: &mut impl Report<'a>) {
        self.tell_any(head, to);
    }

    #[inline(always)]
    fn tell_any<'a>(&'a self, head: Head, to: &mut impl Report<'a>) {
        let link = &self.session.link;
        let frame = link.frame(self.buffer.as_ref());
        to.told(match head {
            Head::Greeting => Told::Greeting,
            Head::Ready => Told::Ready,
            Head::Refused => Told::Refused,
            Head::Event => Told::Event,
            Head::Reply if frame.seen() & Member::Return.bit() == 0 => Told::Error,
            Head::Reply => Told::Return,
            Head::Expired | Head::Lost | Head::Oversized => Told::Failed,
            Head::Unmatched | Head::Part => Told::Unmatched,
            Head::Discarded(_) => Told::Discarded,
            Head::NotGreeted | Head::NotNegotiated => Told::TimedOut,
        });
        if matches!(head, Head::Reply | Head::Expired | Head::Lost | Head::Oversized) {
            to.id(self.session.table.told().get());
        }
        if matches!(head, Head::Reply | Head::Greeting | Head::Refused | Head::Unmatched) {
            to.value(frame.kind_value());
        }
        if matches!(head, Head::Discarded(_) | Head::Oversized) {
            to.bytes(link.length());
        }
        match head {
            Head::Reply | Head::Greeting | Head::Refused => {}
            Head::Ready => to.oob(self.session.oob),
            Head::Event => {
                to.name(frame.name());
                if let Some(data) = frame.json(Member::Data) {
                    to.value(data);
                }
                if let Some(timestamp) = frame.json(Member::Timestamp) {
                    to.timestamp(timestamp);
                }
            }
            Head::Expired => to.failure(Failure::TimedOut),
            Head::Lost => to.failure(Failure::ConnectionLost),
            Head::Oversized => {
                let error = frame.seen() & Member::Error.bit() != 0;
                to.failure(Failure::Oversized { bytes: link.length(), error });
            }
            Head::Unmatched | Head::Part => {
                let kind = Kind::of_frame(frame);
                to.message(kind);
                if matches!(kind, Kind::Request | Kind::Unknown) {
                    to.value(Json::new(frame.text()));
                }
            }
            Head::Discarded(step) => {
                to.discarded(match step {
                    Step::Message | Step::Noise | Step::Part => Why::Noise,
                    Step::Truncated => Why::Truncated,
                    Step::Malformed => Why::Malformed,
                    Step::Oversized => Why::Oversized,
                });
                if step == Step::Malformed {
                    let (at, fault) = link.fault();
                    to.fault(at, fault);
                } else if step == Step::Oversized {
                    let kind = Kind::of_frame(frame);
                    to.message(kind);
                    to.id(link.oversized_id().unwrap_or_default());
                    if kind == Kind::Event && !frame.name().is_empty() {
                        to.name(frame.name());
                    }
                }
            }
            Head::NotGreeted => to.phase(Phase::Greeting),
            Head::NotNegotiated => to.phase(Phase::Negotiating),
        }
    }

    /// As [`tell`](Self::tell), after a step with a selection.
    #[inline(always)]
    pub fn tell_select<'a>(&'a self, select: &'a Select<'_>, found: Found, to: &mut impl Report<'a>) {
        match found.0 {
            Head::Part => to.part(select.part(self.buffer.as_ref())),
            _ => self.tell(found, to),
        }
    }
}
