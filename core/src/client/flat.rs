//! What a step found, told by calls instead of lent as one of many shapes: for an interface to a language that has no such enumerations,
//! which would take each apart just after it was put together.

use super::Client;
use super::incoming::Phase;
use super::session::Head;
use super::table::{CommandId, Failure, Slot};
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

/// What is told of it: first of what it is, by one of these, as [`Incoming`](super::Incoming) has them; then what more there is to say, by
/// the last four.
#[doc(hidden)]
pub trait Report<'a> {
    fn greeting(&mut self);
    fn ready(&mut self, oob: Option<bool>);
    fn refused(&mut self);
    fn event(&mut self, name: Str<'a>, data: Option<Json<'a>>, timestamp: Option<Json<'a>>);
    fn reply(&mut self, is_error: bool);
    fn failed(&mut self, failure: Failure);
    fn unmatched(&mut self, kind: Kind);
    fn part(&mut self, part: Part<'a>);
    fn noise(&mut self);
    fn truncated(&mut self);
    fn malformed(&mut self, at: u64, fault: Fault);
    fn oversized(&mut self, kind: Kind, id: Option<u64>, event: Option<Str<'a>>);
    fn timed_out(&mut self, phase: Phase);

    /// Of a reply and a failure: the command's.
    fn id(&mut self, id: CommandId);
    /// Of a greeting, a refusal, a reply and what is unmatched: what it holds.
    fn value(&mut self, value: Json<'a>);
    /// Of what was discarded, and of a reply that was too long: how many.
    fn bytes(&mut self, bytes: u64);
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
        if matches!(head, Head::Reply | Head::Expired | Head::Lost | Head::Oversized) {
            to.id(self.session.table.told());
        }
        if matches!(head, Head::Discarded(_) | Head::Oversized) {
            to.bytes(link.length());
        }
        if matches!(head, Head::Reply | Head::Greeting | Head::Refused | Head::Unmatched) {
            to.value(frame.kind_value());
        }
        match head {
            Head::Reply => to.reply(frame.seen() & Member::Return.bit() == 0),
            Head::Greeting => to.greeting(),
            Head::Refused => to.refused(),
            Head::Ready => to.ready(self.session.oob),
            Head::Event => to.event(frame.name(), frame.json(Member::Data), frame.json(Member::Timestamp)),
            Head::Expired => to.failed(Failure::TimedOut),
            Head::Lost => to.failed(Failure::ConnectionLost),
            Head::Oversized => {
                to.failed(Failure::Oversized { bytes: link.length(), error: frame.seen() & Member::Error.bit() != 0 });
            }
            Head::Unmatched | Head::Part => {
                let kind = Kind::of_frame(frame);
                if matches!(kind, Kind::Request | Kind::Unknown) {
                    to.value(Json::new(frame.text()));
                }
                to.unmatched(kind);
            }
            Head::Discarded(step) => match step {
                Step::Message | Step::Noise | Step::Part => to.noise(),
                Step::Truncated => to.truncated(),
                Step::Malformed => {
                    let (at, fault) = link.fault();
                    to.malformed(at, fault);
                }
                Step::Oversized => {
                    let kind = Kind::of_frame(frame);
                    let event = (kind == Kind::Event).then(|| frame.name()).filter(|name| !name.is_empty());
                    to.oversized(kind, link.oversized_id(), event);
                }
            },
            Head::NotGreeted => to.timed_out(Phase::Greeting),
            Head::NotNegotiated => to.timed_out(Phase::Negotiating),
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
