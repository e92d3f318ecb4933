//! Where the sidecar is: what an address means, and the one used when none is given.

use std::env::{self, VarError};
use std::ffi::OsString;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{self, Path, PathBuf};

use crate::ArgumentError;

/// The environment variable that names the sidecar's address.
const ADDRESS_VARIABLE: &str = "PANNIER_ADDRESS";

const FORMS: &str = "use \"unix:/path/to/socket\" or \"host:port\"";

/// `sun_path` of unix(7), less its final zero byte.
const MAX_SOCKET_PATH_BYTES: usize = 107;

/// What an address means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A Unix socket, by an absolute path: the working directory may change before the
    /// store connects again.
    Socket(PathBuf),
    /// A TCP port of a host, which is a name or an IP address without brackets.
    Host { name: String, port: u16 },
}

impl Place {
    /// Reads an address.
    pub(crate) fn parse(address: &str) -> Result<Place, ArgumentError> {
        if let Some(path) = address.strip_prefix("unix:") {
            return socket(address, path);
        }
        let (host, port) = address.rsplit_once(':').unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let name = bare.unwrap_or(host);
        if name.is_empty() || address.contains('/') || (bare.is_none() && host.contains(':')) {
            return Err(ArgumentError::new(format!(
                "{address:?} is no address of a sidecar; {FORMS}"
            )));
        }
        let number = port.parse().ok().filter(|number| *number > 0);
        match number {
            Some(number) if port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Place::Host {
                name: name.to_owned(),
                port: number,
            }),
            _ => Err(ArgumentError::new(format!(
                "{address:?} has no port from 1 to 65535; {FORMS}"
            ))),
        }
    }

    /// Returns what HTTP/2 and certificates call it.
    pub(crate) fn authority(&self) -> String {
        match self {
            Place::Socket(_) => "localhost".to_owned(),
            Place::Host { name, port } if name.contains(':') => format!("[{name}]:{port}"),
            Place::Host { name, port } => format!("{name}:{port}"),
        }
    }
}

fn socket(address: &str, path: &str) -> Result<Place, ArgumentError> {
    if path.starts_with("//") && !path.starts_with("///") {
        return Err(ArgumentError::new(format!(
            "{address:?} has two slashes; use one or three: unix:/path"
        )));
    }
    let absolute = path::absolute(path)
        .map_err(|_| ArgumentError::new(format!("{address:?} has no path; {FORMS}")))?;
    if absolute.as_os_str().len() > MAX_SOCKET_PATH_BYTES {
        return Err(ArgumentError::new(format!(
            "the path of {address:?} is too long: a socket's has at most {MAX_SOCKET_PATH_BYTES} bytes"
        )));
    }
    Ok(Place::Socket(absolute))
}

/// Returns the address to connect to: the given one, the environment's or the default.
pub(crate) fn resolve(address: Option<String>) -> Result<String, ArgumentError> {
    if let Some(address) = address.filter(|it| !it.is_empty()) {
        return Ok(address);
    }
    match env::var(ADDRESS_VARIABLE) {
        Ok(address) if !address.is_empty() => Ok(address),
        Err(VarError::NotUnicode(_)) => Err(ArgumentError::new(format!(
            "{ADDRESS_VARIABLE} is no valid text; {FORMS}"
        ))),
        _ => Ok(format!("unix:{}", default_socket()?.display())),
    }
}

/// Returns the socket that sidecar and clients use when nothing else is said.
///
/// It is `$XDG_RUNTIME_DIR/pannier/pannier.sock`, or `pannier-<uid>/pannier.sock` in the
/// directory for temporary files where that variable is unset, empty or relative (the XDG
/// Base Directory Specification wants relative paths ignored).
fn default_socket() -> Result<PathBuf, ArgumentError> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    if let Some(runtime) = runtime.filter(|it| it.is_absolute()) {
        return Ok(runtime.join("pannier").join("pannier.sock"));
    }
    let user = rustix::process::getuid().as_raw();
    let directory = temporary_directory(|name| env::var_os(name)).join(format!("pannier-{user}"));
    claim(&directory, user).map_err(|problem| {
        ArgumentError::new(format!(
            "{} {problem}; set {ADDRESS_VARIABLE}, or XDG_RUNTIME_DIR to a directory of your own",
            directory.display()
        ))
    })?;
    Ok(directory.join("pannier.sock"))
}

/// Returns the directory that the sidecar takes for temporary files, too.
fn temporary_directory(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let named = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(variable);
    let usual = ["/tmp", "/var/tmp", "/usr/tmp"]
        .into_iter()
        .map(OsString::from);
    named
        .chain(usual)
        .map(PathBuf::from)
        .filter_map(|it| path::absolute(it).ok())
        .find(|it| it.is_dir())
        .unwrap_or_else(env::temp_dir)
}

