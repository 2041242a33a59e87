//! What the patterns of a setting are patterns of, and which of them can never match.
//!
//! Only what is certain whatever the plan and the change hold is said: that a plan of today has no such type is no mistake.

/// What patterns are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Resource types.
    Types,
    /// Addresses of resource instances, with keys.
    Addresses,
    /// Addresses of blocks, without keys.
    Blocks,
    /// Names and addresses, of which a leading `!` leaves out.
    Scopes,
    /// Paths of the repository, as globs.
    Files,
    /// Paths of the repository, in the manner of `lib/paths.rego`.
    Paths,
    /// Full names of refs.
    Refs,
    /// Short names of branches.
    Branches,
    /// Sources of providers, perhaps with a version.
    Sources,
    /// Repositories as host/path.
    Repositories,
    /// Ids of commits.
    Commits,
    /// Regular expressions.
    Expressions,
}

const WORDS: [(&str, Of); 12] = [
    ("types", Of::Types),
    ("addresses", Of::Addresses),
    ("blocks", Of::Blocks),
    ("scopes", Of::Scopes),
    ("files", Of::Files),
    ("paths", Of::Paths),
    ("refs", Of::Refs),
    ("branches", Of::Branches),
    ("sources", Of::Sources),
    ("repositories", Of::Repositories),
    ("commits", Of::Commits),
    ("expressions", Of::Expressions),
];

fn is_wild(c: char) -> bool {
    matches!(c, '*' | '?')
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

impl Of {
    pub(super) fn parse(word: &str) -> Option<Self> {
        WORDS
            .iter()
            .find(|(name, _)| *name == word)
            .map(|(_, of)| *of)
    }

    /// Why a list of patterns selects nothing at all.
    pub(super) fn nothing(self, patterns: &[&str]) -> Option<&'static str> {
        let all = |pattern: &&str| {
            pattern
                .strip_prefix('!')
                .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c == '*'))
        };
        (self == Self::Scopes && patterns.iter().any(all))
            .then_some("leaves out everything (\"!*\"), so the policy would look at nothing")
    }

    /// Why a pattern can never match, as the end of a sentence.
    pub(super) fn never(self, pattern: &str) -> Option<String> {
        match self {
            Self::Types => resource_type(pattern),
            Self::Addresses => address(pattern, true),
            Self::Blocks => address(pattern, false),
            Self::Scopes => None,
            Self::Files => file(pattern, false),
            Self::Paths => file(pattern, true),
            Self::Refs => reference(pattern),
            Self::Branches => branch(pattern),
            Self::Sources => source(pattern),
            Self::Repositories => repository(pattern),
            Self::Commits => commit(pattern),
            Self::Expressions => regex::Regex::new(pattern)
                .is_err()
                .then(|| "it is no regular expression".to_owned()),
        }
    }
}

fn resource_type(pattern: &str) -> Option<String> {
    let wrong = pattern.chars().find(|c| !is_name(*c) && !is_wild(*c))?;
    Some(match wrong {
        '.' => {
            let short = pattern.trim_start_matches("data.");
            let (kind, _) = short.split_once('.').unwrap_or((short, ""));
            format!(
                "a resource type has no \".\"; write \"{kind}\", or take the setting for addresses"
            )
        }
        '!' => "here a leading ! leaves nothing out, and no resource type has one".to_owned(),
        other => format!("no resource type has {other:?}"),
    })
}

fn address(pattern: &str, keys: bool) -> Option<String> {
    // Behind a wildcard or in a key anything may stand.
    let plain = pattern
        .find(|c| is_wild(c) || c == '[')
        .map_or(pattern, |at| pattern.get(..at).unwrap_or(pattern));
    if let Some(wrong) = plain.chars().find(|c| !is_name(*c) && *c != '.') {
        return Some(match wrong {
            '!' => "here a leading ! leaves nothing out, and no address begins with one".to_owned(),
            other => format!("no address has {other:?} outside a key"),
        });
    }
    if plain.contains("..") || plain.starts_with('.') {
        return Some("no address has an empty step".to_owned());
    }
    if !keys && pattern.contains('[') {
        return Some("addresses of blocks have no keys; leave out the [ ]".to_owned());
    }
    if pattern.chars().any(is_wild) {
        return None;
    }
    let bare = crate::source::strip_keys(pattern);
    let steps: Vec<&str> = bare.split('.').collect();
    let mut rest = steps.as_slice();
    let mut modules = false;
    while let ["module", _, below @ ..] = rest {
        (rest, modules) = (below, true);
    }
    match rest {
        ["data", _, _] | [_, _] => None,
        [] if modules => Some(format!(
            "it is the address of a module; write \"{pattern}.*\" for all that is in it"
        )),
        [kind] if !modules => Some(format!(
            "an address has a type and a name; write \"{kind}.*\""
        )),
        _ => Some("an address has a type and a name, and in front of them only modules".to_owned()),
    }
}

