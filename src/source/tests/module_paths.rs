use std::collections::BTreeMap;

use super::{index, index_at, problems};
use crate::source::{ResourceMode, SourceIndex};

const RESOURCE: &str = "resource \"t\" \"r\" {\n  provisioner \"local-exec\" {}\n}\nmoved {\n  from = t.q[0]\n  to = t.r\n}\nimport {\n  to = t.i\n  id = \"1\"\n}\nremoved {\n  from = t.gone\n}\n";

#[test]
fn a_directory_called_twice_has_two_addresses() {
    let index = index(&[
        (
            "main.tf",
            "module \"a\" {\n  source = \"./m\"\n}\nmodule \"b\" {\n  source = \"./m/../m/\"\n  count = 2\n}\n",
        ),
        ("m/main.tf", RESOURCE),
        ("m/sub/main.tf", "variable \"unreached\" {}\n"),
    ]);
    for (address, path) in [
        ("module.a", "module.a.t.r"),
        ("module.b[1]", "module.b.t.r"),
    ] {
        let block = index
            .locate(address, ResourceMode::Managed, "t", "r")
            .unwrap();
        assert_eq!(block.address.as_deref(), Some(path));
        assert_eq!((block.file.as_ref(), block.line), ("m/main.tf", 1));
    }
    assert!(index.locate("", ResourceMode::Managed, "t", "r").is_none());
    let provisioners: Vec<_> = index
        .facts
        .provisioners
        .iter()
        .map(|p| p.address.as_deref())
        .collect();
    assert_eq!(provisioners, [Some("module.a.t.r"), Some("module.b.t.r")]);
    assert_eq!(index.facts.moved[1].from, "module.b.t.q[0]");
    assert_eq!(index.facts.moved[1].to, "module.b.t.r");
    assert_eq!(index.facts.imported[0].to, "module.a.t.i");
    assert_eq!(index.facts.removed[0].from, "module.a.t.gone");
    let unreached = index
        .facts
        .blocks
        .iter()
        .find(|block| block.kind == "variable")
        .unwrap();
    assert_eq!(
        (unreached.address.as_deref(), unreached.module.as_deref()),
        (None, None)
    );
    assert!(problems(&index).is_empty());
}

#[test]
fn modules_are_followed_from_the_calling_file_and_from_the_given_root() {
    let files = [
        (
            "live/prod/main.tf",
            "module \"net\" {\n  source = \"../../modules/net\"\n}\n",
        ),
        (
            "modules/net/main.tf",
            "module \"sub\" {\n  source = \"./modules/sub\"\n}\n",
        ),
        ("modules/net/modules/sub/res.tf", RESOURCE),
        ("main.tf", "variable \"elsewhere\" {}\n"),
    ];
    let index = index_at("./live/prod/", &files);
    let block = index
        .locate(
            r#"module.net["x.y"].module.sub"#,
            ResourceMode::Managed,
            "t",
            "r",
        )
        .unwrap();
    assert_eq!(block.file.as_ref(), "modules/net/modules/sub/res.tf");
    assert_eq!(block.module.as_deref(), Some("module.net.module.sub"));
    assert!(index.locate_config("var.elsewhere").is_none());
    let call = index.module_call("module.net[0].module.sub").unwrap();
    assert_eq!(
        (call.source.as_deref(), call.file.as_ref()),
        (Some("./modules/sub"), "modules/net/main.tf")
    );
    assert_eq!(call.module.as_deref(), Some("module.net"));
}

#[test]
fn a_module_from_elsewhere_points_to_its_nearest_call() {
    let index = index(&[
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n}\n"),
        (
            "a/main.tf",
            "module \"vpc\" {\n  source  = \"terraform-aws-modules/vpc/aws\"\n  version = \"5.0.0\"\n}\n",
        ),
    ]);
    let address = "module.a[0].module.vpc[\"k.x\"].module.deeper";
    let block = index.nearest_call(address).unwrap();
    assert_eq!(block.address.as_deref(), Some("module.a.module.vpc"));
    assert_eq!((block.file.as_ref(), block.line), ("a/main.tf", 1));
    assert!(index.nearest_call("module.other").is_none());
    assert!(index.nearest_call("").is_none());
    assert!(
        index
            .module_call("module.a.module.vpc.module.deeper")
            .is_none()
    );
    assert_eq!(
        index
            .module_call("module.a.module.vpc")
            .unwrap()
            .version
            .as_deref(),
        Some("5.0.0")
    );
    assert!(problems(&index).is_empty());
}

