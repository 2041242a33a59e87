//! Values from outside that feed what the change touches: whether they or the change are the cause is not known.

use super::outside::updated;
use super::*;

const VARIABLE: &str = "variable \"v\" {\n  default = \"x\"\n}\n";

/// `input` of one resource with these expressions at both commits, and a plan with `-var v=evil`.
fn touched(expressions: [&str; 2], more: &str) -> Case {
    let text = |expression: &str| {
        format!(
            "{VARIABLE}{more}resource \"terraform_data\" \"a\" {{\n  input = {expression}\n}}\n"
        )
    };
    let [before, after] = expressions.map(text);
    let mut case = updated(&before, &after, [json!("x"), json!("evil")]);
    case.plan["variables"]["v"]["value"] = json!("evil");
    case
}

#[test]
fn an_expression_that_is_touched_explains_no_value_from_outside() {
    for after in [
        "\"${var.v}\"",
        "(var.v)",
        "trimspace(var.v)",
        "coalesce(var.v, \"z\")",
        "[var.v][0]",
        "local.l",
    ] {
        let more = "locals {\n  l = lower(var.v)\n}\n";
        let (word, reason) = touched(["var.v", after], more).first();
        assert_eq!(word, "not-known", "{after}");
        let said = "but input also depends on var.v, whose value no file gives (-var";
        assert!(reason.contains(said), "{reason}");
    }
    // What feeds nothing does no harm, and a committed value is no value from outside.
    assert_eq!(touched(["\"x\"", "\"evil\""], "").word(), "explained");
    let mut committed = touched(["var.v", "upper(var.v)"], "");
    committed.plan["variables"]["v"]["value"] = json!("x");
    assert_eq!(committed.word(), "explained");
    // A new reference, and a new variable that no file gives a value.
    assert_eq!(touched(["\"x\"", "var.v"], "").word(), "not-known");
    let mut new = touched(["\"x\"", "var.v"], "");
    for text in new.before.values_mut() {
        *text = text.replace(VARIABLE, "");
    }
    new.replace("default = \"x\"", "type = string");
    assert_eq!(new.word(), "not-known");
}

#[test]
fn what_follows_a_change_that_is_not_known_is_not_known() {
    let mut case = touched(["var.v", "trimspace(var.v)"], "");
    for text in case.before.values_mut().chain(case.after.values_mut()) {
        text.push_str(
            "resource \"terraform_data\" \"b\" {\n  input = terraform_data.a.output\n}\n",
        );
    }
    let mut row = case.plan["resource_changes"][0].clone();
    row["address"] = json!("terraform_data.b");
    row["name"] = json!("b");
    case.plan["resource_changes"]
        .as_array_mut()
        .unwrap()
        .push(row);
    let found = case.explain();
    let last = found.changes.last().unwrap();
    assert_eq!(last.verdict.word(), "not-known");
    let reason = &last.verdict.reason().text;
    assert!(
        reason.contains("input follows terraform_data.a, of whose own change it is not known"),
        "{reason}"
    );
}

#[test]
fn what_says_how_many_there_are_may_come_from_outside() {
    let deleted = |counts: [&str; 2], default: &str, value: Json| {
        let [before, after] = counts.map(|count| format!(
            "variable \"v\" {{\n  default = {default}\n}}\nresource \"terraform_data\" \"a\" {{\n  count = {count}\n  input = \"x\"\n}}\n"
        ));
        let mut case = updated(&before, &after, [json!("x"), json!(null)]);
        case.plan["variables"]["v"]["value"] = value;
        let row = &mut case.plan["resource_changes"][0];
        row["address"] = json!("terraform_data.a[0]");
        row["index"] = json!(0);
        row["change"]["actions"] = json!(["delete"]);
        row["change"]["after"] = json!(null);
        row["change"]["after_unknown"] = json!({});
        case
    };
    let on = ["var.v ? 1 : 0", "var.v == true ? 1 : 0"];
    let (word, reason) = deleted(on, "true", json!(false)).first();
    assert_eq!(word, "not-known");
    assert!(
        reason.contains("but which instances there are also depends on var.v"),
        "{reason}"
    );
    assert_eq!(
        deleted(["var.v + 1", "var.v + 0"], "1", json!(-1)).word(),
        "not-known"
    );
    // A count that is written out leaves nothing to a value from outside.
    assert_eq!(deleted(["var.v", "0"], "1", json!(5)).word(), "explained");
    assert_eq!(
        deleted(["var.v", "var.v"], "1", json!(0)).word(),
        "unexplained"
    );
}

