//! The line to the stage.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::Failure;

/// Sends commands, one JSON object a line; tasks may share it.
#[derive(Clone)]
pub(crate) struct Control {
    stream: Arc<Mutex<BufReader<TcpStream>>>,
}

impl Control {
    /// Connects to `host:port`.
    pub(crate) fn connect(address: &str) -> Result<Control, Failure> {
        let stream = BufReader::new(TcpStream::connect(address)?);
        Ok(Control {
            stream: Arc::new(Mutex::new(stream)),
        })
    }

    /// Sends a command and returns its answer; an error is the stage's own text.
    ///
    /// It blocks, because changes of an update send commands, too. Other tasks go on.
    pub(crate) fn carry_out(&self, command: &Value) -> Result<Value, Failure> {
        let answer = tokio::task::block_in_place(|| self.exchange(command))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(problem) => Err(problem.into()),
            None => Ok(answer),
        }
    }

    fn exchange(&self, command: &Value) -> Result<Value, Failure> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        stream
            .get_mut()
            .write_all(format!("{command}\n").as_bytes())?;
        let mut line = String::new();
        stream.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}
