//! Starts sidecars for tests, by the command `pannier` of this checkout.

mod process;

use std::io;

use tempfile::TempDir;

use crate::process::Process;

/// A sidecar of one's own, on a Unix socket in a folder of its own; dropping it ends it.
#[derive(Debug)]
pub struct Sidecar {
    address: String,
    arguments: Vec<String>,
    process: Process,
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
        let store = store.replace("{folder}", &path);
        let common = [
            "--log-level",
            "error",
            "--listen",
            &address,
            "--store",
            &store,
        ];
        let arguments = [&["serve"][..], &common[..], arguments].concat();
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        Ok(Sidecar {
            process: Process::start(&arguments)?,
            address,
            arguments,
            _folder: folder,
        })
    }

    /// Kills it, so that it can finish nothing, and starts it again with the same arguments;
    /// waits until it serves.
    ///
    /// # Errors
    ///
    /// As for [`start`](Sidecar::start).
    pub fn kill_and_restart(&mut self) -> io::Result<()> {
        self.process.kill()?;
        self.process = Process::start(&self.arguments)?;
        Ok(())
    }

    /// Returns where it serves, as clients take it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Returns the address that it serves besides, where `--listen` gave it one.
    #[must_use]
    pub fn tcp_address(&self) -> Option<&str> {
        let line = self.process.first_line().trim();
        line.rsplit_once(" and ").map(|(_, address)| address)
    }
}
