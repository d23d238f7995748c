//! A selection against a filter over whole trees. Input: how many paths, the paths step by step, role, capacity and how the stream
//! is cut, then the stream.

use super::input::Input;
use super::tree::Tree;
use crate::common::{Rng, read_with};
use crate::model::Role;
use crate::model::{Item, expect};
use qmp_core::{Kind, Select, Selection};

/// A step of a path.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Member(String),
    All,
    Index(usize),
    Match(String, String),
}

pub(crate) type Path = Vec<Step>;

/// What a path looks like. `quoted` where it need not be.
pub(crate) fn written(path: &Path, quoted: bool) -> String {
    let mut text = String::new();
    for (index, step) in path.iter().enumerate() {
        match step {
            Step::Member(name) if index == 0 => text.push_str(name),
            Step::Member(name) if quoted || name.is_empty() || name.contains(['.', '[', ']', '=']) => {
                text.push_str(&format!("[\"{name}\"]"));
            }
            Step::Member(name) => text.push_str(&format!(".{name}")),
            Step::All => text.push_str("[*]"),
            Step::Index(index) => text.push_str(&format!("[{index}]")),
            Step::Match(name, value) if quoted || value.is_empty() || value.contains([']']) => {
                text.push_str(&format!("[{name}=\"{value}\"]"));
            }
            Step::Match(name, value) => text.push_str(&format!("[{name}={value}]")),
        }
    }
    text
}

/// What is left of a value of which these ends of paths are wanted, and whether a path ends in it.
pub(crate) fn filtered(value: &Tree, paths: &[&[Step]]) -> (Tree, bool) {
    let mut any = false;
    // What becomes of a member or an element to which these paths lead.
    let mut keep = |child: &Tree, paths: &[&[Step]], element: bool| -> Option<Tree> {
        if paths.is_empty() {
            return None;
        }
        if paths.iter().any(|path| path.is_empty()) {
            any = true;
            return Some(child.clone());
        }
        if !matches!(child, Tree::Array(_) | Tree::Object(_)) {
            return None;
        }
        let (left, found) = filtered(child, paths);
        any |= found;
        (found || !element).then_some(left)
    };
    let left = match value {
        Tree::Array(elements) => {
            let kept = elements.iter().enumerate().filter_map(|(index, element)| {
                let fits = |step: &Step| match step {
                    Step::All => true,
                    Step::Index(wanted) => *wanted == index,
                    Step::Match(name, value) => asserts(element, name, value),
                    Step::Member(_) => false,
                };
                let into: Vec<_> = paths.iter().filter(|path| fits(&path[0])).map(|path| &path[1..]).collect();
                keep(element, &into, true)
            });
            Tree::Array(kept.collect())
        }
        Tree::Object(members) => {
            let kept = members.iter().filter_map(|(name, value)| {
                let into = beyond(paths, name);
                Some((name.clone(), keep(value, &into, false)?))
            });
            Tree::Object(kept.collect())
        }
        other => other.clone(),
    };
    (left, any)
}

/// Whether an element has a member with this value.
fn asserts(element: &Tree, name: &str, value: &str) -> bool {
    let Tree::Object(members) = element else { return false };
    // The first one decides.
    members.iter().find(|(key, _)| key == name).is_some_and(|(_, found)| match found {
        Tree::String(text) => text == value,
        Tree::Null => value == "null",
        Tree::Bool(found) => value == found.to_string(),
        // The numbers that the conditions here name can be written in one way only.
        Tree::Integer(integer) => value == integer.to_string(),
        _ => false,
    })
}

/// What is left of the paths that go into the member with this name.
fn beyond<'p>(paths: &[&'p [Step]], name: &str) -> Vec<&'p [Step]> {
    let here = |path: &&&[Step]| matches!(&path[0], Step::Member(wanted) if wanted == name);
    paths.iter().filter(here).map(|path| &path[1..]).collect()
}

/// What is left of a message's member, the whole message being a member without a name here.
fn member(name: &str, value: &Tree, paths: &[&[Step]]) -> Option<Tree> {
    let into = beyond(paths, name);
    match name {
        "QMP" | "event" | "error" | "id" | "timestamp" | "execute" | "exec-oob" => Some(value.clone()),
        "return" | "data" | "arguments" if into.is_empty() => Some(value.clone()),
        _ if into.is_empty() => None,
        _ if into.iter().any(|path| path.is_empty()) => Some(value.clone()),
        _ => Some(filtered(value, &into).0),
    }
}