fn file(pattern: &str, paths: bool) -> Option<String> {
    let why = if pattern.trim_matches(['/', ' ']).is_empty() {
        "it is empty"
    } else if pattern.contains('\\') {
        "paths are written with \"/\""
    } else if pattern.contains("//") {
        "it has an empty name between two slashes"
    } else if pattern.split('/').any(|name| matches!(name, "." | "..")) {
        "no path of a repository has \".\" or \"..\" as a name"
    } else if pattern.starts_with('/') && !paths {
        "paths begin at the root of the repository, without \"/\""
    } else if pattern.ends_with('/') && !paths {
        "a path of a file does not end with \"/\"; write \"**\" behind it"
    } else if paths && pattern.split('/').any(|name| name.ends_with(['.', ' '])) {
        "a name in it ends with a dot or a space, and such names are compared without"
    } else {
        return None;
    };
    Some(why.to_owned())
}

/// What git allows in no name of a ref.
fn no_ref(pattern: &str) -> Option<String> {
    let wrong =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '~' | '^' | ':' | '\\');
    if pattern.contains("..") || pattern.contains("//") || pattern.contains(wrong) {
        return Some("git allows no such name".to_owned());
    }
    pattern
        .ends_with('/')
        .then(|| format!("no name ends with \"/\"; write \"{pattern}*\""))
}

fn reference(pattern: &str) -> Option<String> {
    let wild = pattern.find(is_wild).unwrap_or(pattern.len());
    let plain = pattern.get(..wild).unwrap_or(pattern);
    if !plain.starts_with("refs/") && !"refs/".starts_with(plain)
        || plain == "refs/" && wild == pattern.len()
    {
        return Some(format!(
            "names of refs are given in full; write \"refs/heads/{pattern}\""
        ));
    }
    no_ref(pattern)
}

fn branch(pattern: &str) -> Option<String> {
    match pattern.strip_prefix("refs/heads/") {
        Some(short) => Some(format!("these are short names; write \"{short}\"")),
        None => no_ref(pattern),
    }
}

fn source(pattern: &str) -> Option<String> {
    let source = pattern.trim_start_matches('!').split('@').next();
    let source = source.unwrap_or_default().trim();
    if let Some((scheme, rest)) = source.split_once("://") {
        return Some(format!("a source has no \"{scheme}://\"; write \"{rest}\""));
    }
    let parts: Vec<&str> = source.split('/').collect();
    if parts.len() > 3 {
        return Some(
            "a source is a type, namespace/type or host/namespace/type; a version stands behind @"
                .to_owned(),
        );
    }
    let name = |part: &&str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| is_name(c) || is_wild(c) || matches!(c, '.' | ':'))
    };
    (!parts.iter().all(name)).then(|| "a part of a source is a name".to_owned())
}

fn repository(pattern: &str) -> Option<String> {
    if let Some((_, rest)) = pattern.split_once("://") {
        let rest = rest.split_once('@').map_or(rest, |(_, rest)| rest);
        let rest = rest.trim_end_matches(".git");
        return Some(format!("write host/path: \"{rest}\""));
    }
    if pattern.contains(is_wild) {
        return Some("addresses are compared as a whole; patterns takes expressions".to_owned());
    }
    (!pattern.contains('/')).then(|| "write host/path".to_owned())
}

