//! Addresses as text: from a plan's instance address to the configuration address.
//!
//! Instance keys are strings a person chose: they hold dots, brackets and escaped quotes, so an address
//! is never split at dots before its keys are gone.

/// Takes the instance keys out of an address: `module.a["x.y"].aws_b.c[0]` becomes `module.a.aws_b.c`.
///
/// Quotes and escapes inside a key are honoured; what follows a key that never ends is dropped.
#[must_use]
pub fn strip_keys(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut depth = 0_usize;
    let mut quoted = false;
    let mut escaped = false;
    for c in address.chars() {
        if depth == 0 {
            match c {
                '[' => depth = 1,
                _ => out.push(c),
            }
        } else if quoted {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => quoted = false,
                _ => {}
            }
        } else {
            match c {
                '"' => quoted = true,
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
        }
    }
    out
}

/// The key `modules.json` uses for a module path: `module.a["x"].module.b` becomes `a.b`, the root `""`.
#[must_use]
pub fn module_key(module_address: &str) -> String {
    let path = strip_keys(module_address);
    let mut names = Vec::new();
    let mut parts = path.split('.');
    while let (Some("module"), Some(name)) = (parts.next(), parts.next()) {
        names.push(name);
    }
    names.join(".")
}

/// The steps of a module's instance address: `module.a["x.y"].module.b` is `module.a["x.y"]` and `module.b`.
///
/// What is no module address comes back whole, as one step.
#[must_use]
pub fn module_steps(address: &str) -> Vec<&str> {
    let rest = |from: usize| address.get(from..).unwrap_or_default();
    let mut steps = Vec::new();
    let (mut from, mut depth) = (0, 0_usize);
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in address.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            _ if quoted => {}
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            '.' if depth == 0 && rest(at).starts_with(".module.") => {
                steps.push(address.get(from..at).unwrap_or_default());
                from = at + 1;
            }
            _ => {}
        }
    }
    if from < address.len() {
        steps.push(rest(from));
    }
    steps
}

/// The module path that contains `module_path` (without keys), or nothing for the root.
pub(super) fn parent(module_path: &str) -> Option<&str> {
    if module_path.is_empty() {
        return None;
    }
    let above = module_path.rsplit_once('.').map_or("", |(above, _)| above);
    Some(above.strip_suffix(".module").unwrap_or_default())
}

/// Puts a module path before an address that counts from that module.
pub(super) fn within(module: &str, address: &str) -> String {
    if module.is_empty() {
        address.to_owned()
    } else {
        format!("{module}.{address}")
    }
}

/// Whether Terraform accepts `name` as a label that becomes part of an address.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// Joins a repository directory and a relative path; nothing if it leaves the repository.
#[must_use]
pub fn join(directory: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The directory of a repository path, `""` at the root.
#[must_use]
pub fn directory(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The last part of a repository path.
pub(super) fn file_name(file: &str) -> &str {
    file.rsplit_once('/').map_or(file, |(_, name)| name)
}
