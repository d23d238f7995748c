//! What every parser under test looks like from outside.

use crate::{Answer, Chunks, Corpus};

/// A parser in the middle of its life: buffers allocated, ready for the next stream.
pub trait Parser {
    /// Reads `stream` to its end and adds what was found to `answer`.
    fn parse(&mut self, stream: &mut Chunks<'_>, answer: &mut Answer);
}

/// How much of an [`Answer`] a parser works out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finds {
    /// Line ends only: the floor under everything that looks at each byte.
    Lines,
    /// Where messages end, and that they are JSON.
    Messages,
    /// Kind, id, event name, error class: all of it.
    Everything,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Contender {
    /// The name on the command line and in the table.
    pub name: &'static str,
    /// What it is, and what is put in front of it, in a few words.
    pub what: &'static str,
    /// How much it finds out.
    pub finds: Finds,
    /// Whether a message that is broken over several lines reaches it whole.
    pub pretty: bool,
    /// A parser that is ready for `corpus`: it may know the length of the longest message, and the layout.
    pub open: fn(corpus: &Corpus) -> Box<dyn Parser>,
}

impl Contender {
    /// Whether this parser can read `corpus` at all.
    pub fn reads(&self, corpus: &Corpus) -> bool {
        self.pretty || !corpus.pretty
    }

    /// Parses `corpus` once and compares the answer with the manifest.
    pub fn check(&self, corpus: &Corpus, chunk: usize) -> Result<(), String> {
        let mut found = Answer::default();
        (self.open)(corpus).parse(&mut Chunks::new(&corpus.bytes, chunk), &mut found);
        let expected = match self.finds {
            Finds::Everything => *corpus.manifest(),
            Finds::Messages => Answer { messages: corpus.manifest().messages, ..Answer::default() },
            Finds::Lines => Answer { messages: corpus.lines, ..Answer::default() },
        };
        if found == expected {
            Ok(())
        } else {
            Err(format!(
                "{} on {} in chunks of {chunk}: expected {expected:?}, found {found:?}",
                self.name, corpus.name
            ))
        }
    }
}

/// Every parser there is in this build, ours first.
pub fn contenders() -> Vec<Contender> {
    let ours = [crate::ours::CONTENDER];
    #[cfg(feature = "peers")]
    let peers = crate::peers::all();
    #[cfg(not(feature = "peers"))]
    let peers = [];
    ours.into_iter().chain(peers).collect()
}
