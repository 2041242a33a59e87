//! Plans whose modules and lock files were changed, and what hides from a comparison.

use super::*;

#[test]
fn a_module_must_be_the_one_that_is_called() {
    let case = Case::of("04-delete");
    let mut gone = case.clone();
    gone.zip.remove("tfconfig/m-many/main.tf");
    differs(&gone, &[file("leaf/main.tf", FileProblem::NotPlanned)]);
    let mut unlisted = gone;
    unlisted.modules(|list| list.truncate(1));
    differs(&unlisted, &[module("many", ModuleProblem::NotPlanned)]);
    let mut more = case.clone();
    more.modules(|list| list.push(json!({"Key": "more", "Source": "./leaf", "Dir": "leaf"})));
    more.zip_file("tfconfig/m-more/main.tf", "");
    differs(&more, &[module("more", ModuleProblem::NotCalled)]);
    // Files of another directory of the same commit, true to the last byte.
    for (source, directory, problem) in [
        ("./other", "other", ModuleProblem::OtherSource),
        ("./leaf", "other", ModuleProblem::OtherDirectory),
        (
            "registry.terraform.io/a/b/c",
            "leaf",
            ModuleProblem::OtherSource,
        ),
    ] {
        let mut moved = case.clone();
        moved.commit_file("other/main.tf", "# harmless\n");
        moved.zip_file("tfconfig/m-many/main.tf", "# harmless\n");
        moved.modules(|list| {
            list[1]["Source"] = json!(source);
            list[1]["Dir"] = json!(directory);
        });
        differs(&moved, &[module("many", problem)]);
    }
}

/// The case with one more module call in the commit and in the plan.
fn calling(source: &str, constraint: &str, planned: Json) -> Case {
    let mut case = Case::of("19-outputs-only");
    let text =
        format!("module \"vpc\" {{\n  source = \"{source}\"\n  version = \"{constraint}\"\n}}\n");
    case.commit_file("vpc.tf", &text);
    case.zip_file("tfconfig/m-/vpc.tf", &text);
    case.zip_file(
        "tfconfig/m-vpc/main.tf",
        "module \"sub\" {\n  source = \"./sub\"\n}\n",
    );
    case.zip_file("tfconfig/m-vpc.sub/main.tf", "# anything\n");
    case.modules(|list| {
        list.push(planned);
        list.push(
            json!({"Key": "vpc.sub", "Source": "./sub", "Dir": ".terraform/modules/vpc/sub"}),
        );
    });
    case
}

#[test]
fn modules_from_elsewhere_are_not_covered_and_said_to_be() {
    let planned = |source: &str, version: &str| json!({"Key": "vpc", "Source": source, "Version": version, "Dir": ".terraform/modules/vpc"});
    let full = "registry.terraform.io/acme/vpc/aws";
    let case = calling("acme/vpc/aws", "~> 5.1", planned(full, "5.4.0"));
    let proof = case.proof();
    assert_eq!(proof.differences, []);
    assert_eq!(
        proof.gaps,
        [Gap::RemoteModule {
            key: "vpc".to_owned(),
            source: full.to_owned(),
            version: Some("5.4.0".to_owned())
        }]
    );
    assert_eq!(proof.verdict(), ProofVerdict::NotProven);
    assert_eq!(
        proof.gap_points()[0].text,
        "Not covered: the module vpc from registry.terraform.io/acme/vpc/aws 5.4.0, whose files are not in the commit."
    );
    let old = calling("acme/vpc/aws", "~> 5.1", planned(full, "4.0.0"));
    differs(&old, &[module("vpc", ModuleProblem::OtherVersion)]);
    let other = calling(
        "acme/vpc/aws",
        "~> 5.1",
        planned("evil.example/acme/vpc/aws", "5.4.0"),
    );
    differs(&other, &[module("vpc", ModuleProblem::OtherSource)]);
    let local = calling("acme/vpc/aws", "~> 5.1", planned("./vpc", "5.4.0"));
    differs(&local, &[module("vpc", ModuleProblem::OtherSource)]);
}

