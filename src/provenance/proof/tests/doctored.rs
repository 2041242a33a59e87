//! Plans whose modules and lock files were changed, and what hides from a comparison.

use super::*;

#[test]
fn a_module_must_be_the_one_that_is_called() {
    let mut case = Case::of("04-delete");
    case.paired = false;
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
    case.paired = false;
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
    empty.paired = false;
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

/// The verdict, and the words of what differs in the configuration.
fn configuration_of(case: &Case) -> Vec<&'static str> {
    let points = case.proof().difference_points();
    let of = points.iter().filter(|point| point.kind == "configuration");
    of.map(|point| point.problem).collect()
}

#[test]
fn an_edited_configuration_differs() {
    let mut edited = BTreeMap::new();
    for name in [
        "04-delete",
        "08-modules-provisioners",
        "09-sensitive",
        "23-aws-iam",
    ] {
        let case = Case::of(name);
        for (problem, edit) in [
            ("only-in-plan-file", drop_resource as fn(&mut Json) -> bool),
            ("only-in-json", rename_resource),
            ("twice", double_resource),
            ("other-provisioners", add_provisioner),
            ("other-provisioners", drop_provisioners),
            ("other-provider", change_provider),
            ("other-repetition", add_count),
            ("other-argument", change_constant),
            ("other-argument", drop_references),
            ("other-source", change_source),
            ("only-in-plan-file", drop_call),
            ("only-in-plan-file", drop_variable),
            ("other-argument", change_default),
        ] {
            let mut case = case.clone();
            let mut done = false;
            case.edit_json(|json| done = edit(&mut json["configuration"]));
            if done {
                *edited.entry(problem).or_insert(0) += 1;
                let found = configuration_of(&case);
                assert!(
                    found.contains(&problem),
                    "{} {problem} {found:?}",
                    case.name
                );
            }
        }
        let mut case = case.clone();
        case.edit_json(|json| drop(json.as_object_mut().unwrap().remove("configuration")));
        assert_eq!(configuration_of(&case), ["missing"], "{}", case.name);
    }
    assert!(
        edited.len() == 8 && edited.values().all(|n| *n > 0),
        "{edited:?}"
    );
}

fn first(configuration: &mut Json) -> Option<&mut Json> {
    let list = configuration["root_module"]["resources"].as_array_mut()?;
    list.iter_mut().find(|row| row["mode"] == "managed")
}

fn drop_resource(configuration: &mut Json) -> bool {
    let list = configuration["root_module"]["resources"].as_array_mut();
    list.is_some_and(|list| list.pop().is_some())
}

fn rename_resource(configuration: &mut Json) -> bool {
    first(configuration).is_some_and(|row| {
        row["name"] = json!("other_name");
        true
    })
}

fn double_resource(configuration: &mut Json) -> bool {
    let list = configuration["root_module"]["resources"].as_array_mut();
    list.is_some_and(|list| {
        let again = list.last().cloned();
        list.extend(again);
        !list.is_empty()
    })
}

fn add_provisioner(configuration: &mut Json) -> bool {
    first(configuration).is_some_and(|row| {
        row["provisioners"] = json!([{"type": "file"}, {"type": "local-exec"}, {"type": "x"}]);
        true
    })
}

fn drop_provisioners(configuration: &mut Json) -> bool {
    let list = configuration["root_module"]["resources"].as_array_mut();
    let row = list.and_then(|list| list.iter_mut().find(|row| row["provisioners"].is_array()));
    row.is_some_and(|row| {
        row.as_object_mut()
            .unwrap()
            .remove("provisioners")
            .is_some()
    })
}

fn change_provider(configuration: &mut Json) -> bool {
    let Some(key) =
        first(configuration).and_then(|row| Some(row["provider_config_key"].as_str()?.to_owned()))
    else {
        return false;
    };
    let config = &mut configuration["provider_config"][&key];
    let known = config["full_name"].is_string();
    if known {
        config["full_name"] = json!("registry.terraform.io/evil/shell");
    }
    known
}

fn add_count(configuration: &mut Json) -> bool {
    let list = configuration["root_module"]["resources"].as_array_mut();
    let plain = |row: &&mut Json| {
        row.get("count_expression").is_none() && row.get("for_each_expression").is_none()
    };
    // What is repeated by a function's result shows nothing either: both arguments are added.
    let row = list.and_then(|list| list.iter_mut().find(plain));
    row.is_some_and(|row| {
        row["count_expression"] = json!({"constant_value": 2});
        row["for_each_expression"] = json!({"constant_value": 2});
        true
    })
}

fn expressions(configuration: &mut Json) -> impl Iterator<Item = &mut Json> {
    let list = configuration["root_module"]["resources"].as_array_mut();
    let rows = list.into_iter().flatten();
    let all = rows.filter_map(|row| row.get_mut("expressions")?.as_object_mut());
    all.flat_map(|object| object.values_mut())
}

fn change_constant(configuration: &mut Json) -> bool {
    let scalar = |value: &Json| value.is_string() || value.is_number() || value.is_boolean();
    let found =
        expressions(configuration).find(|value| value.get("constant_value").is_some_and(scalar));
    found.is_some_and(|value| {
        value["constant_value"] = json!("something else");
        true
    })
}

fn drop_references(configuration: &mut Json) -> bool {
    let is_block = |value: &Json| {
        let refers = value.get("references").and_then(Json::as_array);
        refers.is_some_and(|list| {
            list.iter().any(|one| {
                one.as_str()
                    .is_some_and(|one| one.starts_with("var.") || one.starts_with("local."))
            })
        })
    };
    let found = expressions(configuration).find(|value| is_block(value));
    found.is_some_and(|value| {
        value["references"] = json!([]);
        true
    })
}

fn call(configuration: &mut Json) -> Option<&mut Json> {
    let calls = configuration["root_module"].get_mut("module_calls")?;
    calls.as_object_mut()?.values_mut().next()
}

fn change_source(configuration: &mut Json) -> bool {
    call(configuration).is_some_and(|call| {
        call["source"] = json!("./another");
        true
    })
}

fn drop_call(configuration: &mut Json) -> bool {
    let calls = configuration["root_module"].get_mut("module_calls");
    let calls = calls.and_then(Json::as_object_mut);
    calls.is_some_and(|calls| {
        let name = calls.keys().next().cloned();
        name.is_some_and(|name| calls.remove(&name).is_some())
    })
}

fn drop_variable(configuration: &mut Json) -> bool {
    let variables = configuration["root_module"].get_mut("variables");
    let variables = variables.and_then(Json::as_object_mut);
    variables.is_some_and(|variables| {
        let name = variables.keys().next().cloned();
        name.is_some_and(|name| variables.remove(&name).is_some())
    })
}

fn change_default(configuration: &mut Json) -> bool {
    let variables = configuration["root_module"].get_mut("variables");
    let variables = variables.and_then(Json::as_object_mut).into_iter();
    let mut all = variables.flat_map(|variables| variables.values_mut());
    all.any(|variable| {
        let known = variable.get("default").is_some_and(Json::is_string);
        if known {
            variable["default"] = json!("something else");
        }
        known
    })
}
