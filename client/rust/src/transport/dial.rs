//! Making a connection that is known to work.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use h2::Ping;
use h2::client::SendRequest;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream, lookup_host};
use tokio::time::timeout;

use crate::addresses::Place;

/// The time that one attempt at one address may take, until HTTP/2 is spoken.
const LIMIT: Duration = Duration::from_secs(3);

/// What one stream may send before it is read. A page of a list, which is under 1 MiB, can
/// wait in it unread; no more does, however long the list is.
const STREAM_WINDOW: u32 = 1024 * 1024;

/// What all streams together may send before it is read: as much as HTTP/2 allows, so that
/// lists which wait to be read never stop other calls.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;

/// How many calls that were given up are remembered at a time. What the sidecar had sent for
/// them before it knew is dropped then. For one that was forgotten it is answered by another
/// reset, which the sidecar has to take for an attack if there are many.
const REMEMBERED_RESETS: usize = 10_000;

/// How long one is remembered: as long as a sidecar may be held up and go on.
const RESET_MEMORY: Duration = Duration::from_secs(30);

/// How to get to the sidecar.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) place: Place,
    pub(crate) tls: TlsRoute,
}

/// How to encrypt on the way, if at all.
#[cfg(feature = "tls")]
pub(crate) type TlsRoute = Option<crate::tls::Connector>;

/// Never: the feature `tls` is switched off.
#[cfg(not(feature = "tls"))]
pub(crate) type TlsRoute = Option<std::convert::Infallible>;

/// A connection: what opens streams on it, and what has to be polled for it to work.
pub(super) struct Dialled {
    pub(super) sender: SendRequest<Bytes>,
    pub(super) connection: Driver,
}

pub(super) type Driver = Pin<Box<dyn Future<Output = Result<(), h2::Error>> + Send>>;

/// Connects, trying each address that a host name has.
pub(super) async fn dial(route: &Route) -> io::Result<Dialled> {
    match &route.place {
        Place::Socket(path) => {
            limited(async { secure(UnixStream::connect(path).await?, route).await }).await
        }
        Place::Host { name, port } => {
            let addresses = limited(lookup_host((name.as_str(), *port))).await?;
            dial_first(addresses, route).await
        }
    }
}

/// Connects to the first of these that answers.
async fn dial_first(
    addresses: impl Iterator<Item = SocketAddr>,
    route: &Route,
) -> io::Result<Dialled> {
    let mut failure = io::Error::other("the host has no address");
    for address in addresses {
        let attempt = async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            secure(stream, route).await
        };
        match limited(attempt).await {
            Ok(dialled) => return Ok(dialled),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

async fn limited<T>(attempt: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let Ok(done) = timeout(LIMIT, attempt).await else {
        let message = format!("no connection within {} seconds", LIMIT.as_secs());
        return Err(io::Error::new(io::ErrorKind::TimedOut, message));
    };
    done
}

async fn secure<S>(stream: S, route: &Route) -> io::Result<Dialled>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match &route.tls {
        None => greet(stream).await,
        #[cfg(feature = "tls")]
        Some(tls) => greet(tls.connect(stream).await?).await,
        #[cfg(not(feature = "tls"))]
        Some(never) => match *never {},
    }
}

/// Speaks HTTP/2 and waits for the other side to do so too: its answer to a ping comes
/// after its SETTINGS.
async fn greet<S>(stream: S) -> io::Result<Dialled>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, mut connection) = h2::client::Builder::new()
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .enable_push(false)
        .max_concurrent_reset_streams(REMEMBERED_RESETS)
        .reset_stream_duration(RESET_MEMORY)
        // Else the connection ends, with all its calls, once there were many in its whole life.
        .max_local_error_reset_streams(None)
        .handshake(stream)
        .await
        .map_err(io::Error::other)?;
    let mut pings = connection.ping_pong().ok_or(io::ErrorKind::Other)?;
    let mut connection: Driver = Box::pin(connection);
    tokio::select! {
        pong = pings.ping(Ping::opaque()) => pong.map(drop).map_err(io::Error::other)?,
        end = &mut connection => {
            end.map_err(io::Error::other)?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Dialled { sender, connection })
}

#[cfg(test)]
mod tests {
    use std::io;

    use tokio::net::TcpListener;

    use super::{Route, dial_first};
    use crate::addresses::Place;

    fn route() -> Route {
        let place = Place::parse("localhost:1").unwrap();
        Route { place, tls: None }
    }

    async fn listener() -> TcpListener {
        TcpListener::bind("127.0.0.1:0").await.unwrap()
    }

    #[tokio::test]
    async fn each_address_of_a_host_is_tried_until_one_answers() {
        let absent = listener().await.local_addr().unwrap();
        let there = listener().await;
        let addresses = [absent, there.local_addr().unwrap()];
        tokio::spawn(async move {
            let (stream, _) = there.accept().await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while connection.accept().await.is_some() {}
        });
        assert!(dial_first(addresses.into_iter(), &route()).await.is_ok());
    }

    #[tokio::test]
    async fn where_none_answers_the_last_one_tells_why() {
        let absent = listener().await.local_addr().unwrap();
        let failure = dial_first([absent].into_iter(), &route())
            .await
            .err()
            .unwrap();
        assert_eq!(failure.kind(), io::ErrorKind::ConnectionRefused);
    }
}
