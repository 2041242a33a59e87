//! Questions to the index: from an address to its block, its module call and its text.

use std::borrow::Cow;

use super::SourceIndex;
use super::address::{parent, strip_keys, within};
use super::facts::{Block, ModuleCall};

/// The mode of a resource, as plan JSON names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceMode {
    /// A `resource` block.
    Managed,
    /// A `data` block.
    Data,
    /// An `ephemeral` block.
    Ephemeral,
}

impl SourceIndex {
    /// Finds the block of a resource from its module's address (keys allowed, `""` = root) and its name.
    #[must_use]
    pub fn locate(
        &self,
        module_address: &str,
        mode: ResourceMode,
        r#type: &str,
        name: &str,
    ) -> Option<&Block> {
        let prefix = match mode {
            ResourceMode::Managed => "",
            ResourceMode::Data => "data.",
            ResourceMode::Ephemeral => "ephemeral.",
        };
        let address = within(
            &strip_keys(module_address),
            &format!("{prefix}{type}.{name}"),
        );
        self.locate_config(&address)
    }

    /// Finds the block with a configuration address, such as `module.a.aws_b.c`, `var.x` or `local.y`.
    #[must_use]
    pub fn locate_config(&self, address: &str) -> Option<&Block> {
        let local = || {
            let at = self.locals_by_address.get(address)?;
            self.facts.locals.get(*at)
        };
        self.blocks_at(address).next().or_else(local)
    }

    /// Lists every block with a configuration address: the definition, then the override files' parts.
    pub fn blocks_at(&self, address: &str) -> impl Iterator<Item = &Block> {
        let positions = self
            .by_address
            .get(address)
            .map(Vec::as_slice)
            .unwrap_or_default();
        positions.iter().filter_map(|at| self.facts.blocks.get(*at))
    }

    /// Finds the call of the module at a path (keys allowed).
    #[must_use]
    pub fn module_call(&self, module_address: &str) -> Option<&ModuleCall> {
        let at = self.calls_by_address.get(&strip_keys(module_address))?;
        self.facts.module_calls.get(*at)
    }

    /// Finds the `module` block closest to a module path (keys allowed) whose file is in the repository.
    ///
    /// For a resource in a registry or git module, this is the block a reader can look at.
    #[must_use]
    pub fn nearest_call(&self, module_address: &str) -> Option<&Block> {
        let path = strip_keys(module_address);
        let mut module = path.as_str();
        while !module.is_empty() {
            if let Some(block) = self.blocks_at(module).find(|block| block.kind == "module") {
                return Some(block);
            }
            module = parent(module)?;
        }
        None
    }

    /// Gives the text of an indexed file; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<Cow<'_, str>> {
        self.texts
            .get(file)
            .map(|bytes| String::from_utf8_lossy(bytes))
    }

    /// Gives the text of a block.
    #[must_use]
    pub fn text_of(&self, block: &Block) -> Option<Cow<'_, str>> {
        let bytes = self.texts.get(&block.file)?.get(block.bytes.clone())?;
        Some(String::from_utf8_lossy(bytes))
    }

    /// Lists the configuration addresses a block's expressions refer to, sorted and in the block's own
    /// module: `module.a.var.x`, `module.a.local.y`, `module.a.data.t.n`, `module.a.module.b`.
    ///
    /// A name that refers to nothing in the index is left out. See [`super::references()`] for the limits.
    #[must_use]
    pub fn references_of(&self, block: &Block) -> Vec<String> {
        let (Some(text), Some(module)) = (self.text_of(block), block.module.as_ref()) else {
            return Vec::new();
        };
        let found = if block.file.ends_with(".json") {
            super::references::json_references(&text)
        } else {
            super::references(&text)
        };
        let full = found.into_iter().map(|name| within(module, &name));
        full.filter(|address| self.locate_config(address).is_some())
            .collect()
    }
}
