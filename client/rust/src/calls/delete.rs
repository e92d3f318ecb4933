//! Deleting one record.

use std::sync::Arc;
use std::time::Duration;

use super::Running;
use super::options::timeout_option;
use crate::attempts::Safety;
use crate::connection::Connection;
use crate::errors::Error;
use crate::generated::DeleteRequest;

/// Deletes one record; from [`Store::delete`](crate::Store::delete).
#[must_use = "calls do nothing unless awaited"]
pub struct Delete {
    connection: Arc<Connection>,
    request: DeleteRequest,
    timeout: Option<Duration>,
}

impl Delete {
    pub(crate) fn new(connection: Arc<Connection>, key: String) -> Self {
        Delete {
            connection,
            request: DeleteRequest {
                key,
                ..DeleteRequest::default()
            },
            timeout: None,
        }
    }

    /// Deletes the record only at this version, from 1 up to 2^63-1.
    pub fn expected_version(mut self, version: u64) -> Self {
        self.request.expected_version = Some(version);
        self
    }

    /// Deletes the record only where it has this etag. That makes the delete safe to try
    /// again. Empty: not checked.
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.request.etag = etag.into();
        self
    }

    timeout_option!(timeout);

    async fn run(self) -> Result<bool, Error> {
        let deadline = self.connection.deadline(self.timeout)?;
        let safety = if self.request.etag.is_empty() {
            Safety::SingleWrite
        } else {
            Safety::RepeatableWrite
        };
        let answer = self.connection.call(self.request, safety, deadline).await?;
        Ok(answer.deleted)
    }
}

impl IntoFuture for Delete {
    type Output = Result<bool, Error>;
    type IntoFuture = Running<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