const PROVIDER: &str = "provider \"registry.terraform.io/hashicorp/null\" {\n  version = \"3.2.1\"\n  constraints = \"~> 3.0\"\n  hashes = [\n    \"h1:abc=\",\n    \"zh:def\",\n  ]\n}\n";

#[test]
fn locked_providers_must_be_the_same() {
    let stub = "# This file is maintained automatically by \"terraform init\".\n# Manual edits may be lost in future updates.\n";
    let lock = ".terraform.lock.hcl";
    let with = |planned: &str, committed: Option<&str>| {
        let mut case = Case::of("18-no-changes");
        case.zip_file(lock, planned);
        if let Some(text) = committed {
            case.commit_file(lock, text);
        }
        case
    };
    proven(&with(stub, None));
    proven(&with(stub, Some(stub)));
    proven(&with(PROVIDER, Some(PROVIDER)));
    // Terraform writes its own comments and order.
    let spelled = format!(
        "# ours\n{}",
        PROVIDER.replace("\"h1:abc=\",\n    \"zh:def\"", "\"zh:def\", \"h1:abc=\"")
    );
    proven(&with(PROVIDER, Some(&spelled)));
    let name = "registry.terraform.io/hashicorp/null";
    let problem = |provider: &str, problem| Difference::Lock {
        provider: provider.to_owned(),
        problem,
    };
    for (from, to, found) in [
        ("3.2.1", "3.2.2", LockProblem::OtherVersion),
        ("zh:def", "zh:dea", LockProblem::OtherHashes),
        ("    \"zh:def\",\n", "", LockProblem::OtherHashes),
        ("~> 3.0", "~> 3.1", LockProblem::OtherConstraints),
    ] {
        let text = PROVIDER.replace(from, to);
        differs(&with(&text, Some(PROVIDER)), &[problem(name, found)]);
        differs(&with(PROVIDER, Some(&text)), &[problem(name, found)]);
    }
    let other = PROVIDER.replace("/null", "/random");
    let both = format!("{PROVIDER}{other}");
    differs(
        &with(PROVIDER, Some(&both)),
        &[problem(
            "registry.terraform.io/hashicorp/random",
            LockProblem::NotPlanned,
        )],
    );
    differs(
        &with(&both, Some(PROVIDER)),
        &[problem(
            "registry.terraform.io/hashicorp/random",
            LockProblem::NotInCommit,
        )],
    );
    differs(
        &with(stub, Some(PROVIDER)),
        &[problem(name, LockProblem::NotPlanned)],
    );
    let twice = format!("{PROVIDER}{PROVIDER}");
    differs(
        &with(PROVIDER, Some(&twice)),
        &[problem("", LockProblem::Unreadable)],
    );
    differs(
        &with(PROVIDER, Some("provider \"x\" {")),
        &[problem("", LockProblem::Unreadable)],
    );
    let missing = with(PROVIDER, None).proof();
    assert_eq!(missing.gaps, [Gap::NoLock { providers: 1 }]);
    assert_eq!(missing.verdict(), ProofVerdict::NotProven);
}

