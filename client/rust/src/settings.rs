//! How a store connects and calls.

use std::time::Duration;

use http::{HeaderMap, Uri};
use tokio::time::Instant;

use crate::ArgumentError;
use crate::addresses::{Place, resolve};
use crate::connection::Connection;
use crate::metadata;
use crate::retries::RetryPolicy;
use crate::store::Store;
#[cfg(feature = "tls")]
use crate::tls::Tls;
use crate::transport::{Link, Route, TlsRoute};

/// The time that a call may take, its retries included; the server's own default.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Longer than any call, and short enough for every clock.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// Says how a store connects and calls; from [`Store::builder`].
///
/// ```
/// # fn main() -> Result<(), pannier::ArgumentError> {
/// use std::time::Duration;
/// use pannier::{RetryPolicy, Store};
///
/// let store = Store::builder()
///     .address("unix:/run/pannier/pannier.sock")
///     .timeout(Duration::from_secs(2))
///     .retries(RetryPolicy::none())
///     .connect()?;
/// assert_eq!(store.address(), "unix:/run/pannier/pannier.sock");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "call connect() to get a store"]
pub struct StoreBuilder {
    address: Option<String>,
    timeout: Duration,
    retries: RetryPolicy,
    token: Option<String>,
    metadata: Vec<(String, String)>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
}

impl StoreBuilder {
    pub(crate) fn new() -> Self {
        StoreBuilder {
            address: None,
            timeout: DEFAULT_TIMEOUT,
            retries: RetryPolicy::new(),
            token: None,
            metadata: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }

    /// Sets where the sidecar is: `unix:/path/to/socket` or `host:port`. Default: the
    /// environment variable `PANNIER_ADDRESS`, else the sidecar's default socket
    /// (`pannier/pannier.sock` in `$XDG_RUNTIME_DIR`, or in `pannier-<uid>/` of the
    /// directory for temporary files).
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Sets the time that each call may take, its retries included. Default: 10 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how calls are tried again where that is safe.
    pub fn retries(mut self, policy: RetryPolicy) -> Self {
        self.retries = policy;
        self
    }

    /// Sends a token with each call, as `authorization: Bearer TOKEN` (RFC 6750). It has to
    /// be printable ASCII. It goes over plain connections too, since a Unix socket has no
    /// TLS.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends this metadata with each call as well: a lower-case name that is neither gRPC's
    /// nor HTTP/2's own and does not end in `-bin`, and a value of printable ASCII.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }

    /// Encrypts the connection. Default: a plain one.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Returns the store. The first call connects, not this one.
    ///
    /// # Errors
    ///
    /// The address, the timeout, the token, metadata or a certificate is not usable; or no
    /// address is given and the default socket's directory, in the directory for temporary
    /// files, is not this user's alone.
    pub fn connect(mut self) -> Result<Store, ArgumentError> {
        let address = resolve(self.address.take())?;
        let place = Place::parse(&address)?;
        let settings = Settings {
            timeout: checked_timeout(self.timeout)?,
            metadata: metadata::headers(self.token.take(), &self.metadata)?,
            retries: self.retries,
            address,
        };
        let tls = self.tls_route(&place)?;
        let origin = origin(&place, tls.is_some())?;
        let link = Link::new(Route { place, tls });
        Ok(Store::new(Connection::new(settings, origin, link)))
    }

    #[cfg(feature = "tls")]
    fn tls_route(self, place: &Place) -> Result<TlsRoute, ArgumentError> {
        self.tls.map(|tls| tls.connector(place)).transpose()
    }

    #[cfg(not(feature = "tls"))]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)] // As with the feature.
    fn tls_route(self, _: &Place) -> Result<TlsRoute, ArgumentError> {
        Ok(None)
    }
}

impl std::fmt::Debug for StoreBuilder {
    /// Leaves out what may be secret: the token and the metadata.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreBuilder")
            .field("address", &self.address)
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .finish_non_exhaustive()
    }
}

/// The settings of a store, checked.
pub(crate) struct Settings {
    /// Where the sidecar is, as people write it.
    pub(crate) address: String,
    /// The time that a call may take, unless it says otherwise.
    pub(crate) timeout: Duration,
    /// How failed calls are tried again.
    pub(crate) retries: RetryPolicy,
    /// Sent with each call; may hold secrets.
    pub(crate) metadata: HeaderMap,
}

impl Settings {
    /// Returns when a call that begins now must end.
    pub(crate) fn deadline(&self, timeout: Option<Duration>) -> Result<Instant, ArgumentError> {
        match timeout {
            Some(timeout) => Ok(Instant::now() + checked_timeout(timeout)?),
            None => Ok(Instant::now() + self.timeout),
        }
    }
}

/// Returns a timeout that every clock can count.
fn checked_timeout(timeout: Duration) -> Result<Duration, ArgumentError> {
    if timeout.is_zero() {
        return Err(ArgumentError::new("timeout must be above 0"));
    }
    Ok(timeout.min(LONGEST_TIMEOUT))
}

fn origin(place: &Place, encrypted: bool) -> Result<Uri, ArgumentError> {
    Uri::builder()
        .scheme(if encrypted { "https" } else { "http" })
        .authority(place.authority())
        .path_and_query("/")
        .build()
        .map_err(|_| ArgumentError::new("the address has a host that is no host name"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::StoreBuilder;
    use crate::store::Store;

    fn builder() -> StoreBuilder {
        Store::builder().address("unix:/run/s.sock")
    }

    fn refusal(builder: StoreBuilder) -> String {
        builder.connect().unwrap_err().to_string()
    }

    #[test]
    fn a_builder_shows_no_secret() {
        let shown = format!("{:?}", builder().token("secret").metadata("x", "secret"));
        assert!(!shown.contains("secret"));
    }

    #[test]
    fn a_token_and_metadata_that_cannot_be_sent_are_refused() {
        assert!(refusal(builder().token("")).contains("token"));
        assert!(refusal(builder().metadata("te", "x")).contains("te"));
    }

    #[test]
    fn a_timeout_is_above_0_and_may_be_endless() {
        assert!(refusal(builder().timeout(Duration::ZERO)).contains("timeout"));
        assert!(builder().timeout(Duration::MAX).connect().is_ok());
    }

    #[test]
    fn a_host_that_is_no_host_name_is_refused() {
        assert!(refusal(Store::builder().address("a b:1")).contains("host"));
    }
}
