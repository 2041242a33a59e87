//! Why a zip is refused.

/// Why bytes are not a plan file that can be trusted to say one thing.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum ArchiveError {
    /// The zip's directory cannot be read: cut off, or damaged.
    #[error("this plan file is cut off or damaged: its zip directory cannot be read.")]
    Damaged,
    /// A zip with something else in it.
    #[error("this is a zip file, but not a Terraform plan.")]
    NotAPlan,
    /// An entry that cannot be unpacked, or whose check sum differs.
    #[error("this plan file is damaged: its entry {entry} cannot be unpacked.")]
    Entry {
        /// The entry, one that every plan has.
        entry: &'static str,
    },
    /// Bytes before the first entry or after the directory.
    #[error("this plan file has bytes before or after its zip archive.")]
    Surrounded,
    /// Sizes and counts of the 64-bit form, which no plan needs.
    #[error("this plan file claims to be a 64-bit zip, which no plan within limits is.")]
    Zip64,
    /// More entries than a plan has.
    #[error("this plan file has more than {limit} entries.")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
    /// More bytes inside than are read.
    #[error("this plan file unpacks to more than {limit} bytes.")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// An entry that grows beyond all measure.
    #[error("this plan file holds an entry that unpacks to more than {limit} times its size.")]
    Ratio {
        /// The limit.
        limit: u64,
    },
    /// Two entries of one name.
    #[error("this plan file has two entries of one name; readers differ in which they take.")]
    Duplicate,
    /// Entries that share bytes.
    #[error("this plan file has entries that overlap.")]
    Overlap,
    /// Local headers and the directory tell different things.
    #[error(
        "this plan file's zip headers contradict each other; readers differ in which they believe."
    )]
    Inconsistent,
    /// A name that leads out of the archive.
    #[error(
        "this plan file has an entry whose name is absolute, leads upwards or is no plain text."
    )]
    Name,
    /// A link.
    #[error("this plan file has an entry that is a link.")]
    Link,
    /// An entry with a password.
    #[error("this plan file has an entry that is encrypted with a zip password.")]
    Encrypted,
    /// A way of packing that Terraform does not use.
    #[error("this plan file has an entry that is packed in a way Terraform does not use.")]
    Method,
    /// The message inside is not of the form that Terraform writes.
    #[error("this plan file is damaged: the plan inside cannot be read.")]
    Message,
    /// A version of the inner format that is not known.
    #[error("this plan file has the inner format {found}; only 3 is known.")]
    Version {
        /// The version found.
        found: u64,
    },
    /// The list of modules is missing or wrong.
    #[error("this plan file's configuration cannot be read: its list of modules is wrong.")]
    Modules,
}

impl ArchiveError {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotAPlan => {
                "Name the plan itself, as terraform plan -out=tfplan or terraform show -json tfplan > plan.json wrote it."
            }
            Self::Damaged | Self::Entry { .. } | Self::Message => {
                "Copy or download it again, whole and as binary, or make it again: terraform plan -out=tfplan."
            }
            Self::Version { .. } => {
                "Give its JSON instead: terraform show -json tfplan > plan.json."
            }
            _ => "Make the plan again and do not edit it: terraform plan -out=tfplan.",
        }
    }
}
