//! Paths: what is to be kept, as the caller writes it.

mod fitting;
mod syntax;

use core::fmt;

use super::level::NONE;
use super::piece::{HandOut, hand_out};
pub(super) use fitting::{Ask, Fitting};

/// Paths in one [`Selection`], at most.
pub(super) const PATHS: usize = 8;

/// Steps of one path, at most: `return[*].inserted.file` has four.
pub(super) const STEPS: usize = 8;

/// Which parts of a message are wanted. Made from up to eight paths, each of up to eight steps and 255 bytes.
///
/// A path starts with the name of a member of the message (`return`, or `data` for events) and goes on with steps:
///
/// | step | stands for |
/// | --- | --- |
/// | `.name` | the member with this name, of an object |
/// | `["name"]` | the same, for a name that has one of `.`, `[`, `]`, `=`, `"` in it, the quote itself excepted |
/// | `[*]` | every element of an array |
/// | `[3]` | the element with this number, counted from 0 as the server sent them |
/// | `[name=value]` | the elements that are objects with a member `name` that is the string `value`, or the number, `true`, `false` or `null` written so |
/// | `[name="value"]` | the same, for a value that has `]` in it, or is empty |
///
/// The name in a condition begins with no digit and no `*`, and has none of `.`, `[`, `]`, `=`, `"` in it.
///
/// What a path ends at is kept whole; so are the objects and arrays on the way to it, with nothing else in them. Where several
/// paths lead to the same place, all that any of them asks for is kept. What comes out:
///
/// * A member that is an object or an array on the way to something is kept, as `{}` or `[]` if there is nothing of what was asked
///   for. A member that is neither is dropped there.
/// * An element in which nothing of what was asked for is there is dropped. Those that stay keep their order and close up, so the
///   place of an element in what comes out says nothing about its place on the wire: `return[3]` gives an array of one element.
/// * `QMP`, `event`, `error`, `execute`, `exec-oob`, `id` and `timestamp` are always kept, whole. So are `return`, `data` and `arguments`
///   if no path starts with them, or if they are neither object nor array. Other members of the message are dropped unless a path names
///   them. Of what is always kept nothing is delivered in parts.
///
/// As a constant the paths are checked when the program is compiled:
///
/// ```
/// use qmp_core::{Selection, selection};
///
/// const DISKS: Selection = selection!["return[*].device", "return[*].inserted.file"];
/// # let _ = DISKS;
/// ```
///
/// ```compile_fail
/// const DISKS: qmp_core::Selection = qmp_core::selection!["return[*.device"];
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Selection<'p> {
    paths: &'p [&'p str],
    /// All paths, one bit each.
    pub(super) all: u8,
    /// The level of the one array that all paths lead through first: the number of steps before its elements. [`NONE`] without one.
    array: u8,
    /// The same if its elements are delivered one by one, otherwise [`NONE`].
    pub(super) elements: u8,
    /// What delivers the string that the path ends at in pieces, if it is.
    // Named where such a selection is made only: a program that makes none does without.
    pub(super) pieces: Option<HandOut>,
    #[cfg(target_pointer_width = "64")]
    table: Table,
}

/// The steps of the paths.
#[derive(Clone, Copy, Debug)]
struct Table {
    /// Where the steps of each path start: behind the bracket, and behind the quote of a name.
    starts: [[u8; STEPS]; PATHS],
    /// What the paths have in each place.
    steps: [Steps; STEPS],
}

/// Which paths have a step of which kind in one place, one bit each.
#[derive(Clone, Copy, Debug)]
struct Steps {
    /// A member.
    names: u8,
    /// Of these, those whose names end with a quote.
    quoted: u8,
    /// All elements.
    all: u8,
    /// An element by its number.
    numbers: u8,
    /// Elements on a condition.
    conditions: u8,
    /// The last step of the path, whatever it is.
    last: u8,
    /// The names of members there are, as [`hash`](crate::scan::hash) has them, one bit each.
    #[cfg(target_pointer_width = "64")]
    hashes: u64,
}

/// Paths that are no selection. Positions are places in the list, and bytes in the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SelectionError {
    /// No path, or more than eight.
    Paths,
    /// A path longer than 255 bytes.
    TooLong {
        /// Which.
        path: usize,
    },
    /// A path of more than eight steps.
    TooDeep {
        /// Which.
        path: usize,
    },
    /// The paths do not lead to the elements of one array, or not to one string.
    Delivery,
    /// Not a path.
    Syntax {
        /// Which.
        path: usize,
        /// The step that is not one starts here.
        at: usize,
    },
}

impl fmt::Display for SelectionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paths => write!(f, "a selection has 1 to {PATHS} paths"),
            Self::TooLong { path } => write!(f, "path {path} is longer than 255 bytes"),
            Self::TooDeep { path } => write!(f, "path {path} has more than {STEPS} steps"),
            Self::Delivery => f.write_str("the paths do not lead to what is to be delivered in parts"),
            Self::Syntax { path, at } => write!(f, "path {path} is not one: no step at byte {at}"),
        }
    }
}

impl core::error::Error for SelectionError {}

