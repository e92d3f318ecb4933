//! One sidecar for all tests, and an owner for each.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use pannier::Store;
use sidecar::Sidecar;

static SIDECAR: LazyLock<Sidecar> =
    LazyLock::new(|| Sidecar::start("memory:").expect("a sidecar starts"));

static OWNERS: AtomicU32 = AtomicU32::new(0);

/// Returns a store at the sidecar that all tests share.
pub(crate) fn store() -> Store {
    Store::connect(SIDECAR.address()).expect("its address is one")
}

/// Returns an owner that no other test has.
pub(crate) fn owner() -> String {
    format!("owner-{}", OWNERS.fetch_add(1, Ordering::Relaxed))
}
