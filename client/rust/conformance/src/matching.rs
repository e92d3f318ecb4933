//! Whether a result is what a scenario expects.

use std::time::SystemTime;

use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Map, Value};

/// Returns what is wrong with a result, or `None` where it matches.
pub(crate) fn mismatch(expected: &Value, actual: &Value, place: &str) -> Option<String> {
    match (expected, actual) {
        (Value::Object(wanted), _) => match matcher(wanted, actual) {
            Some(matches) => problem(matches, expected, actual, place),
            None => object_mismatch(wanted, actual, place),
        },
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let mut parts = wanted.iter().zip(found).enumerate();
            parts
                .find_map(|(index, (one, other))| mismatch(one, other, &format!("{place}.{index}")))
        }
        _ => problem(equal(expected, actual), expected, actual, place),
    }
}

fn problem(matches: bool, expected: &Value, actual: &Value, place: &str) -> Option<String> {
    (!matches).then(|| format!("{place} is {actual}, not {expected}"))
}

fn object_mismatch(expected: &Map<String, Value>, actual: &Value, place: &str) -> Option<String> {
    if !actual.is_object() {
        return Some(format!("{place} is {actual}, not an object"));
    }
    expected.iter().find_map(|(name, part)| {
        let found = actual.get(name).unwrap_or(&Value::Null);
        mismatch(part, found, &format!("{place}.{name}"))
    })
}

/// Tells whether the matcher that an object is matches; `None` where it is none.
fn matcher(expected: &Map<String, Value>, actual: &Value) -> Option<bool> {
    let (name, wanted) = expected.iter().next()?;
    Some(match name.as_str() {
        "$one_of" => parts(wanted).any(|one| mismatch(one, actual, "").is_none()),
        "$not" => mismatch(wanted, actual, "").is_some(),
        "$any" => !actual.is_null() && actual != "",
        "$from" => number(actual).is_some_and(|found| {
            let most = expected.get("$to").and_then(number);
            number(wanted) <= Some(found) && Some(found) <= most
        }),
        "$length" => actual.as_array().map(Vec::len) == integer(wanted),
        "$contains" => text(actual).contains(text(wanted)),
        "$in_seconds" => seconds_from_now(actual).is_some_and(|found| {
            let ends: Vec<f64> = parts(wanted).filter_map(number).collect();
            ends[0] <= found && found <= ends[1]
        }),
        "repeat" => {
            let times = expected.get("times").and_then(integer).unwrap_or_default();
            text(actual) == text(wanted).repeat(times)
        }
        "base64" => bytes(wanted) == actual.get("base64").and_then(bytes),
        _ => return None,
    })
}

/// Versions may exceed what JSON numbers hold for others, and are then strings.
fn equal(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(_), Value::Number(_)) => number(expected) == number(actual),
        (Value::Number(number), Value::String(text))
        | (Value::String(text), Value::Number(number)) => number.to_string() == *text,
        _ => expected == actual,
    }
}

fn parts(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

fn integer(value: &Value) -> Option<usize> {
    usize::try_from(value.as_u64()?).ok()
}

fn bytes(encoded: &Value) -> Option<Vec<u8>> {
    BASE64_STANDARD.decode(encoded.as_str()?).ok()
}

fn seconds_from_now(time: &Value) -> Option<f64> {
    let time = humantime::parse_rfc3339(time.as_str()?).ok()?;
    let now = SystemTime::now();
    Some(match time.duration_since(now) {
        Ok(ahead) => ahead.as_secs_f64(),
        Err(behind) => -behind.duration().as_secs_f64(),
    })
}
