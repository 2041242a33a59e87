//! One attempt at having a record count, and the ways in which it can be changed.

use super::*;

pub(super) type Edit<'a> = Box<dyn Fn(&mut Scene) + 'a>;

/// One attempt: a record, and what is here when it is checked.
pub(super) struct Scene {
    pub(super) case: ReviewCase,
    pub(super) statement: Statement,
    pub(super) signatures: Vec<Signature>,
    pub(super) now: Timestamp,
    pub(super) rules: ApprovalRules,
    pub(super) authors: Option<Vec<Author>>,
    pub(super) base: Option<Option<String>>,
    pub(super) merge_base: Option<Option<String>>,
    pub(super) frozen: bool,
    pub(super) revoked: fn(&Record) -> Option<Digest>,
}

impl Scene {
    pub(super) fn new() -> Self {
        let case = case();
        let statement = statement(&case, "Ada");
        Self {
            case,
            statement,
            signatures: Vec::new(),
            now: now(),
            rules: ApprovalRules::default(),
            authors: None,
            base: None,
            merge_base: None,
            frozen: false,
            revoked: |_| None,
        }
    }

    pub(super) fn change(&mut self) -> &mut Change {
        match &mut self.case.under_review {
            UnderReview::Commits(change) => change,
            _ => panic!("a scene has a change"),
        }
    }

    /// The tip of the base after a squash: another commit, the same tree, nothing under review.
    pub(super) fn squashed(&mut self) {
        self.case.under_review = UnderReview::NoChange {
            base: None,
            head: OTHER.to_owned(),
            reason: Printable::line("The head is in the base."),
            dirty: Vec::new(),
        };
        self.base = Some(Some(BASE.to_owned()));
        self.authors = Some(vec![author("wanda@example.org", AuthorRole::Author)]);
    }

    pub(super) fn outcome(&self) -> Result<Covers, Void> {
        let record =
            Record::with_signatures(self.statement.clone(), self.signatures.clone()).unwrap();
        // Forged or not, what is checked has been read from a line.
        let record = Record::parse(record.line())?;
        let mut context = Context::of(&self.case, self.now);
        context.rules = self.rules;
        context.frozen = self.frozen.then(|| Printable::line("an incident."));
        context.revoked = (self.revoked)(&record).into_iter().collect();
        if let Some(authors) = &self.authors {
            context.authors.clone_from(authors);
        }
        if let Some(base) = &self.base {
            context.base.clone_from(base);
        }
        if let Some(merge_base) = &self.merge_base {
            context.merge_base.clone_from(merge_base);
        }
        check(&record, &context)
    }
}

pub(super) fn outcome(edit: impl Fn(&mut Scene)) -> Result<Covers, Void> {
    let mut scene = Scene::new();
    edit(&mut scene);
    scene.outcome()
}

pub(super) fn answer_to(statement: &mut Statement, finding: &Finding) -> usize {
    statement
        .answers
        .iter()
        .position(|a| a.fingerprint == finding.fingerprint)
        .unwrap()
}

pub(super) fn set(statement: &mut Statement, finding: &Finding, decision: Decision) {
    let index = answer_to(statement, finding);
    let at = statement.created;
    statement.answers[index].given = Given::Reviewer { decision, at };
}

pub(super) fn replan(scene: &mut Scene, tag: &str, timestamp: &str) {
    scene.case.plans[0] = plan("live/plan.json", tag, timestamp);
}

/// Every attempt is refused with its name, in a sentence that starts with it and shows no secret.
pub(super) fn assert_refused(attempts: &[(&str, &str, Edit)]) {
    for (attempt, name, edit) in attempts {
        match outcome(edit) {
            Ok(covers) => panic!("{attempt}: accepted as {covers:?}"),
            Err(void) => {
                assert_eq!(void.name(), *name, "{attempt}: {void}");
                let text = void.to_string();
                assert!(
                    text.ends_with('.') && !text.contains(SECRET),
                    "{attempt}: {text}"
                );
                assert!(
                    text.starts_with(
                        &name
                            .replace("other-config", "other configuration")
                            .replace('-', " ")
                    ) || text.starts_with(name),
                    "{attempt}: {text}"
                );
            }
        }
    }
}
