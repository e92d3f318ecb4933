//! TLS, against a real sidecar.
#![cfg(feature = "tls")]

use std::fs;
use std::path::PathBuf;

use pannier::{Error, RetryPolicy, Store, StoreBuilder, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use sidecar::Sidecar;
use tempfile::TempDir;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::default();
    // A name of its own: a certificate of the same name would pass for signed by itself.
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Returns a certificate for a name, and its key, both in PEM.
fn signed_by(authority: &Authority, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
    let mut params = CertificateParams::new(["storage.example".to_owned()]).unwrap();
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// A sidecar with TLS, which may want certificates of its clients.
struct Encrypted {
    sidecar: Sidecar,
    server_authority: String,
    client: (String, String),
    _folder: TempDir,
}

impl Encrypted {
    fn start(asks_clients: bool) -> Encrypted {
        let (servers, clients) = (authority(), authority());
        let folder = TempDir::new().unwrap();
        let file = |name: &str, text: &str| -> PathBuf {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let (certificate, key) = signed_by(&servers, ExtendedKeyUsagePurpose::ServerAuth);
        let files = [
            ("--tls-cert", file("server.pem", &certificate)),
            ("--tls-key", file("server.key", &key)),
            ("--tls-client-ca", file("clients.pem", &clients.pem())),
        ];
        let wanted = if asks_clients { 3 } else { 2 };
        let mut arguments = vec!["--listen", "127.0.0.1:0"];
        for (flag, path) in &files[..wanted] {
            arguments.extend([*flag, path.to_str().unwrap()]);
        }
        Encrypted {
            sidecar: Sidecar::start_with("memory:", &arguments).unwrap(),
            server_authority: servers.pem(),
            client: signed_by(&clients, ExtendedKeyUsagePurpose::ClientAuth),
            _folder: folder,
        }
    }

    fn builder(&self, tls: Tls) -> StoreBuilder {
        let address = self.sidecar.tcp_address().unwrap();
        Store::builder()
            .address(address)
            .tls(tls)
            .retries(RetryPolicy::none())
    }

    fn trusting(&self) -> Tls {
        Tls::new()
            .root_certificates(self.server_authority.as_str())
            .server_name("storage.example")
    }
}

async fn failure(builder: StoreBuilder) -> String {
    let error = builder.connect().unwrap().get("alice:a").await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    error.message().to_owned()
}

#[tokio::test]
async fn a_sidecar_is_believed_by_its_authority_and_name() {
    let there = Encrypted::start(false);
    let store = there.builder(there.trusting()).connect().unwrap();
    assert_eq!(store.put("alice:a", "1").await.unwrap().version, 1);

    let message = failure(there.builder(there.trusting().server_name("other.example"))).await;
    assert!(
        message.contains("certificate not valid for name"),
        "{message}"
    );
    let stranger = Tls::new().root_certificates(authority().pem());
    let message = failure(there.builder(stranger.server_name("storage.example"))).await;
    assert!(message.contains("invalid peer certificate"), "{message}");
}

#[tokio::test]
async fn a_client_shows_its_certificate() {
    let there = Encrypted::start(true);
    let (certificates, key) = there.client.clone();
    let tls = there.trusting().identity(certificates, key);
    let store = there.builder(tls).connect().unwrap();
    assert_eq!(store.put("alice:a", "1").await.unwrap().version, 1);
    failure(there.builder(there.trusting())).await;
}

#[test]
fn what_is_no_certificate_is_refused_and_not_repeated() {
    let (certificate, key) = signed_by(&authority(), ExtendedKeyUsagePurpose::ClientAuth);
    let other_key = KeyPair::generate().unwrap().serialize_pem();
    let refusals = [
        (Tls::new().root_certificates("secret"), "root_certificates"),
        (Tls::new().identity("secret", key.as_str()), "identity"),
        (
            Tls::new().identity(certificate.as_str(), "secret"),
            "identity",
        ),
        (
            Tls::new().identity(certificate.as_str(), other_key),
            "identity",
        ),
        (Tls::new().server_name("secret name"), "TLS server"),
    ];
    for (tls, part) in refusals {
        let refused = Store::builder().address("localhost:1").tls(tls).connect();
        let problem = refused.unwrap_err().to_string();
        assert!(problem.contains(part), "{problem}");
        assert!(!problem.contains("BEGIN"), "{problem}");
    }
}
