//! What git tells its hooks: references on standard input, merge heads in the environment.

use std::collections::BTreeMap;

use super::GitError;

/// A reference that `pre-push` is about to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushedRef {
    /// What is pushed, as the user named it; `(delete)` for a deletion.
    pub local_ref: String,
    /// The commit that is pushed; zeros for a deletion.
    pub local_id: String,
    /// The reference on the remote.
    pub remote_ref: String,
    /// What the remote has; zeros when it has nothing.
    pub remote_id: String,
}

impl PushedRef {
    /// Tells whether the reference is to be deleted.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        is_zero(&self.local_id)
    }
}

/// A reference that `pre-receive` is about to update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRef {
    /// What the reference is now; zeros when it does not exist.
    pub old_id: String,
    /// What it is to be; zeros for a deletion.
    pub new_id: String,
    /// The full name of the reference.
    pub name: String,
}

impl ReceivedRef {
    /// Tells whether the reference is to be deleted.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        is_zero(&self.new_id)
    }
}

/// Reads the input of `pre-push`.
///
/// # Errors
/// A line is not of the form that git writes.
pub fn parse_push(text: &str) -> Result<Vec<PushedRef>, GitError> {
    parse(text, |line| {
        // What is pushed may be an expression with spaces; the other words cannot hold any.
        let mut words = line.rsplitn(4, ' ');
        let (remote_id, remote_ref) = (words.next()?, words.next()?);
        let (local_id, local_ref) = (words.next()?, words.next()?);
        let usable =
            is_id(remote_id) && is_id(local_id) && !remote_ref.is_empty() && !local_ref.is_empty();
        usable.then(|| PushedRef {
            local_ref: local_ref.to_owned(),
            local_id: local_id.to_owned(),
            remote_ref: remote_ref.to_owned(),
            remote_id: remote_id.to_owned(),
        })
    })
}

/// Reads the input of `pre-receive`.
///
/// # Errors
/// A line is not of the form that git writes.
pub fn parse_receive(text: &str) -> Result<Vec<ReceivedRef>, GitError> {
    parse(text, |line| {
        let mut words = line.splitn(3, ' ');
        let (old_id, new_id, name) = (words.next()?, words.next()?, words.next()?);
        let usable = is_id(old_id) && is_id(new_id) && !name.is_empty() && !name.contains(' ');
        usable.then(|| ReceivedRef {
            old_id: old_id.to_owned(),
            new_id: new_id.to_owned(),
            name: name.to_owned(),
        })
    })
}

/// The commits being merged while `pre-merge-commit` runs, sorted: the names of `GITHEAD_<id>` variables.
///
/// `MERGE_HEAD` does not exist yet at that time; the base of the merge is HEAD.
#[must_use]
pub fn merge_heads(env: &BTreeMap<String, String>) -> Vec<String> {
    let names = env.keys().filter_map(|name| name.strip_prefix("GITHEAD_"));
    names
        .filter(|id| is_id(id) && !is_zero(id))
        .map(str::to_owned)
        .collect()
}

fn parse<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, GitError> {
    let numbered = text.lines().enumerate();
    numbered
        .map(|(index, line)| read(line).ok_or(GitError::HookInput { line: index + 1 }))
        .collect()
}

fn is_id(word: &str) -> bool {
    matches!(word.len(), 40 | 64)
        && word
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn pushed_references_are_read_even_when_named_by_an_expression() {
        let text = format!(
            "refs/heads/x {A} refs/heads/main {ZERO}\nHEAD^{{/fix it}} {A} refs/heads/y {A}\n(delete) {ZERO} refs/heads/z {A}\n"
        );
        let pushed = parse_push(&text).unwrap();
        assert_eq!(pushed[0].remote_ref, "refs/heads/main");
        assert_eq!(pushed[1].local_ref, "HEAD^{/fix it}");
        assert_eq!(
            pushed
                .iter()
                .map(PushedRef::is_deletion)
                .collect::<Vec<_>>(),
            [false, false, true]
        );
        assert_eq!(parse_push("").unwrap(), []);
    }

    #[test]
    fn other_lines_are_refused_with_their_number() {
        for text in [
            format!("a {A} b"),
            format!("a {A} b {A}0"),
            format!("a {A}  {A}"),
            format!(" {A} b {A}"),
            String::from("\n"),
        ] {
            let text = format!("a {A} b {A}\n{text}\n");
            assert!(
                matches!(parse_push(&text), Err(GitError::HookInput { line: 2 })),
                "{text}"
            );
        }
        for text in [
            format!("{A} {A}"),
            format!("{A} {A} "),
            format!("{A} {A} a b"),
            format!("x {A} a"),
        ] {
            assert!(
                matches!(parse_receive(&text), Err(GitError::HookInput { line: 1 })),
                "{text}"
            );
        }
    }

    #[test]
    fn received_references_are_read() {
        let received = parse_receive(&format!(
            "{ZERO} {A} refs/heads/x\n{A} {ZERO} refs/heads/y\n"
        ))
        .unwrap();
        assert_eq!(
            (received[0].name.as_str(), received[0].is_deletion()),
            ("refs/heads/x", false)
        );
        assert!(received[1].is_deletion());
    }

    #[test]
    fn merge_heads_are_valid_ids_only() {
        let env = [
            "GITHEAD_",
            &format!("GITHEAD_{A}"),
            &format!("GITHEAD_{ZERO}"),
            "GITHEAD_main",
            "OTHER",
        ];
        let env = env
            .iter()
            .map(|name| ((*name).to_owned(), "x".to_owned()))
            .collect();
        assert_eq!(merge_heads(&env), [A]);
    }
}
