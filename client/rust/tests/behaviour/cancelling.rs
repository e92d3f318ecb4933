//! Whoever drops a call cancels it.

use std::time::Duration;

use h2::Reason;
use pannier::{Error, RetryPolicy, Store, WriteOutcome};
use tokio::sync::mpsc::unbounded_channel;

use crate::peer::{Answer, Peer, Seen};
use crate::raw_peer;
use crate::shared::{owner, store};
use crate::unprocessed::listen;

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

#[tokio::test]
async fn each_of_a_thousand_lists_that_are_dropped_is_cancelled() {
    const LISTS: usize = 1_000;
    let mut peer = Peer::start(|call| match call {
        0..LISTS => Answer::Half,
        _ => Answer::Message("0"),
    });
    let store = peer.store();
    let mut lists = Vec::new();
    for _ in 0..LISTS {
        let mut pages = store.list("alice:").pages();
        pages.next().await.unwrap().unwrap();
        lists.push(pages);
    }
    drop(lists);
    for _ in 0..LISTS {
        assert_eq!(peer.reset().await, Reason::CANCEL);
    }
    store.get("alice:a").await.unwrap();
    let seen = peer.all();
    assert!(matches!(seen[..], [Seen::Call(_)]), "{seen:?}");
}

#[tokio::test]
async fn what_comes_late_for_calls_that_were_given_up_does_not_end_the_connection() {
    const CALLS: usize = 1_200;
    let (listener, address, _folder) = listen();
    let (tell, mut told) = unbounded_channel();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // There is no other connection to be had.
        drop(listener);
        raw_peer::answer_late(stream, CALLS, tell).await;
    });
    let store = Store::connect(address).unwrap();
    let calls: Vec<_> = (0..CALLS)
        .map(|_| tokio::spawn(store.get("alice:a").into_future()))
        .collect();
    for _ in 0..CALLS {
        told.recv().await.unwrap();
    }
    calls.iter().for_each(tokio::task::JoinHandle::abort);
    for _ in 0..CALLS {
        told.recv().await.unwrap();
    }
    store.get("alice:a").await.unwrap();
}

#[tokio::test]
async fn calls_go_on_beside_lists_that_are_dropped_amid_their_pages() {
    let (store, owner) = (store(), owner());
    for number in 0..6 {
        let large = store.put(format!("{owner}:{number}"), vec![0; 340_000]);
        large.await.unwrap();
    }
    let builder = Store::builder().address(store.address());
    // A lost connection would fail a call here.
    let store = builder.retries(RetryPolicy::none()).connect().unwrap();
    for _ in 0..10 {
        let mut lists: Vec<_> = (0..30)
            .map(|_| store.list(format!("{owner}:")).pages())
            .collect();
        for pages in &mut lists {
            pages.next().await.unwrap().unwrap();
        }
        drop(lists);
        store.delete(format!("{owner}:none")).await.unwrap();
    }
}
