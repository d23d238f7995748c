//! Times, taken in turns.
//!
//! On a shared machine the same code takes half as long again from one second to the next. So nothing is timed alone: all take turns, round after
//! round, and what is reported beside the median of each is the median of its ratios to the first, each ratio from one round. In what
//! state the one before leaves the caches and the branch predictor is part of a time, too: nobody always follows the same one.

use crate::exchange::{Exchanger, reply_to};
use crate::ours::selection::{self, Case};
use crate::{Answer, Chunks, Contender, Corpus, Parser};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// How long something took.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// Median over the rounds.
    pub median: Duration,
    /// The shortest.
    pub min: Duration,
    /// Median of the ratios to the first in the same round.
    pub ratio: f64,
}

/// Lets each of `turns` do its work once a round, until `budget` is used up; at least five rounds, after one that does not count.
pub fn in_turns(turns: &mut [Box<dyn FnMut() + '_>], budget: Duration) -> Vec<Timing> {
    let mut rounds: Vec<Vec<Duration>> = vec![];
    let end = Instant::now() + budget;
    while rounds.len() < 6 || Instant::now() < end {
        let mut round = vec![Duration::ZERO; turns.len()];
        for turn in order(rounds.len(), turns.len()) {
            let start = Instant::now();
            turns[turn]();
            round[turn] = start.elapsed();
        }
        rounds.push(round);
    }
    rounds.remove(0);
    (0..turns.len()).map(|turn| summary(&rounds, turn)).collect()
}

/// Who has the turns of a round: each of `count` once, the next one always as many places on, by all steps for which that works in
/// turn.
fn order(round: usize, count: usize) -> impl Iterator<Item = usize> {
    let divides = |step: usize, by: usize| step.is_multiple_of(by) && count.is_multiple_of(by);
    let steps: Vec<usize> = (1..count.max(2)).filter(|step| !(2..=*step).any(|by| divides(*step, by))).collect();
    let step = steps[round % steps.len()];
    (0..count).map(move |turn| (round / steps.len() + turn * step) % count)
}

fn summary(rounds: &[Vec<Duration>], turn: usize) -> Timing {
    let mut times: Vec<Duration> = rounds.iter().map(|round| round[turn]).collect();
    let mut ratios: Vec<f64> = rounds.iter().map(|round| round[turn].as_secs_f64() / round[0].as_secs_f64()).collect();
    times.sort();
    ratios.sort_by(f64::total_cmp);
    Timing { median: times[times.len() / 2], min: times[0], ratio: ratios[ratios.len() / 2] }
}

/// Times `contenders` on `corpus`. Whoever gives a wrong answer is not timed: the error says who.
pub fn parsing(
    contenders: &[Contender],
    corpus: &Corpus,
    chunk: usize,
    budget: Duration,
) -> Result<Vec<Timing>, String> {
    contenders.iter().try_for_each(|contender| contender.check(corpus, chunk))?;
    let turns = contenders.iter().map(|contender| turn((contender.open)(corpus), corpus, chunk));
    Ok(in_turns(&mut turns.collect::<Vec<_>>(), budget))
}

fn turn(mut parser: Box<dyn Parser>, corpus: &Corpus, chunk: usize) -> Box<dyn FnMut() + '_> {
    Box::new(move || {
        let mut answer = Answer::default();
        parser.parse(&mut Chunks::new(black_box(&corpus.bytes), chunk), &mut answer);
        black_box(answer);
    })
}

/// Times `contender` and then each [`Case`] of a selection on `corpus`. What gives a wrong answer is not timed.
pub(crate) fn selecting(
    contender: &Contender,
    corpus: &Corpus,
    chunk: usize,
    budget: Duration,
) -> Result<Vec<Timing>, String> {
    contender.check(corpus, chunk)?;
    Case::ALL.iter().try_for_each(|case| case.check(corpus, chunk))?;
    let mut turns = vec![turn((contender.open)(corpus), corpus, chunk)];
    for case in Case::ALL {
        let mut reader = selection::reader(corpus);
        turns.push(Box::new(move || {
            case.run(&mut reader, corpus, chunk, |text| {
                black_box(text);
            });
        }));
    }
    Ok(in_turns(&mut turns, budget))
}

/// Times `exchangers` with so many commands in flight, in memory: that many encoded, then all their replies taken at once.
pub fn in_flight(exchangers: &[Exchanger], commands: usize, budget: Duration) -> Vec<Timing> {
    /// Exchanges in one turn, whatever is in flight, so that a turn takes about as long.
    const EXCHANGES: usize = 1024;
    let mut turns: Vec<Box<dyn FnMut()>> = vec![];
    for exchanger in exchangers {
        let mut client = (exchanger.open)(commands);
        let mut replies = vec![];
        turns.push(Box::new(move || {
            for _ in 0..EXCHANGES / commands {
                replies.clear();
                for _ in 0..commands {
                    let command = client.command();
                    reply_to(command, &mut replies);
                }
                assert_eq!(client.receive(&replies), commands, "every command is completed");
            }
        }));
    }
    in_turns(&mut turns, budget)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn everyone_gets_a_turn_each_round() {
        let (mut first, mut second) = (0, 0);
        let timings = in_turns(&mut [Box::new(|| first += 1), Box::new(|| second += 1)], Duration::ZERO);
        assert_eq!(timings.len(), 2);
        assert_eq!((first, second), (6, 6));
    }

    #[test]
    fn nobody_is_left_out_of_a_round_or_always_after_the_same_one() {
        for count in 1..12 {
            let mut before = vec![HashSet::new(); count];
            for round in 0..100 {
                let order: Vec<_> = order(round, count).collect();
                assert_eq!(order.iter().collect::<HashSet<_>>().len(), count);
                order.windows(2).for_each(|pair| {
                    before[pair[1]].insert(pair[0]);
                });
            }
            let few = if count < 5 { count / 2 } else { 2 };
            assert!(before.iter().all(|others| others.len() >= few), "{count}: {before:?}");
        }
    }
}
