//! Which repository is looked at, and where its head stands beside the base.

use serde::Serialize;

/// A repository seen from the commit under review; policies see it as `input.countersign.repository`.
///
/// It is there in every repository, also where no change is under review, such as on the target branch itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Standing {
    /// The commit under review, in hexadecimal.
    pub head: String,
    /// The base commit; none where there is no base.
    pub base: Option<String>,
    /// The newest commit that both hold.
    pub merge_base: Option<String>,
    /// The short name of the branch under review, where it is known.
    pub branch: Option<String>,
    /// The branch that the base is the tip of, as a full name such as `refs/heads/main`; that of a remote is named as it is there.
    /// None where the base was given as a commit.
    pub target: Option<String>,
    /// How many commits of the head the base does not hold.
    pub ahead: Option<usize>,
    /// How many commits of the base the head does not hold.
    pub behind: Option<usize>,
    /// When the head was committed, in RFC 3339; as the committer's clock said.
    pub head_time: Option<String>,
    /// When the base was committed.
    pub base_time: Option<String>,
    /// When the merge base was committed.
    pub merge_base_time: Option<String>,
    /// Where it was cloned from, as `host/path` without scheme, user, password, query or `.git`.
    pub origin: Option<String>,
    /// The commits without parents that the head descends from, sorted; empty in a shallow clone.
    pub roots: Vec<String>,
    /// Whether the clone ends before its history does, so that counts may be too low.
    pub shallow: bool,
}
