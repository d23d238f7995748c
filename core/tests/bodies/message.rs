//! What the messages' own accessors say, against a tree of the whole object. Input: a role, then one object.

use super::input::Input;
use super::tree::Tree;
use crate::model::Role;
use qmp_core::{
    ErrorClass, ErrorReply, Fault, FrameReader, Greeting, Json, JsonKind, Message, QueryStatus, QueryVersion, Source,
    StatusInfo, Timestamp, VersionInfo,
};

/// Whether it is a message.
pub(crate) fn message(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let role = input.pick(&[Role::Client, Role::Server]);
    let text = input.take(usize::MAX);
    let Ok(object) = Json::parse(text) else { return false };
    // In the middle of a server's message a line that begins with a brace would be another message.
    let cut = role == Role::Client && object.text().windows(2).any(|pair| pair == b"\n{");
    if object.kind() != JsonKind::Object || cut {
        return false;
    }
    let buffer = vec![0; object.text().len().max(2)];
    match role {
        Role::Client => message_from(FrameReader::new(buffer), object),
        Role::Server => message_from(FrameReader::of_client(buffer), object),
    }
}

fn message_from<S: Source>(mut reader: FrameReader<Vec<u8>, S>, object: Json<'_>) -> bool {
    let text = object.text();
    reader.window()[..text.len()].copy_from_slice(text);
    reader.commit(text.len()).unwrap();
    let tree = Tree::walk(object);
    let answer = reader.poll().expect("one answer to one object");
    let good = answer.is_ok();
    match answer {
        Ok(message) => says(message, &tree, text),
        Err(report) => {
            let said = report.to_string();
            let twice = said.contains(&Fault::DuplicateMember.to_string());
            assert!(twice || said.contains(&Fault::AmbiguousKind.to_string()), "{said}");
            assert_eq!(twice, KNOWN.iter().any(|name| count(&tree, name) > 1), "{said}");
            assert!(twice || KNOWN[..6].iter().filter(|name| count(&tree, name) > 0).count() > 1, "{said}");
        }
    }
    assert!(reader.poll().is_none());
    assert_eq!(reader.pending(), 0);
    good
}

/// The members with a meaning, those first that make a message what it is.
const KNOWN: [&str; 10] =
    ["QMP", "event", "return", "error", "execute", "exec-oob", "id", "timestamp", "data", "arguments"];

fn count(tree: &Tree, name: &str) -> usize {
    let Tree::Object(members) = tree else { return 0 };
    members.iter().filter(|(key, _)| key == name).count()
}

/// `json` is the member of this name, or is not there with it.
fn is(json: Option<Json<'_>>, tree: &Tree, name: &str) {
    assert_eq!(json.map(Tree::walk).as_ref(), tree.get(name), "{name}");
}

fn says(message: Message<'_>, tree: &Tree, text: &[u8]) {
    assert!(!format!("{message:?}").is_empty());
    assert!(!message.kind().to_string().is_empty());
    match message {
        Message::Greeting(greeting) => {
            is(Some(greeting.qmp()), tree, "QMP");
            greets(greeting, tree.get("QMP").unwrap());
        }
        Message::Return(reply) => {
            is(Some(reply.value()), tree, "return");
            is(reply.id(), tree, "id");
            decodes(reply.value(), tree.get("return").unwrap());
        }
        Message::Error(reply) => {
            is(Some(reply.error()), tree, "error");
            is(reply.id(), tree, "id");
            fails(reply, tree.get("error").unwrap());
        }
        Message::Event(event) => {
            assert_eq!(Some(event.name().to_string().as_str()), tree.get("event").unwrap().string());
            is(event.data(), tree, "data");
            let time = tree.get("timestamp");
            let part = |name| time?.get(name)?.signed();
            let expected = part("seconds").zip(part("microseconds"));
            let expected = expected.map(|(seconds, microseconds)| Timestamp { seconds, microseconds });
            assert_eq!(event.timestamp(), expected);
            assert!(expected.is_none_or(|time| !time.to_string().is_empty()));
        }
        Message::Request(request) => {
            let verb = if request.is_oob() { "exec-oob" } else { "execute" };
            assert_eq!(Some(request.name().to_string().as_str()), tree.get(verb).unwrap().string());
            is(request.arguments(), tree, "arguments");
            is(request.id(), tree, "id");
            assert_eq!(request.text().text(), text);
        }
        Message::Unknown(object) => {
            assert_eq!(object.text(), text);
            assert!(tree.get("return").is_none() && tree.get("error").is_none());
            assert!(
                ["event", "execute", "exec-oob"].iter().all(|name| tree.get(name).and_then(Tree::string).is_none())
            );
            assert!(!matches!(tree.get("QMP"), Some(Tree::Object(_))));
        }
        other => panic!("{other:?} is new"),
    }
}

fn greets(greeting: Greeting<'_>, qmp: &Tree) {
    let version = qmp.get("version");
    let part = |name| version?.get("qemu")?.get(name)?.unsigned();
    let expected = part("major").zip(part("minor")).zip(part("micro"));
    assert_eq!(greeting.version(), expected.map(|((major, minor), micro)| (major, minor, micro)));
    let package = version.and_then(|version| version.get("package")?.string());
    assert_eq!(greeting.package().map(|name| name.to_string()).as_deref(), package);
    let list = qmp.get("capabilities").map_or(&[][..], Tree::elements);
    let expected: Vec<&str> = list.iter().filter_map(Tree::string).collect();
    let capabilities: Vec<String> = greeting.capabilities().map(|name| name.to_string()).collect();
    assert_eq!(capabilities, expected);
    assert_eq!(greeting.offers_oob(), expected.contains(&"oob"));
}

fn fails(reply: ErrorReply<'_>, error: &Tree) {
    let part = |name| error.get(name).and_then(Tree::string).unwrap_or_default();
    let class = match part("class") {
        "GenericError" => ErrorClass::GenericError,
        "CommandNotFound" => ErrorClass::CommandNotFound,
        "DeviceNotActive" => ErrorClass::DeviceNotActive,
        "DeviceNotFound" => ErrorClass::DeviceNotFound,
        "KVMMissingCap" => ErrorClass::KvmMissingCap,
        other => {
            assert!(matches!(reply.class(), ErrorClass::Other(name) if name == other), "{:?}", reply.class());
            reply.class()
        }
    };
    assert_eq!(reply.class(), class);
    assert_eq!(reply.class().to_string(), part("class"));
    assert_eq!(reply.desc(), part("desc"));
    assert_eq!(reply.to_string(), format!("{}: {}", part("class"), part("desc")));
}

/// The value of a return as the types of the commands that come with the library.
fn decodes(value: Json<'_>, tree: &Tree) {
    let status: Result<<QueryStatus as qmp_core::Command>::Return<'_>, _> = value.decode();
    if let Ok(StatusInfo { status, running, .. }) = status {
        assert_eq!(tree.get("status").and_then(Tree::string), Some(status.to_string().as_str()));
        assert!(matches!(tree.get("running"), Some(Tree::Bool(flag)) if *flag == running));
    }
    let version: Result<<QueryVersion as qmp_core::Command>::Return<'_>, _> = value.decode();
    if let Ok(VersionInfo { qemu, .. }) = version {
        let major = tree.get("qemu").and_then(|qemu| qemu.get("major")?.unsigned());
        assert_eq!(major, Some(qemu.major));
    }
}
