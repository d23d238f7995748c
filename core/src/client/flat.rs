//! What a step found, as a number and what there is to say of it, instead of lent as one of many shapes: for an interface to a language
//! that has no such enumerations, which would take each apart just after it was put together.

use super::Client;
use super::session::{Head, Session};
use super::table::Slot;
use crate::error::Fault;
use crate::frame::Frame;
use crate::json::{Json, Str};
use crate::message::Kind;
use crate::scan::Member;
use crate::select::{Part, Select};

/// What a step found.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Found(Head);

/// Which it is.
// In the order of `Head`: one is the other.
#[doc(hidden)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Noise = 1,
    Truncated,
    Malformed,
    TooLong,
    Unmatched,
    /// By itself: see [`Client::part`].
    Part,
    Greeting,
    Ready,
    Refused,
    Event,
    Reply,
    Expired,
    Lost,
    Oversized,
    NotGreeted,
    NotNegotiated,
}

/// What a step found, with all that there is to say of it. Each function says of what.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Finding<'a> {
    head: Head,
    session: &'a Session,
    frame: Frame<'a>,
}

#[doc(hidden)]
impl<'a> Finding<'a> {
    /// Of all.
    #[inline(always)]
    pub fn told(&self) -> Told {
        match self.head {
            Head::Noise => Told::Noise,
            Head::Truncated => Told::Truncated,
            Head::Malformed => Told::Malformed,
            Head::TooLong => Told::TooLong,
            Head::Unmatched => Told::Unmatched,
            Head::Part => Told::Part,
            Head::Greeting => Told::Greeting,
            Head::Ready => Told::Ready,
            Head::Refused => Told::Refused,
            Head::Event => Told::Event,
            Head::Reply => Told::Reply,
            Head::Expired => Told::Expired,
            Head::Lost => Told::Lost,
            Head::Oversized => Told::Oversized,
            Head::NotGreeted => Told::NotGreeted,
            Head::NotNegotiated => Told::NotNegotiated,
        }
    }

    /// Of a reply and a failure: the command's.
    #[inline(always)]
    pub fn id(&self) -> u64 {
        self.session.table.told().get()
    }

    /// Of a reply, one that was too long too: whether it is an error.
    #[inline(always)]
    pub fn is_error(&self) -> bool {
        self.frame.seen() & Member::Error.bit() != 0
    }

    /// Of a greeting, a refusal and a reply: what it holds.
    #[inline(always)]
    pub fn value(&self) -> Json<'a> {
        self.frame.kind_value()
    }

    /// When it is ready.
    #[inline(always)]
    pub fn oob(&self) -> Option<bool> {
        self.session.oob
    }

    /// Of an event, and of one that is oversized, if it is still there.
    #[inline(always)]
    pub fn name(&self) -> Str<'a> {
        self.frame.name()
    }

    /// Of an event that has one.
    #[inline(always)]
    pub fn data(&self) -> Option<Json<'a>> {
        self.frame.json(Member::Data)
    }

    /// Of an event that has one.
    #[inline(always)]
    pub fn timestamp(&self) -> Option<Json<'a>> {
        self.frame.json(Member::Timestamp)
    }

    /// Of what is unmatched or oversized: what it is.
    #[inline(always)]
    pub fn message(&self) -> Kind {
        Kind::of_frame(self.frame)
    }

    /// Of what is unmatched: all of it.
    #[inline(always)]
    pub fn all(&self) -> Json<'a> {
        Json::new(self.frame.text())
    }

    /// Of what was discarded, and of a reply that was too long: how many bytes it had.
    #[inline(always)]
    pub fn length(&self) -> u64 {
        self.session.link.length()
    }

    /// Of what is malformed: where, and why.
    #[inline(always)]
    pub fn fault(&self) -> (u64, Fault) {
        self.session.link.fault()
    }

    /// Of an oversized message: its own, if it is an integer.
    #[inline(always)]
    pub fn oversized_id(&self) -> Option<u64> {
        self.session.link.oversized_id()
    }
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

    /// As [`poll`](Self::poll), for [`finding`](Self::finding). On small machines what [`refusal`](Self::refusal) gives may have to be made
    /// [`attached`](Self::attached): how an error is read is left to the caller.
    #[inline(always)]
    pub fn step(&mut self) -> Option<Found> {
        self.session.advance_alone(self.buffer.as_mut(), self.slots.as_mut()).map(Found)
    }

    /// The error, if the last step has found that the server refused a negotiation by which it was to be attached to. One of the class
    /// `CommandNotFound` is none.
    #[inline(always)]
    pub fn refusal(&self, found: Found) -> Option<Json<'_>> {
        let refused = found.0 == Head::Refused && self.session.attach;
        refused.then(|| self.session.link.frame(self.buffer.as_ref()).kind_value())
    }

    /// What that is instead.
    #[inline(always)]
    pub fn attached(&mut self) -> Found {
        Found(self.session.attached())
    }

    /// As [`poll_select`](Self::poll_select), for [`part`](Self::part) and [`finding`](Self::finding).
    #[inline(always)]
    pub fn step_select(&mut self, select: &mut Select<'_>) -> Option<Found> {
        self.advance_select(Some(select)).map(Found)
    }

    /// What the last step has found.
    #[inline(always)]
    pub fn finding(&self, found: Found) -> Finding<'_> {
        Finding { head: found.0, session: &self.session, frame: self.session.link.frame(self.buffer.as_ref()) }
    }

    /// What the last step has found, if that is a part of what is selected.
    #[inline(always)]
    pub fn part<'a>(&'a self, select: &'a Select<'_>, found: Found) -> Option<Part<'a>> {
        (found.0 == Head::Part).then(|| select.part(self.buffer.as_ref()))
    }
}
