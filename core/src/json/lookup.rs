//! Members by name: walks that look for one of them, and build nothing on the way.

use super::*;

impl<'a> Json<'a> {
    /// The value of the first member with this name, if it is an object that has one. Escapes in the names on the wire are
    /// taken into account.
    pub fn member(self, name: &str) -> Option<Json<'a>> {
        self.named(name.as_bytes())
    }

    /// As [`member`](Self::member), for a name that may be no UTF-8: there is none then.
    #[doc(hidden)]
    #[inline(always)]
    pub fn named(self, name: &[u8]) -> Option<Json<'a>> {
        #[cfg(not(target_pointer_width = "64"))]
        return self.find(name);
        #[cfg(target_pointer_width = "64")]
        self.usual_named(name)
    }

    /// As [`named`](Self::named).
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn usual_named(self, name: &[u8]) -> Option<Json<'a>> {
        let mut members = self.members();
        // As `next_member`, without a call on hosts.
        while members.rest.first() == Some(&b'"')
            && let Some(member) = members.usual()
        {
            let key = member.name();
            let found = if member.escaped { key.is(name) } else { key.raw() == name };
            if found {
                return Some(member.value);
            }
        }
        None
    }

    /// As [`named`](Self::named), in one walk over the text: no step from one value to the next, which takes more room.
    #[cfg(not(target_pointer_width = "64"))]
    #[inline(never)]
    fn find(self, name: &[u8]) -> Option<Json<'a>> {
        let text = self.text;
        // The brackets that are open inside of the object.
        let mut open = usize::MAX;
        // Where the name or the value lies that was seen last, without white space around it.
        let (mut start, mut end) = (0usize, 0usize);
        let mut wanted = false;
        let mut at = 0usize;
        while let Some(&byte) = text.get(at) {
            let next = if byte == b'"' { string_end(text, at) } else { at.wrapping_add(1) };
            if open == 0 && matches!(byte, b':' | b',' | b'}') {
                if wanted {
                    return Some(Json::new(part(text, start, end)));
                }
                // In an array nothing has a name.
                wanted = byte == b':' && Str::new(part(text, start.wrapping_add(1), end.wrapping_sub(1))).is(name);
                start = 0;
            } else if byte > b' ' {
                if start == 0 {
                    start = at;
                }
                end = next;
            }
            // Brackets are braces but for this bit.
            match byte | 0x20 {
                b'{' => open = open.wrapping_add(1),
                b'}' => open = open.wrapping_sub(1),
                _ => {}
            }
            at = next;
        }
        None
    }

    /// The string that the first member with this name has, between its quotes; none if what has that name is no string. `name` as
    /// [`place`] takes it.
    pub(crate) fn fixed_string(self, name: &[u8]) -> Option<Str<'a>> {
        let text = self.text;
        let mut at = 0usize;
        let mut open = 0usize;
        // 1 after a string with that name, which may be a value; 2 after the colon that follows it.
        let mut wanted = 0u32;
        while let Some(&byte) = text.get(at) {
            let start = at.wrapping_add(1);
            at = start;
            if byte == b'"' {
                at = string_end(text, start.wrapping_sub(1));
                let inner = part(text, start, at.wrapping_sub(1));
                if wanted == 2 {
                    return Some(Str::new(inner));
                }
                wanted = (open == 1 && place(name, inner) == 0).into();
            } else if byte == b':' {
                wanted <<= 1;
            } else if byte > b' ' {
                if wanted == 2 {
                    break;
                }
                wanted = 0;
                // Brackets are braces but for this bit.
                match byte | 0x20 {
                    b'{' => open = open.wrapping_add(1),
                    b'}' => open = open.wrapping_sub(1),
                    _ => {}
                }
            }
        }
        None
    }
}