/// The same value, up to what `serde_json` does to numbers.
pub(crate) fn tree(text: &str) -> Tree {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// Whether `serde_json` reads all of a message: it refuses numbers that are out of a float's range and lone surrogates.
fn is_comparable(item: &Item) -> bool {
    let Item::Message(_, fields) = item else { return true };
    fields.iter().filter(|(name, _)| !is_plain(name)).all(|(_, text)| match serde_json::from_str::<Tree>(text) {
        Ok(_) => true,
        Err(error) => {
            let error = error.to_string();
            let known = ["out of range", "surrogate", "hex escape"];
            assert!(known.iter().any(|known| error.contains(known)), "{error} in {text}");
            false
        }
    })
}

/// Whether a field is not JSON: a name as it stands between its quotes, or two numbers.
fn is_plain(field: &str) -> bool {
    matches!(field, "event" | "timestamp" | "execute" | "exec-oob")
}

/// The message that is left of one.
fn left(item: Item, paths: &[&[Step]]) -> Item {
    let Item::Message(kind, fields) = item else { return item };
    let fields = fields.into_iter().filter_map(|(name, text)| {
        let value = match name {
            _ if is_plain(name) => return Some((name, text)),
            "text" => {
                let Tree::Object(members) = tree(&text) else { panic!("{text} is a message") };
                let members = members.into_iter();
                Tree::Object(
                    members.filter_map(|(name, value)| Some((name.clone(), member(&name, &value, paths)?))).collect(),
                )
            }
            _ => member(name, &tree(&text), paths)?,
        };
        Some((name, format!("{value:?}")))
    });
    Item::Message(kind, fields.collect())
}

/// As [`left`], for a message of which nothing is to be left out.
fn shown(item: Item) -> Item {
    let Item::Message(kind, fields) = item else { return item };
    let fields = fields.into_iter().map(|(name, text)| {
        let shown = if is_plain(name) { text } else { format!("{:?}", tree(&text)) };
        (name, shown)
    });
    Item::Message(kind, fields.collect())
}

const NAMES: [&str; 12] = ["id", "class", "desc", "return", "event", "a", "Z", "0", "", "data", "a[", "é"];
const KEYS: [&str; 6] = ["a", "id", "class", "return", "Z", "é"];
const VALUES: [&str; 8] = ["a", "", "true", "null", "1", "Z0", "42", "]"];
const FIRST: [&str; 8] = ["return", "return", "return", "data", "data", "x-extra", "arguments", "error"];

fn path(input: &mut Input<'_>) -> Path {
    let mut path = vec![Step::Member(input.pick(&FIRST).to_string())];
    for _ in 0..input.byte() % 5 {
        path.push(match input.byte() % 10 {
            0..3 => Step::All,
            3 => Step::Index(input.byte() % 4),
            4 | 5 => Step::Match(input.pick(&KEYS).to_string(), input.pick(&VALUES).to_string()),
            _ => Step::Member(input.pick(&NAMES).to_string()),
        });
    }
    path
}

/// Whether there was a message of which something was left out, and that is no other than without.
pub(crate) fn select(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let paths: Vec<Path> = (0..1 + input.byte() % 4).map(|_| path(&mut input)).collect();
    let role = input.pick(&[Role::Client, Role::Client, Role::Client, Role::Server]);
    let capacity = match input.byte() {
        0 => 1024,
        byte => 32 + byte,
    };
    let mut rng = Rng::new(input.byte() as u64);
    let longest = input.pick(&[1, usize::MAX, 8, 100, 2000]);
    let stream = input.take(usize::MAX);
    let texts: Vec<String> = paths.iter().enumerate().map(|(index, path)| written(path, index % 2 == 1)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let selection = Selection::new(&texts).unwrap_or_else(|error| panic!("{error}: {texts:?}"));
    let steps: Vec<&[Step]> = paths.iter().map(Vec::as_slice).collect();

    let whole = expect(stream, role, stream.len().max(128) + 1);
    if !whole.iter().all(is_comparable) {
        return false;
    }
    let expected: Vec<Item> = whole.iter().map(|item| left(item.clone(), &steps)).collect();
    for capacity in [stream.len().max(128) + 1, capacity] {
        let mut select = Select::new(&selection);
        let got = read_with(stream, role, capacity, || 1 + rng.below(longest), Some(&mut select));
        let got: Vec<Item> = got.into_iter().map(shown).collect();
        let fits = capacity > stream.len();
        let small = capacity < 128;
        let pairs = got.iter().zip(&expected).zip(&whole);
        for ((got, expected), whole) in pairs {
            match (got, expected) {
                (Item::Oversized { kind, .. }, Item::Message(expected, _)) if !fits => {
                    // That a value has the wrong type for its kind is seen where it lies in the first half of the buffer.
                    assert!(kind == expected || *expected == Kind::Unknown || small, "{got:?} for {whole:?}");
                }
                (Item::Oversized { .. }, _) if !fits && small => {}
                _ => assert_eq!(got, expected, "{texts:?}, {role:?}, capacity {capacity}, of {whole:?}"),
            }
        }
        assert_eq!(got.len(), expected.len(), "{texts:?}, {role:?}, capacity {capacity}: {got:#?}\nnot {expected:#?}");
    }
    let same = |(expected, whole): (&Item, &Item)| *expected == shown(whole.clone());
    expected.iter().zip(&whole).any(|pair| !same(pair))
}
