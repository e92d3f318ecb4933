//! Reading one record.

use std::sync::Arc;
use std::time::Duration;

use super::Running;
use super::options::timeout_option;
use crate::attempts::Safety;
use crate::connection::Connection;
use crate::errors::Error;
use crate::generated as wire;
use crate::messages::read_record;
use crate::records::{Consistency, Record};

/// Reads one record; from [`Store::get`](crate::Store::get).
#[must_use = "calls do nothing unless awaited"]
pub struct Get {
    connection: Arc<Connection>,
    key: String,
    consistency: Consistency,
    timeout: Option<Duration>,
}

impl Get {
    pub(crate) fn new(connection: Arc<Connection>, key: String) -> Self {
        Get {
            connection,
            key,
            consistency: Consistency::default(),
            timeout: None,
        }
    }

    /// Sets how fresh the read must be. Default: [`Consistency::Strong`].
    pub fn consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }

    timeout_option!(timeout);

    async fn run(self) -> Result<Record, Error> {
        let deadline = self.connection.deadline(self.timeout)?;
        let request = wire::GetRequest {
            key: self.key,
            consistency: wire::Consistency::from(self.consistency).into(),
        };
        let answer = self
            .connection
            .call(request, Safety::Read, deadline)
            .await?;
        Ok(read_record(answer.record.unwrap_or_default()))
    }
}

impl IntoFuture for Get {
    type Output = Result<Record, Error>;
    type IntoFuture = Running<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
