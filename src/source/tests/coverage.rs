//! Every address of real plans has its lines: resources, provisioners, outputs, variables and module calls.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::source::{PlaceKind, ResourceMode, SourceIndex, SourceSide, Sources};

fn gather(directory: &Path, name: &str, out: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_str().unwrap();
        let inner = format!("{name}{file}");
        if path.is_dir() && inner != "before" {
            gather(&path, &format!("{inner}/"), out);
        } else if inner.ends_with(".tf") || inner.ends_with(".tf.json") {
            out.push((inner, std::fs::read(&path).unwrap()));
        }
    }
}

fn index(directory: &Path) -> SourceIndex {
    let mut files = Vec::new();
    gather(directory, "", &mut files);
    SourceIndex::build(files, "", None)
}

/// The cases that have their configuration beside them.
fn cases() -> Vec<PathBuf> {
    let plans = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/plans");
    let all = std::fs::read_dir(plans).unwrap().map(|e| e.unwrap().path());
    let mut cases: Vec<PathBuf> = all
        .filter(|path| path.join("plan.json").exists() && path.join("main.tf").exists())
        .collect();
    cases.sort();
    cases
}

fn list<'j>(value: &'j Json, key: &str) -> impl Iterator<Item = &'j Json> {
    value[key].as_array().into_iter().flatten()
}

/// The addresses of a configuration: each with the number of its provisioners.
fn declared(module: &Json, path: &str, out: &mut Vec<(String, usize)>) {
    for resource in list(module, "resources") {
        let address = resource["address"].as_str().unwrap();
        out.push((
            format!("{path}{address}"),
            list(resource, "provisioners").count(),
        ));
    }
    for (key, prefix) in [
        ("outputs", "output"),
        ("variables", "var"),
        ("module_calls", "module"),
    ] {
        for (name, inner) in module[key].as_object().into_iter().flatten() {
            let address = format!("{path}{prefix}.{name}");
            if key == "module_calls" {
                declared(&inner["module"], &format!("{address}."), out);
            }
            out.push((address, 0));
        }
    }
}

#[test]
fn all_that_the_configuration_of_real_plans_names_is_indexed() {
    let (mut addresses, mut provisioners) = (0, 0);
    for case in cases() {
        let plan = std::fs::read(case.join("plan.json")).unwrap();
        let plan: Json = serde_json::from_slice(&plan).unwrap();
        let index = index(&case);
        assert_eq!(index.problems, [], "{}", case.display());
        let mut all = Vec::new();
        declared(&plan["configuration"]["root_module"], "", &mut all);
        for (address, count) in all {
            let block = index.locate_config(&address);
            assert!(block.is_some(), "{}: {address}", case.display());
            let found = index.facts.provisioners.iter();
            let found = found.filter(|p| !p.removed && p.address.as_deref() == Some(&address));
            assert_eq!(found.count(), count, "{}: {address}", case.display());
            addresses += 1;
            provisioners += count;
        }
    }
    assert!(
        addresses > 100 && provisioners > 5,
        "{addresses} {provisioners}"
    );
}

#[test]
fn every_resource_change_of_real_plans_has_lines() {
    let mut found = std::collections::BTreeMap::new();
    for case in cases() {
        let plan = std::fs::read(case.join("plan.json")).unwrap();
        let plan: Json = serde_json::from_slice(&plan).unwrap();
        let before = case.join("before");
        let sources = Sources {
            head: index(&case),
            base: before.is_dir().then(|| index(&before)),
        };
        for row in list(&plan, "resource_changes").chain(list(&plan, "resource_drift")) {
            let text = |key: &str| row[key].as_str().unwrap_or_default();
            let mode = match text("mode") {
                "data" => ResourceMode::Data,
                _ => ResourceMode::Managed,
            };
            let place = sources.place(text("module_address"), mode, text("type"), text("name"));
            let place = place.unwrap_or_else(|| panic!("{}: {}", case.display(), row["address"]));
            let shown = sources.text(place.side, &place.file).unwrap();
            let line = shown.lines().nth(place.line - 1).unwrap();
            let expected = match place.kind {
                PlaceKind::Block => format!("\"{}\" \"{}\"", text("type"), text("name")),
                PlaceKind::Removed => "removed".to_owned(),
                PlaceKind::Import => "import".to_owned(),
                PlaceKind::ModuleCall => panic!("{}: {}", case.display(), row["address"]),
            };
            assert!(line.contains(&expected), "{line}");
            *found.entry((place.kind, place.side)).or_insert(0) += 1;
        }
    }
    let kinds: Vec<_> = found.keys().copied().collect();
    let expected = [
        (PlaceKind::Block, SourceSide::Commit),
        (PlaceKind::Block, SourceSide::Base),
        (PlaceKind::Removed, SourceSide::Commit),
        (PlaceKind::Import, SourceSide::Commit),
    ];
    assert_eq!(kinds, expected, "{found:?}");
}
