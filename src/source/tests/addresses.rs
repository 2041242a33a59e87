use crate::source::address::{directory, file_name, is_identifier, join, parent, within};
use crate::source::{module_key, module_steps, strip_keys};

#[test]
fn keys_are_taken_out_whatever_they_hold() {
    for (address, plain) in [
        ("", ""),
        ("aws_x.y", "aws_x.y"),
        ("aws_x.y[0]", "aws_x.y"),
        (r#"module.a["x.y"].aws_b.c["d]e"]"#, "module.a.aws_b.c"),
        (
            r#"module.each["dev.eu"].module.b[1].data.t.n["a\"][b"]"#,
            "module.each.module.b.data.t.n",
        ),
        (r#"x.b["c[\"d\"]"].e"#, "x.b.e"),
        (r#"x.b["back\\"].e"#, "x.b.e"),
        ("x.b[local.map[each.key]].c", "x.b.c"),
        (r#"x.b["${module.a["q"]}"].c"#, "x.b.c"),
        (r#"x.b["never ends].c"#, "x.b"),
        ("x.b]", "x.b]"),
        ("x.ü[\"é\"]", "x.ü"),
    ] {
        assert_eq!(strip_keys(address), plain, "{address}");
    }
}

#[test]
fn a_module_path_becomes_the_key_of_modules_json() {
    assert_eq!(module_key(""), "");
    assert_eq!(module_key(r#"module.a["x.y"].module.b[0]"#), "a.b");
    assert_eq!(module_key("module.a.aws_x.y"), "a");
    assert_eq!(module_key("module"), "");
}

#[test]
fn parents_go_up_to_the_root() {
    assert_eq!(parent("module.a.module.b"), Some("module.a"));
    assert_eq!(parent("module.a"), Some(""));
    assert_eq!(parent(""), None);
    assert_eq!(parent("module.module.module.b"), Some("module.module"));
}

#[test]
fn an_address_is_put_inside_a_module() {
    assert_eq!(within("", "a.b"), "a.b");
    assert_eq!(within("module.m", "a.b"), "module.m.a.b");
}

#[test]
fn names_are_what_terraform_accepts() {
    assert!(is_identifier("a-b_1") && is_identifier("_x") && is_identifier("größe"));
    assert!(
        !is_identifier("") && !is_identifier("1a") && !is_identifier("a.b") && !is_identifier("-a")
    );
}

#[test]
fn relative_paths_stay_in_the_repository() {
    assert_eq!(join("", "./a/../b").as_deref(), Some("b"));
    assert_eq!(join("x/y", "../z//w/").as_deref(), Some("x/z/w"));
    assert_eq!(join("x", "..").as_deref(), Some(""));
    assert_eq!(join("x", "../.."), None);
    assert_eq!(join("x", "/etc"), None);
}

#[test]
fn a_path_splits_at_its_last_slash() {
    assert_eq!(
        (directory("a/b/c.tf"), file_name("a/b/c.tf")),
        ("a/b", "c.tf")
    );
    assert_eq!((directory("c.tf"), file_name("c.tf")), ("", "c.tf"));
}

#[test]
fn the_steps_of_a_module_address_are_split_outside_of_keys_only() {
    for (address, steps) in [
        ("", vec![]),
        ("module.a", vec!["module.a"]),
        ("module.a.module.b[0]", vec!["module.a", "module.b[0]"]),
        (
            r#"module.a["x.module.y"].module.b["]"]"#,
            vec![r#"module.a["x.module.y"]"#, r#"module.b["]"]"#],
        ),
        (
            r#"module.a["\".module.z"].module.b"#,
            vec![r#"module.a["\".module.z"]"#, "module.b"],
        ),
        // A key that never ends takes the rest with it.
        (r#"module.a["x.module.b"#, vec![r#"module.a["x.module.b"#]),
    ] {
        assert_eq!(module_steps(address), steps, "{address}");
    }
}
