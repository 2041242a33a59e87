//! The policies, helpers and tables that are shipped in the program.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::bundle::{Bundle, Module};

macro_rules! embedded {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../policies/", $path)))),*]
    };
}

/// Rego files of the policies, tests left out.
const POLICIES: &[(&str, &str)] = embedded![
    "allowed-refs/allowed_refs.rego",
    "allowed-repos/allowed_repos.rego",
    "any-ref-role/any_ref_role.rego",
    "any-ref-role/google.rego",
    "approved-modules/approved_modules.rego",
    "approved-providers/approved_providers.rego",
    "approved-providers/lookalikes.rego",
    "backend-change/backend_change.rego",
    "base-fresh/base_fresh.rego",
    "ci-tamper/ci_tamper.rego",
    "deletion-protection/deletion_protection.rego",
    "deny-guard-removed/deny_guard_removed.rego",
    "exec-grant/exec_grant.rego",
    "hardcoded-secret/hardcoded_secret.rego",
    "lockfile-integrity/lockfile_integrity.rego",
    "mass-destroy/mass_destroy.rego",
    "no-delete-grants/no_delete_grants.rego",
    "no-destroy/no_destroy.rego",
    "no-local-exec/hidden.rego",
    "no-local-exec/no_local_exec.rego",
    "no-local-exec/routes.rego",
    "no-static-credentials/no_static_credentials.rego",
    "plan-committed/plan_committed.rego",
    "plan-complete/plan_complete.rego",
    "plan-mode-restricted/plan_mode_restricted.rego",
    "plan-proof/plan_proof.rego",
    "prevent-destroy-removed/prevent_destroy_removed.rego",
    "read-only-principals/findings.rego",
    "read-only-principals/read_only_principals.rego",
    "remote-code/remote_code.rego",
    "rollback-guard/rollback_guard.rego",
    "state-bucket-read-only/state_bucket_read_only.rego",
    "two-step-destroy/two_step_destroy.rego",
    "unexplained-change/unexplained_change.rego",
    "unplanned-hunk/unplanned_hunk.rego",
    "wildcard-grant/wildcard_grant.rego",
];

/// Rego helpers below `data.countersign.lib`.
const LIBRARY: &[(&str, &str)] = embedded![
    "lib/addresses.rego",
    "lib/configuration.rego",
    "lib/diff.rego",
    "lib/globs.rego",
    "lib/grants.rego",
    "lib/grants_aws.rego",
    "lib/grants_azure.rego",
    "lib/grants_azure_graph.rego",
    "lib/grants_definitions.rego",
    "lib/grants_gains.rego",
    "lib/grants_gcp.rego",
    "lib/grants_joined.rego",
    "lib/grants_kubernetes.rego",
    "lib/grants_rows.rego",
    "lib/grants_text.rego",
    "lib/grants_values.rego",
    "lib/grants_written.rego",
    "lib/paths.rego",
    "lib/principals_aws.rego",
    "lib/protection.rego",
    "lib/providers.rego",
    "lib/scopes.rego",
    "lib/versions.rego",
];

/// Fact tables below `data.countersign.tables`.
const TABLES: &[(&str, &str)] = embedded![
    "tables/aws_actions.json",
    "tables/aws_managed_policies.json",
    "tables/aws_overrides.json",
    "tables/azure_graph.json",
    "tables/azure_roles.json",
    "tables/ci_paths.json",
    "tables/deletion_protection.json",
    "tables/destructive.json",
    "tables/exec_actions.json",
    "tables/exec_arguments.json",
    "tables/exec_providers.json",
    "tables/exec_types.json",
    "tables/gcp_roles.json",
    "tables/grants.json",
    "tables/hashicorp_providers.json",
    "tables/remote_code.json",
    "tables/secrets.json",
    "tables/stateful_types.json",
    "tables/static_credentials.json",
];

/// The shipped policies with their helpers and tables.
///
/// # Errors
/// When a table is not JSON, which the tests rule out.
pub fn bundle() -> Result<Bundle, String> {
    let mut bundle = Bundle {
        name: "built-in".to_owned(),
        builtin: true,
        required: true,
        modules: POLICIES.iter().map(module).collect(),
        ..Bundle::default()
    };
    add_library(&mut bundle)?;
    Ok(bundle)
}

/// Adds helpers and tables to a bundle whose policies refer to them.
///
/// # Errors
/// When a table is not JSON, or the bundle brings its own data at that place.
pub fn add_library(bundle: &mut Bundle) -> Result<(), String> {
    bundle.modules.extend(LIBRARY.iter().map(module));
    add_tables(bundle)
}

/// Adds the tables alone.
///
/// # Errors
/// When a table is not JSON, or the bundle brings its own data at that place.
pub fn add_tables(bundle: &mut Bundle) -> Result<(), String> {
    let mut tables = Map::new();
    for (path, text) in TABLES {
        let name = path.trim_start_matches("tables/").trim_end_matches(".json");
        let table: Json = serde_json::from_str(text).map_err(|error| format!("{path}: {error}"))?;
        tables.insert(name.to_owned(), table);
    }
    bundle
        .add_data(
            &["countersign".to_owned(), "tables".to_owned()],
            Json::Object(tables),
        )
        .map_err(|conflict| conflict.to_string())
}

fn module((path, text): &(&str, &str)) -> Module {
    Module {
        path: format!("policies/{path}"),
        text: Arc::from(*text),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn files(dir: &Path, out: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, out);
            } else {
                let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
                let name = path
                    .strip_prefix(root)
                    .unwrap()
                    .to_string_lossy()
                    .replace('\\', "/");
                let is_rego = name.ends_with(".rego") && !name.ends_with("_test.rego");
                if is_rego || (name.starts_with("tables/") && name.ends_with(".json")) {
                    out.insert(name);
                }
            }
        }
    }

    #[test]
    fn every_shipped_file_is_embedded() {
        let mut expected = BTreeSet::new();
        files(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"),
            &mut expected,
        );
        let embedded: BTreeSet<String> = POLICIES
            .iter()
            .chain(LIBRARY)
            .chain(TABLES)
            .map(|(path, _)| (*path).to_owned())
            .collect();
        assert_eq!(embedded, expected);
    }
}
