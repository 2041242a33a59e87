//! Every address of real plans has its lines: resources, provisioners, outputs, variables and module calls.

use std::collections::BTreeMap;
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

/// How many addresses of each kind a plan names, and those that have no line.
fn measure(case: &Path, total: &mut BTreeMap<&'static str, usize>) -> Vec<String> {
    let plan = std::fs::read(case.join("plan.json")).unwrap();
    let plan: Json = serde_json::from_slice(&plan).unwrap();
    let before = case.join("before");
    let sources = Sources {
        head: index(case),
        base: before.is_dir().then(|| index(&before)),
    };
    let mut unmapped = Vec::new();
    let mut count = |kind, name: &str, found: bool| {
        *total.entry(kind).or_insert(0) += 1;
        if !found {
            unmapped.push(format!("{kind} {name}"));
        }
    };
    let row = |row: &Json| {
        let text = |key: &str| row[key].as_str().unwrap_or_default();
        let mode = match text("mode") {
            "data" => ResourceMode::Data,
            _ => ResourceMode::Managed,
        };
        let place = sources.place(text("module_address"), mode, text("type"), text("name"));
        place.is_some_and(|place| sources.text(place.side, &place.file).is_some())
    };
    for (kind, key) in [("change", "resource_changes"), ("drift", "resource_drift")] {
        for one in list(&plan, key) {
            count(kind, one["address"].as_str().unwrap(), row(one));
        }
    }
    for one in list(&plan, "deferred_changes") {
        let one = &one["resource_change"];
        count("deferred", one["address"].as_str().unwrap(), row(one));
    }
    for (name, _) in plan["output_changes"].as_object().into_iter().flatten() {
        let place = sources.place_of_config(&format!("output.{name}"));
        count("output", name, place.is_some());
    }
    let mut all = Vec::new();
    declared(&plan["configuration"]["root_module"], "", &mut all);
    for (address, provisioners) in all {
        let found = sources.place_of_config(&address).is_some();
        let name = address.rsplit('.').nth(1).unwrap_or_default();
        if name == "module" {
            count("module call", &address, found);
        }
        let known = sources.head.facts.provisioners.iter();
        let known = known.filter(|one| one.address.as_deref() == Some(&address));
        let known = known.count();
        for at in 0..provisioners {
            count("provisioner", &address, at < known);
        }
    }
    unmapped
}

#[test]
fn the_share_of_addresses_with_lines_does_not_drop() {
    let (mut total, mut unmapped) = (BTreeMap::new(), Vec::new());
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let missing = measure(&case, &mut total);
        unmapped.extend(missing.into_iter().map(|what| format!("{name}: {what}")));
    }
    // Each address without a line would stand here with its reason: there is none.
    assert_eq!(unmapped, Vec::<String>::new());
    for (kind, least) in [
        ("change", 136),
        ("drift", 6),
        ("output", 25),
        ("module call", 12),
        ("provisioner", 8),
    ] {
        assert!(total.get(kind) >= Some(&least), "{kind}: {total:?}");
    }
}
