//! Writing one record.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use uuid::Uuid;

use super::Running;
use super::options::{expiry_options, request_id_option, timeout_option};
use crate::attempts::Safety;
use crate::connection::Connection;
use crate::errors::Error;
use crate::expiry::Expiry;
use crate::generated::{PutIfVersionRequest, PutRequest};
use crate::messages::{read_put, read_put_if_version};
use crate::records::Written;

/// Writes a record whatever is there; from [`Store::put`](crate::Store::put).
///
/// Give one of `ttl`, `expire_time` and `never_expires`. Without any of them the server may
/// take the time from JSON data (a setting, off by default); otherwise the record never
/// expires.
#[must_use = "calls do nothing unless awaited"]
pub struct Put {
    write: Write,
}

impl Put {
    pub(crate) fn new(connection: Arc<Connection>, key: String, data: Bytes) -> Self {
        let write = Write::new(connection, key, data);
        Put { write }
    }

    expiry_options!(write.expiry);
    request_id_option!(write.request_id);
    timeout_option!(write.timeout);
}

impl IntoFuture for Put {
    type Output = Result<Written, Error>;
    type IntoFuture = Running<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.write.put())
    }
}

/// Writes a record over one version; from
/// [`Store::put_if_version`](crate::Store::put_if_version).
///
/// What is said about the expiry counts as for [`Put`].
#[must_use = "calls do nothing unless awaited"]
pub struct PutIfVersion {
    write: Write,
    expected_version: u64,
    etag: String,
}

impl PutIfVersion {
    pub(crate) fn new(
        connection: Arc<Connection>,
        key: String,
        data: Bytes,
        expected_version: u64,
    ) -> Self {
        PutIfVersion {
            write: Write::new(connection, key, data),
            expected_version,
            etag: String::new(),
        }
    }

    /// Expects this etag as well, which tells a record that was deleted and created again.
    /// It cannot go with version 0. Empty: not checked.
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.etag = etag.into();
        self
    }

    expiry_options!(write.expiry);
    request_id_option!(write.request_id);
    timeout_option!(write.timeout);
}

impl IntoFuture for PutIfVersion {
    type Output = Result<Written, Error>;
    type IntoFuture = Running<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.write.put_if_version(self.expected_version, self.etag))
    }
}

/// Writes a record only where none is; from [`Store::create`](crate::Store::create).
///
/// What is said about the expiry counts as for [`Put`].
#[must_use = "calls do nothing unless awaited"]
pub struct Create {
    write: Write,
}

impl Create {
    pub(crate) fn new(connection: Arc<Connection>, key: String, data: Bytes) -> Self {
        let write = Write::new(connection, key, data);
        Create { write }
    }

    expiry_options!(write.expiry);
    request_id_option!(write.request_id);
    timeout_option!(write.timeout);
}

impl IntoFuture for Create {
    type Output = Result<Written, Error>;
    type IntoFuture = Running<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.write.put_if_version(0, String::new()))
    }
}

/// What all writes have.
struct Write {
    connection: Arc<Connection>,
    key: String,
    data: Bytes,
    expiry: Expiry,
    request_id: Option<String>,
    timeout: Option<Duration>,
}

impl Write {
    fn new(connection: Arc<Connection>, key: String, data: Bytes) -> Self {
        Write {
            connection,
            key,
            data,
            expiry: Expiry::default(),
            request_id: None,
            timeout: None,
        }
    }

    async fn put(self) -> Result<Written, Error> {
        let deadline = self.connection.deadline(self.timeout)?;
        let request = PutRequest {
            key: self.key,
            data: self.data,
            request_id: self.request_id.unwrap_or_else(new_request_id),
            expiry: self.expiry.resolve(SystemTime::now())?.into(),
        };
        let call = self
            .connection
            .call(request, Safety::RepeatableWrite, deadline);
        Ok(read_put(call.await?))
    }

    async fn put_if_version(self, expected_version: u64, etag: String) -> Result<Written, Error> {
        let deadline = self.connection.deadline(self.timeout)?;
        let request = PutIfVersionRequest {
            key: self.key,
            data: self.data,
            request_id: self.request_id.unwrap_or_else(new_request_id),
            expected_version,
            etag,
            expiry: self.expiry.resolve(SystemTime::now())?.into(),
        };
        let call = self
            .connection
            .call(request, Safety::RepeatableWrite, deadline);
        Ok(read_put_if_version(call.await?))
    }
}

/// Returns what names one write over all its attempts.
pub(super) fn new_request_id() -> String {
    Uuid::new_v4().to_string()
}
