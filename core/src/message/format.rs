//! What messages look like in logs: their parts by name, as if they were fields.

use core::fmt;

use super::{ErrorReply, Event, Greeting, Kind, Oversized, Request, Return};
use crate::json::{Json, Str};

/// Lays one type's parts out as the fields of a structure of the same name, and formats that.
macro_rules! parts {
    ($type:ident { $($part:ident: $of:ty = $read:ident),+ }) => {
        impl<'a> $type<'a> {
            fn parts(&self) -> impl Parts + use<'a> {
                #[derive(Debug)]
                #[cfg_attr(feature = "defmt", derive(defmt::Format))]
                #[cfg_attr(not(feature = "defmt"), expect(dead_code, reason = "they are for the derived format"))]
                struct $type<'a> {
                    $($part: $of),+
                }
                impl Parts for $type<'_> {}
                $type { $($part: self.$read()),+ }
            }
        }

        impl fmt::Debug for $type<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.parts(), f)
            }
        }

        #[cfg(feature = "defmt")]
        impl defmt::Format for $type<'_> {
            fn format(&self, f: defmt::Formatter<'_>) {
                defmt::write!(f, "{}", self.parts());
            }
        }
    };
}

/// What can be formatted in every way that is compiled in.
#[cfg(feature = "defmt")]
trait Parts: fmt::Debug + defmt::Format {}
/// What can be formatted in every way that is compiled in.
#[cfg(not(feature = "defmt"))]
trait Parts: fmt::Debug {}

parts!(Greeting { qmp: Json<'a> = qmp });
parts!(Return { value: Json<'a> = value, id: Option<Json<'a>> = id });
parts!(ErrorReply { error: Json<'a> = error, id: Option<Json<'a>> = id });
parts!(Event { name: Str<'a> = name, data: Option<Json<'a>> = data, timestamp: Option<Json<'a>> = raw_timestamp });
parts!(Request { name: Str<'a> = name, oob: bool = is_oob, arguments: Option<Json<'a>> = arguments, id: Option<Json<'a>> = id });
parts!(Oversized { bytes: u64 = bytes, kind: Kind = kind, id: Option<u64> = id, event: Option<Str<'a>> = event });
