//! Eight bytes in one register: any 64-bit machine.

/// One byte repeated.
const fn every(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

const HIGH: u64 = every(0x80);

/// The high bit of each zero byte. Bytes above the first one may be marked wrongly.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(every(1)) & !word
}

/// Where the first marked byte is, 8 if there is none.
const fn first(marks: u64) -> usize {
    (marks & HIGH).trailing_zeros() as usize / 8
}

fn halves(block: &[u8; 16]) -> (u64, u64) {
    let word = u128::from_le_bytes(*block);
    (word as u64, (word >> 64) as u64)
}

pub(crate) fn special(block: &[u8; 16]) -> usize {
    // Below 0x20, `"`, `\`, or above 0x7f.
    let marks = |word: u64| {
        word.wrapping_sub(every(0x20)) & !word | zeros(word ^ every(b'"')) | zeros(word ^ every(b'\\')) | word
    };
    let (low, high) = halves(block);
    match first(marks(low)) {
        8 => first(marks(high)).wrapping_add(8),
        at => at,
    }
}

pub(crate) fn spaces(block: &[u8; 16]) -> usize {
    let (low, high) = halves(block);
    match (low ^ every(b' ')).trailing_zeros() / 8 {
        8 => ((high ^ every(b' ')).trailing_zeros() / 8).wrapping_add(8) as usize,
        at => at as usize,
    }
}

/// Nothing is known before it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Runs;

impl Runs {
    pub(crate) const LONGEST: usize = 16;

    pub(crate) fn of(_: &[u8; 64]) -> Self {
        Self
    }

    pub(crate) fn at(self, window: &[u8; 64], at: usize) -> usize {
        window.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, special)
    }
}