fn commit(pattern: &str) -> Option<String> {
    let digits = pattern.chars().all(|c| c.is_ascii_hexdigit());
    (!digits || !matches!(pattern.len(), 40 | 64))
        .then(|| "the id of a commit has 40 or 64 hexadecimal digits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_can_never_match_are_told_with_what_to_write() {
        for (of, pattern, expected) in [
            ("types", "aws_instance.web", "write \"aws_instance\""),
            ("types", "!aws_*", "leading !"),
            ("types", "aws instance", "no resource type has ' '"),
            ("addresses", "aws_instance", "write \"aws_instance.*\""),
            ("addresses", "module.net", "write \"module.net.*\""),
            ("addresses", "module.net[\"a.b\"]", "for all that is in it"),
            ("addresses", "!module.net.*", "leading !"),
            ("addresses", "a/b.*", "no address has '/'"),
            ("addresses", "a..b", "empty step"),
            ("addresses", "a.b.c", "in front of them only modules"),
            ("blocks", "aws_instance.web[0]", "have no keys"),
            ("files", "/modules/x.tf", "without \"/\""),
            ("files", "./x.tf", "as a name"),
            ("files", "modules/", "write \"**\""),
            ("files", "a\\b.tf", "written with \"/\""),
            ("paths", "a//b", "empty name"),
            ("paths", "a. /b", "dot or a space"),
            ("refs", "main", "write \"refs/heads/main\""),
            ("refs", "refs/heads/", "write \"refs/heads/*\""),
            ("refs", "refs/heads/a b", "git allows"),
            ("branches", "refs/heads/main", "write \"main\""),
            (
                "sources",
                "https://registry.terraform.io/hashicorp/aws",
                "write \"registry.terraform.io/hashicorp/aws\"",
            ),
            (
                "sources",
                "registry.terraform.io/hashicorp/aws/5.0",
                "behind @",
            ),
            ("sources", "hashicorp/", "is a name"),
            (
                "repositories",
                "https://kim@git.example.com/a/b.git",
                "\"git.example.com/a/b\"",
            ),
            ("repositories", "infra", "host/path"),
            (
                "repositories",
                "git.example.com/a/*",
                "patterns takes expressions",
            ),
            ("commits", "abc123", "40 or 64"),
            ("expressions", "(a", "regular expression"),
        ] {
            let why = Of::parse(of)
                .and_then(|of| of.never(pattern))
                .unwrap_or_default();
            assert!(why.contains(expected), "{of} {pattern}: {why}");
        }
    }

    #[test]
    fn patterns_that_could_match_are_left_alone() {
        for (of, pattern) in [
            ("types", "aws_*"),
            ("types", "*"),
            ("addresses", "module.net.*"),
            ("addresses", "module.net[\"a b\"].aws_x.y"),
            ("addresses", "aws_x.y[\"k/!\"]"),
            ("addresses", "data.aws_x.y"),
            ("addresses", "*"),
            ("addresses", "aws_*"),
            ("addresses", "module.a.module.b[0].data.x.y[1]"),
            ("blocks", "module.a.x.y"),
            ("scopes", "nothing-*"),
            ("scopes", "!ci-*"),
            ("files", "modules/**"),
            ("paths", "/modules/"),
            ("paths", "*.tf"),
            ("refs", "refs/heads/release/*"),
            ("refs", "*"),
            ("refs", "ref*"),
            ("branches", "feature/*"),
            ("sources", "hashicorp/aws @ ~> 5.0"),
            ("sources", "!acme/*"),
            ("sources", "terraform.io/builtin/terraform"),
            ("sources", "localhost:8080/a/b"),
            ("repositories", "git.example.com/a/b"),
            ("commits", "0123456789abcdef0123456789abcdef01234567"),
            ("expressions", "^a"),
        ] {
            assert_eq!(
                Of::parse(of).and_then(|of| of.never(pattern)),
                None,
                "{of} {pattern}"
            );
        }
    }

    #[test]
    fn a_scope_that_leaves_out_everything_is_refused() {
        assert!(Of::Scopes.nothing(&["*", "!*"]).is_some());
        assert!(Of::Scopes.nothing(&["!**"]).is_some());
        assert_eq!(Of::Scopes.nothing(&["!a*", "*"]), None);
        assert_eq!(Of::Types.nothing(&["!*"]), None);
    }
}
