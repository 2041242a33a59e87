//! The top-level blocks of an HCL file that is no Terraform, such as the list of a policy set.

use super::hcl;

/// One top-level block and its attributes; nested blocks are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainBlock {
    /// The word before the labels.
    pub kind: String,
    /// The labels.
    pub labels: Vec<String>,
    /// Line of its head, counted from 1.
    pub line: usize,
    /// Its attributes, in order.
    pub attributes: Vec<PlainAttribute>,
}

/// `name = value` of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainAttribute {
    /// Its name.
    pub name: String,
    /// The text of a plain string, or the value as it stands in the file.
    pub value: String,
    /// Line, counted from 1.
    pub line: usize,
}

impl PlainBlock {
    /// The value of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&PlainAttribute> {
        self.attributes.iter().find(|a| a.name == name)
    }
}

/// Reads the top-level blocks of a file in HCL's native syntax, and what was not understood: line and sentence.
#[must_use]
pub fn plain_blocks(bytes: &[u8]) -> (Vec<PlainBlock>, Vec<(usize, String)>) {
    let parsed = hcl::parse(bytes);
    let mut faults: Vec<(usize, String)> = parsed
        .faults
        .into_list()
        .into_iter()
        .map(|fault| (fault.line, fault.message))
        .collect();
    let blocks = parsed
        .body
        .blocks
        .into_iter()
        .map(|node| {
            if !node.closed {
                faults.push((node.span.line, "The block is not closed.".to_owned()));
            }
            PlainBlock {
                kind: node.kind.into_owned(),
                labels: node.labels,
                line: node.span.line,
                attributes: node
                    .body
                    .attributes
                    .into_iter()
                    .map(|attribute| PlainAttribute {
                        name: attribute.name.into_owned(),
                        value: attribute.value.literal_or_source().trim().to_owned(),
                        line: attribute.span.line,
                    })
                    .collect(),
            }
        })
        .collect();
    faults.sort();
    faults.dedup();
    (blocks, faults)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn blocks_with_their_attributes_and_lines() {
        let text = "# set\npolicy \"friday\" {\n  query = \"data.a.deny\"\n  enabled = true\n}\n";
        let (blocks, faults) = plain_blocks(text.as_bytes());
        assert_eq!(faults, []);
        let block = blocks.first().unwrap();
        assert_eq!((block.kind.as_str(), block.line), ("policy", 2));
        assert_eq!(block.labels, ["friday"]);
        assert_eq!(block.attribute("query").unwrap().value, "data.a.deny");
        assert_eq!(block.attribute("query").unwrap().line, 3);
        assert_eq!(block.attribute("enabled").unwrap().value, "true");
        assert_eq!(block.attribute("none"), None);
    }

    #[test]
    fn what_is_not_closed_is_said() {
        let (_, faults) = plain_blocks(b"policy \"a\" {\n  query = \"x\n");
        assert!(!faults.is_empty());
    }
}
