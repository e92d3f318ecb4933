//! A peer that writes HTTP/2 frames by hand, for what no library would do.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

const PREFACE_BYTES: usize = 24; // RFC 9113, section 3.4
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// What it does about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conduct {
    /// Accepts it and says nothing, ever.
    Silence,
    /// Accepts it and closes it at once.
    HangUp,
    /// Says to the first call that it will not look at it, and closes.
    GoAway,
}

/// Serves so many connections, each in its way; returns those that stay open.
pub(crate) async fn serve(listener: &UnixListener, conducts: Vec<Conduct>) -> Vec<UnixStream> {
    let mut silent = Vec::new();
    for conduct in conducts {
        let (mut stream, _) = listener.accept().await.unwrap();
        match conduct {
            Conduct::Silence => silent.push(stream),
            Conduct::HangUp => {}
            Conduct::GoAway => go_away(&mut stream).await,
        }
    }
    silent
}

async fn go_away(stream: &mut UnixStream) {
    stream.read_exact(&mut [0; PREFACE_BYTES]).await.unwrap();
    send(stream, SETTINGS, 0, &[]).await;
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).await.unwrap();
        let length = usize::from(header[1]) << 8 | usize::from(header[2]);
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        match header[3] {
            PING => send(stream, PING, ACK, &payload).await,
            HEADERS => break,
            _ => {}
        }
    }
    // The last stream id and the error code are both 0: NO_ERROR, and nothing was done.
    send(stream, GOAWAY, 0, &[0; 8]).await;
}

async fn send(stream: &mut UnixStream, kind: u8, flags: u8, payload: &[u8]) {
    let length = u8::try_from(payload.len()).unwrap();
    let header = [0, 0, length, kind, flags, 0, 0, 0, 0];
    stream
        .write_all(&[&header, payload].concat())
        .await
        .unwrap();
}
