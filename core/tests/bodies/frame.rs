//! The frame reader against the whole-buffer model. Input: role, capacity and how the stream is cut, a byte each, then the stream.

use super::input::Input;
use crate::common::{Rng, read};
use crate::model::Role;
use crate::model::{Item, expect};
use qmp_core::Fault;

/// Bytes. With less a report may lack what the message was.
const COMPLETE: usize = 128;

/// Whether there was a message.
pub(crate) fn frame(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let role = input.pick(&[Role::Client, Role::Server]);
    let capacity = match input.byte() {
        byte @ 0..2 => [1024, 16384][byte],
        byte => byte,
    };
    let mut rng = Rng::new(input.byte() as u64);
    let longest = input.pick(&[1, usize::MAX, 8, 100, 2000]);
    let stream = input.take(usize::MAX);
    let expected = expect(stream, role, capacity);
    let messages = expected.iter().any(|item| matches!(item, Item::Message(..)));
    let got = read(stream, role, capacity, || 1 + rng.below(longest));
    let items = |items: Vec<Item>| items.into_iter().map(|item| known(item, capacity)).collect::<Vec<_>>();
    assert_eq!(items(got), items(expected), "{role:?}, capacity {capacity}");
    messages
}

/// What a reader with this capacity has to know of an item: of a message that does not fit a very small buffer, its length.
fn known(item: Item, capacity: usize) -> Item {
    match item {
        Item::Oversized { bytes, .. } if capacity < COMPLETE => Item::Noise { bytes },
        Item::Malformed { bytes, at, fault: Fault::DuplicateMember | Fault::AmbiguousKind }
            if capacity < COMPLETE && bytes == at && bytes > capacity as u64 =>
        {
            Item::Noise { bytes }
        }
        item => item,
    }
}
