//! The stores: `SQLite`, and those that `PANNIER_TEST_STORES` names by their URLs.

use std::env;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use pannier::Store;
use sidecar::Sidecar;

const SQLITE: &str = "sqlite://{folder}/records.db";

static SIDECARS: LazyLock<Vec<Sidecar>> = LazyLock::new(|| {
    let more = env::var("PANNIER_TEST_STORES").unwrap_or_default();
    let urls = std::iter::once(SQLITE).chain(more.split_whitespace());
    urls.map(|url| Sidecar::start(&with_expiry(url)).expect("a sidecar starts"))
        .collect()
});

static OWNERS: AtomicU32 = AtomicU32::new(0);

/// Lets the store take a record's expiry from its data.
fn with_expiry(url: &str) -> String {
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}expiry_json_field=expiresAt")
}

/// Returns a store on each, which may hold records of earlier runs.
pub(crate) fn stores() -> impl Iterator<Item = Store> {
    addresses().map(|address| Store::connect(address).expect("its address is one"))
}

/// Returns the address of each one's sidecar.
pub(crate) fn addresses() -> impl Iterator<Item = &'static str> {
    SIDECARS.iter().map(Sidecar::address)
}

/// Returns an owner that no other test has, in no other run.
pub(crate) fn owner() -> String {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let number = OWNERS.fetch_add(1, Ordering::Relaxed);
    format!("owner-{}-{number}", now.as_nanos())
}
