//! The list of changes: modules under modules, sums, folds, marks.

use serde_json::json;

use super::Desk;
use super::fixture::{case_of, finding};
use crate::decision::Journal;
use crate::policy::Enforcement;
use crate::review::ReviewCase;

/// A plan with a change in each of some modules: module, name and action words.
fn plan(rows: &[(&str, &str, &[&str])]) -> Vec<u8> {
    let rows: Vec<_> = rows
        .iter()
        .map(|(module, name, actions)| {
            let dot = if module.is_empty() { "" } else { "." };
            let mut row = json!({
                "address": format!("{module}{dot}terraform_data.{name}"),
                "mode": "managed", "type": "terraform_data", "name": name,
                "provider_name": "terraform.io/builtin/terraform",
                "change": {"actions": actions, "before": {"id": "1"}, "after": {"id": "1"},
                    "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}},
            });
            if !module.is_empty() {
                row["module_address"] = json!(module);
            }
            if actions.contains(&"delete") {
                row["change"]["after"] = json!(null);
            } else if actions.contains(&"update") {
                row["change"]["after"] = json!({"id": "2"});
            }
            row
        })
        .collect();
    json!({"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": rows})
        .to_string()
        .into_bytes()
}

fn nested() -> ReviewCase {
    let bytes = plan(&[
        ("", "top", &["update"]),
        ("module.a", "one", &["update"]),
        (r#"module.a.module.b["x.module.y"]"#, "two", &["delete"]),
        (
            r#"module.a.module.b["x.module.y"].module.c"#,
            "three",
            &["no-op"],
        ),
        ("module.ab", "other", &["delete"]),
        ("module.d.module.e", "deep", &["update"]),
    ]);
    case_of(&bytes, |_, _| Vec::new())
}

fn rows(desk: &Desk) -> Vec<String> {
    let screen = desk.screen();
    let lines = screen.lines().skip(2).take(30);
    lines
        .map(|line| line.trim_end().to_owned())
        .take_while(|line| !line.is_empty())
        .collect()
}

#[test]
fn modules_stand_under_modules_and_add_up_what_is_below() {
    let mut desk = Desk::sized(nested(), Journal::default(), (90, 60));
    desk.keys("5").keys("z");
    let shown = rows(&desk).join("\n");
    let outline: Vec<String> = desk
        .review()
        .tree
        .modules
        .iter()
        .map(|module| {
            let shape = &module.shape;
            format!(
                "{} {} ~{} -{} quiet {}",
                module.depth, module.name, shape.update, shape.delete, shape.quiet
            )
        })
        .collect();
    assert_eq!(
        outline,
        [
            "0 root module ~1 -0 quiet 0",
            "0 module.a ~1 -1 quiet 1",
            r#"1 module.b["x.module.y"] ~0 -1 quiet 1"#,
            "2 module.c ~0 -0 quiet 1",
            "0 module.ab ~0 -1 quiet 0",
            // Nothing happens in module.d itself: no row for it.
            "0 module.d.module.e ~1 -0 quiet 0",
        ],
        "{shown}"
    );
}

#[test]
fn a_folded_module_hides_what_is_below_it_and_nothing_else() {
    let mut desk = Desk::sized(nested(), Journal::default(), (90, 40));
    desk.keys("5gg}");
    assert!(desk.sees("terraform_data.two"), "{}", desk.screen());
    desk.keys("h");
    assert!(desk.sees("module.a"), "{}", desk.screen());
    for hidden in ["terraform_data.one", "module.b", "module.c"] {
        let list: Vec<String> = rows(&desk)
            .into_iter()
            .take_while(|line| !line.contains("2 Change"))
            .collect();
        assert!(
            !list.iter().any(|line| line.contains(hidden)),
            "{hidden}\n{}",
            desk.screen()
        );
    }
    assert!(desk.sees("module.ab"), "{}", desk.screen());
    assert!(desk.sees("module.d.module.e"), "{}", desk.screen());
    desk.keys("l");
    assert!(desk.sees("terraform_data.one"), "{}", desk.screen());
}

#[test]
fn the_heading_of_a_module_lists_its_changes_with_the_worst_first() {
    let mut desk = Desk::sized(nested(), Journal::default(), (120, 36));
    desk.keys("5gg}");
    let screen = desk.screen();
    let at = |text: &str| screen.find(text).unwrap_or(usize::MAX);
    let destroyed = at("- destroy   …");
    let updated = at("update    module.a.terraform_data.one");
    assert!(destroyed < updated && updated < usize::MAX, "{screen}");
}

#[test]
fn a_change_that_was_on_the_screen_is_marked_as_seen() {
    let mut desk = Desk::sized(nested(), Journal::default(), (120, 36));
    desk.keys("5ggj");
    assert!(!desk.sees("update   unseen"), "only what must be seen is");
    desk.keys("jj");
    let screen = desk.screen();
    let row = |text: &str| {
        screen
            .lines()
            .find(|line| line.contains(text))
            .map(|line| line.chars().take(54).collect::<String>())
            .unwrap_or_default()
    };
    assert!(row("terraform_data.top").contains("  seen"), "{screen}");
    assert!(row("terraform_data.two").contains("unseen"), "{screen}");
    assert!(!row("terraform_data.deep").contains("seen"), "{screen}");
}

#[test]
fn a_finding_about_a_module_lists_the_changes_in_it() {
    let bytes = plan(&[
        ("module.a", "one", &["delete"]),
        ("module.ab", "other", &["delete"]),
    ]);
    let case = case_of(&bytes, |index, change| {
        if index > 0 {
            return Vec::new();
        }
        let mut found = finding("mass-destroy", Enforcement::SoftMandatory, change, index);
        found.change_index = None;
        found.actions.clear();
        found.address = Some(crate::text::Printable::line("module.a"));
        vec![found]
    });
    let desk = Desk::sized(case, Journal::default(), (120, 36));
    assert!(
        desk.sees("destroy   module.a.terraform_data.one"),
        "{}",
        desk.screen()
    );
    assert!(!desk.sees("module.ab"), "{}", desk.screen());
}

#[test]
fn a_change_with_findings_shows_their_state_and_what_they_say() {
    let bytes = plan(&[("", "one", &["delete"]), ("", "two", &["update"])]);
    let case = case_of(&bytes, |index, change| match index {
        0 => vec![
            finding("no-destroy", Enforcement::SoftMandatory, change, index),
            finding("drift-watch", Enforcement::Advisory, change, index),
        ],
        _ => Vec::new(),
    });
    let mut desk = Desk::sized(case, Journal::default(), (120, 36));
    assert!(
        desk.sees("? also drift-watch: undecided"),
        "{}",
        desk.screen()
    );
    desk.keys("5ggj");
    assert!(desk.sees(">?  - terraform_data.one"), "{}", desk.screen());
    assert!(desk.sees("    ~ terraform_data.two"), "{}", desk.screen());
    assert!(
        desk.sees("? no-destroy (undecided): would be"),
        "{}",
        desk.screen()
    );
}
