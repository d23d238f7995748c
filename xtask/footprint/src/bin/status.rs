//! The session of the example `status`, with the blocking driver and the types of its replies.
#![no_std]
#![no_main]

use footprint::port::{self, Uart};
use qmp_core::io::Polled;

#[path = "../../../../examples/firmware/src/status.rs"]
mod status;

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    loop {
        let clock = || u64::from(port::number());
        let result = status::session(Polled(Uart), clock, port::number(), port::write);
        port::take(result.is_ok().into());
    }
}
