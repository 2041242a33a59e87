//! From a resource to the one place that tells most about it: in the commit, in its base, or in the plan's snapshot.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::address::{strip_keys, within};
use super::facts::Block;
use super::{ResourceMode, SourceIndex};

/// The text in which a place's lines count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceSide {
    /// The commit under review.
    #[default]
    Commit,
    /// The commit that it is compared with.
    Base,
    /// The copy of the configuration that the binary plan holds.
    PlanSnapshot,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlaceKind {
    /// The block itself.
    #[default]
    Block,
    /// The call of the module that holds it, whose own files are not at hand.
    ModuleCall,
    /// The `removed` block that takes it out of the configuration.
    Removed,
    /// The `import` block that brings it in.
    Import,
}

/// A place in a source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The path of the file.
    pub file: Arc<str>,
    /// The first line.
    pub line: usize,
    /// The last line.
    pub end_line: usize,
    /// What stands there.
    pub kind: PlaceKind,
    /// In which text.
    pub side: SourceSide,
}

/// The source of one plan.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Of the commit under review, with what only the plan's snapshot holds.
    pub head: SourceIndex,
    /// Of the commit that it is compared with, where something of the plan is not in the head.
    pub base: Option<SourceIndex>,
}

impl From<SourceIndex> for Sources {
    fn from(head: SourceIndex) -> Self {
        Self { head, base: None }
    }
}

impl Sources {
    /// The place of a resource, from its module's address (keys allowed) and its name; nothing where no line is known.
    #[must_use]
    pub fn place(
        &self,
        module: &str,
        mode: ResourceMode,
        r#type: &str,
        name: &str,
    ) -> Option<Place> {
        let block = |index: &SourceIndex| index.locate(module, mode, r#type, name).cloned();
        let call = |index: &SourceIndex| index.nearest_call(module).cloned();
        let own = || Some(self.of_head(&block(&self.head)?, PlaceKind::Block));
        let managed = || (mode == ResourceMode::Managed).then_some(());
        let instead = || {
            managed()?;
            let address = within(&strip_keys(module), &format!("{type}.{name}"));
            self.removed(&address).or_else(|| self.imported(&address))
        };
        let base = self.base.as_ref();
        own()
            .or_else(instead)
            .or_else(|| Some(of_base(&block(base?)?, PlaceKind::Block)))
            .or_else(|| Some(self.of_head(&call(&self.head)?, PlaceKind::ModuleCall)))
            .or_else(|| Some(of_base(&call(base?)?, PlaceKind::ModuleCall)))
    }

    /// The place of a configuration address, such as `var.x` or `module.a.output.b`.
    #[must_use]
    pub fn place_of_config(&self, address: &str) -> Option<Place> {
        let own = || Some(self.of_head(self.head.locate_config(address)?, PlaceKind::Block));
        let base = || self.base.as_ref()?.locate_config(address);
        own().or_else(|| Some(of_base(base()?, PlaceKind::Block)))
    }

    /// The text of a file on one side; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self, side: SourceSide, file: &str) -> Option<Cow<'_, str>> {
        match side {
            SourceSide::Commit | SourceSide::PlanSnapshot => self.head.text(file),
            SourceSide::Base => self.base.as_ref()?.text(file),
        }
    }

    fn of_head(&self, block: &Block, kind: PlaceKind) -> Place {
        let side = self.side_of(&block.file);
        place(&block.file, [block.line, block.end_line], kind, side)
    }

    fn side_of(&self, file: &str) -> SourceSide {
        if self.head.is_snapshot(file) {
            SourceSide::PlanSnapshot
        } else {
            SourceSide::Commit
        }
    }

    fn removed(&self, address: &str) -> Option<Place> {
        let covers = |from: &str| {
            let rest = address.strip_prefix(strip_keys(from).as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let mut all = self.head.facts.removed.iter();
        let found = all.find(|removed| removed.module.is_some() && covers(&removed.from))?;
        let lines = [found.line, found.end_line];
        let side = self.side_of(&found.file);
        Some(place(&found.file, lines, PlaceKind::Removed, side))
    }

    fn imported(&self, address: &str) -> Option<Place> {
        let mut all = self.head.facts.imported.iter();
        let found = all.find(|i| i.module.is_some() && strip_keys(&i.to) == address)?;
        let lines = [found.line, found.end_line];
        let side = self.side_of(&found.file);
        Some(place(&found.file, lines, PlaceKind::Import, side))
    }
}

fn of_base(block: &Block, kind: PlaceKind) -> Place {
    let lines = [block.line, block.end_line];
    place(&block.file, lines, kind, SourceSide::Base)
}

fn place(file: &Arc<str>, lines: [usize; 2], kind: PlaceKind, side: SourceSide) -> Place {
    let [line, end_line] = lines;
    Place {
        file: file.clone(),
        line,
        end_line,
        kind,
        side,
    }
}