#[test]
fn known_directories_serve_modules_from_elsewhere_only() {
    let files = [
        ("env/main.tf", "module \"far\" {\n  source = \"registry/x/y\"\n}\nmodule \"near\" {\n  source = \"./near\"\n}\n"),
        ("env/near/main.tf", "variable \"near\" {}\n"),
        ("vendor/far/main.tf", "variable \"far\" {}\nmodule \"in\" {\n  source = \"example.com/z\"\n}\n"),
        ("vendor/in/main.tf", RESOURCE),
    ]
    .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()));
    let known: BTreeMap<String, String> = [
        ("far", "../vendor/far"),
        ("far.in", "../vendor/in"),
        ("near", "../vendor/far"),
        ("", "."),
    ]
    .map(|(key, directory)| (key.to_owned(), directory.to_owned()))
    .into();
    let index = SourceIndex::build(files, "env", Some(&known));
    assert!(index.locate_config("module.far.var.far").is_some());
    assert!(index.locate_config("module.far.module.in.t.r").is_some());
    assert!(
        index.locate_config("module.near.var.near").is_some(),
        "the commit's own text wins"
    );
    assert!(index.locate_config("module.near.var.far").is_none());
}

#[test]
fn sources_that_cannot_be_followed_are_problems() {
    let index = index(&[(
        "main.tf",
        "module \"a\" {\n  source = \"./missing\"\n}\nmodule \"b\" {\n  source = \"../outside\"\n}\nmodule \"c\" {\n  source = var.x\n}\nmodule \"d\" {}\nmodule \"e\" {\n  source = \"./${\"x\"}\"\n}\nmodule \"f\" {\n  source = \".\"\n}\n",
    )]);
    let messages: Vec<_> = problems(&index)
        .into_iter()
        .map(|(_, message)| message)
        .collect();
    assert_eq!(
        messages,
        [
            "The module `a` was not followed: `missing` holds no configuration in this commit.",
            "The module `b` was not followed: its source lies outside the repository.",
            "The module `c` was not followed: its source is not a plain string.",
            "The module `d` was not followed: it has no source.",
            "The module `e` was not followed: its source is not a plain string.",
            "The module `f` was not followed: it calls itself.",
        ]
    );
    let sources: Vec<_> = index
        .facts
        .module_calls
        .iter()
        .map(|call| call.source.as_deref())
        .collect();
    let expected = [
        Some("./missing"),
        Some("../outside"),
        Some("var.x"),
        None,
        Some("\"./${\"x\"}\""),
        Some("."),
    ];
    assert_eq!(sources, expected);
}

#[test]
fn modules_that_call_each_other_end() {
    let index = index(&[
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n}\n"),
        ("a/main.tf", "module \"b\" {\n  source = \"../b\"\n}\n"),
        (
            "b/main.tf",
            "module \"a\" {\n  source = \"../a\"\n}\nvariable \"x\" {}\n",
        ),
    ]);
    assert!(index.locate_config("module.a.module.b.var.x").is_some());
    assert_eq!(
        problems(&index),
        [(1, "The module `a` was not followed: it calls itself.")]
    );
}

#[test]
fn module_calls_that_multiply_are_bounded() {
    let mut files = vec![("main.tf".to_owned(), doubling(0))];
    files.extend((0..40).map(|level| (format!("m{level}/main.tf"), doubling(level + 1))));
    let borrowed: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let index = index(&borrowed);
    assert!(
        problems(&index)
            .iter()
            .any(|(_, message)| message.contains("too many modules"))
    );
    for (path, _) in &files {
        assert!(
            index
                .facts
                .blocks
                .iter()
                .any(|block| block.file.as_ref() == path),
            "{path}"
        );
    }
}

/// Two calls of the next level's directory.
fn doubling(level: usize) -> String {
    let source = if level == 0 {
        "./m0".to_owned()
    } else {
        format!("../m{level}")
    };
    format!(
        "module \"a\" {{\n  source = \"{source}\"\n}}\nmodule \"b\" {{\n  source = \"{source}\"\n}}\n"
    )
}

#[test]
fn a_chain_of_modules_is_bounded() {
    let mut files = vec![("main.tf".to_owned(), single("./m0"))];
    files.extend((0..100).map(|n| (format!("m{n}/main.tf"), single(&format!("../m{}", n + 1)))));
    let borrowed: Vec<_> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let index = index(&borrowed);
    assert!(
        problems(&index)
            .iter()
            .any(|(_, message)| message.contains("nested too deeply"))
    );
}

fn single(source: &str) -> String {
    format!("module \"a\" {{\n  source = \"{source}\"\n}}\n")
}

#[test]
fn an_override_file_changes_where_a_module_comes_from() {
    let index = index(&[
        ("main.tf", "module \"a\" {\n  source = \"./one\"\n}\n"),
        ("x_override.tf", "module \"a\" {\n  source = \"./two\"\n}\n"),
        ("one/main.tf", "variable \"one\" {}\n"),
        ("two/main.tf", "variable \"two\" {}\n"),
    ]);
    assert!(index.locate_config("module.a.var.two").is_some());
    assert!(index.locate_config("module.a.var.one").is_none());
}

#[test]
fn an_index_of_nothing_answers_nothing() {
    let index = index(&[]);
    assert!(index.locate_config("a.b").is_none() && index.facts.blocks.is_empty());
}
