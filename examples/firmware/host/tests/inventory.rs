//! The program `inventory` asks a real VM with 20 disks what does not fit the board's memory, on each board: what it prints is what
//! the VM tells a client with room for it.

use firmware_tests::{Board, Folder, Model, Vm};
use qmp_core::{Empty, HumanMonitorCommand, Named};

#[test]
fn a_cortex_m3_reads_replies_larger_than_its_memory() {
    reads(Model::Lm3s6965);
}

#[test]
fn a_risc_v_reads_replies_larger_than_its_memory() {
    reads(Model::Virt);
}

fn reads(model: Model) {
    let folder = Folder::new();
    let uart = folder.file("uart");
    let drives: Vec<String> = (0..20)
        .map(|number| {
            let file = folder.file(&format!("disk {number}.raw"));
            std::fs::write(&file, [0; 512]).unwrap();
            format!("if=none,format=raw,id=disk{number},file={}", file.display())
        })
        .collect();
    let options: Vec<&str> = drives.iter().flat_map(|drive| ["-drive", drive]).collect();
    let vm = Vm::start(&uart, &options);
    let (printed, code) = Board::start(model, "inventory", &uart).end();
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(code, Some(0), "{printed}");

    let mut monitor = vm.monitor();
    let query = |name: &'static str| Named { name, arguments: Empty {} };
    let schema = monitor.execute(&query("query-qmp-schema")).unwrap();
    let is_command = |entity: &qmp_core::Json<'_>| entity.member("meta-type").unwrap().as_str().unwrap() == "command";
    let (all, commands) = (schema.elements().count(), schema.elements().filter(is_command).count());
    let mut expected = format!("commands: {commands}, other entities: {}\n", all - commands);
    let entity =
        |name: &str| schema.elements().find(|entity| entity.member("name").unwrap().as_str().unwrap() == *name);
    expected += &format!("device_add is a command: {}\n", entity("device_add").is_some());
    let allows = entity("migrate-pause").and_then(|command| command.member("allow-oob")?.as_bool());
    expected += &format!("migrate-pause allows oob: {}\n", allows == Some(true));
    assert!(expected.contains("oob: true") && commands > 100, "{expected}");
    let disks = monitor.execute(&query("query-block")).unwrap();
    for (index, disk) in disks.elements().enumerate() {
        let Some(inserted) = disk.member("inserted") else { continue };
        let [name, file] =
            [disk.member("device"), inserted.member("file")].map(|value| value.unwrap().as_str().unwrap());
        expected += &format!("disk {index}: {name} is {file}\n");
    }
    assert_eq!(expected.matches("\ndisk ").count(), 20, "{expected}");
    expected += &format!("disks: {}, without a medium or too large: 0\n", disks.elements().count());
    let tree = monitor.execute(&HumanMonitorCommand { command_line: "info mtree" }).unwrap().to_string();
    assert!(tree.len() > 2000, "{tree}");
    assert_eq!(printed, format!("{expected}info mtree:\n{tree}"));
}
