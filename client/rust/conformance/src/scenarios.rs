//! Carrying scenarios out, and telling what went wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use pannier::{RetryPolicy, Store, Tls};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::Failure;
use crate::calls::Calls;
use crate::control::Control;
use crate::matching::mismatch;
use crate::results::{CallFailed, error_json};
use crate::substitution::{Saved, at_path, substitute};

/// What a step gave: a result, or an error.
enum Outcome {
    Result(Value),
    Error(Value),
}

/// Runs the scenarios of files whose names hold a text; returns how many failed.
pub(crate) async fn run(
    control: &Control,
    files: &[PathBuf],
    only: &str,
) -> Result<usize, Failure> {
    let (mut passed, mut failed) = (0, 0);
    for file in files {
        let topic: Value = serde_json::from_str(&fs::read_to_string(file)?)?;
        for scenario in topic["scenarios"].as_array().into_iter().flatten() {
            let name = scenario["name"].as_str().unwrap_or_default();
            if !name.contains(only) {
                continue;
            }
            match play(scenario, control).await {
                Ok(()) => passed += 1,
                Err(problem) => {
                    failed += 1;
                    let topic = topic["topic"].as_str().unwrap_or_default();
                    println!("FAILED {topic}: {name}\n  {problem}");
                }
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    Ok(failed)
}

async fn play(scenario: &Value, control: &Control) -> Result<(), Failure> {
    let stage = scenario.get("stage").cloned().unwrap_or(json!({}));
    let command = json!({"do": "begin", "scenario": scenario["name"], "stage": stage});
    let began = control.carry_out(&command)?;
    let played = play_steps(scenario, &began, control).await;
    control.carry_out(&json!({"do": "end"}))?;
    played
}

async fn play_steps(scenario: &Value, began: &Value, control: &Control) -> Result<(), Failure> {
    let store = open(&scenario["connect"], began)?;
    let mut play = Play {
        calls: Calls::new(store.clone(), control.clone()),
        control: control.clone(),
        saved: Saved::from([("owner".to_owned(), began["owner"].clone())]),
        running: BTreeMap::new(),
    };
    let played = play.all(&scenario["steps"]).await;
    store.close();
    played
}

fn open(connect: &Value, began: &Value) -> Result<Store, Failure> {
    let mut builder = Store::builder().address(began["address"].as_str().unwrap_or_default());
    if let Some(seconds) = connect["timeout_seconds"].as_f64() {
        builder = builder.timeout(Duration::from_secs_f64(seconds));
    }
    if let Some(attempts) = connect["max_attempts"].as_u64() {
        builder = builder.retries(RetryPolicy::new().max_attempts(u32::try_from(attempts)?)?);
    }
    if let Some(token) = connect["token"].as_str() {
        builder = builder.token(token);
    }
    if let Some(file) = began["ca_file"].as_str() {
        builder = builder.tls(Tls::new().root_certificates(fs::read(file)?));
    }
    Ok(builder.connect()?)
}

/// One scenario while it is carried out.
struct Play {
    calls: Calls,
    control: Control,
    saved: Saved,
    running: BTreeMap<String, JoinHandle<Result<Outcome, Failure>>>,
}

impl Play {
    async fn all(&mut self, steps: &Value) -> Result<(), Failure> {
        for (index, step) in steps.as_array().into_iter().flatten().enumerate() {
            if let Err(problem) = self.step(step).await {
                return Err(format!("step {} {step}: {problem}", index + 1).into());
            }
        }
        match self.running.keys().next() {
            Some(name) => Err(format!("never awaited: {name}").into()),
            None => Ok(()),
        }
    }

    async fn step(&mut self, step: &Value) -> Result<(), Failure> {
        if let Some(name) = step["start"].as_str() {
            let call = self.call(step);
            self.running.insert(name.to_owned(), tokio::spawn(call));
            return Ok(());
        }
        let (kind, wanted, value) = match (self.outcome(step).await?, step.get("error")) {
            (Outcome::Result(value), None) => ("result", step.get("expect"), value),
            (Outcome::Error(value), Some(wanted)) => ("error", Some(wanted), value),
            (Outcome::Result(value), _) => return Err(format!("it gave the result {value}").into()),
            (Outcome::Error(value), _) => return Err(format!("it gave the error {value}").into()),
        };
        let wanted = wanted.map_or(json!({}), |wanted| substitute(wanted, &self.saved));
        if let Some(problem) = mismatch(&wanted, &value, kind) {
            return Err(problem.into());
        }
        self.save(step, &value)
    }

    fn save(&mut self, step: &Value, value: &Value) -> Result<(), Failure> {
        for (name, path) in step["save"].as_object().into_iter().flatten() {
            let path = path.as_str().unwrap_or_default();
            let part = at_path(value, path).ok_or(format!("there is no {path} in {value}"))?;
            self.saved.insert(name.clone(), part);
        }
        Ok(())
    }

    async fn outcome(&mut self, step: &Value) -> Result<Outcome, Failure> {
        if let Some(name) = step["await"].as_str() {
            let running = self.running.remove(name);
            return running.ok_or(format!("{name} was not started"))?.await?;
        }
        if let Some(command) = step.get("control") {
            let command = substitute(command, &self.saved);
            return Ok(Outcome::Result(self.control.carry_out(&command)?));
        }
        self.call(step).await
    }

    fn call(&self, step: &Value) -> impl Future<Output = Result<Outcome, Failure>> + use<> {
        let calls = self.calls.clone();
        let name = step["call"].as_str().unwrap_or_default().to_owned();
        let arguments = substitute(&step["args"], &self.saved);
        async move {
            match calls.call(&name, arguments).await {
                Ok(value) => Ok(Outcome::Result(value)),
                Err(CallFailed::Stage(problem)) => Err(problem.into()),
                Err(failed) => Ok(Outcome::Error(error_json(&failed).unwrap_or_default())),
            }
        }
    }
}
