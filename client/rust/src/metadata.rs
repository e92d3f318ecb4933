//! What goes with each call: who calls, the token, and the caller's own metadata.

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::ArgumentError;

const USER_AGENT_NAME: &str = concat!("pannier-rust/", env!("CARGO_PKG_VERSION"));

/// What belongs to gRPC or to HTTP/2 itself (RFC 9113, section 8.2.2).
const RESERVED: [&str; 10] = [
    "connection",
    "content-length",
    "content-type",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-connection",
    "te",
    "transfer-encoding",
    "upgrade",
];

/// Returns the headers for a token and metadata.
///
/// # Errors
///
/// One of them cannot be a header; the message does not repeat its value.
pub(crate) fn headers(
    token: Option<String>,
    metadata: &[(String, String)],
) -> Result<HeaderMap, ArgumentError> {
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, HeaderValue::from_static(USER_AGENT_NAME));
    for (name, value) in metadata {
        let (name, value) = entry(name, value)?;
        headers.append(name, value);
    }
    if let Some(token) = token {
        if headers.contains_key(AUTHORIZATION) {
            return Err(ArgumentError::new(
                "give the token, or the metadata \"authorization\", but not both",
            ));
        }
        headers.insert(AUTHORIZATION, authorization(&token)?);
    }
    Ok(headers)
}

fn authorization(token: &str) -> Result<HeaderValue, ArgumentError> {
    // The characters of RFC 6750's b64token and a few more; a line break would end the header.
    let refused = || ArgumentError::new("the token must be printable ASCII, and not empty");
    if token.is_empty() || !is_printable(token) {
        return Err(refused());
    }
    let mut value = HeaderValue::try_from(["Bearer ", token].concat()).map_err(|_| refused())?;
    value.set_sensitive(true);
    Ok(value)
}

fn entry(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), ArgumentError> {
    let refused = || {
        ArgumentError::new(format!(
            "the metadata {name:?} needs a lower-case name that does not end in \"-bin\", does \
             not begin with \"grpc-\" and is not HTTP/2's own, and a value of printable ASCII"
        ))
    };
    let reserved = name.starts_with("grpc-") || RESERVED.contains(&name);
    if name.ends_with("-bin") || reserved || !is_printable(value) {
        return Err(refused());
    }
    let header = HeaderName::from_bytes(name.as_bytes())
        .ok()
        .filter(|it| it.as_str() == name);
    let mut value = HeaderValue::from_str(value).map_err(|_| refused())?;
    // It may be a secret as the token is.
    value.set_sensitive(true);
    header.map(|name| (name, value)).ok_or_else(refused)
}

fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::headers;

    fn with_token(token: &str) -> Result<HeaderMap, String> {
        headers(Some(token.to_owned()), &[]).map_err(|refused| refused.to_string())
    }

    fn with_metadata(name: &str, value: &str) -> Result<HeaderMap, String> {
        let metadata = [(name.to_owned(), value.to_owned())];
        headers(None, &metadata).map_err(|refused| refused.to_string())
    }

    #[test]
    fn a_token_is_printable_ascii() {
        assert_eq!(
            with_token("a b~!").unwrap()["authorization"],
            "Bearer a b~!"
        );
        for token in ["", "line\nbreak", "tab\t", "é"] {
            assert!(with_token(token).unwrap_err().contains("token"));
        }
    }

    #[test]
    fn secrets_are_kept_out_of_logs_and_header_tables() {
        assert!(with_token("secret").unwrap()["authorization"].is_sensitive());
        assert!(with_metadata("x-secret", "secret").unwrap()["x-secret"].is_sensitive());
    }

    #[test]
    fn a_refused_secret_is_not_in_the_message() {
        assert!(!with_token("secret\n").unwrap_err().contains("secret"));
        assert!(
            !with_metadata("x", "secret\n")
                .unwrap_err()
                .contains("secret")
        );
    }

    #[test]
    fn metadata_has_the_form_of_grpc() {
        assert_eq!(with_metadata("x-tenant", "a b").unwrap()["x-tenant"], "a b");
        for (name, value) in [
            ("X-Tenant", "a"),
            ("x-bin", "a"),
            ("grpc-timeout", "1S"),
            ("x y", "a"),
            ("", "a"),
            ("x", "é"),
            ("x", "\n"),
        ] {
            assert!(with_metadata(name, value).unwrap_err().contains(name));
        }
    }

    #[test]
    fn headers_that_belong_to_http_are_refused() {
        for name in ["connection", "content-type", "host", "te", "upgrade"] {
            assert!(with_metadata(name, "a").unwrap_err().contains("HTTP/2"));
        }
    }

    #[test]
    fn there_is_one_authorization() {
        let metadata = [("authorization".to_owned(), "Basic secret".to_owned())];
        assert!(headers(None, &metadata).is_ok());
        let refused = headers(Some("secret".to_owned()), &metadata).unwrap_err();
        assert!(refused.to_string().contains("not both"));
        assert!(!refused.to_string().contains("secret"));
    }
}
