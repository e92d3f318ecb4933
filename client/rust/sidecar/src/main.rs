//! Runs a command with a sidecar of its own, whose address is in `PANNIER_ADDRESS`.
//!
//! The examples in the documentation connect to the default address, as those who copy them
//! do. This gives them one.

use std::env;
use std::io;
use std::process::{Command, ExitCode};

use sidecar::Sidecar;

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args_os().skip(1);
    let command = arguments
        .next()
        .ok_or_else(|| io::Error::other("usage: with-sidecar COMMAND [ARGUMENT]..."))?;
    let sidecar = Sidecar::start("memory:")?;
    let status = Command::new(command)
        .args(arguments)
        .env("PANNIER_ADDRESS", sidecar.address())
        .status()?;
    Ok(ExitCode::from(u8::from(!status.success())))
}
