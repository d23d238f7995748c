//! What the receive path is measured with: what QEMU 7.2 (`qemu-system-x86_64 -M q35 -qmp …`) sends, and one input for each
//! way in which bytes can be no message.

/// The messages whose instructions are counted, with their names, as QEMU sends them, line ends included.
pub const TIMED: [(&str, &[u8]); 4] = [
    (
        "greeting",
        b"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, \
          \"package\": \"Debian 1:7.2+dfsg-7+deb12u18+b3\"}, \"capabilities\": [\"oob\"]}}\r\n",
    ),
    ("return", b"{\"return\": {}, \"id\": 1}\r\n"),
    ("status", b"{\"return\": {\"status\": \"running\", \"singlestep\": false, \"running\": true}, \"id\": 1234}\r\n"),
    ("event", b"{\"timestamp\": {\"seconds\": 1795000000, \"microseconds\": 123456}, \"event\": \"STOP\"}\r\n"),
];

const OTHERS: [&[u8]; 12] = [
    b"{\"id\": 3, \"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The command x has not been found\"}}\r\n",
    b"{\r\n    \"return\": [\r\n        {\r\n            \"a\": -1.5e3\r\n        },\r\n        null\r\n    ]\r\n}\r\n",
    b"{\"\\u0065vent\": \"\\ud83d\\ude00\\u00e9\\n\", \"data\": {\"text\": \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}}\r\n",
    b"\xff\xfb\x01boot noise\r\n{\"return\": {}}\r\n",
    b"{\"return\": {\"status\": \"runn\n{\"return\": {}}\r\n",
    b"{\"return\": tru, \"id\": 5}\r\n{\"return\": {}}\r\n",
    b"{\"return\": \"\x01\"}\r\n{\"return\": {}}\r\n",
    b"{\"return\": \"\xc0\x80\"}\r\n{\"return\": {}}\r\n",
    b"{\"return\": {}, \"return\": {}}\r\n{\"return\": {}}\r\n",
    b"{\"return\": {}, \"error\": {}}\r\n{\"return\": {}}\r\n",
    DEEP,
    OVERSIZED,
];

/// Every input.
pub fn all() -> impl Iterator<Item = &'static [u8]> {
    TIMED.into_iter().map(|(_, message)| message).chain(OTHERS)
}

/// Deeper than any message may be.
const DEEP: &[u8] =
    b"{\"return\": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\r\n{\"return\": {}}\r\n";

/// An event larger than the buffer, then a reply larger than it whose `id` comes last.
const OVERSIZED: &[u8] = &{
    let (event, reply) = (*b"{\"event\": \"BLOCK_JOB_COMPLETED\", \"data\": \"", *b"\"}\r\n{\"return\": \"");
    let end = *b"\", \"id\": 1000000001}\r\n{\"return\": {}}\r\n";
    let mut text = [b'x'; 1400];
    let (event_at, rest) = text.split_at_mut(event.len());
    event_at.copy_from_slice(&event);
    rest.split_at_mut(600).1.split_at_mut(reply.len()).0.copy_from_slice(&reply);
    let end_at = rest.len() - end.len();
    rest.split_at_mut(end_at).1.copy_from_slice(&end);
    text
};
