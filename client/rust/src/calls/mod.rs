//! The calls of a [`Store`](crate::Store), as builders that are set up and then awaited.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), pannier::Error> {
//! # let store = pannier::Store::connect_default()?;
//! use std::time::Duration;
//!
//! let written = store
//!     .put("frank:session", "token")
//!     .ttl(Duration::from_secs(3600))
//!     .timeout(Duration::from_secs(1))
//!     .await?;
//! # let _ = written;
//! # Ok(())
//! # }
//! ```

mod cleanup;
mod delete;
mod get;
mod list;
mod options;
mod pages;
mod records;
mod update;
mod write;

use std::fmt;
use std::pin::Pin;

pub use cleanup::CleanupExpired;
pub use delete::Delete;
pub use get::Get;
pub use list::List;
pub use pages::Pages;
pub use records::Records;
pub use update::Update;
pub use write::{Create, Put, PutIfVersion};

/// A call that runs; it is cancelled when it is dropped.
pub type Running<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Shows nothing of calls, which hold keys and data.
macro_rules! opaque_debug {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })+
    };
}

opaque_debug!(
    CleanupExpired,
    Create,
    Delete,
    Get,
    List,
    Pages,
    Put,
    PutIfVersion,
    Records
);

impl<E> fmt::Debug for Update<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Update").finish_non_exhaustive()
    }
}
