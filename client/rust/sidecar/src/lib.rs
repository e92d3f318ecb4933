//! Starts sidecars for tests, by the command `pannier` of this checkout.

use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

/// Runs the command that it is given, and ends it when the standard input ends: with whoever
/// started it, however that ends.
const LEASH: &str = r#""$@" </dev/null & read -r _; kill $!; wait $!"#;

/// A sidecar of one's own, on a Unix socket in a folder of its own; dropping it ends it.
#[derive(Debug)]
pub struct Sidecar {
    address: String,
    tcp_address: Option<String>,
    process: Child,
    leash: Option<ChildStdin>,
    _output: Option<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Sidecar {
    /// Starts one, and waits until it serves.
    ///
    /// `store` is the URL of its store, such as `memory:`; `{folder}` in it stands for the
    /// sidecar's folder, as in `sqlite://{folder}/records.db`.
    ///
    /// # Errors
    ///
    /// It cannot be started, or ends at once; what it says is on the standard error output.
    pub fn start(store: &str) -> io::Result<Sidecar> {
        Sidecar::start_with(store, &[])
    }

    /// Starts one with more arguments of `pannier serve`.
    ///
    /// # Errors
    ///
    /// As for [`start`](Sidecar::start).
    pub fn start_with(store: &str, arguments: &[&str]) -> io::Result<Sidecar> {
        let folder = TempDir::new()?;
        let path = folder.path().to_string_lossy();
        let address = format!("unix:{path}/sidecar.sock");
        let mut process = Command::new("sh")
            .args(["-c", LEASH, "sh"])
            .arg(command()?)
            .args(["serve", "--log-level", "error", "--listen", &address])
            .args(["--store", &store.replace("{folder}", &path)])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let leash = process.stdin.take();
        let mut output = process.stdout.take().map(BufReader::new);
        let mut line = String::new();
        if let Some(output) = &mut output {
            // It says where it serves, in one line, once it does.
            output.read_line(&mut line)?;
        }
        if line.is_empty() {
            return Err(io::Error::other("the sidecar ended before it served"));
        }
        Ok(Sidecar {
            address,
            tcp_address: line.trim().rsplit_once(" and ").map(|it| it.1.to_owned()),
            process,
            leash,
            _output: output,
            _folder: folder,
        })
    }

    /// Returns where it serves, as clients take it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the address that it serves besides, where `--listen` gave it one.
    #[must_use]
    pub fn tcp_address(&self) -> Option<&str> {
        self.tcp_address.as_deref()
    }
}

impl Drop for Sidecar {
    fn drop(&mut self) {
        drop(self.leash.take());
        // Whether it could be waited for changes nothing: it ends with its leash.
        let _ = self.process.wait();
    }
}

fn command() -> io::Result<PathBuf> {
    let command = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../.venv/bin/pannier");
    if command.exists() {
        return Ok(command);
    }
    let problem = "there is no .venv/bin/pannier in this checkout; `make test` there makes it";
    Err(io::Error::new(io::ErrorKind::NotFound, problem))
}
