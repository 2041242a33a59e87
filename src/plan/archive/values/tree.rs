//! What `planned_values` and `prior_state` have in common: resources below modules, and outputs.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// `planned_values`, or the `values` of `prior_state`.
#[derive(Default, Deserialize)]
pub(super) struct Tree<'a> {
    #[serde(borrow, default)]
    pub(super) outputs: Option<BTreeMap<String, Output<'a>>>,
    #[serde(borrow, default)]
    root_module: Option<Module<'a>>,
}

/// An output with its value.
#[derive(Deserialize)]
pub(super) struct Output<'a> {
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) sensitive: Option<bool>,
}

#[derive(Deserialize)]
struct Module<'a> {
    #[serde(borrow, default)]
    address: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    resources: Option<Vec<Row<'a>>>,
    #[serde(borrow, default)]
    child_modules: Option<Vec<Module<'a>>>,
}

/// A resource.
#[derive(Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow, default)]
    pub(super) address: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) mode: Cow<'a, str>,
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    index: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) provider_name: Cow<'a, str>,
    #[serde(default)]
    pub(super) schema_version: Option<u64>,
    #[serde(borrow, default)]
    pub(super) values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) sensitive_values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) identity: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) depends_on: Option<Vec<String>>,
    #[serde(default)]
    pub(super) tainted: Option<bool>,
    #[serde(borrow, default)]
    pub(super) deposed_key: Option<Cow<'a, str>>,
    /// Address of the module that it stands in.
    #[serde(skip)]
    module: String,
}

/// A row of changes, its name only.
#[derive(Deserialize)]
struct ChangeRow<'a> {
    #[serde(borrow, default)]
    module_address: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    mode: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    index: Option<&'a RawValue>,
}

impl<'a> Tree<'a> {
    /// The rows of all modules.
    pub(super) fn rows(&mut self) -> Vec<Row<'a>> {
        let mut open: Vec<Module<'a>> = self.root_module.take().into_iter().collect();
        let mut rows = Vec::new();
        while let Some(module) = open.pop() {
            let address = module.address.unwrap_or_default();
            for mut row in module.resources.unwrap_or_default() {
                row.module.clone_from(&address.to_string());
                rows.push(row);
            }
            open.extend(module.child_modules.unwrap_or_default());
        }
        rows
    }
}

impl Row<'_> {
    /// Whether module, mode, type, name and index are those of the address.
    pub(super) fn names_itself(&self) -> bool {
        let name = Named {
            module: &self.module,
            mode: &self.mode,
            kind: &self.kind,
            name: &self.name,
            index: self.index.map(RawValue::get),
        };
        name.is(&self.address)
    }
}

/// Whether a row of changes has the parts of its address. Versions before 1.0 leave some of them out.
pub(super) fn change_names_itself(row: &str, address: &str) -> bool {
    let Ok(row) = serde_json::from_str::<ChangeRow<'_>>(row) else {
        return false;
    };
    let (Some(mode), Some(kind), Some(name)) = (&row.mode, &row.kind, &row.name) else {
        return false;
    };
    let name = Named {
        module: row.module_address.as_deref().unwrap_or_default(),
        mode,
        kind,
        name,
        index: row.index.map(RawValue::get),
    };
    name.is(address)
}

/// The parts that an address is made of.
pub(super) struct Named<'a> {
    pub(super) module: &'a str,
    pub(super) mode: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    /// A key, as JSON.
    pub(super) index: Option<&'a str>,
}

impl Named<'_> {
    /// Whether these are the parts of an address. Older versions escape keys as Go does.
    pub(super) fn is(&self, address: &str) -> bool {
        let rest = match self.module {
            "" => Some(address),
            module => address
                .strip_prefix(module)
                .and_then(|rest| rest.strip_prefix('.')),
        };
        let prefix = match self.mode {
            "managed" => "",
            "data" => "data.",
            "ephemeral" => "ephemeral.",
            _ => return false,
        };
        let block = format!("{prefix}{}.{}", self.kind, self.name);
        let Some(key) = rest.and_then(|rest| rest.strip_prefix(&block)) else {
            return false;
        };
        let Some(index) = self.index else {
            return key.is_empty();
        };
        match serde_json::from_str::<String>(index) {
            Ok(text) => key == format!("[{}]", quoted(&text)) || key == format!("[{text:?}]"),
            Err(_number) => key == format!("[{index}]"),
        }
    }
}

/// The address of an instance in a state file.
pub(super) fn instance(module: &str, mode: &str, block: &str, key: Option<&str>) -> String {
    let mut out = String::new();
    if !module.is_empty() {
        out.push_str(module);
        out.push('.');
    }
    if mode != "managed" {
        out.push_str(mode);
        out.push('.');
    }
    out.push_str(block);
    if let Some(key) = key {
        let key = serde_json::from_str::<String>(key).map_or(key.to_owned(), |key| quoted(&key));
        out.push_str(&format!("[{key}]"));
    }
    out
}

/// A key in quotes, as both programs write it.
fn quoted(key: &str) -> String {
    let mut out = String::from("\"");
    let mut rest = key.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' | '%' => {
                out.push(c);
                if rest.peek() == Some(&'{') {
                    out.push(c);
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_their_parts() {
        for (index, key) in [
            (Some("1"), "[1]"),
            (Some(r#""a.b""#), r#"["a.b"]"#),
            (Some(r#""c[\"d\"]""#), r#"["c[\"d\"]"]"#),
            (Some(r#""${x}\n""#), r#"["$${x}\n"]"#),
            (None, ""),
        ] {
            let name = Named {
                module: "module.m[0]",
                mode: "data",
                kind: "t",
                name: "n",
                index,
            };
            let address = format!("module.m[0].data.t.n{key}");
            assert!(name.is(&address), "{address}");
            assert!(!name.is(&address.replace("t.n", "t.o")));
            assert!(!name.is(&address.replace("data.", "")));
            assert!(!name.is(&address.replace("m[0]", "m[1]")));
            assert!(!name.is(&format!("{address}[2]")));
            assert_eq!(instance("module.m[0]", "data", "t.n", index), address);
        }
    }
}
