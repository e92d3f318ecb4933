//! The store: the sidecar's calls, and what is made of them.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::ArgumentError;
use crate::calls::{CleanupExpired, Create, Delete, Get, List, Put, PutIfVersion, Update};
use crate::connection::Connection;
use crate::errors::Error;
use crate::settings::StoreBuilder;

/// Versioned records behind a sidecar.
///
/// A store is cheap to clone, and all clones share one connection; tasks and threads may use
/// them at the same time. The connection is made by the first call and ends with the last
/// clone, or with [`close`](Store::close). Calls need a Tokio runtime with I/O and time.
///
/// A call is sent when its builder is awaited. It can be set up before by the builder's
/// methods, all of which take `timeout`: the time for the whole call, its retries included,
/// in place of the store's. Dropping the future of a call cancels the call; a write that was
/// cancelled so may have been applied.
///
/// Beside the errors named with each method, all can fail with
/// [`Argument`](Error::Argument), [`InvalidArgument`](Error::InvalidArgument),
/// [`Unavailable`](Error::Unavailable), [`Throttled`](Error::Throttled),
/// [`Overloaded`](Error::Overloaded), [`DeadlineExceeded`](Error::DeadlineExceeded),
/// [`StoreMisconfigured`](Error::StoreMisconfigured),
/// [`Unauthenticated`](Error::Unauthenticated),
/// [`PermissionDenied`](Error::PermissionDenied), [`InternalError`](Error::InternalError)
/// and [`StoreClosed`](Error::StoreClosed).
#[derive(Clone)]
pub struct Store {
    connection: Arc<Connection>,
}

impl Store {
    pub(crate) fn new(connection: Connection) -> Self {
        Store {
            connection: Arc::new(connection),
        }
    }

    /// Returns the store at an address: `unix:/path/to/socket` or `host:port`. The first
    /// call connects, not this one.
    ///
    /// # Errors
    ///
    /// The address has none of the known forms.
    pub fn connect(address: impl Into<String>) -> Result<Store, ArgumentError> {
        Store::builder().address(address).connect()
    }

    /// Returns the store at the environment's address, `PANNIER_ADDRESS`, else at the
    /// sidecar's default socket.
    ///
    /// # Errors
    ///
    /// The address has none of the known forms, or the default socket's directory, in the
    /// directory for temporary files, is not this user's alone.
    pub fn connect_default() -> Result<Store, ArgumentError> {
        Store::builder().connect()
    }

    /// Returns what sets up a store: address, timeout, retries, TLS, token.
    pub fn builder() -> StoreBuilder {
        StoreBuilder::new()
    }

    /// Returns where the sidecar is.
    #[must_use]
    pub fn address(&self) -> &str {
        self.connection.address()
    }

    /// Closes the store with all its clones. Calls that still run fail with
    /// [`StoreClosed`](Error::StoreClosed), as those that come later.
    pub fn close(&self) {
        self.connection.close();
    }

