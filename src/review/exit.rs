//! The exit statuses: one documented enum.

use std::fmt;

/// Exit status of the program. Where several hold, the first of 2, 4, 5, 1, 3, 0 wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing blocks (and, where asked, a valid approval covers it).
    Pass = 0,
    /// A blocking finding is open, or a reviewer rejected.
    Blocked = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// An approval is missing, stale, void, expired, revoked or under quorum; an interactive review left undecided.
    Unapproved = 3,
    /// The plan or the repository cannot be reviewed.
    Input = 4,
    /// A policy failed to load or to evaluate, or nothing was evaluated.
    Policy = 5,
}

impl Exit {
    /// All statuses in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Blocked,
        Self::Usage,
        Self::Unapproved,
        Self::Input,
        Self::Policy,
    ];

    /// The number given to the shell.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The name used in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Blocked => "blocked",
            Self::Usage => "usage",
            Self::Unapproved => "unapproved",
            Self::Input => "input",
            Self::Policy => "policy",
        }
    }

    /// When it is given, for the help and the README.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Pass => "nothing blocks (and, where asked, a valid approval covers it)",
            Self::Blocked => "a blocking finding is open, or a reviewer rejected",
            Self::Usage => "the command line or the configuration is wrong",
            Self::Unapproved => {
                "an approval is missing or void; an interactive review left undecided"
            }
            Self::Input => "the plan or the repository cannot be reviewed",
            Self::Policy => "a policy failed to load or to evaluate, or nothing was evaluated",
        }
    }

    fn rank(self) -> u8 {
        match self {
            Self::Usage => 0,
            Self::Input => 1,
            Self::Policy => 2,
            Self::Blocked => 3,
            Self::Unapproved => 4,
            Self::Pass => 5,
        }
    }

    /// The one of two statuses that wins.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if other.rank() < self.rank() {
            other
        } else {
            self
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
