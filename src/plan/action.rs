//! What a plan does to one object.

use std::fmt;

/// The action of a resource or output change, read from the plan's list of action words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing is done (an import or a move may still be recorded).
    NoOp,
    /// A new object is made.
    Create,
    /// A data source is read during apply.
    Read,
    /// An object is changed in place.
    Update,
    /// An object is destroyed.
    Delete,
    /// An object is destroyed, then made anew.
    DeleteThenCreate,
    /// An object is made anew, then the old one is destroyed.
    CreateThenDelete,
    /// An object stays, but leaves the state.
    Forget,
    /// A new object is made while the old one is abandoned.
    ForgetReplace,
    /// An ephemeral object is opened, renewed or closed.
    Ephemeral,
    /// Words that this version does not know; treated as destructive.
    Unknown,
}

impl Action {
    /// Reads the plan's words.
    pub fn from_words<S: AsRef<str>>(words: &[S]) -> Self {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        match words.as_slice() {
            ["no-op"] => Self::NoOp,
            ["create"] => Self::Create,
            ["read"] => Self::Read,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["delete", "create"] => Self::DeleteThenCreate,
            ["create", "delete"] => Self::CreateThenDelete,
            ["forget"] => Self::Forget,
            ["create", "forget"] | ["forget", "create"] => Self::ForgetReplace,
            ["open" | "renew" | "close"] => Self::Ephemeral,
            _ => Self::Unknown,
        }
    }

    /// Whether an object ceases to exist, or may.
    #[must_use]
    pub fn is_destructive(self) -> bool {
        matches!(
            self,
            Self::Delete | Self::DeleteThenCreate | Self::CreateThenDelete | Self::Unknown
        )
    }

    /// Whether one object takes another's place.
    #[must_use]
    pub fn is_replace(self) -> bool {
        matches!(self, Self::DeleteThenCreate | Self::CreateThenDelete)
    }

    /// Whether nothing is done.
    #[must_use]
    pub fn is_no_op(self) -> bool {
        self == Self::NoOp
    }

    /// The sign that Terraform's own plan text uses.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::NoOp => " ",
            Self::Create => "+",
            Self::Read => "<",
            Self::Update => "~",
            Self::Delete => "-",
            Self::DeleteThenCreate | Self::CreateThenDelete => "±",
            Self::Forget => ".",
            Self::ForgetReplace => "⨁",
            Self::Ephemeral => "e",
            Self::Unknown => "?",
        }
    }

    /// One word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NoOp => "no-op",
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "destroy",
            Self::DeleteThenCreate | Self::CreateThenDelete => "replace",
            Self::Forget => "forget",
            Self::ForgetReplace => "forget+new",
            Self::Ephemeral => "ephemeral",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_list_of_words_is_known() {
        for (words, action) in [
            (vec!["no-op"], Action::NoOp),
            (vec!["create"], Action::Create),
            (vec!["read"], Action::Read),
            (vec!["update"], Action::Update),
            (vec!["delete"], Action::Delete),
            (vec!["delete", "create"], Action::DeleteThenCreate),
            (vec!["create", "delete"], Action::CreateThenDelete),
            (vec!["forget"], Action::Forget),
            (vec!["create", "forget"], Action::ForgetReplace),
            (vec!["forget", "create"], Action::ForgetReplace),
        ] {
            assert_eq!(Action::from_words(&words), action);
        }
    }

    #[test]
    fn unknown_words_count_as_destructive() {
        for words in [vec![], vec!["explode"], vec!["delete", "update"]] {
            let action = Action::from_words(&words);
            assert_eq!(action, Action::Unknown);
            assert!(action.is_destructive());
        }
    }
}
