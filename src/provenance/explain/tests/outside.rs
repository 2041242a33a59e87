//! Values, files, instances and drift that only resemble what the change gives.

use super::*;

/// The plan of `variable-from-outside`, with a variable of this type, these defaults at both commits and this value.
fn with_default(r#type: &str, [before, after]: [&str; 2], value: &Json) -> Case {
    let mut case = case("variable-from-outside");
    let text = |default: &str| {
        format!(
            "variable \"v\" {{\n  type    = {type}\n  default = {default}\n}}\nresource \"terraform_data\" \"a\" {{\n  input = var.v\n}}\n"
        )
    };
    case.before.insert("main.tf".to_owned(), text(before));
    case.after.insert("main.tf".to_owned(), text(after));
    case.plan["variables"]["v"]["value"] = value.clone();
    case
}

#[test]
fn a_value_from_outside_is_none_of_a_default_that_only_resembles_it() {
    for (r#type, defaults, given, outside) in [
        (
            "list(string)",
            ["[\"a\"]", "[\"a\", \"b\"]"],
            json!(["a", "b"]),
            json!(["b", "a", "a"]),
        ),
        (
            "any",
            ["[\"a\"]", "[\"a\", \"b\"]"],
            json!(["a", "b"]),
            json!(["b", "a"]),
        ),
        (
            "map(string)",
            ["{}", "{ a = \"2\" }"],
            json!({"a": "2"}),
            json!({"a": "2", "evil": "3"}),
        ),
        (
            "object({ a = string, b = optional(string, \"q\") })",
            ["{ a = \"1\" }", "{ a = \"2\" }"],
            json!({"a": "2", "b": "q"}),
            json!({"a": "2", "b": "evil"}),
        ),
    ] {
        assert_eq!(
            with_default(r#type, defaults, &given).word(),
            "explained",
            "{type}"
        );
        assert_eq!(
            with_default(r#type, defaults, &outside).word(),
            "unexplained",
            "{type}"
        );
    }
    let set = with_default(
        "set(string)",
        ["[\"a\"]", "[\"b\", \"a\"]"],
        &json!(["a", "b"]),
    );
    assert_eq!(set.word(), "explained");
}

#[test]
fn a_default_that_is_computed_is_not_held_against_the_value() {
    let case = with_default("string", ["\"a\"", "\"a${\"\"}\""], &json!("evil"));
    let (word, reason) = case.first();
    assert_eq!(word, "not-known");
    assert!(
        reason.contains("var.v, whose value is computed in a file"),
        "{reason}"
    );
}

#[test]
fn a_new_variable_file_that_must_be_named_gives_nothing_for_sure() {
    let mut case = case("variable-from-outside");
    case.after = case.before.clone();
    let value = case.plan["variables"]["v"]["value"].clone();
    let text = format!("v = {value}\n");
    case.after
        .insert("docs/notes.tfvars".to_owned(), text.clone());
    let (word, reason) = case.first();
    assert_eq!(word, "not-known");
    assert!(
        reason.contains("only the new file docs/notes.tfvars gives"),
        "{reason}"
    );
    // One that stood there before counts, where the plan has all its values.
    case.before
        .insert("docs/notes.tfvars".to_owned(), "v = \"x\"\n".to_owned());
    assert_eq!(case.word(), "explained");
    case.plan["variables"]["w"] = json!({"value": "1"});
    case.after
        .insert("docs/notes.tfvars".to_owned(), format!("{text}w = \"2\"\n"));
    assert_eq!(case.word(), "unexplained");
    // Those of the root module that are read by themselves count as soon as they are there.
    let text = case.after.remove("docs/notes.tfvars").unwrap();
    case.after.insert(
        "docs.auto.tfvars".to_owned(),
        text.replace("\"2\"", "\"1\""),
    );
    assert_eq!(case.word(), "explained");
}

#[test]
fn a_computed_file_name_is_not_known_to_be_the_touched_one() {
    let read = |name: &str, touched: &str, more: &str| {
        let mut case = case("variable-from-outside");
        let main = format!(
            "variable \"v\" {{\n  default = \"1\"\n}}\nresource \"terraform_data\" \"a\" {{\n{more}  input = file(\"${{path.module}}/conf/{name}\")\n}}\n"
        );
        for side in [&mut case.before, &mut case.after] {
            side.insert("main.tf".to_owned(), main.clone());
        }
        case.after
            .insert(format!("conf/{touched}"), "new".to_owned());
        case
    };
    assert_eq!(read("${var.v}.txt", "readme.md", "").word(), "not-known");
    assert_eq!(read("x.txt", "x.txt", "").word(), "explained");
    let keyed = |each: &str, name: &str, touched: &str| {
        let mut case = read(name, touched, &format!("  for_each = {each}\n"));
        case.plan["resource_changes"][0]["address"] = json!("terraform_data.a[\"k\"]");
        case.plan["resource_changes"][0]["index"] = json!("k");
        case.word()
    };
    let (set, map) = ("toset([\"k\", \"l\"])", "{ k = \"l\", l = \"k\" }");
    assert_eq!(keyed(set, "${each.key}.txt", "k.txt"), "explained");
    assert_eq!(keyed(set, "${each.value}.txt", "k.txt"), "explained");
    assert_eq!(keyed(set, "${each.key}.txt", "l.txt"), "unexplained");
    assert_eq!(keyed(map, "${each.key}.txt", "k.txt"), "explained");
    assert_eq!(keyed(map, "${each.value}.txt", "k.txt"), "not-known");
}

/// A plan with one change of `terraform_data.a`, from one configuration to another.
pub(super) fn updated(before: &str, after: &str, [old, new]: [Json; 2]) -> Case {
    let mut case = case("variable-from-outside");
    case.before.insert("main.tf".to_owned(), before.to_owned());
    case.after.insert("main.tf".to_owned(), after.to_owned());
    let change = &mut case.plan["resource_changes"][0]["change"];
    change["before"]["input"] = old;
    change["after"]["input"] = new;
    change["before_sensitive"] = json!({});
    change["after_sensitive"] = json!({});
    change["after_unknown"] = json!({"output": true});
    case
}

#[test]
fn a_hunk_on_one_key_of_an_object_explains_no_other() {
    let text = |q: u32| {
        format!(
            "variable \"v\" {{\n  default = \"x\"\n}}\nresource \"terraform_data\" \"a\" {{\n  input = {{\n    p = var.v\n    q = {q}\n  }}\n}}\n"
        )
    };
    let value = |p: &str, q: u32| json!({"p": p, "q": q});
    let mut case = updated(&text(1), &text(2), [value("x", 1), value("evil", 2)]);
    case.plan["variables"]["v"]["value"] = json!("evil");
    let (word, reason) = case.first();
    assert_eq!(word, "unexplained");
    assert!(
        reason.starts_with(
            "Nothing in the change touches input.p; var.v has a value that no file gives"
        ),
        "{reason}"
    );
    assert!(
        reason.contains("Only in part: main.tf:5 changes input of terraform_data.a"),
        "{reason}"
    );
    // A value from outside that stays is no news.
    let mut case = updated(&text(1), &text(2), [value("prod", 1), value("prod", 2)]);
    case.plan["variables"]["v"]["value"] = json!("prod");
    assert_eq!(case.word(), "explained");
    // A state that someone edited, beside the hunk.
    let mut case = updated(&text(1), &text(2), [value("edited", 1), value("x", 2)]);
    case.plan["variables"]["v"]["value"] = json!("x");
    assert_eq!(case.word(), "unexplained");
    let mut case = updated(
        &text(1),
        &text(2).replace("var.v", "\"y\""),
        [value("x", 1), value("y", 2)],
    );
    case.plan["variables"]["v"]["value"] = json!("x");
    assert_eq!(case.word(), "explained");
}

#[test]
fn drift_accounts_for_the_value_that_it_left_and_found() {
    let mut case = case("state-edited-comment");
    let change =
        |case: &Case, side: &str| case.plan["resource_changes"][0]["change"][side]["input"].clone();
    let (before, after) = (change(&case, "before"), change(&case, "after"));
    let mut row = case.plan["resource_changes"][0].clone();
    row["change"]["actions"] = json!(["update"]);
    row["change"]["before"]["input"] = after;
    row["change"]["after"]["input"] = before;
    case.plan["resource_drift"] = json!([row]);
    assert_eq!(case.word(), "drift");
    for side in ["before", "after"] {
        let mut other = row.clone();
        other["change"][side]["input"] = json!("another");
        case.plan["resource_drift"] = json!([other]);
        assert_eq!(case.word(), "unexplained", "{side}");
    }
}

/// A create of one instance, with this `for_each` or `count` at both commits.
fn created(repeat: [&str; 2], key: &Json) -> Case {
    let text = |expression: &str| {
        format!("resource \"terraform_data\" \"a\" {{\n  {expression}\n  input = 1\n}}\n")
    };
    let [before, after] = repeat.map(text);
    let mut case = updated(&before, &after, [json!(null), json!(1)]);
    let row = &mut case.plan["resource_changes"][0];
    row["address"] = json!(format!("terraform_data.a[{key}]"));
    row["index"] = key.clone();
    row["change"]["actions"] = json!(["create"]);
    row["change"]["before"] = json!(null);
    case
}

#[test]
fn a_computed_for_each_explains_the_keys_that_only_one_commit_says() {
    let each = [
        "for_each = toset(concat([\"a\"], [\"z\"]))",
        "for_each = toset(concat([\"a\", \"c\"], [\"z\"]))",
    ];
    assert_eq!(created(each, &json!("c")).word(), "explained");
    for key in ["a", "z", "q"] {
        let (word, reason) = created(each, &json!(key)).first();
        assert_eq!(word, "not-known", "{key}");
        assert!(
            reason.contains("whether that adds this instance cannot be read there"),
            "{reason}"
        );
    }
    // Where both are written out there is nothing to guess.
    let plain = [
        "for_each = toset([\"a\"])",
        "for_each = toset([\"a\", \"c\"])",
    ];
    assert_eq!(created(plain, &json!("c")).word(), "explained");
    assert_eq!(created(plain, &json!("a")).word(), "unexplained");
}

#[test]
fn a_computed_count_explains_what_comes_behind_the_last() {
    let count = ["count = length([1, 2])", "count = length([1, 2, 3])"];
    let mut case = created(count, &json!(1));
    assert_eq!(case.word(), "explained");
    let mut last = case.plan["resource_changes"][0].clone();
    last["address"] = json!("terraform_data.a[2]");
    last["index"] = json!(2);
    last["change"]["actions"] = json!(["no-op"]);
    last["change"]["before"] = last["change"]["after"].clone();
    last["change"]["after_unknown"] = json!({});
    case.plan["resource_changes"]
        .as_array_mut()
        .unwrap()
        .push(last);
    assert_eq!(case.word(), "not-known");
}

#[test]
fn an_instance_goes_along_with_that_of_a_resource_with_its_key() {
    let text = |keys: &str| {
        format!(
            "resource \"terraform_data\" \"s\" {{\n  for_each = toset([{keys}])\n  input = each.key\n}}\nresource \"terraform_data\" \"a\" {{\n  for_each = {{ for k, s in terraform_data.s : k => s.id }}\n  input = 1\n}}\n"
        )
    };
    let plan = |key: &str, along: &str| {
        let each = ["for_each = toset([\"z\"])", "for_each = toset([\"z\"])"];
        let mut case = created(each, &json!(key));
        case.before.insert("main.tf".to_owned(), text("\"z\""));
        case.after
            .insert("main.tf".to_owned(), text("\"z\", \"c\""));
        let mut row = case.plan["resource_changes"][0].clone();
        row["address"] = json!(format!("terraform_data.s[\"{along}\"]"));
        row["name"] = json!("s");
        row["index"] = json!(along);
        case.plan["resource_changes"]
            .as_array_mut()
            .unwrap()
            .push(row);
        case.word()
    };
    assert_eq!(plan("c", "c"), "explained");
    assert_eq!(plan("q", "c"), "not-known");
    // The other instance is itself not explained.
    assert_eq!(plan("z", "z"), "unexplained");
}

/// A change of a resource of another provider, whose block has a value from outside.
fn with_provider(before: &str, after: &str) -> Case {
    let mut case = case("state-edited-comment");
    case.of_provider(OTHER);
    let variable = "variable \"r\" {\n  default = \"a\"\n}\n";
    let block = |text: &str| format!("{variable}provider \"terraform\" {{\n  {text}\n}}\n");
    case.before.insert("p.tf".to_owned(), block(before));
    case.after.insert("p.tf".to_owned(), block(after));
    case.plan["variables"] = json!({"r": {"value": "evil"}});
    case.plan["configuration"]["root_module"]["variables"] = json!({"r": {"default": "a"}});
    case
}

#[test]
fn a_provider_with_a_value_from_outside_explains_nothing_for_sure() {
    assert_eq!(
        with_provider("region = var.r", "region = var.r").word(),
        "unexplained"
    );
    let touched = with_provider("region = var.r", "region = \"${var.r}-1\"");
    let (word, reason) = touched.first();
    assert_eq!(word, "not-known");
    assert!(reason.contains("var.r"), "{reason}");
    // Another version of the provider beside it.
    let lock = |version: &str| format!("provider \"{OTHER}\" {{\n  version = \"{version}\"\n}}\n");
    let mut case = with_provider("region = var.r", "region = var.r");
    case.before
        .insert(".terraform.lock.hcl".to_owned(), lock("1.0.0"));
    case.after
        .insert(".terraform.lock.hcl".to_owned(), lock("2.0.0"));
    assert_eq!(case.first().0, "not-known");
    let plain = with_provider("region = \"a\"", "region = \"b\"");
    assert_eq!(plain.word(), "explained");
}

#[test]
fn a_file_that_no_commit_holds_leaves_the_cause_open() {
    let resource =
        |value: &str| format!("resource \"terraform_data\" \"a\" {{\n  input = {value}\n}}\n");
    let of = |before: &str, after: &str| {
        let mut case = case("state-edited-comment");
        case.before.insert("main.tf".to_owned(), resource(before));
        case.after.insert("main.tf".to_owned(), resource(after));
        case
    };
    for name in ["/srv/app.conf", "~/.ssh/id.pub"] {
        let (old, new) = (
            format!("file(\"{name}\")"),
            format!("trimspace(file(\"{name}\"))"),
        );
        let (word, reason) = of(&old, &new).first();
        assert_eq!(word, "not-known");
        assert!(reason.contains(name), "{reason}");
        assert_eq!(of(&old, &old).word(), "unexplained");
        // A file of the commit with that name behind its root is another one.
        let mut case = of(&old, &old);
        let path = name.trim_start_matches(['/', '~']).trim_start_matches('/');
        case.before.insert(path.to_owned(), "a".to_owned());
        case.after.insert(path.to_owned(), "b".to_owned());
        assert_eq!(case.word(), "unexplained");
    }
}