/// A [`Selection`] whose paths are checked at compile time.
///
/// With `elements:` or `pieces:` before them, and whether they can be [delivered](Selection::elements) [so](Selection::pieces):
///
/// ```
/// use qmp_core::{Selection, selection};
///
/// const DISKS: Selection = selection![elements: "return[*].device", "return[*].inserted.file"];
/// const TEXT: Selection = selection![pieces: "return"];
/// # let _ = (DISKS, TEXT);
/// ```
///
/// ```compile_fail
/// const DISK: qmp_core::Selection = qmp_core::selection![elements: "return.device"];
/// ```
// The panics are what the compiler says: all of this is done while it compiles, and nothing is left at run time.
#[macro_export]
macro_rules! selection {
    (elements: $($path:expr),+ $(,)?) => {
        const {
            match $crate::selection!($($path),+).elements() {
                Ok(selection) => selection,
                Err(_) => panic!("the paths do not lead to the elements of one array"),
            }
        }
    };
    (pieces: $path:expr $(,)?) => {
        const {
            match $crate::selection!($path).pieces() {
                Ok(selection) => selection,
                Err(_) => panic!("the path does not lead to one value"),
            }
        }
    };
    ($($path:expr),+ $(,)?) => {
        const {
            match $crate::Selection::new(&[$($path),+]) {
                Ok(selection) => selection,
                Err($crate::SelectionError::TooLong { .. }) => panic!("a path is longer than 255 bytes"),
                Err($crate::SelectionError::TooDeep { .. }) => panic!("a path has more than 8 steps"),
                Err($crate::SelectionError::Syntax { .. }) => panic!("not a path"),
                Err(_) => panic!("a selection has 1 to 8 paths"),
            }
        }
    };
}

impl<'p> Selection<'p> {
    /// Checks the paths.
    ///
    /// # Errors
    /// [`SelectionError`] says which path cannot be taken, and why.
    pub const fn new(paths: &'p [&'p str]) -> Result<Self, SelectionError> {
        if paths.is_empty() || paths.len() > PATHS {
            return Err(SelectionError::Paths);
        }
        let mut table = Table { starts: [[0; STEPS]; PATHS], steps: [Steps::NONE; STEPS] };
        let mut rest = paths;
        let mut free = table.starts.as_mut_slice();
        let (mut path, mut bit) = (0usize, 1u8);
        while let ([text, others @ ..], [starts, places @ ..]) = (rest, free) {
            if let Err(error) = syntax::read(text.as_bytes(), path, bit, starts, &mut table.steps) {
                return Err(error);
            }
            (rest, free) = (others, places);
            path = path.wrapping_add(1);
            bit = bit.wrapping_shl(1);
        }
        // One bit more than there are paths, less one.
        let all = bit.wrapping_sub(1);
        Ok(Self {
            paths,
            all,
            array: array(paths, all, &table),
            elements: NONE,
            pieces: None,
            #[cfg(target_pointer_width = "64")]
            table,
        })
    }

    /// The elements of one array come one by one: [`Part::Begin`](crate::Part::Begin), a [`Part::Element`](crate::Part::Element) or
    /// [`Part::Oversized`](crate::Part::Oversized) for each, [`Part::End`](crate::Part::End), and then the reply without them. All
    /// that has to fit the buffer is one of them, with only the selected parts in it; and, where a path has a condition, all of it up to
    /// the member that meets it.
    ///
    /// # Errors
    /// [`SelectionError::Delivery`] unless all paths lead through the same array first, and write the way there alike, as
    /// `return[*].device` and `return[*].inserted.file` do.
    pub const fn elements(self) -> Result<Self, SelectionError> {
        if self.array == NONE {
            return Err(SelectionError::Delivery);
        }
        Ok(Self { elements: self.array, pieces: None, ..self })
    }

    /// One string comes decoded, piece by piece: [`Part::Begin`](crate::Part::Begin), [`Part::Piece`](crate::Part::Piece) as often as
    /// it takes, [`Part::End`](crate::Part::End), and then the reply with an empty string in its place. A value that is no string is
    /// left in the reply.
    ///
    /// # Errors
    /// [`SelectionError::Delivery`] unless there is one path, to one value, as `return` or `return.buf-b64`.
    pub const fn pieces(self) -> Result<Self, SelectionError> {
        if self.paths.len() != 1 || self.array != NONE {
            return Err(SelectionError::Delivery);
        }
        Ok(Self { elements: NONE, pieces: Some(hand_out), ..self })
    }
}

impl Steps {
    const NONE: Self = Self {
        names: 0,
        quoted: 0,
        all: 0,
        numbers: 0,
        conditions: 0,
        last: 0,
        #[cfg(target_pointer_width = "64")]
        hashes: 0,
    };
}

/// The level of the one array that all paths lead through first.
const fn array(paths: &[&str], all: u8, table: &Table) -> u8 {
    let mut steps = table.steps.as_slice();
    let mut number = 0u8;
    while let [step, others @ ..] = steps {
        let elements = step.all | step.numbers | step.conditions;
        if elements == all && are_alike(paths, table, number) {
            return number;
        }
        if elements != 0 {
            break;
        }
        steps = others;
        number = number.wrapping_add(1);
    }
    NONE
}

/// Whether all paths have the same text up to their step with this number.
const fn are_alike(mut paths: &[&str], table: &Table, number: u8) -> bool {
    let mut starts = table.starts.as_slice();
    let mut first: Option<&[u8]> = None;
    while let ([path, other_paths @ ..], [places, other_starts @ ..]) = (paths, starts) {
        let (_, [place, ..]) = places.split_at(number as usize) else { return false };
        let before = path.as_bytes().split_at(*place as usize).0;
        let (mut left, mut right) = (before, if let Some(first) = first { first } else { before });
        if left.len() != right.len() {
            return false;
        }
        while let ([one, ones @ ..], [other, others @ ..]) = (left, right) {
            if *one != *other {
                return false;
            }
            (left, right) = (ones, others);
        }
        first = Some(before);
        (paths, starts) = (other_paths, other_starts);
    }
    true
}
