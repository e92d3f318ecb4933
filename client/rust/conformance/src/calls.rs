//! A scenario's calls, made through the client's public interface.

use std::time::{Duration, SystemTime};

use base64::prelude::{BASE64_STANDARD, Engine};
use pannier::calls::{CleanupExpired, Delete, Get, List, PutIfVersion};
use pannier::{Consistency, Order, Store};
use serde_json::{Value, json};

use crate::control::Control;
use crate::results::{CallFailed, page_json, record_json, unreadable_json, written_json};

/// The calls of one scenario's store.
#[derive(Clone)]
pub(crate) struct Calls {
    store: Store,
    control: Control,
}

/// The arguments of a call.
struct Arguments(Value);

/// Sets an option of a call where the scenario says something about it.
fn with<C, T>(call: C, value: Option<T>, set: impl FnOnce(C, T) -> C) -> C {
    match value {
        Some(value) => set(call, value),
        None => call,
    }
}

/// Sets what all writes can be told.
macro_rules! write_options {
    ($call:expr, $arguments:expr) => {{
        let call = expiry_options!($call, $arguments);
        with(call, $arguments.text("request_id"), |call, id| {
            call.request_id(id)
        })
    }};
}

/// Sets what says when a record expires, and the time limit.
macro_rules! expiry_options {
    ($call:expr, $arguments:expr) => {{
        let call = with($call, $arguments.ttl(), |call, ttl| call.ttl(ttl));
        let call = with(call, $arguments.time("expire_time"), |call, time| {
            call.expire_time(time)
        });
        let call = with(call, $arguments.flag("never_expires"), |call, ()| {
            call.never_expires()
        });
        with(call, $arguments.timeout(), |call, timeout| {
            call.timeout(timeout)
        })
    }};
}

impl Calls {
    pub(crate) fn new(store: Store, control: Control) -> Calls {
        Calls { store, control }
    }

    /// Makes a call and returns its result as JSON.
    pub(crate) async fn call(&self, name: &str, arguments: Value) -> Result<Value, CallFailed> {
        let args = Arguments(arguments);
        match name {
            "key" => Ok(json!({"key": pannier::key(&args.owner(), &args.must("name"))?})),
            "prefix" => {
                let start = args.text("name_start").unwrap_or_default();
                Ok(json!({"prefix": pannier::prefix(&args.owner(), &start)?}))
            }
            "get" => self.get(&args).await,
            "put" | "put_if_version" | "create" => self.write(name, &args).await,
            "update" => self.update(&args).await,
            "delete" => self.delete(&args).await,
            "list" => self.list(&args).await,
            "list_pages" => self.list_pages(&args).await,
            "cleanup_expired" => self.cleanup_expired(&args).await,
            "close" => {
                self.store.close();
                Ok(json!({}))
            }
            other => Err(CallFailed::Stage(format!("there is no call {other:?}"))),
        }
    }

    async fn get(&self, args: &Arguments) -> Result<Value, CallFailed> {
        let call = self.store.get(args.key());
        let call = with(call, args.consistency(), Get::consistency);
        let call = with(call, args.timeout(), Get::timeout);
        Ok(record_json(&call.await?))
    }

    async fn write(&self, name: &str, args: &Arguments) -> Result<Value, CallFailed> {
        let (key, data) = (args.key(), args.data());
        let written = match name {
            "put" => write_options!(self.store.put(key, data), args).await?,
            "create" => write_options!(self.store.create(key, data), args).await?,
            _ => {
                let version = args.version().unwrap_or_default();
                let call = self.store.put_if_version(key, data, version);
                let call = with(call, args.text("etag"), PutIfVersion::etag);
                write_options!(call, args).await?
            }
        };
        Ok(written_json(&written))
    }

    async fn update(&self, args: &Arguments) -> Result<Value, CallFailed> {
        let (wanted, event) = (&args.0["change"], args.0.get("on_first_change"));
        let mut changes = 0;
        let change = |data: &[u8]| {
            changes += 1;
            if let Some(event) = event.filter(|_| changes == 1) {
                self.happen(event)?;
            }
            changed(data, wanted)
        };
        let call = self.store.try_update(args.key(), change);
        let mut result = record_json(&expiry_options!(call, args).await?);
        result["changes"] = json!(changes);
        Ok(result)
    }

    async fn delete(&self, args: &Arguments) -> Result<Value, CallFailed> {
        let call = self.store.delete(args.key());
        let call = with(call, args.version(), Delete::expected_version);
        let call = with(call, args.text("etag"), Delete::etag);
        let call = with(call, args.timeout(), Delete::timeout);
        Ok(json!({"deleted": call.await?}))
    }

