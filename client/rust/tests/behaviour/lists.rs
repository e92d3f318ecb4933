//! Lists, against a real sidecar and peers that break off.

use futures_core::Stream;
use pannier::{Error, Store};

use crate::peer::{Answer, Peer, Seen};
use crate::shared::{owner, store};

/// Nearly a page's worth.
const LARGE: usize = 340_000;

#[tokio::test]
async fn lists_that_wait_to_be_read_do_not_stop_other_calls() {
    let (store, owner) = (store(), owner());
    for number in 0..12 {
        store
            .put(format!("{owner}:{number:02}"), vec![0; LARGE])
            .await
            .unwrap();
    }
    let mut waiting = Vec::new();
    for _ in 0..20 {
        let mut records = store.list(format!("{owner}:")).records();
        records.next().await.unwrap().unwrap();
        waiting.push(records);
    }
    store.get(format!("{owner}:00")).await.unwrap();
    for mut records in waiting {
        let mut more = 0;
        while let Some(record) = records.next().await {
            assert_eq!(record.unwrap().data.len(), LARGE);
            more += 1;
        }
        assert_eq!(more, 11);
    }
}

#[tokio::test]
async fn records_of_a_list_can_be_written_while_it_is_read() {
    let (store, owner) = (store(), owner());
    for number in 0..30 {
        store
            .put(format!("{owner}:{number:02}"), "0")
            .await
            .unwrap();
    }
    let mut records = store.list(format!("{owner}:")).page_size(7).records();
    let mut written = 0;
    while let Some(record) = records.next().await {
        let record = record.unwrap();
        let put = store
            .put_if_version(&record.key, "1", record.version)
            .etag(record.etag);
        assert_eq!(put.await.unwrap().version, 2);
        written += 1;
    }
    assert_eq!(written, 30);
}

#[tokio::test]
async fn a_list_is_a_stream_that_ends_once() {
    fn is_stream<S: Stream<Item = Result<pannier::Record, Error>> + Unpin>(_: &S) {}
    let mut records = store().list(format!("{}:", owner())).records();
    is_stream(&records);
    assert!(records.next().await.is_none());
    assert!(records.next().await.is_none());
}

#[tokio::test]
async fn an_error_ends_a_list() {
    let mut records = store().list("nocolon").records();
    let error = records.next().await.unwrap().unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
    assert!(records.next().await.is_none());
}

#[tokio::test]
async fn a_list_that_breaks_without_end_fails_when_the_stores_time_is_over() {
    let peer = Peer::start(|_| Answer::NoStatus);
    let builder = peer
        .builder()
        .timeout(std::time::Duration::from_millis(200));
    let store = builder.connect().unwrap();
    // Each page is empty and without a token: the first is the last.
    let pages = drain(&store, "alice:").await;
    assert_eq!(pages.unwrap(), 1);

    let peer = Peer::start(|_| Answer::Headers(vec![("grpc-status", "14")]));
    let builder = peer
        .builder()
        .timeout(std::time::Duration::from_millis(200));
    let failed = drain(&builder.connect().unwrap(), "alice:").await;
    assert!(failed.is_err(), "{failed:?}");
}

#[tokio::test]
async fn a_list_that_was_read_to_its_end_is_not_cut_off() {
    let mut peer = Peer::start(|_| Answer::LateStatus);
    let store = peer.store();
    drain(&store, "alice:").await.unwrap();
    // What was sent before this call was seen before its answer, which is late, too.
    store.get("alice:a").await.unwrap();
    let seen = peer.all();
    assert!(
        !seen.iter().any(|it| matches!(it, Seen::Reset(_))),
        "{seen:?}"
    );
}

#[tokio::test]
async fn a_list_does_not_wait_for_ever_for_a_page_after_a_break() {
    let peer = Peer::start(|call| match call {
        0 => Answer::Headers(vec![("grpc-status", "14")]),
        _ => Answer::Nothing,
    });
    let builder = peer
        .builder()
        .timeout(std::time::Duration::from_millis(300));
    let error = drain(&builder.connect().unwrap(), "alice:")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::DeadlineExceeded(_)), "{error:?}");
}

async fn drain(store: &Store, prefix: &str) -> Result<usize, Error> {
    let mut pages = store.list(prefix).pages();
    let mut count = 0;
    while let Some(page) = pages.next().await {
        page?;
        count += 1;
    }
    Ok(count)
}
