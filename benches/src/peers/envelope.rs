//! A QMP message as a `serde` type: what somebody would write who has a JSON library and a few minutes.

use crate::Answer;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Any message. Bodies are skipped, ids are integers, as they are for a client that chooses its own. `S` is `&str` where the parser can lend
/// text and `String` where it cannot.
#[derive(Deserialize)]
pub(super) struct Envelope<S> {
    #[serde(rename = "return")]
    success: Option<IgnoredAny>,
    error: Option<Failure>,
    event: Option<S>,
    id: Option<u64>,
}

#[derive(Deserialize)]
struct Failure {
    class: Class,
}

/// In the order of [`crate::CLASSES`].
#[derive(Deserialize, Clone, Copy)]
enum Class {
    GenericError,
    CommandNotFound,
    DeviceNotActive,
    DeviceNotFound,
    #[serde(rename = "KVMMissingCap")]
    KvmMissingCap,
    #[serde(other)]
    Other,
}

impl<S: AsRef<str>> Envelope<S> {
    /// Adds the message to `answer`.
    #[inline]
    pub(super) fn count(&self, answer: &mut Answer) {
        if let Some(name) = &self.event {
            answer.event(name.as_ref().as_bytes());
        } else if let Some(error) = &self.error {
            answer.error(self.id, error.class as usize);
        } else if self.success.is_some() {
            answer.success(self.id);
        } else {
            answer.greeting();
        }
    }
}
