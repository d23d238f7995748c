//! What a server hands out, as one flat struct.

use qmp_core::{Call, Inbound};

use crate::json::qmp_json;
use crate::string::qmp_string;

/// What came next from a client. A program ignores the kinds that it does not know.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum qmp_inbound_kind {
    /// The negotiation is complete: commands and events from now on. `oob` says whether out of band too.
    QMP_INBOUND_READY = 1,
    /// A command is to be run and then answered: `call`, `oob`, `name`, `arguments` and `id`.
    QMP_INBOUND_REQUEST = 2,
    /// The server has answered some input by itself.
    QMP_INBOUND_ANSWERED = 3,
}

/// A command that is being run, to be answered once. It may be copied and kept; it is refused once the command has been answered
/// or its connection has ended.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct qmp_call {
    /// The library's.
    pub words: [u32; 3],
}

/// What came next from a client. Which fields have a meaning depends on `kind`; the others are 0 or NULL. After `QMP_END` all of it is as
/// it was.
///
/// What `name`, `arguments` and `id` point to lies in the server's storage, and is lent until the next call on this server that does not
/// take it as `const`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct qmp_inbound {
    /// What it is.
    pub kind: qmp_inbound_kind,
    /// The command came out of band, or the negotiation enabled that.
    pub oob: u32,
    /// What the command is answered by.
    pub call: qmp_call,
    /// 0.
    pub reserved: u32,
    /// The command's name.
    pub name: qmp_string,
    /// Its arguments, an object; NULL if there are none.
    pub arguments: qmp_json,
    /// Its id; NULL if it has none.
    pub id: qmp_json,
}

impl qmp_call {
    pub(crate) fn read(self) -> Call {
        Call::from_words(self.words)
    }
}

impl qmp_inbound {
    /// What has nothing in it.
    pub(crate) const BLANK: Self = Self {
        kind: qmp_inbound_kind::QMP_INBOUND_ANSWERED,
        oob: 0,
        call: qmp_call { words: [0; 3] },
        reserved: 0,
        name: qmp_string::NONE,
        arguments: qmp_json::NONE,
        id: qmp_json::NONE,
    };

    /// What the core hands out, in a blank one.
    #[inline(always)]
    pub(crate) fn lend(&mut self, inbound: Inbound<'_>) {
        match inbound {
            Inbound::Ready { oob } => {
                self.kind = qmp_inbound_kind::QMP_INBOUND_READY;
                self.oob = oob.into();
            }
            Inbound::Request { request, call } => {
                self.kind = qmp_inbound_kind::QMP_INBOUND_REQUEST;
                self.oob = request.is_oob().into();
                self.call = qmp_call { words: call.to_words() };
                self.name = qmp_string::lend(request.name());
                self.arguments = qmp_json::lend_if(request.arguments());
                self.id = qmp_json::lend_if(request.id());
            }
            // Nothing that a program has to act on.
            _ => {}
        }
    }
}
