//! The header is what the source says.

use std::path::Path;

/// Parts of the interface, in the order of the header.
const FILES: &[&str] = &[
    "layout",
    "result",
    "json",
    "json/walk",
    "string",
    "writer",
    "incoming",
    "greeting",
    "client",
    "client/command",
    "client/session",
    "select",
    "client/selecting",
    "settings",
    "inbound",
    "server",
    "server/answer",
    "server/session",
];

fn generate() -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(package.join("cbindgen.toml")).unwrap();
    let files = FILES.iter().map(|name| package.join(format!("src/{name}.rs")));
    let builder = cbindgen::Builder::new().with_config(config);
    let bindings = files.fold(builder, |builder, file| builder.with_src(file)).generate().unwrap();
    let mut header = Vec::new();
    bindings.write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn the_header_is_what_the_source_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/qmp.h");
    let header = generate();
    if std::env::var_os("QMP_WRITE_HEADER").is_some() {
        std::fs::write(&path, &header).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(header.lines()).position(|(kept, header)| kept != header);
    assert!(
        kept == header,
        "{} is not what the source says, from line {} on. To write it: QMP_WRITE_HEADER=1 cargo test -p qmp-ffi --test header",
        path.display(),
        differs.unwrap_or(kept.lines().count()) + 1
    );
}
