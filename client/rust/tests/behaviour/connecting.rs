//! The connection, and what goes over it.

use pannier::{Error, RetryPolicy, Store};
use tokio::task::JoinSet;

use crate::peer::{Answer, Peer, Seen};

#[tokio::test]
async fn all_calls_share_one_connection() {
    let mut peer = Peer::start(|_| Answer::Message("0"));
    let store = peer.store();
    let mut calls = JoinSet::new();
    for _ in 0..50 {
        calls.spawn(store.get("alice:a").into_future());
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap().unwrap();
    }
    let seen = peer.all();
    let connections = seen.iter().filter(|it| matches!(it, Seen::Connection));
    assert_eq!(connections.count(), 1);
}

#[tokio::test]
async fn a_call_says_who_calls_and_how_long_it_may_take() {
    let mut peer = Peer::start(|_| Answer::Message("0"));
    let builder = peer
        .builder()
        .token("open-sesame")
        .metadata("x-tenant", "blue");
    let store = builder.connect().unwrap();
    store.get("alice:a").await.unwrap();
    let headers = peer.call().await;
    assert_eq!(headers["authorization"], "Bearer open-sesame");
    assert_eq!(headers["x-tenant"], "blue");
    assert_eq!(headers["content-type"], "application/grpc");
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("pannier-rust/")
    );
    assert!(headers.contains_key("grpc-timeout"));
}

#[tokio::test]
async fn a_list_without_a_time_limit_carries_none() {
    let mut peer = Peer::start(|_| Answer::Message("0"));
    let store = peer.store();
    store.list("alice:").pages().next().await.unwrap().unwrap();
    assert!(!peer.call().await.contains_key("grpc-timeout"));
}

#[tokio::test]
async fn details_that_are_no_base_64_are_no_second_error() {
    let peer = Peer::start(|_| {
        Answer::Headers(vec![
            ("grpc-status", "5"),
            ("grpc-message", "absent"),
            ("grpc-status-details-bin", "!"),
        ])
    });
    let error = peer.store().get("alice:a").await.unwrap_err();
    assert!(matches!(error, Error::NotFound(_)), "{error:?}");
    assert_eq!(error.message(), "absent");
}

#[tokio::test]
async fn an_answer_that_ends_without_a_status_is_a_lost_connection() {
    let peer = Peer::start(|call| match call {
        0 => Answer::NoStatus,
        _ => Answer::Message("0"),
    });
    let store = peer.store();
    store.get("alice:a").await.unwrap();
}

#[tokio::test]
async fn a_store_finds_a_sidecar_that_comes_later() {
    let folder = tempfile::TempDir::new().unwrap();
    let socket = folder.path().join("peer.sock");
    // Without retries: a write waits for the connection, and only then is there an attempt.
    let builder = Store::builder().address(format!("unix:{}", socket.display()));
    let store = builder.retries(RetryPolicy::none()).connect().unwrap();
    assert!(store.get("alice:a").await.is_err());
    let calls: Vec<_> = (0..10)
        .map(|_| tokio::spawn(store.put("alice:a", "1").into_future()))
        .collect();
    let listener = tokio::net::UnixListener::bind(socket).unwrap();
    tokio::spawn(Peer::serve(listener, |_| Answer::Message("0")));
    for call in calls {
        call.await.unwrap().unwrap();
    }
}
