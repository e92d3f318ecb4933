//! What ends with a store, and what does not.

use std::future::{IntoFuture, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use pannier::{Error, RetryPolicy, Store, WriteOutcome};
use tempfile::TempDir;
use tokio::runtime::Handle;
use tokio::select;
use tokio::sync::Semaphore;
use tokio::task::{JoinSet, yield_now};

use crate::peer::{Answer, Peer, Seen};
use crate::raw_peer::Conduct;
use crate::shared;
use crate::unprocessed::store_after;

#[tokio::test]
async fn closing_ends_the_calls_that_run_and_those_that_come() {
    let mut peer = Peer::start(|_| Answer::Nothing);
    let builder = peer.builder().retries(RetryPolicy::none());
    let store = builder.connect().unwrap();
    let running = tokio::spawn(store.put("alice:a", "1").into_future());
    let listing = store.clone();
    let list = tokio::spawn(async move { listing.list("alice:").pages().next().await });
    peer.call().await;
    peer.call().await;
    store.close();
    store.close();

    let error = running.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::StoreClosed(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::Unknown));
    let ended = list.await.unwrap();
    assert!(
        matches!(ended, Some(Err(Error::StoreClosed(_)))),
        "{ended:?}"
    );
    peer.end().await;

    let error = store.put("alice:a", "1").await.unwrap_err();
    assert!(matches!(error, Error::StoreClosed(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
}

#[tokio::test]
async fn closing_ends_calls_that_wait_for_a_connection() {
    let folder = TempDir::new().unwrap();
    let address = format!("unix:{}/absent.sock", folder.path().display());
    let store = Store::connect(address).unwrap();
    let mut call = pin!(store.put("alice:a", "1").into_future());
    let begun = poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
    assert!(begun.is_pending());
    store.close();
    let error = call.await.unwrap_err();
    assert!(matches!(error, Error::StoreClosed(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::NotApplied));
}

#[tokio::test]
async fn the_connection_ends_with_the_last_clone_of_the_store() {
    let mut peer = Peer::start(|_| Answer::Message("0"));
    let store = peer.store();
    let clone = store.clone();
    store.get("alice:a").await.unwrap();
    drop(store);
    clone.get("alice:a").await.unwrap();
    let seen = peer.all();
    assert!(!seen.iter().any(|it| matches!(it, Seen::End)), "{seen:?}");
    drop(clone);
    peer.end().await;
}

#[test]
fn a_store_goes_on_in_another_runtime() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let sidecar = runtime();
    let peer = sidecar.block_on(async { Peer::start(|_| Answer::Message("0")) });
    let store = peer.store();
    for _ in 0..2 {
        runtime()
            .block_on(store.get("alice:a").into_future())
            .unwrap();
    }
}

#[test]
fn a_store_goes_on_where_its_runtime_ended_amid_an_attempt_to_connect() {
    let runtime = || tokio::runtime::Runtime::new().unwrap();
    let peers = runtime();
    let (store, _folder) = peers.block_on(async { store_after(vec![Conduct::Silence]) });
    let hasty = store.get("alice:a").timeout(Duration::from_millis(50));
    runtime().block_on(hasty.into_future()).unwrap_err();
    runtime()
        .block_on(store.get("alice:a").into_future())
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_under_load_ends_every_call_with_the_truth_and_leaves_no_task() {
    const CALLERS: u32 = 64;
    let (witness, owner) = (shared::store(), shared::owner());
    let store = Store::connect(witness.address()).unwrap();
    let rounds = Arc::new(Semaphore::new(0));
    let mut callers = JoinSet::new();
    for number in 0..CALLERS {
        let key = format!("{owner}:{number}");
        callers.spawn(put_until_closed(store.clone(), key, Arc::clone(&rounds)));
    }
    select! {
        enough = rounds.acquire_many(10 * CALLERS) => enough.unwrap().forget(),
        caller = callers.join_next() => panic!("a caller has ended: {caller:?}"),
    }
    store.close();
    while let Some(caller) = callers.join_next().await {
        let (key, last, error) = caller.unwrap();
        assert!(matches!(error, Error::StoreClosed(_)), "{error:?}");
        let stored = witness.get(key).await.unwrap().version;
        match error.write_outcome().unwrap() {
            WriteOutcome::NotApplied => assert_eq!(stored, last),
            WriteOutcome::Unknown => assert!((last..=last + 1).contains(&stored)),
        }
    }
    // That of the witness's connection is left.
    while Handle::current().metrics().num_alive_tasks() > 1 {
        yield_now().await;
    }
}

/// Puts until that fails; returns the last version that it made, and how it failed.
async fn put_until_closed(
    store: Store,
    key: String,
    rounds: Arc<Semaphore>,
) -> (String, u64, Error) {
    let mut last = 0;
    loop {
        match store.put(&key, "1").await {
            Ok(written) => last = written.version,
            Err(error) => return (key, last, error),
        }
        rounds.add_permits(1);
    }
}
