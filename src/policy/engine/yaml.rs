//! YAML through the engine's own reader.

use serde_json::Value as Json;

/// Reads one YAML document.
///
/// # Errors
/// With the reader's words.
pub(in crate::policy) fn read(text: &str) -> Result<Json, String> {
    let value = regorus::Value::from_yaml_str(text).map_err(|error| super::first_line(&error))?;
    serde_json::to_value(&value).map_err(|error| error.to_string())
}
