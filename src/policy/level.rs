//! The three scales on which a result stands: how bad, how binding, how certain.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Loss of data or control.
    Critical,
    /// Serious.
    High,
    /// Worth a look before applying.
    Medium,
    /// Minor.
    Low,
    /// For information.
    Info,
}

impl Severity {
    /// All severities, worst first.
    pub const ALL: [Self; 5] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Info,
    ];

    /// The word used in reports and annotations.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }

    /// Reads the word used in annotations and results; other tools write it in capitals.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|s| s.word().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What a finding does to the gate, in Sentinel's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Enforcement {
    /// Blocks; nobody can waive it.
    HardMandatory,
    /// Blocks until it is waived with a reason and an expiry.
    SoftMandatory,
    /// Does not block, unless warnings are asked to.
    Advisory,
}

impl Enforcement {
    /// All levels, strictest first.
    pub const ALL: [Self; 3] = [Self::HardMandatory, Self::SoftMandatory, Self::Advisory];

    /// The word used in reports, annotations and the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::HardMandatory => "hard-mandatory",
            Self::SoftMandatory => "soft-mandatory",
            Self::Advisory => "advisory",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|e| e.word() == word)
    }

    /// A short word for narrow places.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::HardMandatory => "hard",
            Self::SoftMandatory => "deny",
            Self::Advisory => "warn",
        }
    }
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Whether the policy could prove what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// The plan shows it.
    Proven,
    /// The plan cannot show it: unknown until apply, hidden, or not mapped.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for severity in Severity::ALL {
            assert_eq!(Severity::parse(severity.word()), Some(severity));
        }
        for level in Enforcement::ALL {
            assert_eq!(Enforcement::parse(level.word()), Some(level));
        }
        assert_eq!(Severity::parse("HIGH"), Some(Severity::High));
        assert_eq!(Severity::parse("Info"), Some(Severity::Info));
        assert_eq!(Severity::parse("hıgh"), None);
        assert_eq!(Severity::parse("severe"), None);
    }
}
