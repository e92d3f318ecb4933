//! Changing one record.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use super::Running;
use super::options::{expiry_options, timeout_option};
use super::write::new_request_id;
use crate::attempts::Safety;
use crate::connection::Connection;
use crate::errors::Error;
use crate::expiry::{Expiry, Field};
use crate::generated::{Consistency, GetRequest, PutIfVersionRequest};
use crate::messages::{read_changed, read_put_if_version, read_record};
use crate::records::Record;
use crate::updates::{Races, not_applied, verdict};

/// Reads, changes and writes one record; from [`Store::update`](crate::Store::update) and
/// [`Store::try_update`](crate::Store::try_update).
///
/// Where nothing is said about the expiry, the record keeps the one it has.
#[must_use = "calls do nothing unless awaited"]
pub struct Update<'a, E> {
    target: Target,
    change: Change<'a, E>,
}

/// What makes the new data of the old, or of nothing where nothing is to be written.
pub(crate) type Change<'a, E> = Box<dyn FnMut(&[u8]) -> Result<Option<Bytes>, E> + Send + 'a>;

/// What an update is about, but for the change itself.
struct Target {
    connection: Arc<Connection>,
    key: String,
    expiry: Expiry,
    timeout: Option<Duration>,
}

impl<'a, E> Update<'a, E> {
    pub(crate) fn new(connection: Arc<Connection>, key: String, change: Change<'a, E>) -> Self {
        let target = Target {
            connection,
            key,
            expiry: Expiry::default(),
            timeout: None,
        };
        Update { target, change }
    }

    expiry_options!(target.expiry);
    timeout_option!(target.timeout);
}

impl<'a, E: From<Error> + 'a> IntoFuture for Update<'a, E> {
    type Output = Result<Record, E>;
    type IntoFuture = Running<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(run(self.target, self.change))
    }
}

async fn run<E: From<Error>>(target: Target, mut change: Change<'_, E>) -> Result<Record, E> {
    let (expiry, deadline) = target.begin()?;
    let mut races = Races::new(deadline);
    loop {
        let record = target.read(deadline).await.map_err(not_applied)?;
        let Some(data) = change(&record.data)? else {
            return Ok(record);
        };
        match target.write(record, data, expiry, deadline).await {
            Ok(record) => return Ok(record),
            Err(error) => {
                let Some(pause) = races.after_failure(&error, Instant::now()) else {
                    return Err(error.into());
                };
                target.connection.pause(pause, &error).await;
            }
        }
    }
}

impl Target {
    /// Returns what is the same for all attempts: the expiry that the caller wants, and when
    /// the update must end.
    fn begin(&self) -> Result<(Field, Instant), Error> {
        let expiry = self.expiry.resolve(SystemTime::now())?;
        Ok((expiry, self.connection.deadline(self.timeout)?))
    }

    async fn read(&self, deadline: Instant) -> Result<Record, Error> {
        let request = GetRequest {
            key: self.key.clone(),
            consistency: Consistency::Strong.into(),
        };
        let answer = self
            .connection
            .call(request, Safety::Read, deadline)
            .await?;
        Ok(read_record(answer.record.unwrap_or_default()))
    }

    /// Writes over exactly this version of a record.
    ///
    /// Where the caller says nothing about expiry the record keeps its own; one without is
    /// written as never expiring, so that no setting of the server can give it one.
    async fn write(
        &self,
        record: Record,
        data: Bytes,
        expiry: Field,
        deadline: Instant,
    ) -> Result<Record, Error> {
        let kept = || Field::keeping(record.expire_time);
        let request = PutIfVersionRequest {
            key: self.key.clone(),
            data: data.clone(),
            request_id: new_request_id(),
            expected_version: record.version,
            etag: record.etag.clone(),
            expiry: expiry.or(kept).into(),
        };
        let call = self
            .connection
            .call(request, Safety::RepeatableWrite, deadline);
        match call.await {
            Ok(answer) => Ok(read_changed(record, data, read_put_if_version(answer))),
            Err(error) => Err(verdict(error, record, data)),
        }
    }
}
