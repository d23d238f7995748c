//! A program compiled against the header sees the library's constants, sizes and offsets: each of them, none forgotten.

use std::collections::BTreeMap;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

use qmp::*;

fn header() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/qmp.h")).unwrap()
}

/// What is a constant in the header: `#define`s without parameters, and enumerators.
fn constants(header: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for line in header.lines().map(str::trim) {
        let word = |text: &'_ str| text.split([' ', '(']).next().unwrap_or_default().len();
        if let Some(rest) = line.strip_prefix("#define ") {
            let length = word(rest);
            let value = rest[length..].trim_start();
            if rest[length..].starts_with(' ') && value.starts_with(|c: char| c.is_ascii_digit()) {
                names.push(&rest[..length]);
            }
        } else if line.starts_with("QMP_") && line.ends_with(',') && line.contains(" = ") {
            names.push(&line[..word(line)]);
        }
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// The fields of each struct in the header, as `struct.field`.
fn fields(header: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = header;
    while let Some((_, after)) = rest.split_once("typedef struct ") {
        rest = after;
        let Some((name, body)) = after.split_once(" {") else { break };
        if name.contains(';') {
            continue;
        }
        let (body, _) = body.split_once("\n} ").unwrap();
        for line in body.lines().filter(|line| line.ends_with(';')) {
            let declared = line.trim_end_matches(';').split('[').next().unwrap();
            let field = declared.rsplit([' ', '*']).next().unwrap();
            found.push(format!("{name}.{field}"));
        }
    }
    found
}

macro_rules! values {
    ($($name:ident)*) => { BTreeMap::from([$((stringify!($name).to_owned(), $name as u64)),*]) };
}

macro_rules! enumerators {
    ($map:ident, $($type:ident: $($name:ident)*;)*) => {
        $($($map.insert(stringify!($name).to_owned(), $type::$name as u64);)*)*
        $($map.insert(concat!("sizeof ", stringify!($type)).to_owned(), size_of::<$type>() as u64);)*
    };
}

macro_rules! structs {
    ($map:ident, $($type:ident: $($field:ident)*;)*) => {
        $($($map.insert(concat!(stringify!($type), ".", stringify!($field)).to_owned(), offset_of!($type, $field) as u64);)*)*
        $($map.insert(concat!("sizeof ", stringify!($type)).to_owned(), size_of::<$type>() as u64);)*
    };
}

/// The library's side.
fn library() -> BTreeMap<String, u64> {
    let mut map = values!(
        QMP_ABI_VERSION QMP_NEVER QMP_RX_MIN QMP_CLIENT_TX_MIN QMP_TX_MIN QMP_CLIENT_HEAD QMP_CLIENT_PLACE QMP_SERVER_HEAD QMP_SERVER_POLICY
        QMP_SERVER_OOB QMP_SERVER_PRETTY QMP_EVENT_KEEP QMP_SELECT_PATHS QMP_SELECT_WORDS
    );
    enumerators!(map,
        qmp_result: QMP_OK QMP_END QMP_NULL_POINTER QMP_MISALIGNED QMP_OVERLAP QMP_ABI_MISMATCH QMP_NOT_INITIALISED
            QMP_INVALID_VALUE QMP_OVERRUN QMP_WRONG_PHASE QMP_TABLE_FULL QMP_SERVER_QUEUE_FULL QMP_OOB_DISABLED QMP_NOT_OPEN
            QMP_BUSY QMP_SELECTING QMP_NOT_ALONE QMP_STORAGE_TOO_SMALL QMP_BUFFER_TOO_SMALL QMP_TOO_LARGE QMP_NOT_FOUND QMP_WRONG_TYPE QMP_OUT_OF_RANGE
            QMP_INVALID_JSON QMP_INVALID_UTF8 QMP_TOO_DEEP QMP_MISPLACED QMP_NOT_FINITE QMP_PATH_COUNT QMP_PATH_TOO_LONG
            QMP_PATH_TOO_DEEP QMP_PATH_SYNTAX QMP_PATH_DELIVERY;
        qmp_json_kind: QMP_JSON_NULL QMP_JSON_BOOL QMP_JSON_NUMBER QMP_JSON_STRING QMP_JSON_ARRAY QMP_JSON_OBJECT;
        qmp_incoming_kind: QMP_INCOMING_NONE QMP_INCOMING_GREETING QMP_INCOMING_READY QMP_INCOMING_REFUSED QMP_INCOMING_EVENT
            QMP_INCOMING_RETURN QMP_INCOMING_ERROR QMP_INCOMING_FAILED QMP_INCOMING_UNMATCHED QMP_INCOMING_DISCARDED
            QMP_INCOMING_TIMED_OUT QMP_INCOMING_BEGIN QMP_INCOMING_ELEMENT QMP_INCOMING_OVERSIZED QMP_INCOMING_PIECE
            QMP_INCOMING_END QMP_INCOMING_ABANDONED;
        qmp_failure: QMP_FAILURE_NONE QMP_FAILURE_TIMED_OUT QMP_FAILURE_CONNECTION_LOST QMP_FAILURE_OVERSIZED_RETURN
            QMP_FAILURE_OVERSIZED_ERROR;
        qmp_discarded: QMP_DISCARDED_NONE QMP_DISCARDED_NOISE QMP_DISCARDED_TRUNCATED QMP_DISCARDED_MALFORMED
            QMP_DISCARDED_OVERSIZED;
        qmp_fault: QMP_FAULT_NONE QMP_FAULT_SYNTAX QMP_FAULT_CONTROL_CHARACTER QMP_FAULT_INVALID_UTF8 QMP_FAULT_TOO_DEEP
            QMP_FAULT_DUPLICATE_MEMBER QMP_FAULT_AMBIGUOUS_KIND QMP_FAULT_OTHER;
        qmp_message: QMP_MESSAGE_NONE QMP_MESSAGE_UNKNOWN QMP_MESSAGE_GREETING QMP_MESSAGE_RETURN QMP_MESSAGE_ERROR
            QMP_MESSAGE_EVENT QMP_MESSAGE_REQUEST;
        qmp_phase: QMP_PHASE_NONE QMP_PHASE_GREETING QMP_PHASE_GREETED QMP_PHASE_NEGOTIATING QMP_PHASE_COMMAND
            QMP_PHASE_CLOSED QMP_PHASE_SELECTING;
        qmp_delivery: QMP_DELIVERY_WHOLE QMP_DELIVERY_ELEMENTS QMP_DELIVERY_PIECES;
        qmp_oob: QMP_OOB_OFF QMP_OOB_ON QMP_OOB_UNKNOWN;
        qmp_dialect: QMP_DIALECT_QMP QMP_DIALECT_AGENT;
        qmp_emission: QMP_EMISSION_SENT QMP_EMISSION_KEPT QMP_EMISSION_REPLACED QMP_EMISSION_LOST QMP_EMISSION_UNHEARD;
        qmp_inbound_kind: QMP_INBOUND_READY QMP_INBOUND_REQUEST QMP_INBOUND_ANSWERED;
    );
    structs!(map,
        qmp_json: text length;
        qmp_string: text length;
        qmp_window: start length;
        qmp_outgoing: bytes length id;
        qmp_writer: state;
        qmp_select: state;
        qmp_incoming: kind failure discarded fault message oob phase index delivered dropped oversized reserved id bytes at value name timestamp window;
        qmp_event_policy: interval name key flags reserved;
        qmp_server_settings: rx_bytes tx_bytes store_bytes policies_length policies package major minor micro dialect flags;
        qmp_call: words;
        qmp_inbound: kind oob call reserved name arguments id;
    );
    map
}

#[test]
fn a_c_program_sees_the_librarys_constants_sizes_and_offsets() {
    let (header, library) = (header(), library());
    let mut program = String::from("#include <qmp.h>\n#include <stdio.h>\nint main(void)\n{\n");
    let constants = constants(&header);
    let fields = fields(&header);
    assert!(constants.len() > 90 && fields.len() > 40, "{} constants, {} fields", constants.len(), fields.len());
    for name in constants.iter().copied() {
        assert!(library.contains_key(name), "{name} is in the header, and not in this test");
    }
    for field in &fields {
        assert!(library.contains_key(field), "{field} is in the header, and not in this test");
    }
    for name in library.keys() {
        let value = if name.starts_with("QMP_") {
            assert!(constants.contains(&name.as_str()), "{name} is not in the header");
            name.clone()
        } else if let Some(kind) = name.strip_prefix("sizeof ") {
            format!("sizeof({kind})")
        } else {
            assert!(fields.contains(name), "{name} is not in the header");
            format!("offsetof({})", name.replace('.', ", "))
        };
        program.push_str(&format!("    printf(\"{name}=%llu\\n\", (unsigned long long)({value}));\n"));
    }
    program.push_str("    return 0;\n}\n");

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (source, binary): (PathBuf, PathBuf) = (folder.join("abi.c"), folder.join("abi"));
    std::fs::write(&source, program).unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let compiler = Command::new("cc").arg("-I").arg(include).arg(&source).arg("-o").arg(&binary).status();
    assert!(compiler.expect("a C compiler, as rustc needs one").success());
    let output = Command::new(&binary).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let seen: BTreeMap<String, u64> = output
        .lines()
        .map(|line| line.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect();
    assert_eq!(seen, library);
}