#[test]
fn an_object_that_is_new_has_what_feeds_it() {
    let create = |input: &str| {
        let after =
            format!("{VARIABLE}resource \"terraform_data\" \"a\" {{\n  input = {input}\n}}\n");
        let mut case = updated(VARIABLE, &after, [json!(null), json!("evil")]);
        case.plan["variables"]["v"]["value"] = json!("evil");
        let change = &mut case.plan["resource_changes"][0]["change"];
        change["actions"] = json!(["create"]);
        change["before"] = json!(null);
        case
    };
    let (word, reason) = create("var.v").first();
    assert_eq!(word, "not-known");
    assert!(
        reason.starts_with("main.tf:4 adds terraform_data.a, but its input depends on var.v"),
        "{reason}"
    );
    assert_eq!(create("\"evil\"").word(), "explained");
}

#[test]
fn an_item_that_stays_and_a_merge_that_is_written_out_are_read_item_by_item() {
    let read = |expressions: [&str; 2], values: [Json; 2]| {
        let more = "locals {\n  common = {\n    env = var.v\n  }\n}\n";
        let mut case = touched(expressions, more);
        let change = &mut case.plan["resource_changes"][0]["change"];
        let [before, after] = values;
        change["before"]["input"] = before;
        change["after"]["input"] = after;
        case.word()
    };
    let merged = [
        "merge(local.common, { name = \"a\" })",
        "merge(local.common, { name = \"b\" })",
    ];
    let named = |env: &str, name: &str| json!({"env": env, "name": name});
    assert_eq!(
        read(merged, [named("evil", "a"), named("evil", "b")]),
        "explained"
    );
    assert_eq!(
        read(merged, [named("x", "a"), named("evil", "b")]),
        "unexplained"
    );
    // What a computed object may give is not known.
    let computed = [
        "merge({ name = \"a\" }, { for k in [\"env\"] : k => var.v })",
        "merge({ name = \"b\" }, { for k in [\"env\"] : k => var.v })",
    ];
    assert_eq!(
        read(computed, [named("evil", "a"), named("evil", "b")]),
        "not-known"
    );
    let spread = [
        "merge([{ name = var.v }]...)",
        "merge([{ name = (var.v) }]...)",
    ];
    assert_eq!(
        read(spread, [named("x", "a"), named("x", "b")]),
        "not-known"
    );
    // The later argument wins, also where they changed places.
    let swapped = [
        "merge({ name = var.v }, { name = \"a\" })",
        "merge({ name = \"a\" }, { name = var.v })",
    ];
    assert_eq!(
        read(swapped, [named("x", "a"), named("x", "evil")]),
        "not-known"
    );
}

#[test]
fn a_variable_that_an_attribute_keeps_is_the_same_as_before() {
    let witness = |before: &str, now: &str, more: &str| {
        let mut case = touched(["\"a-${var.v}\"", "\"b-${var.v}\""], "");
        for text in case.before.values_mut().chain(case.after.values_mut()) {
            text.push_str("locals {\n  env = var.v\n}\n");
            text.push_str("resource \"terraform_data\" \"w\" {\n  input = local.env\n}\n");
        }
        for text in case.after.values_mut() {
            *text = text.replace("input = local.env", more);
        }
        let mut row = case.plan["resource_changes"][0].clone();
        row["address"] = json!("terraform_data.w");
        row["name"] = json!("w");
        row["change"]["actions"] = json!(["no-op"]);
        row["change"]["before"]["input"] = json!(before);
        row["change"]["after"]["input"] = json!(now);
        row["change"]["after_unknown"] = json!({});
        case.plan["resource_changes"]
            .as_array_mut()
            .unwrap()
            .push(row);
        case.word()
    };
    let same = "input = local.env";
    assert_eq!(witness("evil", "evil", same), "explained");
    // An attribute that has another value (ignore_changes keeps it) or another expression shows nothing.
    assert_eq!(witness("x", "x", same), "not-known");
    assert_eq!(witness("x", "evil", same), "not-known");
    assert_eq!(witness("evil", "evil", "input = \"evil\""), "not-known");
    assert_eq!(
        witness("evil", "evil", "input = lower(local.env)"),
        "not-known"
    );
}

#[test]
fn a_module_from_elsewhere_may_use_any_argument() {
    let module = |argument: u32| {
        format!(
            "{VARIABLE}module \"m\" {{\n  source = \"example/m/any\"\n  v      = var.v\n  n      = {argument}\n}}\n"
        )
    };
    let mut case = updated(&module(1), &module(2), [json!("x"), json!("evil")]);
    let row = &mut case.plan["resource_changes"][0];
    row["address"] = json!("module.m.terraform_data.a");
    row["module_address"] = json!("module.m");
    let mut committed = Case {
        before: case.before.clone(),
        after: case.after.clone(),
        links: BTreeMap::new(),
        plan: case.plan.clone(),
    };
    case.plan["variables"]["v"]["value"] = json!("evil");
    committed.plan["variables"]["v"]["value"] = json!("x");
    assert_eq!(case.word(), "not-known");
    assert_eq!(committed.word(), "explained");
}
