//! Where a monitor is: the text form of an address.

use std::error;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a monitor listens.
///
/// | text | server option |
/// | --- | --- |
/// | `unix:/run/vm.qmp`, or a path by itself | `-qmp unix:/run/vm.qmp,server=on,wait=off` |
/// | `tcp:host:port` | `-qmp tcp:host:port,server=on,wait=off` |
/// | `telnet:host:port` | `-qmp telnet:host:port,server=on,wait=off` |
///
/// The host is a name, an IPv4 address, or an IPv6 address in brackets. A text without a scheme is a path if it has no colon, or
/// a slash before the first one.
///
/// ```
/// use qmp_std_adapter::Address;
///
/// let address: Address = "tcp:[::1]:4444".parse()?;
/// assert_eq!(address, Address::Tcp { host: "::1".into(), port: 4444 });
/// assert_eq!("./vm.qmp".parse::<Address>()?.to_string(), "unix:./vm.qmp");
/// # Ok::<(), qmp_std_adapter::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// A TCP socket.
    Tcp {
        /// A name or an IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// A TCP socket whose server speaks telnet (`telnet=on`).
    Telnet {
        /// A name or an IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        match Self::to_listen_at(text)? {
            Self::Tcp { port: 0, .. } | Self::Telnet { port: 0, .. } => Err(AddressError::Port("0".into())),
            address => Ok(address),
        }
    }
}

impl Address {
    /// The address that `text` is; its port may be 0, any that is free.
    pub(crate) fn to_listen_at(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if !scheme.contains('/') => (scheme, rest),
            _ => ("unix", text),
        };
        match scheme {
            "unix" if rest.is_empty() => Err(AddressError::Empty),
            "unix" => Ok(Self::Unix(rest.into())),
            "tcp" => host_and_port(rest).map(|(host, port)| Self::Tcp { host, port }),
            "telnet" => host_and_port(rest).map(|(host, port)| Self::Telnet { host, port }),
            "tls" | "ssl" | "tn3270" | "ws" | "wss" | "websocket" | "vsock" | "fd" | "stdio" | "pty" => {
                Err(AddressError::Unsupported(scheme.into()))
            }
            _ => Err(AddressError::UnknownScheme(scheme.into())),
        }
    }
}

fn host_and_port(text: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = text.rsplit_once(':').ok_or(AddressError::NoPort)?;
    let host = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
        Some(Some(host)) => host,
        None if !host.contains(':') => host,
        _ => return Err(AddressError::Brackets),
    };
    if host.is_empty() {
        return Err(AddressError::Empty);
    }
    match port.parse() {
        Ok(port) => Ok((host.into(), port)),
        Err(_) => Err(AddressError::Port(port.into())),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Unix(path) => return write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } => ("tcp", host, port),
            Self::Telnet { host, port } => ("telnet", host, port),
        };
        if host.contains(':') { write!(f, "{scheme}:[{host}]:{port}") } else { write!(f, "{scheme}:{host}:{port}") }
    }
}

/// Why a text is no [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// There is no path or no host.
    Empty,
    /// TCP and telnet need `host:port`.
    NoPort,
    /// This is no port number from 1 to 65535.
    Port(String),
    /// An IPv6 address stands in brackets.
    Brackets,
    /// A transport that QEMU has and this crate has not, such as TLS or websocket.
    Unsupported(String),
    /// Neither a path nor one of `unix:`, `tcp:`, `telnet:`.
    UnknownScheme(String),
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the address has no path or host"),
            Self::NoPort => f.write_str("the address has no port"),
            Self::Port(port) => write!(f, "no port number: {port:?}"),
            Self::Brackets => f.write_str("an IPv6 address stands in brackets: tcp:[::1]:4444"),
            Self::Unsupported(scheme) => {
                write!(
                    f,
                    "{scheme} is not supported: use unix, tcp or telnet, through a tunnel where it must be encrypted"
                )
            }
            Self::UnknownScheme(scheme) => {
                write!(f, "unknown kind of address {scheme:?}: it is unix:PATH, tcp:HOST:PORT or telnet:HOST:PORT")
            }
        }
    }
}

impl error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, AddressError> {
        text.parse::<Address>().map(|address| address.to_string())
    }

    #[test]
    fn an_address_is_printed_as_it_is_parsed() {
        for text in ["unix:/run/vm.qmp", "tcp:localhost:4444", "tcp:[fe80::1]:1", "telnet:10.0.0.1:65535"] {
            assert_eq!(parse(text).as_deref(), Ok(text));
        }
    }

    #[test]
    fn a_bare_path_is_a_unix_socket_whatever_colons_it_has() {
        for path in ["vm.qmp", "./a:b", "/run/tcp:1:2", "dir/unix:x"] {
            assert_eq!(parse(path), Ok(format!("unix:{path}")));
        }
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said() {
        let cases = [
            ("", AddressError::Empty),
            ("unix:", AddressError::Empty),
            ("tcp::4444", AddressError::Empty),
            ("tcp:host", AddressError::NoPort),
            ("tcp:host:", AddressError::Port("".into())),
            ("tcp:host:0", AddressError::Port("0".into())),
            ("tcp:host:65536", AddressError::Port("65536".into())),
            ("tcp:host:4444,server=on", AddressError::Port("4444,server=on".into())),
            ("telnet:::1:4444", AddressError::Brackets),
            ("tcp:[::1:4444", AddressError::Brackets),
            ("tls:host:4444", AddressError::Unsupported("tls".into())),
            ("ws:host:80", AddressError::Unsupported("ws".into())),
            ("udp:host:80", AddressError::UnknownScheme("udp".into())),
        ];
        for (text, error) in cases {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }
}