    /// Reads the record at a key.
    ///
    /// Fails with [`NotFound`](Error::NotFound) where no live record has the key, and with
    /// [`CorruptRecord`](Error::CorruptRecord) where the stored row cannot be read.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// let written = store.put("alice:colour", "green").await?;
    /// let record = store.get("alice:colour").await?;
    /// assert_eq!(record.data, "green");
    /// assert_eq!(record.version, written.version);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self, key: impl Into<String>) -> Get {
        Get::new(self.connection.clone(), key.into())
    }

    /// Writes a record whatever is there, replacing its data and its expiry.
    ///
    /// `data` goes up to the server's limit (350 KiB by default).
    ///
    /// Fails with [`DataTooLarge`](Error::DataTooLarge),
    /// [`RequestIdReused`](Error::RequestIdReused), and
    /// [`CorruptRecord`](Error::CorruptRecord) where the stored row cannot be read.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// use std::time::Duration;
    ///
    /// let hour = Duration::from_secs(3600);
    /// let written = store.put("alice:session", "token").ttl(hour).await?;
    /// assert_eq!(written.version, 1);
    /// assert!(written.expire_time.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn put(&self, key: impl Into<String>, data: impl Into<Bytes>) -> Put {
        Put::new(self.connection.clone(), key.into(), data.into())
    }

    /// Writes a record only over the version that is expected; 0 to create it.
    ///
    /// Fails with [`VersionConflict`](Error::VersionConflict) where the record has another
    /// version or etag, with [`NotFound`](Error::NotFound) where no live record has the key
    /// and the expected version is not 0, with [`AlreadyExists`](Error::AlreadyExists) where
    /// one has it and the expected version is 0, and as [`put`](Store::put).
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// let first = store.put("alice:theme", "light").await?;
    /// let second = store
    ///     .put_if_version("alice:theme", "dark", first.version)
    ///     .etag(first.etag)
    ///     .await?;
    /// assert_eq!(second.version, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn put_if_version(
        &self,
        key: impl Into<String>,
        data: impl Into<Bytes>,
        expected_version: u64,
    ) -> PutIfVersion {
        let connection = self.connection.clone();
        PutIfVersion::new(connection, key.into(), data.into(), expected_version)
    }

    /// Writes a record only where no live one is.
    ///
    /// Fails with [`AlreadyExists`](Error::AlreadyExists), and as [`put`](Store::put).
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// use pannier::Error;
    ///
    /// store.create("alice:approval", "pending").await?;
    /// let again = store.create("alice:approval", "pending").await;
    /// assert!(matches!(again, Err(Error::AlreadyExists(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, key: impl Into<String>, data: impl Into<Bytes>) -> Create {
        Create::new(self.connection.clone(), key.into(), data.into())
    }

    /// Reads a record, changes its data and writes it, again after each lost race.
    ///
    /// `change` takes the data and returns the new data, or `None` to leave the record as it
    /// is. It may be called several times, each time with newer data, but at most one result
    /// is written. The write goes through only over the version and etag that were read, so
    /// nothing that others wrote is lost. The record keeps its expiry unless told otherwise.
    ///
    /// Gives the record as written, or as read where `change` returned `None`.
    ///
    /// Fails with [`NotFound`](Error::NotFound) where no live record has the key, or it went
    /// meanwhile; with [`VersionConflict`](Error::VersionConflict) where others kept writing
    /// until the time was over; with [`OutcomeUnknown`](Error::OutcomeUnknown) where the
    /// write may have been applied all the same (to try again could apply the change twice,
    /// so that is the caller's choice); and as [`put`](Store::put).
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// store.put("alice:list", "milk").await?;
    /// let record = store
    ///     .update("alice:list", |data| Some([data, b", bread"].concat()))
    ///     .await?;
    /// assert_eq!(record.data, "milk, bread");
    /// assert_eq!(record.version, 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn update<'a, D, F>(&self, key: impl Into<String>, mut change: F) -> Update<'a, Error>
    where
        D: Into<Bytes> + 'a,
        F: FnMut(&[u8]) -> Option<D> + Send + 'a,
    {
        self.try_update(key, move |data| Ok(change(data)))
    }

    /// Like [`update`](Store::update), with a change that may fail.
    ///
    /// The error of `change` ends the update, and nothing is written. Its type is the
    /// caller's, as long as it takes up this crate's errors as well (`From<pannier::Error>`).
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    /// # let store = pannier::Store::connect_default()?;
    /// type Failure = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// fn add_one(data: &[u8]) -> Result<Option<String>, Failure> {
    ///     let number: u64 = std::str::from_utf8(data)?.parse()?;
    ///     Ok(Some((number + 1).to_string()))
    /// }
    ///
    /// store.put("alice:visits", "41").await?;
    /// let record = store.try_update("alice:visits", add_one).await?;
    /// assert_eq!(record.data, "42");
    ///
    /// store.put("alice:visits", "many").await?;
    /// let failed = store.try_update("alice:visits", add_one).await;
    /// assert_eq!(failed.unwrap_err().to_string(), "invalid digit found in string");
    /// # Ok(())
    /// # }
    /// ```
    pub fn try_update<'a, D, E, F>(&self, key: impl Into<String>, mut change: F) -> Update<'a, E>
    where
        D: Into<Bytes> + 'a,
        E: From<Error> + 'a,
        F: FnMut(&[u8]) -> Result<Option<D>, E> + Send + 'a,
    {
        let change = move |data: &[u8]| Ok(change(data)?.map(Into::into));
        Update::new(self.connection.clone(), key.into(), Box::new(change))
    }

    /// Deletes a record, whatever is there or only at a version or etag. Tells whether a
    /// live record was there and this call removed it.
    ///
    /// Without an etag it is not tried again once it may have been applied: a second one
    /// could delete what someone else wrote since. With one it is, and can then give `false`
    /// although the first attempt deleted the record.
    ///
    /// Fails with [`VersionConflict`](Error::VersionConflict) where the record has another
    /// version or etag, and with [`CorruptRecord`](Error::CorruptRecord) where the delete is
    /// conditional and the stored row cannot be read.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// let written = store.put("alice:draft", "text").await?;
    /// assert!(store.delete("alice:draft").etag(written.etag).await?);
    /// assert!(!store.delete("alice:draft").await?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, key: impl Into<String>) -> Delete {
        Delete::new(self.connection.clone(), key.into())
    }

    /// Lists the live records of one owner, by a prefix of their names: `owner:` and the
    /// start of a name, as [`prefix`](crate::prefix) builds it.
    ///
    /// [`records`](List::records) and [`pages`](List::pages) begin it. It fetches pages as
    /// it is read, goes on by itself after a broken connection, and gives no record twice.
    /// It is not a snapshot: each page shows its own moment.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// use pannier::Order;
    ///
    /// for number in 0..3 {
    ///     store.put(pannier::key("dora", &format!("task:{number}"))?, "to do").await?;
    /// }
    /// let mut newest = store
    ///     .list(pannier::prefix("dora", "task:")?)
    ///     .order(Order::Descending)
    ///     .limit(2)
    ///     .records();
    /// let mut keys = Vec::new();
    /// while let Some(record) = newest.next().await {
    ///     keys.push(record?.key);
    /// }
    /// assert_eq!(keys, ["dora:task:2", "dora:task:1"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self, prefix: impl Into<String>) -> List {
        List::new(self.connection.clone(), prefix.into())
    }

    /// Removes expired records now, without waiting for the store to do it.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), pannier::Error> {
    /// # let store = pannier::Store::connect_default()?;
    /// use std::time::UNIX_EPOCH;
    ///
    /// store.put("dave:old", "").expire_time(UNIX_EPOCH).await?;
    /// let cleanup = store.cleanup_expired().prefix("dave:").await?;
    /// assert_eq!(cleanup.removed, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn cleanup_expired(&self) -> CleanupExpired {
        CleanupExpired::new(self.connection.clone())
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}
