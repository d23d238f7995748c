//! Sockets to listen at, and what they accept.

use std::io::{self, Read, Write};
use std::net::{self, Shutdown};
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};
use socket2::{SockRef, TcpKeepalive};

use crate::address::Address;

/// After this time of silence the system asks whether a TCP client is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// A socket that clients connect to.
pub(super) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        /// Is removed with it.
        _file: SocketFile,
    },
}

impl Listener {
    /// Listens at `address`, and says where that is, with the port that the system chose.
    pub(super) fn bind(address: &Address) -> io::Result<(Self, Address)> {
        match address {
            Address::Tcp { host, port } => {
                let listener = net::TcpListener::bind((host.as_str(), *port))?;
                listener.set_nonblocking(true)?;
                let local = listener.local_addr()?;
                let address = Address::Tcp { host: local.ip().to_string(), port: local.port() };
                Ok((Self::Tcp(TcpListener::from_std(listener)), address))
            }
            #[cfg(unix)]
            Address::Unix(path) => {
                let listener = SocketFile::bind(path)?;
                listener.set_nonblocking(true)?;
                let listener = UnixListener::from_std(listener);
                Ok((Self::Unix { listener, _file: SocketFile::new(path)? }, address.clone()))
            }
            _ => Err(io::Error::new(io::ErrorKind::Unsupported, "a server listens at unix or tcp sockets only")),
        }
    }

    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Self::Tcp(listener) => registry.register(listener, token, Interest::READABLE),
            #[cfg(unix)]
            Self::Unix { listener, .. } => registry.register(listener, token, Interest::READABLE),
        }
    }

    pub(super) fn accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                // Replies are small, and each is waited for. Whether the client has left already shows when it is read from.
                let _ = stream.set_nodelay(true);
                let _ = SockRef::from(&stream).set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE));
                Ok(Stream::Tcp(stream))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => Ok(Stream::Unix(listener.accept()?.0)),
        }
    }
}

/// A unix socket's place in the file system, removed when dropped.
#[cfg(unix)]
pub(super) struct SocketFile {
    path: std::path::PathBuf,
    /// Device and number: another's socket at the same path is not removed.
    identity: (u64, u64),
}

#[cfg(unix)]
impl SocketFile {
    /// A socket at `path`. One that nobody listens at is replaced.
    fn bind(path: &std::path::Path) -> io::Result<std::os::unix::net::UnixListener> {
        use std::os::unix::fs::FileTypeExt as _;
        use std::os::unix::net;

        use socket2::{Domain, SockAddr, Socket, Type};

        match net::UnixListener::bind(path) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let is_socket = std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
                // A listener whose queue is full is one, and is not waited for.
                let probe = Socket::new(Domain::UNIX, Type::STREAM, None)?;
                probe.set_nonblocking(true)?;
                let answer = probe.connect(&SockAddr::unix(path)?).map_err(|error| error.kind());
                if !is_socket || answer != Err(io::ErrorKind::ConnectionRefused) {
                    return Err(error);
                }
                std::fs::remove_file(path)?;
                net::UnixListener::bind(path)
            }
            result => result,
        }
    }

    fn new(path: &std::path::Path) -> io::Result<Self> {
        Ok(Self { path: path.to_owned(), identity: Self::identity(path)? })
    }

    fn identity(path: &std::path::Path) -> io::Result<(u64, u64)> {
        use std::os::unix::fs::MetadataExt as _;

        std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        if Self::identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // Nobody is left to be told.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A connection to a client.
pub(super) enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Stream {
    /// Nothing more will be sent.
    pub(super) fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Self::Unix(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            #[cfg(unix)]
            Self::Unix(stream) => stream,
        }
    }
}

impl Read for Stream {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(to),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(to),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Source for Stream {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.source().reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.source().deregister(registry)
    }
}
