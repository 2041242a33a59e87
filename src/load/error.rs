//! Why there is no case to review: heading, causes, hint and the exit status that follows.

use crate::git::GitError;
use crate::load::config::ConfigProblem;
use crate::plan::PlanError;
use crate::review::Exit;
use crate::text::Printable;

/// A failure before there was anything to review.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{heading}")]
pub struct LoadError {
    /// The status that the program ends with.
    pub exit: Exit,
    /// What went wrong, in one sentence.
    pub heading: Printable,
    /// Details, one a line.
    pub causes: Vec<Printable>,
    /// What to do now.
    pub hint: Printable,
}

impl LoadError {
    /// A wrong command line or configuration.
    #[must_use]
    pub fn usage(heading: &str, hint: &str) -> Self {
        Self::new(Exit::Usage, heading, hint)
    }

    /// An input that cannot be reviewed.
    #[must_use]
    pub fn input(heading: &str, hint: &str) -> Self {
        Self::new(Exit::Input, heading, hint)
    }

    fn new(exit: Exit, heading: &str, hint: &str) -> Self {
        Self {
            exit,
            heading: Printable::line(heading),
            causes: Vec::new(),
            hint: Printable::line(hint),
        }
    }

    /// A plan that cannot be read.
    #[must_use]
    pub fn plan(path: &str, error: &PlanError) -> Self {
        Self {
            causes: vec![Printable::line(&error.to_string())],
            ..Self::input(&format!("{path} cannot be reviewed."), error.hint())
        }
    }

    /// A repository that cannot answer.
    #[must_use]
    pub fn git(error: &GitError) -> Self {
        let text = error.to_string();
        // Where no command helps, the message ends with the sentence that says what to do.
        let (cause, hint) = match (error.remedy(), text.rsplit_once(". ")) {
            (Some(command), _) => (text.clone(), format!("Run: {command}")),
            (None, Some((what, now))) => (format!("{what}."), now.to_owned()),
            (None, None) => (text.clone(), String::new()),
        };
        Self {
            causes: vec![Printable::line(&cause)],
            ..Self::input("The git change cannot be read.", &hint)
        }
    }

    /// A configuration with problems.
    #[must_use]
    pub fn config(file: &str, problems: &[ConfigProblem]) -> Self {
        Self {
            causes: problems
                .iter()
                .map(|p| Printable::line(&format!("{file}:{}: {}", p.line, p.message)))
                .collect(),
            ..Self::usage(
                &format!(
                    "{file} has {} problem{}.",
                    problems.len(),
                    if problems.len() == 1 { "" } else { "s" }
                ),
                "Mend the configuration where it is read from (the base commit, unless --trust worktree is given).",
            )
        }
    }
}

impl From<&GitError> for LoadError {
    fn from(error: &GitError) -> Self {
        Self::git(error)
    }
}
