//! What a run is recognised by when it is to be resumed, and how it is said what differs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::units::Count;

/// What a run is recognised by when it is to be resumed. Stored in the work folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    /// The program and its version: another one may write other bytes.
    pub(crate) tool: String,
    /// The options that the bytes depend on. Verbs other than `convert` name themselves, as `verb`.
    pub(crate) options: BTreeMap<String, Value>,
    /// How many inputs there are.
    pub(crate) inputs: u64,
    /// The digest of the list of inputs.
    pub(crate) inputs_sha256: String,
    /// The input files with the times of their last change, where rows or records cannot be told apart by name.
    pub(crate) stamp: Vec<String>,
    /// The latest of these times, in nanoseconds since 1970.
    pub(crate) newest: u64,
    /// Inputs in a batch, judged by a few of them; not compared, but carried on.
    pub(crate) batch_len: u64,
}

/// The digest of a list of inputs: parts are told apart wherever their bytes end.
#[derive(Debug, Default)]
pub(crate) struct Digest(Sha256);

impl Digest {
    /// Adds a part.
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// SHA-256 in hexadecimal.
    pub(crate) fn finish(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Fingerprint {
    fn verb(&self) -> &str {
        self.options.get("verb").and_then(Value::as_str).unwrap_or("convert")
    }

    /// What differs from another run, in words; `None` if nothing does. `stamped` is what the stamp speaks of: see
    /// [`Words::stamped`](super::Words::stamped).
    pub(crate) fn difference(&self, other: &Self, stamped: &str) -> Option<String> {
        if self.tool != other.tool {
            return Some(format!("it was made by {}, and this is {}", short(&other.tool), self.tool));
        }
        let (before, now) = (other.verb(), self.verb());
        if before != now {
            return Some(format!("the command was `{}` and is now `{now}`", short(before)));
        }
        for (key, value) in &self.options {
            let before = other.options.get(key).unwrap_or(&Value::Null);
            if before != value {
                return Some(option_difference(key, before, value));
            }
        }
        if self.inputs != other.inputs {
            return Some(format!("there were {} inputs and now there are {}", Count(other.inputs), Count(self.inputs)));
        }
        if self.inputs_sha256 != other.inputs_sha256 {
            return Some("the list of inputs, their labels or the class names changed".to_owned());
        }
        if self.stamp != other.stamp {
            return Some(format!("{stamped} changed in the meantime"));
        }
        None
    }
}

/// How the value of a recorded option changed, in the words of the command line.
fn option_difference(key: &str, before: &Value, now: &Value) -> String {
    if let (Value::Object(before), Value::Object(now)) = (before, now)
        && key == "transform"
        && let Some((key, now)) = now.iter().find(|(key, now)| before.get(*key) != Some(now))
    {
        let before = before.get(key).unwrap_or(&Value::Null);
        return option_difference(key, before, now);
    }
    if let (Value::Object(before), Value::Object(now)) = (before, now)
        && key == "memory"
        && let Some((name, now)) = now.iter().find(|(name, now)| before.get(*name) != Some(now))
    {
        let before = before.get(name).unwrap_or(&Value::Null);
        return format!("`{name}` in memory was {} and is now {}", short(&as_given(before)), short(&as_given(now)));
    }
    let option = match key {
        "memory" => return "the inputs were files, and arrays in memory are now among them".to_owned(),
        "inputs" => {
            return format!("the inputs were {} and are now {}", short(&as_given(before)), short(&as_given(now)));
        }
        // The option says the contrary.
        "shuffle" => {
            let (before, now) = (Value::from(before == false), Value::from(now == false));
            return format!("`--no-shuffle` was {} and is now {}", short(&as_given(&before)), short(&as_given(&now)));
        }
        "arrays" => "array".to_owned(),
        "short_side" => "resize".to_owned(),
        key => key.replace('_', "-"),
    };
    format!("`--{option}` was {} and is now {}", short(&as_given(before)), short(&as_given(now)))
}

/// As much of a text as fits a message: anyone may have written it.
fn short(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The value of an option as a user would give it.
fn as_given(value: &Value) -> String {
    let joined =
        |parts: Vec<String>, with: &str| if parts.is_empty() { "not given".to_owned() } else { parts.join(with) };
    match value {
        Value::Null | Value::Bool(false) => "not given".to_owned(),
        Value::Bool(true) => "given".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // Width and height; a split and its share; or a list.
        Value::Array(parts) => match parts.as_slice() {
            [Value::Number(width), Value::Number(height)] => format!("{width}x{height}"),
            [Value::String(name), share @ Value::Number(_)] => format!("{name}={share}"),
            parts => joined(parts.iter().map(as_given).collect(), ","),
        },
        Value::Object(map) => {
            joined(map.iter().map(|(name, value)| format!("{name}={}", as_given(value))).collect(), ",")
        }
    }
}
