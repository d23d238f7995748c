//! The server's end: two commands in a table, one with an argument, and an event.
#![no_std]
#![no_main]

use footprint::port;
use qmp_core::{
    Argument, ArgumentType, CommandEntry, ErrorClass, Invocation, Profile, Server, Timestamp, VersionTriple,
};

fn query(_: &mut (), call: &mut Invocation<'_>) {
    let on = port::number() != 0;
    port::take(call.reply(|w| _ = w.object().name("on").bool(on).end()).is_ok().into());
}

fn switch(_: &mut (), call: &mut Invocation<'_>) {
    let on = call.argument("on").and_then(|on| on.as_bool());
    port::take(u32::from(on == Some(true)));
    let done = if port::number() == 0 {
        call.error(ErrorClass::GenericError, "it is broken")
    } else {
        let now = Timestamp { seconds: port::number().into(), microseconds: port::number().into() };
        port::take(
            call.event("SWITCHED", now, |w| _ = w.object().name("on").bool(on == Some(true)).end()).is_ok().into(),
        );
        Ok(())
    };
    port::take(done.is_ok().into());
}

const COMMANDS: &[CommandEntry<()>] = &[
    CommandEntry::new("query-lamp", &[], query),
    CommandEntry::new("switch", &[Argument::required("on", ArgumentType::Boolean)], switch),
];

#[unsafe(no_mangle)]
extern "C" fn main() -> ! {
    let profile = Profile::qmp(VersionTriple { major: 1, minor: 0, micro: 0 }, "");
    let mut server = Server::new(profile, [0; 256], [0; 512], [0; 32]);
    loop {
        server.dispatch(COMMANDS, &mut ());
        port::write(server.unsent());
        server.sent(port::number() as usize);
        let read = port::read(server.window());
        port::take(server.commit(read).is_ok().into());
        if port::number() == 0 {
            server.reset();
        }
    }
}
