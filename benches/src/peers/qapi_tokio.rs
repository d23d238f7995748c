//! `qapi` over tokio: its asynchronous client on a runtime with one thread.

use crate::latency::Caller;
use ::qapi::futures::{QapiService, QmpStreamTokio};
use ::qapi::qmp::query_status;
use std::io::{Error, Result};
use std::os::unix::net::UnixStream;
use tokio::io::AsyncReadExt;
use tokio::net::unix::OwnedWriteHalf;
use tokio::runtime::{Builder, Runtime};

/// What the client waits for before it does anything. The connection has been greeted and has negotiated.
const GREETING: &[u8] = b"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": 7}, \"package\": \"\"}, \"capabilities\": []}}\r\n";

/// Its client on a socket.
pub(super) fn caller(stream: UnixStream) -> Result<Box<dyn Caller>> {
    stream.set_nonblocking(true)?;
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let service = runtime.block_on(async {
        let (read, write) = tokio::net::UnixStream::from_std(stream)?.into_split();
        let greeted = QmpStreamTokio::open_split(GREETING.chain(read), write).await?;
        let (service, _) = greeted.stream.spawn_tokio();
        Ok::<_, Error>(service)
    })?;
    Ok(Box::new(OnRuntime { runtime, service }))
}

struct OnRuntime {
    runtime: Runtime,
    service: QapiService<QmpStreamTokio<OwnedWriteHalf>>,
}

impl Caller for OnRuntime {
    fn call(&mut self, commands: usize) -> Result<()> {
        self.runtime.block_on(async {
            // Where out-of-band execution is off it sends no ids, and a command waits until the one before has its reply.
            for _ in 0..commands {
                self.service.execute(query_status {}).await.map_err(Error::other)?;
            }
            Ok(())
        })
    }
}