#[test]
fn what_cannot_be_compared_is_never_proven() {
    let gaps = |case: &Case| {
        let proof = case.proof();
        assert_eq!(proof.differences, []);
        assert_eq!(proof.verdict(), ProofVerdict::NotProven);
        proof.gaps
    };
    let opaque = |path: &str, kind| Gap::Opaque {
        path: path.to_owned(),
        kind,
    };
    let hidden = |file: &str, path: &str, kind| {
        let mut case = Case::of("04-delete");
        case.commit.files.remove(file).unwrap();
        case.commit.opaque.insert(path.to_owned(), kind);
        gaps(&case)
    };
    assert_eq!(
        hidden("leaf/main.tf", "leaf", Opaque::Submodule),
        [opaque("leaf", Opaque::Submodule)]
    );
    assert_eq!(
        hidden("main.tf", "main.tf", Opaque::Link),
        [opaque("main.tf", Opaque::Link)]
    );
    let mut tofu = Case::of("04-delete");
    tofu.commit_file("main.tofu", "");
    assert_eq!(
        gaps(&tofu),
        [Gap::TofuFile {
            path: "main.tofu".to_owned()
        }]
    );
    // OpenTofu takes it in place of the other.
    let planned = tofu.zip.remove("tfconfig/m-/main.tf").unwrap();
    tofu.commit
        .files
        .insert("main.tofu".to_owned(), planned.clone());
    tofu.zip.insert("tfconfig/m-/main.tofu".to_owned(), planned);
    proven(&tofu);
    let mut elsewhere = Case::of("04-delete");
    elsewhere.modules(|list| list[0]["Dir"] = json!("stack"));
    elsewhere.modules(|list| list[1]["Dir"] = json!("stack/leaf"));
    assert_eq!(gaps(&elsewhere), [Gap::RootElsewhere]);
    let mut empty = Case::of("19-outputs-only");
    empty.zip.remove("tfconfig/m-/main.tf");
    empty.commit.files.clear();
    assert_eq!(gaps(&empty), [Gap::NoFiles]);
    let binary = BinaryPlan::read(&fs::read(plans().join("04-delete/tfplan")).unwrap()).unwrap();
    let plan = Case::of("04-delete").plan.with_binary(binary);
    let evidence = Evidence {
        plan: &plan,
        paired: false,
        commit: None,
        root: "",
    };
    let proof = Proof::of(&evidence).unwrap();
    assert_eq!(proof.gaps, [Gap::NoCommit]);
    let mut plan = plan.clone();
    plan.binary = None;
    assert_eq!(
        Proof::of(&Evidence {
            plan: &plan,
            ..evidence
        }),
        None
    );
}

#[test]
fn a_module_outside_the_repository_is_not_covered() {
    let mut case = Case::of("19-outputs-only");
    let text = "module \"a\" {\n  source = \"../shared\"\n}\n";
    case.commit_file("a.tf", text);
    case.zip_file("tfconfig/m-/a.tf", text);
    case.zip_file("tfconfig/m-a/main.tf", "");
    case.modules(|list| list.push(json!({"Key": "a", "Source": "../shared", "Dir": "../shared"})));
    assert_eq!(
        case.proof().gaps,
        [Gap::Outside {
            key: "a".to_owned()
        }]
    );
}

#[test]
fn values_that_cannot_be_read_are_not_proven() {
    let mut case = Case::of("02-update");
    let message = case.zip.get_mut("tfplan").unwrap();
    let kind = b"\xc4\x08\"string\"";
    let at = message
        .windows(kind.len())
        .position(|window| window == kind)
        .unwrap();
    // No type has this name.
    message[at + 7] = b'n' - 1;
    let proof = case.proof();
    assert_eq!(proof.verdict(), ProofVerdict::NotProven);
    assert!(matches!(
        proof.gaps[..],
        [Gap::Values(crate::plan::PlannedRow::Change { .. })]
    ));
    let point = &proof.gap_points()[0];
    assert_eq!((point.kind, point.problem), ("change", "values"));
    assert!(
        point.text.ends_with(" could not be compared."),
        "{}",
        point.text
    );
}

#[test]
fn an_edited_value_differs_at_its_attribute() {
    let mut case = Case::of("02-update");
    proven(&case);
    case.edit_json(|tree| {
        let output = &mut tree["output_changes"];
        let name = output
            .as_object()
            .and_then(|all| all.keys().next().cloned());
        if let Some(name) = name {
            output[name]["after"] = json!("other");
        }
        tree["resource_changes"][0]["change"]["after"]["input"] = json!({"other": 1});
    });
    let proof = case.proof();
    assert_eq!(proof.verdict(), ProofVerdict::Differs);
    let points = proof.difference_points();
    assert!(
        points
            .iter()
            .any(|point| point.problem == "other-after"
                && point.text.contains(": in the JSON input")),
        "{points:?}"
    );
}
