//! A process of the command `pannier` that does not outlive whoever started it.

use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Runs the command that it is given, and ends it when the standard input ends: with whoever
/// started it, however that ends. What it reads there says by which signal.
const LEASH: &str = r#""$@" </dev/null & exec >&- 2>&-; read -r signal; kill $signal $!; wait $!"#;

/// The command, from the first line that it says, which tells that it serves.
#[derive(Debug)]
pub(crate) struct Process {
    first_line: String,
    shell: Child,
    leash: Option<ChildStdin>,
    /// Kept open: who writes to a closed one is ended.
    _output: Option<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts it, and waits until it serves.
    pub(crate) fn start(arguments: &[String]) -> io::Result<Process> {
        let mut shell = Command::new("sh")
            .args(["-c", LEASH, "sh"])
            .arg(command()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let leash = shell.stdin.take();
        let mut output = shell.stdout.take().map(BufReader::new);
        let mut first_line = String::new();
        if let Some(output) = &mut output {
            output.read_line(&mut first_line)?;
        }
        let process = Process {
            first_line,
            shell,
            leash,
            _output: output,
        };
        if process.first_line.is_empty() {
            return Err(io::Error::other("the sidecar ended before it served"));
        }
        Ok(process)
    }

    pub(crate) fn first_line(&self) -> &str {
        &self.first_line
    }

    /// Ends it by SIGKILL.
    pub(crate) fn kill(&mut self) -> io::Result<()> {
        if let Some(mut leash) = self.leash.take() {
            leash.write_all(b"-9\n")?;
        }
        self.shell.wait().map(drop)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.leash.take());
        // Whether it could be waited for changes nothing: it ends with its leash.
        let _ = self.shell.wait();
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
