//! The client against its model. Input: buffer size and number of slots, a byte each, then one step after another: what it is,
//! and what it needs to know.

use super::input::Input;
use super::world;
use crate::common::session::{Answer, Bytes, Layout, Step, To};

/// More would only be more of the same.
const MOST: usize = 300;

/// Whether a command was answered.
pub(crate) fn client(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let capacity = 128 + 4 * input.byte();
    let slots = 1 + input.byte() % 16;
    let steps = steps(&mut input);
    world::run(capacity, slots, &steps) > 0
}

/// The steps that the bytes stand for.
fn steps(input: &mut Input<'_>) -> Vec<Step> {
    let mut steps = Vec::new();
    while !input.is_empty() && steps.len() < MOST {
        let next = input.byte();
        match next % 24 {
            0 => steps.extend([Step::Read(usize::MAX), Step::Poll(usize::MAX)]),
            1 => steps.push(Step::Read(1 + input.byte())),
            2 => steps.push(Step::Poll(1 + input.byte() % 4)),
            3 => steps.push(Step::Greet { oob: next > 127, size: size(input) }),
            4 => steps.push(Step::Negotiate { oob: next > 127, wait: wait(input), room: room(input) }),
            5 => steps.push(Step::Attach { wait: wait(input), room: room(input) }),
            6 => steps.push(Step::Await { wait: wait(input) }),
            7 | 8 => {
                let raw = next > 127;
                steps.push(Step::Execute { oob: next % 24 == 8, raw, wait: wait(input), room: room(input) });
            }
            9..13 => steps.push(reply(input, next)),
            13 => steps.push(Step::Event { size: size(input), cut: cut(input) }),
            14 => {
                let length = input.byte();
                steps.push(Step::Junk(Bytes(input.take(length).to_vec())));
            }
            15 => steps.push(Step::Cancel(input.byte() % 8)),
            16 => steps.push(Step::Withdraw(input.byte() % 8)),
            17 => steps.push(Step::Tick(input.byte() as u64)),
            18 => steps.push(Step::Close),
            19 => steps.push(Step::Reset),
            // Without these few inputs would get into command mode.
            20 => steps.extend(handshake(next > 127)),
            21 => steps.extend([Step::Attach { wait: None, room: 128 }, answer(To::Negotiation)]),
            // Until the server's queue is full.
            22 if next > 127 => steps.extend(vec![stop(); input.byte() % 12]),
            22 => steps.extend([stop(), answer(To::Recent(0)), Step::Read(usize::MAX), Step::Poll(usize::MAX)]),
            _ => steps.push(answer(To::Negotiation)),
        }
    }
    steps
}

fn handshake(oob: bool) -> [Step; 7] {
    [
        Step::Greet { oob, size: 0 },
        Step::Read(usize::MAX),
        Step::Poll(usize::MAX),
        Step::Negotiate { oob, wait: None, room: 128 },
        answer(To::Negotiation),
        Step::Read(usize::MAX),
        Step::Poll(usize::MAX),
    ]
}

fn stop() -> Step {
    Step::Execute { oob: false, raw: true, wait: None, room: 128 }
}

fn answer(to: To) -> Step {
    Step::Reply { to, answer: Answer::Return, size: 0, layout: Layout::Compact, cut: None }
}

fn reply(input: &mut Input<'_>, kind: usize) -> Step {
    let which = input.byte();
    let to = match kind % 24 {
        9 => To::Open(which % 16),
        10 => To::Recent(which % 16),
        11 => To::Coming(1 + which as u64 % 4),
        _ => To::Other(input.pick(&OTHER)),
    };
    Step::Reply {
        to,
        answer: input.pick(&[Answer::Return, Answer::Error, Answer::NotFound]),
        size: size(input),
        layout: input.pick(&[Layout::Compact, Layout::Pretty, Layout::IdFirst]),
        cut: cut(input),
    }
}

/// Members that are no id of this client.
const OTHER: [&str; 8] = [
    "",
    "\"id\": null",
    "\"id\": -1",
    "\"id\": 1000007.0",
    "\"id\": {\"id\": 2000007}",
    "\"id\": 1000008",
    "\"id\": 10000070000000000000000",
    "\"id\": \"2000007\"",
];

fn size(input: &mut Input<'_>) -> usize {
    match input.byte() {
        short @ 0..224 => short,
        _ => input.number() % 4096,
    }
}

fn wait(input: &mut Input<'_>) -> Option<u64> {
    Some(input.byte()).filter(|wait| *wait > 0).map(|wait| wait as u64 - 1)
}

fn room(input: &mut Input<'_>) -> usize {
    Some(input.byte()).filter(|room| (1..=128).contains(room)).unwrap_or(128)
}

fn cut(input: &mut Input<'_>) -> Option<usize> {
    Some(input.byte()).filter(|cut| *cut > 0)
}