/// Makes sure that a socket's directory is this user's alone; creates it if absent.
///
/// In a directory where everyone may write, someone else could have made it first and put a
/// socket of their own there. Once it is ours, the sticky bit keeps it ours.
fn claim(directory: &Path, user: u32) -> Result<(), String> {
    match DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(format!("cannot be created ({error})"));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(directory).map_err(|error| format!("is gone ({error})"))?;
    if !found.is_dir() || found.uid() != user {
        return Err("is not a directory of this user".to_owned());
    }
    if found.mode() & 0o022 != 0 {
        return Err("can be written by other users".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::ffi::OsString;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::PathBuf;

    use tempfile::TempDir;

    use super::{Place, claim, temporary_directory};

    fn host(name: &str, port: u16) -> Place {
        let name = name.to_owned();
        Place::Host { name, port }
    }

    fn socket(path: impl Into<PathBuf>) -> Place {
        Place::Socket(path.into())
    }

    fn user() -> u32 {
        rustix::process::getuid().as_raw()
    }

    #[test]
    fn an_address_is_a_socket_or_a_port_of_a_host() {
        for (address, place) in [
            ("unix:/run/s.sock", socket("/run/s.sock")),
            ("unix:///run/s.sock", socket("/run/s.sock")),
            (
                "unix:s.sock",
                socket(env::current_dir().unwrap().join("s.sock")),
            ),
            ("localhost:50051", host("localhost", 50051)),
            ("127.0.0.1:1", host("127.0.0.1", 1)),
            ("[::1]:65535", host("::1", 65535)),
        ] {
            assert_eq!(Place::parse(address), Ok(place), "{address}");
        }
    }

    #[test]
    fn other_addresses_are_refused_with_the_forms_that_there_are() {
        for address in [
            "localhost",
            "unix:",
            "unix://run/s.sock",
            ":50051",
            "::1:50051",
            "[]:1",
            "[::1:50051",
            "localhost:",
            "localhost:0",
            "localhost:65536",
            "localhost:+1",
            "localhost:x",
            "http://localhost:50051",
            "dns:///localhost:50051",
        ] {
            let problem = Place::parse(address).unwrap_err().to_string();
            assert!(problem.contains("use "), "{address}: {problem}");
        }
    }

    #[test]
    fn a_socket_whose_path_is_too_long_for_the_system_is_refused() {
        let path = |length: usize| format!("unix:/{}", "s".repeat(length - 1));
        assert!(Place::parse(&path(107)).is_ok());
        let problem = Place::parse(&path(108)).unwrap_err().to_string();
        assert!(problem.contains("107 bytes"), "{problem}");
    }

    #[test]
    fn an_authority_has_brackets_around_an_ipv6_address() {
        let authority = |address| Place::parse(address).unwrap().authority();
        assert_eq!(authority("[::1]:50051"), "[::1]:50051");
        assert_eq!(authority("storage:1"), "storage:1");
        assert_eq!(authority("unix:/run/s.sock"), "localhost");
    }

    #[test]
    fn the_directory_for_temporary_files_is_the_first_that_is_there() {
        let there = TempDir::new().unwrap();
        let named = |wanted: &'static str, path: OsString| {
            temporary_directory(move |name| match name {
                "TMPDIR" => Some("/nowhere/at/all".into()),
                _ => (name == wanted).then(|| path.clone()),
            })
        };
        let path = there.path();
        assert_eq!(named("TMP", path.into()), path);
        assert_eq!(named("TEMP", path.into()), path);
        assert_eq!(named("OTHER", path.into()), PathBuf::from("/tmp"));
    }

    #[test]
    fn a_socket_directory_is_made_for_its_user_alone() {
        let folder = TempDir::new().unwrap();
        let directory = folder.path().join("pannier-0");
        claim(&directory, user()).unwrap();
        claim(&directory, user()).unwrap();
        assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_that_others_could_have_made_is_refused() {
        let folder = TempDir::new().unwrap();
        let directory = folder.path().join("pannier-0");
        fs::create_dir(&directory).unwrap();
        assert!(
            claim(&directory, user() + 1)
                .unwrap_err()
                .contains("this user")
        );

        let link = folder.path().join("link");
        symlink(&directory, &link).unwrap();
        assert!(claim(&link, user()).unwrap_err().contains("this user"));

        fs::set_permissions(&directory, Permissions::from_mode(0o770)).unwrap();
        assert!(
            claim(&directory, user())
                .unwrap_err()
                .contains("other users")
        );
    }
}