    async fn list(&self, args: &Arguments) -> Result<Value, CallFailed> {
        let (reported, mut unreadable) = tokio::sync::mpsc::unbounded_channel();
        let call = with(
            self.listing(args),
            args.flag("name_unreadable"),
            |call, ()| call.on_unreadable(move |row| drop(reported.send(unreadable_json(&row)))),
        );
        let take = args.number("take").unwrap_or(u64::MAX);
        let mut following = call.records();
        let mut records = Vec::new();
        while (records.len() as u64) < take
            && let Some(record) = following.next().await
        {
            records.push(record_json(&record?));
            if let Some(event) = args.0.get("on_first_record").filter(|_| records.len() == 1) {
                self.happen(event)?;
            }
        }
        drop(following);
        let mut rows = Vec::new();
        while let Ok(row) = unreadable.try_recv() {
            rows.push(row);
        }
        Ok(json!({"records": records, "unreadable": rows}))
    }

    async fn list_pages(&self, args: &Arguments) -> Result<Value, CallFailed> {
        let mut following = self.listing(args).pages();
        let mut pages = Vec::new();
        while let Some(page) = following.next().await {
            pages.push(page_json(&page?));
        }
        Ok(json!({"pages": pages}))
    }

    fn listing(&self, args: &Arguments) -> List {
        let call = self.store.list(args.must("prefix"));
        let call = with(call, args.small("page_size"), List::page_size);
        let call = with(call, args.text("page_token"), |call, token| {
            call.page_token(token)
        });
        let call = with(call, args.small("limit"), List::limit);
        let call = with(call, args.flag("keys_only"), |call, ()| call.keys_only());
        let call = with(call, args.order(), List::order);
        let call = with(call, args.consistency(), List::consistency);
        with(call, args.timeout(), List::timeout)
    }

    async fn cleanup_expired(&self, args: &Arguments) -> Result<Value, CallFailed> {
        let call = self.store.cleanup_expired();
        let call = with(call, args.text("prefix"), |call, prefix| {
            call.prefix(prefix)
        });
        let call = with(call, args.small("limit"), CleanupExpired::limit);
        let call = with(call, args.timeout(), CleanupExpired::timeout);
        let done = call.await?;
        Ok(json!({"removed": done.removed, "more": done.more}))
    }

    /// Lets something happen on the stage amid a call.
    fn happen(&self, event: &Value) -> Result<(), CallFailed> {
        match self.control.carry_out(event) {
            Ok(_) => Ok(()),
            Err(problem) => Err(CallFailed::Stage(problem.to_string())),
        }
    }
}

fn changed(data: &[u8], wanted: &Value) -> Result<Option<Vec<u8>>, CallFailed> {
    if let Some(text) = wanted["raise"].as_str() {
        return Err(CallFailed::Change(text.to_owned()));
    }
    if let Some(text) = wanted["append"].as_str() {
        return Ok(Some([data, text.as_bytes()].concat()));
    }
    let Some(more) = wanted["add"].as_i64() else {
        return Ok(None);
    };
    let number = str::from_utf8(data)
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    let number = number.ok_or_else(|| CallFailed::Change("the data is no number".to_owned()))?;
    Ok(Some((number + more).to_string().into_bytes()))
}

impl Arguments {
    fn text(&self, name: &str) -> Option<String> {
        self.0.get(name)?.as_str().map(str::to_owned)
    }

    fn must(&self, name: &str) -> String {
        self.text(name).unwrap_or_default()
    }

    fn key(&self) -> String {
        self.must("key")
    }

    fn owner(&self) -> String {
        self.must("owner")
    }

    fn flag(&self, name: &str) -> Option<()> {
        (self.0.get(name)? == true).then_some(())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_u64()
    }

    fn small(&self, name: &str) -> Option<u32> {
        u32::try_from(self.number(name)?).ok()
    }

    /// A version may be a string of digits.
    fn version(&self) -> Option<u64> {
        let digits = self.text("expected_version");
        self.number("expected_version")
            .or_else(|| digits?.parse().ok())
    }

    fn timeout(&self) -> Option<Duration> {
        Duration::try_from_secs_f64(self.0.get("timeout_seconds")?.as_f64()?).ok()
    }

    /// A negative time to live cannot be said in Rust; 0 is what comes nearest to it.
    fn ttl(&self) -> Option<Duration> {
        let seconds = self.0.get("ttl_seconds")?.as_f64()?;
        Some(Duration::try_from_secs_f64(seconds).unwrap_or_default())
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.0.get(name)?.as_str()?).ok()
    }

    fn consistency(&self) -> Option<Consistency> {
        Some(match self.0.get("consistency")?.as_str()? {
            "eventual" => Consistency::Eventual,
            _ => Consistency::Strong,
        })
    }

    fn order(&self) -> Option<Order> {
        Some(match self.0.get("order")?.as_str()? {
            "descending" => Order::Descending,
            _ => Order::Ascending,
        })
    }

    fn data(&self) -> Vec<u8> {
        match &self.0["data"] {
            Value::String(text) => text.as_bytes().to_vec(),
            encoded if encoded.get("base64").is_some() => BASE64_STANDARD
                .decode(encoded["base64"].as_str().unwrap_or_default())
                .unwrap_or_default(),
            repeated => {
                let times = repeated["times"]
                    .as_u64()
                    .and_then(|it| usize::try_from(it).ok());
                let piece = repeated["repeat"].as_str().unwrap_or_default();
                piece.repeat(times.unwrap_or_default()).into_bytes()
            }
        }
    }
}
