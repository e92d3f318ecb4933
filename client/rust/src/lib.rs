//! Client for Pannier, the gRPC storage sidecar for versioned records.
//!
//! [`Store::connect`] gives a [`Store`]. Its methods return builders: set them up where need
//! be, and await them.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), pannier::Error> {
//! use std::time::Duration;
//! use pannier::Store;
//!
//! # let address = Store::connect_default()?.address().to_owned();
//! let store = Store::connect(address)?; // such as "unix:/run/pannier/pannier.sock"
//! let key = pannier::key("alice", "task:1")?;
//! store.put(&key, "to do").ttl(Duration::from_secs(3600)).await?;
//! assert_eq!(store.get(&key).await?.data, "to do");
//! # Ok(())
//! # }
//! ```

#[cfg(not(unix))]
compile_error!("pannier needs a Unix: it looks for the sidecar's socket and checks who owns it");

mod addresses;
mod attempts;
pub mod calls;
mod code;
mod connection;
mod details;
mod errors;
mod expiry;
mod failure;
mod keys;
mod listing;
mod messages;
mod metadata;
mod records;
mod retries;
mod rpc;
mod settings;
mod status;
mod store;
#[cfg(feature = "tls")]
mod tls;
mod transport;
mod updates;

pub use code::Code;
pub use errors::Error;
pub use failure::{ArgumentError, Failure, WriteOutcome};
pub use keys::{MAX_NAME_BYTES, MAX_OWNER_BYTES, key, prefix};
pub use records::{Cleanup, Consistency, Order, Page, Record, Unreadable, Written};
pub use retries::RetryPolicy;
pub use settings::StoreBuilder;
pub use store::Store;
#[cfg(feature = "tls")]
pub use tls::Tls;

/// The contract's messages and its bare client.
#[allow(
    clippy::all,
    clippy::pedantic,
    dead_code,
    missing_docs,
    unreachable_pub
)]
mod generated {
    include!("generated/pannier.v1.rs");
}

/// Compiles and runs the examples of the README.
#[cfg(all(doctest, feature = "tls"))]
#[doc = include_str!("../README.md")]
mod readme {}
