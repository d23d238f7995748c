//! A transport that plays a script, and notes what was written to it.

use embedded_io::{ErrorKind, ErrorType, Read, Write};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

/// What a read does.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    /// These bytes arrive; `@0` is the id of the last line that was written, `@1` that of the one before, and so on.
    Say(&'static str),
    /// The same after a byte 0xFF.
    Delimited(&'static str),
    /// Nothing arrives, and time passes: `ErrorKind::TimedOut`.
    Idle(u64),
    Fail(ErrorKind),
    /// The connection ends.
    End,
    /// A read that claims more than it was given room for.
    Overrun,
}

/// What a write does. When the script is over, it takes everything.
#[derive(Clone, Debug)]
pub(crate) enum Take {
    Bytes(usize),
    /// All of it, and so much time passes.
    Slow(u64),
    Idle(u64),
    Fail(ErrorKind),
}

/// One transport; clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    reads: Rc<RefCell<VecDeque<Move>>>,
    writes: Rc<RefCell<VecDeque<Take>>>,
    pub(crate) sent: Rc<RefCell<Vec<u8>>>,
    pub(crate) now: Rc<Cell<u64>>,
    /// Of all lines written.
    ids: Rc<RefCell<Vec<String>>>,
    /// The line that is being written.
    line: Rc<RefCell<String>>,
}

impl Script {
    pub(crate) fn new(reads: impl IntoIterator<Item = Move>) -> Self {
        let script = Self::default();
        script.read(reads);
        script
    }

    /// More to be read.
    pub(crate) fn read(&self, reads: impl IntoIterator<Item = Move>) {
        self.reads.borrow_mut().extend(reads);
    }

    /// What the next writes do.
    pub(crate) fn write(&self, writes: impl IntoIterator<Item = Take>) {
        self.writes.borrow_mut().extend(writes);
    }

    /// What has been written, taken out.
    pub(crate) fn take(&self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut *self.sent.borrow_mut())).into_owned()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.reads.borrow().is_empty() && self.writes.borrow().is_empty()
    }

    /// Notes the ids of the lines that these bytes end.
    fn note(&self, bytes: &[u8]) {
        let mut line = self.line.borrow_mut();
        for &byte in bytes {
            line.push(byte as char);
            if byte == b'\n' {
                let after = line.split("\"id\":").nth(1).expect("a line without id");
                self.ids.borrow_mut().push(after.chars().take_while(char::is_ascii_digit).collect());
                line.clear();
            }
        }
    }

    fn pass(&self, ticks: u64) {
        self.now.set(self.now.get() + ticks);
    }
}

impl ErrorType for Script {
    type Error = ErrorKind;
}

impl Read for Script {
    fn read(&mut self, to: &mut [u8]) -> Result<usize, ErrorKind> {
        assert!(!to.is_empty(), "a read with no room");
        let next = self.reads.borrow_mut().pop_front().expect("a read after the end of the script");
        match next {
            Move::Say(text) | Move::Delimited(text) => {
                let ids = self.ids.borrow();
                let back = ids.iter().rev().enumerate();
                let text = back.fold(text.to_string(), |text, (back, id)| text.replace(&format!("@{back}"), id));
                let delimiter: &[u8] = if matches!(next, Move::Delimited(_)) { b"\xff" } else { b"" };
                let bytes = [delimiter, text.as_bytes()].concat();
                to[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Move::Idle(ticks) => {
                self.pass(ticks);
                Err(ErrorKind::TimedOut)
            }
            Move::Fail(kind) => Err(kind),
            Move::End => Ok(0),
            Move::Overrun => Ok(to.len() + 1),
        }
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        assert!(!bytes.is_empty(), "a write of nothing");
        let next = self.writes.borrow_mut().pop_front();
        let length = match next {
            None => bytes.len(),
            Some(Take::Bytes(most)) => bytes.len().min(most),
            Some(Take::Slow(ticks)) => {
                self.pass(ticks);
                bytes.len()
            }
            Some(Take::Idle(ticks)) => {
                self.pass(ticks);
                return Err(ErrorKind::TimedOut);
            }
            Some(Take::Fail(kind)) => return Err(kind),
        };
        self.sent.borrow_mut().extend(&bytes[..length]);
        self.note(&bytes[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        Ok(())
    }
}
