//! The emulated board: its clock, its stack, and the debugger that prints for it.

use core::arch::asm;
use core::hint::black_box;

/// Prints `name number` on a line.
pub fn print(name: &str, number: u32) {
    let mut line = [0; 64];
    let mut at = line.len() - 1;
    let mut put = |byte| {
        at -= 1;
        line[at] = byte;
    };
    put(b'\n');
    let mut rest = number;
    loop {
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    put(b' ');
    name.bytes().rev().for_each(put);
    semihosting(WRITE0, line[at..].as_ptr().addr());
}

/// Ends the emulation with success.
pub fn exit() -> ! {
    semihosting(EXIT, APPLICATION_EXIT);
    loop {}
}

/// Writes the zero-terminated string at the argument.
const WRITE0: usize = 0x04;
/// Ends the run for the reason in the argument.
const EXIT: usize = 0x18;
/// The one reason that is success.
const APPLICATION_EXIT: usize = 0x20026;

/// Asks the debugger (Arm, "Semihosting for AArch32 and AArch64").
fn semihosting(operation: usize, argument: usize) {
    // SAFETY: the debugger answers in r0 and touches nothing else; the one pointer passed is to a terminated string.
    unsafe { asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument) };
}

/// The processor's own timer, in instructions.
pub struct Clock {
    /// Ticks of [`CALIBRATION`] instructions.
    ticks: u64,
}

/// Instructions of the loop that the timer is compared with.
const CALIBRATION: u64 = 2_000_000;

/// Control and status; then the reload value, then the current one (Armv7-M Architecture Reference Manual, B3.3).
const SYSTICK: *mut u32 = 0xE000_E010 as *mut u32;
const RELOAD: u32 = 0x00FF_FFFF;

impl Clock {
    /// Starts the timer and finds out its rate.
    pub fn start() -> Self {
        // SAFETY: the three registers are there on every Armv7-M processor, and nothing else uses them.
        unsafe {
            SYSTICK.add(1).write_volatile(RELOAD);
            SYSTICK.add(2).write_volatile(0);
            SYSTICK.write_volatile(0b101);
        }
        let ticks = ticks(|| {
            // SAFETY: counts a register down, in two instructions per turn.
            unsafe { asm!("2:", "subs {n}, {n}, #1", "bne 2b", n = inout(reg) CALIBRATION as u32 / 2 => _) };
        });
        Self { ticks: ticks.into() }
    }

    /// Instructions of one run of `job`, averaged over `runs` of them, after one that is not counted.
    pub fn instructions(&self, runs: u32, mut job: impl FnMut()) -> u32 {
        job();
        let ticks = ticks(|| (0..runs).for_each(|_| job()));
        let all = u64::from(ticks) * CALIBRATION / self.ticks;
        (all / u64::from(runs)) as u32
    }
}

/// Ticks that `job` takes, which must be fewer than the timer can count.
fn ticks(job: impl FnOnce()) -> u32 {
    // SAFETY: reads the timer's current value.
    let now = || unsafe { SYSTICK.add(2).read_volatile() };
    let start = now();
    job();
    start.wrapping_sub(now()) & RELOAD
}

/// Bytes below the stack pointer that are watched.
const WATCHED: usize = 4096;
const PAINT: u32 = 0x5AFE_57AC;

/// Bytes of stack that `job` uses, found by the paint it wears off.
#[inline(never)]
pub fn stack(job: impl FnOnce()) -> u32 {
    let mut job = Some(job);
    let mut call = || {
        if let Some(job) = job.take() {
            job();
        }
    };
    let call: &mut dyn FnMut() = black_box(&mut call);
    let top: usize;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) top) };
    let bottom = top - WATCHED;
    // SAFETY: what is below the stack pointer is RAM, and nobody's: nothing is called here and no interrupt is on.
    unsafe {
        asm!("2:", "str {paint}, [{at}]", "adds {at}, #4", "cmp {at}, {top}", "bne 2b",
            at = inout(reg) bottom => _, top = in(reg) top, paint = in(reg) PAINT);
    }
    call();
    let words = (bottom..top).step_by(size_of::<u32>()).map(|at| at as *const u32);
    // SAFETY: as above; what the search itself uses is at the top, which `call` has used before.
    let untouched = words.take_while(|word| unsafe { word.read_volatile() } == PAINT).count();
    (WATCHED - untouched * size_of::<u32>()) as u32
}
