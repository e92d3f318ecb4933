//! Saved values in a scenario's JSON, and the paths by which they are saved.

use std::collections::HashMap;

use serde_json::Value;

pub(crate) type Saved = HashMap<String, Value>;

/// Returns a JSON value in which saved values stand for their names.
///
/// A matcher's own field, such as `$any`, is no name: only string values are looked at.
pub(crate) fn substitute(value: &Value, saved: &Saved) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.iter();
            let changed = fields.map(|(name, part)| (name.clone(), substitute(part, saved)));
            Value::Object(changed.collect())
        }
        Value::Array(parts) => parts.iter().map(|part| substitute(part, saved)).collect(),
        Value::String(text) => in_text(text, saved),
        other => other.clone(),
    }
}

fn in_text(text: &str, saved: &Saved) -> Value {
    let mut pieces = text.split('$');
    let mut changed = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let end = piece
            .find(|letter: char| !letter.is_ascii_alphabetic() && letter != '_')
            .unwrap_or(piece.len());
        let value = saved.get(&piece[..end]).cloned().unwrap_or_default();
        if text.len() == end + 1 {
            return value;
        }
        match value {
            Value::String(value) => changed.push_str(&value),
            other => changed.push_str(&other.to_string()),
        }
        changed.push_str(&piece[end..]);
    }
    Value::String(changed)
}

/// Returns a part of a JSON value, as `pages.0.next_page_token` names it.
pub(crate) fn at_path(value: &Value, path: &str) -> Option<Value> {
    path.split('.')
        .try_fold(value, |value, step| match value {
            Value::Array(parts) => parts.get(step.parse::<usize>().ok()?),
            other => other.get(step),
        })
        .cloned()
}
