//! The one place that tells most about a resource.

use super::index;
use crate::source::{PlaceKind, ResourceMode, SourceSide, Sources};

fn place(
    sources: &Sources,
    module: &str,
    name: &str,
) -> Option<(String, usize, PlaceKind, SourceSide)> {
    let place = sources.place(module, ResourceMode::Managed, "t", name)?;
    Some((place.file.to_string(), place.line, place.kind, place.side))
}

#[test]
fn what_the_head_says_of_a_resource_comes_before_the_base() {
    let head = "resource \"t\" \"own\" {}\n\nremoved {\n  from = t.gone\n}\n\nremoved {\n  from = module.old\n}\n\nimport {\n  to = t.new[0]\n  id = \"x\"\n}\n\nmodule \"far\" {\n  source = \"registry/x\"\n}\n";
    let base = "resource \"t\" \"own\" {}\nresource \"t\" \"gone\" {}\nresource \"t\" \"dropped\" {}\nmodule \"less\" {\n  source = \"registry/y\"\n}\n";
    let sources = Sources {
        head: index(&[("main.tf", head)]),
        base: Some(index(&[("old.tf", base)])),
    };
    let at = |module: &str, name: &str| place(&sources, module, name);
    let main = |line, kind| Some(("main.tf".to_owned(), line, kind, SourceSide::Commit));
    let old = |line, kind| Some(("old.tf".to_owned(), line, kind, SourceSide::Base));
    assert_eq!(at("", "own"), main(1, PlaceKind::Block));
    assert_eq!(at("", "gone"), main(3, PlaceKind::Removed));
    assert_eq!(
        at("module.old[\"k.x\"].module.in", "any"),
        main(7, PlaceKind::Removed)
    );
    assert_eq!(at("module.older", "any"), None);
    assert_eq!(at("", "new"), main(11, PlaceKind::Import));
    assert_eq!(at("", "dropped"), old(3, PlaceKind::Block));
    assert_eq!(at("module.far", "x"), main(16, PlaceKind::ModuleCall));
    assert_eq!(at("module.less", "x"), old(4, PlaceKind::ModuleCall));
    assert_eq!(at("", "never"), None);
    // A `removed` block is about managed resources.
    assert!(sources.place("", ResourceMode::Data, "t", "gone").is_none());
}
