//! TLS: whom to trust, and what to show.

use std::fmt;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore, client, version};

use crate::ArgumentError;
use crate::addresses::Place;

/// Encrypts the connection and checks who answers.
///
/// ```
/// # fn main() -> Result<(), pannier::ArgumentError> {
/// # let authority = rcgen::generate_simple_self_signed([]).unwrap().cert.pem();
/// use pannier::{Store, Tls};
///
/// let store = Store::builder()
///     .address("storage.example:50051")
///     .tls(Tls::new().root_certificates(authority))
///     .token("the-token")
///     .connect()?;
/// # drop(store);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Tls {
    roots: Option<Vec<u8>>,
    identity: Option<Identity>,
    server_name: Option<String>,
}

/// A certificate and its key, both in PEM.
#[derive(Clone)]
struct Identity {
    certificates: Vec<u8>,
    key: Vec<u8>,
}

impl Tls {
    /// Trusts the authorities that the system trusts, and shows no certificate.
    #[must_use]
    pub fn new() -> Self {
        Tls::default()
    }

    /// Trusts these authorities instead, one or more certificates in PEM.
    #[must_use]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots = Some(pem.into());
        self
    }

    /// Shows this certificate, in PEM and followed by those of the authorities between it
    /// and the root, with its private key, in PEM and not encrypted.
    #[must_use]
    pub fn identity(mut self, certificates: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.identity = Some(Identity {
            certificates: certificates.into(),
            key: key.into(),
        });
        self
    }

    /// Expects this name in the sidecar's certificate. Default: the address's host;
    /// `localhost` for a Unix socket.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Reads the certificates and the key.
    pub(crate) fn connector(self, place: &Place) -> Result<Connector, ArgumentError> {
        let name = self.server_name.unwrap_or_else(|| match place {
            Place::Socket(_) => "localhost".to_owned(),
            Place::Host { name, .. } => name.clone(),
        });
        let server = ServerName::try_from(name.as_str())
            .map_err(|_| ArgumentError::new(format!("{name:?} is no name of a TLS server")))?
            .to_owned();
        let trusting = trust(roots(self.roots)?);
        let mut config = match self.identity {
            Some(identity) => identity.show(trusting)?,
            None => trusting.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Connector {
            tls: TlsConnector::from(Arc::new(config)),
            server,
        })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("server_name", &self.server_name)
            .finish_non_exhaustive()
    }
}

type Trusting = ConfigBuilder<ClientConfig, client::WantsClientCert>;

fn trust(roots: RootCertStore) -> Trusting {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&version::TLS13, &version::TLS12])
        .expect("ring speaks both versions")
        .with_root_certificates(roots)
}

fn roots(pem: Option<Vec<u8>>) -> Result<RootCertStore, ArgumentError> {
    let certificates = match pem {
        Some(pem) => read_certificates("root_certificates", &pem)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    // A system's collection may hold some that rustls does not take; the others still count.
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(ArgumentError::new(
            "there is no certificate of an authority to trust; give some by root_certificates",
        ));
    }
    Ok(roots)
}

impl Identity {
    fn show(self, config: Trusting) -> Result<ClientConfig, ArgumentError> {
        let certificates = read_certificates("identity", &self.certificates)?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|error| unusable("the private key of identity", &error))?;
        config
            .with_client_auth_cert(certificates, key)
            .map_err(|error| ArgumentError::new(format!("identity cannot be used: {error}")))
    }
}

fn read_certificates(
    argument: &str,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, ArgumentError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(argument, &error))?;
    if certificates.is_empty() {
        let problem = format!("{argument} holds no certificate in PEM");
        return Err(ArgumentError::new(problem));
    }
    Ok(certificates)
}

/// The text of some of these errors holds what was read, which may be a key.
fn unusable(argument: &str, error: &pem::Error) -> ArgumentError {
    ArgumentError::new(match error {
        pem::Error::NoItemsFound => format!("{argument} is not there, or not in PEM"),
        _ => format!("{argument} is damaged PEM"),
    })
}

/// Makes TLS connections to one server.
#[derive(Clone)]
pub(crate) struct Connector {
    tls: TlsConnector,
    server: ServerName<'static>,
}

impl Connector {
    pub(crate) async fn connect<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.tls.connect(self.server.clone(), stream).await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connector").field(&self.server).finish()
    }
}
