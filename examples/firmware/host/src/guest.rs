//! A VM whose guest does what it is told over its serial port: it panics, hangs, or shuts the machine down.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use qmp_core::Cont;

use crate::{Folder, LONG, Vm};

/// A boot sector for a PC with a pvpanic device and an IB700 watchdog.
const BOOT_SECTOR: &[u8] = &[
    0xba, 0xf8, 0x03, 0xb0, 0x62, 0xee, // mov dx, 3f8h; mov al, 'b'; out dx, al
    0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xf8, // next: mov dx, 3fdh; in al, dx; test al, 1; jz next
    0xba, 0xf8, 0x03, 0xec, // mov dx, 3f8h; in al, dx
    0x3c, 0x70, 0x74, 0x0a, // cmp al, 'p'; je panic
    0x3c, 0x68, 0x74, 0x0e, // cmp al, 'h'; je hang
    0x3c, 0x73, 0x74, 0x12, // cmp al, 's'; je shut_down
    0xeb, 0xe6, // jmp next
    0xba, 0x05, 0x05, 0xb0, 0x01, 0xee, 0xeb, 0x0f, // panic: mov dx, 505h; mov al, 1; out dx, al; jmp halt
    0xba, 0x43, 0x04, 0xb0, 0x0f, 0xee, 0xeb, 0x07, // hang: mov dx, 443h; mov al, 15; out dx, al; jmp halt
    0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, // shut_down: mov dx, 604h; mov ax, 2000h; out dx, ax
    0xfa, 0xf4, 0xeb, 0xfc, // halt: cli; hlt; jmp halt
];

/// What the guest can be told.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    /// To say so by way of the pvpanic device.
    Panic = b'p' as isize,
    /// To start the watchdog, and nothing else any more.
    Hang = b'h' as isize,
    /// To turn the machine off.
    ShutDown = b's' as isize,
}

/// A running VM with that guest. It is paused rather than ended when the guest is.
#[derive(Debug)]
pub struct Guest {
    vm: Vm,
    serial: UnixStream,
    port: PathBuf,
}

impl Guest {
    /// Starts it in `folder`, with its firmware's monitor listening at `uart`, and waits until the guest is up.
    ///
    /// # Panics
    /// It does not start.
    pub fn start(folder: &Folder, uart: &Path) -> Self {
        let (disk, port) = (folder.file("disk"), folder.file("serial"));
        let mut sector = BOOT_SECTOR.to_vec();
        sector.resize(510, 0);
        sector.extend([0x55, 0xaa]);
        fs::write(&disk, sector).expect("the folder can be written to");
        let drive = format!("file={},format=raw,if=ide", disk.display());
        let serial = format!("unix:{},server=on,wait=off", port.display());
        // It stands still until somebody listens to it.
        let machine = ["-S", "-drive", &drive, "-serial", &serial, "-device", "pvpanic", "-device", "ib700"];
        let ends = ["-action", "panic=pause,shutdown=pause,watchdog=pause"];
        let vm = Vm::start(uart, &[&machine[..], &ends].concat());
        let mut guest = Self { vm, serial: listen(&port), port };
        guest.go();
        guest
    }

    fn go(&mut self) {
        self.vm.monitor().execute(&Cont {}).expect("it can go on");
        self.wait_until_up();
    }

    /// Waits until the guest has started, once more.
    ///
    /// # Panics
    /// It has not.
    pub fn wait_until_up(&mut self) {
        let mut said = [0];
        self.serial.read_exact(&mut said).expect("the guest starts");
        assert_eq!(said, *b"b");
    }

    /// Tells the guest what to do.
    ///
    /// # Panics
    /// It is not there.
    pub fn tell(&mut self, order: Order) {
        self.serial.write_all(&[order as u8]).expect("the guest is there");
    }

    /// The machine.
    pub fn vm(&self) -> &Vm {
        &self.vm
    }

    /// Ends QEMU as a crash would.
    pub fn kill(&mut self) {
        self.vm.kill();
    }

    /// Starts it again after [`kill`](Self::kill), and waits until the guest is up.
    pub fn restart(&mut self) {
        self.vm.restart();
        self.serial = listen(&self.port);
        self.go();
    }
}

fn listen(port: &Path) -> UnixStream {
    let serial = UnixStream::connect(port).expect("it listens before its monitor does");
    serial.set_read_timeout(Some(LONG)).expect("there is such an option");
    serial
}
