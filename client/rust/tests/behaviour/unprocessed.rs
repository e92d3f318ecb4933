//! Calls that certainly were not begun leave no doubt, and all others do.

use std::time::Duration;

use h2::Reason;
use pannier::{Error, RetryPolicy, Store, StoreBuilder, WriteOutcome};
use tempfile::TempDir;
use tokio::net::UnixListener;

use crate::peer::{Answer, Peer};
use crate::raw_peer::{self, Conduct};

/// Listens at a socket in a folder of its own.
pub(crate) fn listen() -> (UnixListener, String, TempDir) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("peer.sock");
    let address = format!("unix:{}", path.display());
    (UnixListener::bind(path).unwrap(), address, folder)
}

/// Returns a store at a socket that serves these connections first, and then works.
pub(crate) fn store_after(conducts: Vec<Conduct>) -> (Store, TempDir) {
    let (builder, folder) = builder_after(conducts);
    (builder.connect().unwrap(), folder)
}

fn builder_after(conducts: Vec<Conduct>) -> (StoreBuilder, TempDir) {
    let (listener, address, folder) = listen();
    tokio::spawn(async move {
        let _silent = raw_peer::serve(&listener, conducts).await;
        Peer::serve(listener, |_| Answer::Message("0")).await;
    });
    (Store::builder().address(address), folder)
}

#[tokio::test]
async fn a_peer_that_hangs_up_before_it_speaks_has_not_got_the_call() {
    let (builder, _folder) = builder_after(vec![Conduct::HangUp, Conduct::HangUp]);
    // The one attempt is that at the connection which works.
    let store = builder.retries(RetryPolicy::none()).connect().unwrap();
    assert!(!store.delete("alice:a").await.unwrap());
}

#[tokio::test]
async fn a_call_that_a_goaway_excludes_is_sent_again() {
    let (store, _folder) = store_after(vec![Conduct::GoAway]);
    assert!(!store.delete("alice:a").await.unwrap());
}

#[tokio::test]
async fn a_stream_that_is_refused_was_not_begun() {
    let peer = Peer::start(|call| match call {
        0 => Answer::Reset(Reason::REFUSED_STREAM),
        _ => Answer::Message("0"),
    });
    assert!(!peer.store().delete("alice:a").await.unwrap());
}

#[tokio::test]
async fn a_stream_that_is_reset_otherwise_may_have_been_begun() {
    for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::NO_ERROR] {
        let peer = Peer::start(move |_| Answer::Reset(reason));
        // It would be sent again for ever, if it were sent again.
        let call = peer.store().delete("alice:a").timeout(Duration::MAX);
        let error = call.await.unwrap_err();
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        assert_eq!(error.write_outcome(), Some(WriteOutcome::Unknown));
    }
}

#[tokio::test]
async fn a_peer_that_never_speaks_leaves_no_doubt_either() {
    let (store, _folder) = store_after(vec![Conduct::Silence]);
    let call = store.put("alice:a", "1").timeout(Duration::from_millis(50));
    let error = call.await.unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
}

#[tokio::test]
async fn a_peer_that_never_speaks_is_given_up_for_another_connection() {
    let (store, _folder) = store_after(vec![Conduct::Silence]);
    assert!(!store.delete("alice:a").await.unwrap());
}

#[tokio::test]
async fn a_call_that_was_refused_and_finds_nobody_then_leaves_no_doubt() {
    let (listener, address, _folder) = listen();
    tokio::spawn(async move { raw_peer::serve(&listener, [Conduct::GoAway]).await });
    let store = Store::connect(address).unwrap();
    let call = store
        .put("alice:a", "1")
        .timeout(Duration::from_millis(500));
    let error = call.await.unwrap_err();
    assert!(error.message().contains("refused"), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
}

#[tokio::test]
async fn nobody_there_is_said_of_writes_as_of_reads() {
    let folder = TempDir::new().unwrap();
    let address = format!("unix:{}/absent.sock", folder.path().display());
    let builder = Store::builder().address(&address);
    let store = builder.retries(RetryPolicy::none()).connect().unwrap();
    let soon = Duration::from_millis(150);
    let failures = [
        store
            .get("alice:a")
            .timeout(Duration::MAX)
            .await
            .unwrap_err(),
        store.put("alice:a", "1").timeout(soon).await.unwrap_err(),
        store.delete("alice:a").timeout(soon).await.unwrap_err(),
    ];
    let outcomes = failures.map(|error| {
        assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        assert!(error.message().contains(&address), "{error}");
        assert!(error.message().contains("No such file"), "{error}");
        error.write_outcome()
    });
    let not_applied = Some(WriteOutcome::NotApplied);
    assert_eq!(outcomes, [None, not_applied, not_applied]);
}
