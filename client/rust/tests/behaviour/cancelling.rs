//! Whoever drops a call cancels it.

use std::time::Duration;

use h2::Reason;
use pannier::{Error, WriteOutcome};

use crate::peer::{Answer, Peer};
use crate::shared::{owner, store};

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled() {
    let mut peer = Peer::start(|_| Answer::Nothing);
    let store = peer.store();
    let call = tokio::spawn(store.get("alice:a").into_future());
    peer.call().await;
    call.abort();
    assert_eq!(peer.reset().await, Reason::CANCEL);
}

#[tokio::test]
async fn a_call_that_is_dropped_amid_its_answer_is_cancelled() {
    let mut peer = Peer::start(|_| Answer::Half);
    let store = peer.store();
    let call = tokio::spawn(store.get("alice:a").into_future());
    peer.call().await;
    call.abort();
    assert_eq!(peer.reset().await, Reason::CANCEL);
}

#[tokio::test]
async fn a_call_whose_time_is_over_is_cancelled() {
    let mut peer = Peer::start(|_| Answer::Nothing);
    let store = peer.store();
    let call = store
        .put("alice:a", "1")
        .timeout(Duration::from_millis(100));
    let error = call.await.unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
    assert_eq!(error.write_outcome(), Some(WriteOutcome::Unknown));
    assert_eq!(peer.reset().await, Reason::CANCEL);
}

#[tokio::test]
async fn a_list_that_is_dropped_is_cancelled() {
    let mut peer = Peer::start(|_| Answer::Half);
    let store = peer.store();
    let mut pages = store.list("alice:").pages();
    pages.next().await.unwrap().unwrap();
    drop(pages);
    peer.call().await;
    assert_eq!(peer.reset().await, Reason::CANCEL);
}

#[tokio::test]
async fn waiting_for_a_record_may_be_given_up_without_losing_one() {
    let (store, owner) = (store(), owner());
    for number in 0..3 {
        store.put(format!("{owner}:{number}"), "1").await.unwrap();
    }
    let mut records = store.list(format!("{owner}:")).page_size(1).records();
    let mut keys = Vec::new();
    loop {
        // Polled once and dropped, until it is ready.
        let next = tokio::time::timeout(Duration::ZERO, records.next());
        match next.await {
            Ok(Some(record)) => keys.push(record.unwrap().key),
            Ok(None) => break,
            Err(_) => tokio::task::yield_now().await,
        }
    }
    let wanted: Vec<_> = (0..3).map(|number| format!("{owner}:{number}")).collect();
    assert_eq!(keys, wanted);
}
