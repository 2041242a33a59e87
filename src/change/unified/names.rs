//! File names in a diff: git's quoting, prefixes, time stamps, and the `diff --git` line.

/// The name on a `---` or `+++` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    /// The name with its prefix; none for `/dev/null`.
    pub(super) name: Option<Vec<u8>>,
    /// Whether the time stamp of `diff -N` says that the file does not exist.
    pub(super) absent: bool,
}

/// Reads a `---` or `+++` line without its marker.
pub(super) fn side(text: &[u8]) -> Option<Side> {
    let (name, stamp) = if text.starts_with(b"\"") {
        unquote(text)?
    } else {
        let end = text
            .iter()
            .position(|byte| *byte == b'\t')
            .unwrap_or(text.len());
        let (name, stamp) = text.split_at_checked(end)?;
        (name.to_vec(), stamp)
    };
    let stamp = stamp.strip_prefix(b"\t").unwrap_or(stamp);
    let absent = stamp.starts_with(b"1970-01-01 ") || stamp.starts_with(b"1969-12-31 ");
    if name == b"/dev/null" {
        return Some(Side {
            name: None,
            absent: true,
        });
    }
    is_usable(&name).then_some(Side {
        name: Some(name),
        absent,
    })
}

/// A name that is not empty and holds no NUL.
pub(super) fn is_usable(name: &[u8]) -> bool {
    !name.is_empty() && !name.contains(&0)
}

/// The path of a `diff --git` line that names one file twice, and whether the names have prefixes.
///
/// Names of a rename are not told apart here: its own headers give them.
pub(super) fn same_path(text: &[u8]) -> Option<(Vec<u8>, bool)> {
    let (left, right) = if text.starts_with(b"\"") {
        let (left, rest) = unquote(text)?;
        let (right, rest) = unquote(rest.strip_prefix(b" ")?)?;
        if !rest.is_empty() {
            return None;
        }
        (left, right)
    } else {
        let (left, right) = text.split_at_checked(text.len() / 2)?;
        (left.to_vec(), right.strip_prefix(b" ")?.to_vec())
    };
    if !is_usable(&left) {
        return None;
    }
    if left == right {
        return Some((left, false));
    }
    let (path, other) = (without_first(&left)?, without_first(&right)?);
    (path == other && is_usable(path)).then(|| (path.to_vec(), true))
}

/// The common path of two names as `diff -ru old new` writes them, or the new name.
pub(super) fn joined(old: Option<&[u8]>, new: Option<&[u8]>) -> Option<Vec<u8>> {
    let name = match (old, new) {
        (Some(old), Some(new)) if old != new => match (without_first(old), without_first(new)) {
            (Some(a), Some(b)) if a == b => b,
            _ => new,
        },
        (_, Some(new)) if old.is_some() => new,
        (None, Some(one)) | (Some(one), None) => git_prefixed(one).unwrap_or(one),
        _ => new?,
    };
    let name = name.strip_prefix(b"./").unwrap_or(name);
    is_usable(name).then(|| name.to_vec())
}

/// The name without its first directory.
pub(super) fn without_first(name: &[u8]) -> Option<&[u8]> {
    let end = name.iter().position(|byte| *byte == b'/')?;
    name.get(end + 1..)
}

/// The name without one of the prefixes that git itself writes.
fn git_prefixed(name: &[u8]) -> Option<&[u8]> {
    match name {
        [b'a' | b'b' | b'c' | b'i' | b'o' | b'w', b'/', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// Reads a name in double quotes, as git and GNU diff quote it, and returns what follows.
pub(super) fn unquote(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = text.strip_prefix(b"\"")?;
    let mut name = Vec::new();
    loop {
        let (first, tail) = rest.split_first()?;
        rest = tail;
        match first {
            b'"' => return Some((name, rest)),
            b'\\' => {
                let (byte, tail) = escape(rest)?;
                name.push(byte);
                rest = tail;
            }
            byte => name.push(*byte),
        }
    }
}

fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    let (first, tail) = text.split_first()?;
    let byte = match first {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b'"' | b'\\' => *first,
        b'0'..=b'3' => {
            let [a @ b'0'..=b'7', b @ b'0'..=b'7', tail @ ..] = tail else {
                return None;
            };
            return Some(((first - b'0') * 64 + (a - b'0') * 8 + (b - b'0'), tail));
        }
        _ => return None,
    };
    Some((byte, tail))
}

/// A plain name on a header line, quoted or not.
pub(super) fn header_name(text: &[u8]) -> Option<Vec<u8>> {
    let name = if text.starts_with(b"\"") {
        let (name, rest) = unquote(text)?;
        if !rest.is_empty() {
            return None;
        }
        name
    } else {
        text.to_vec()
    };
    is_usable(&name).then_some(name)
}

/// Tells whether a line is the head of `git diff --submodule=log`.
pub(super) fn is_submodule_log(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"Submodule ") else {
        return false;
    };
    rest.split(|byte| *byte == b' ').any(|word| {
        let word = word.strip_suffix(b":").unwrap_or(word);
        let Some(dots) = word.windows(2).position(|pair| pair == b"..") else {
            return false;
        };
        let (from, to) = word.split_at(dots);
        let to: Vec<u8> = to
            .iter()
            .copied()
            .skip_while(|byte| *byte == b'.')
            .collect();
        [from, &to]
            .iter()
            .all(|id| id.len() >= 4 && id.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{is_submodule_log, joined, same_path, side, unquote};

    #[test]
    fn quoted_names_are_read_with_every_escape() {
        let (name, rest) = unquote(br#""a/\303\274\t\n\\\"\a\b\v\f\r.tf" x"#).unwrap();
        assert_eq!(name, b"a/\xc3\xbc\t\n\\\"\x07\x08\x0b\x0c\r.tf");
        assert_eq!(rest, b" x");
        for text in [
            &br#""a"#[..],
            br#""\"#,
            br#""\x""#,
            br#""\400""#,
            br#""\18""#,
            br#""\12"#,
            b"a",
        ] {
            assert_eq!(unquote(text), None);
        }
    }

    #[test]
    fn a_name_ends_at_its_time_stamp() {
        let old = side(b"a/x y.tf\t2024-01-01 00:00:00 +0000").unwrap();
        assert_eq!(
            (old.name.as_deref(), old.absent),
            (Some(&b"a/x y.tf"[..]), false)
        );
        let old = side(b"x.tf\t1970-01-01 00:00:00.000000000 +0000").unwrap();
        assert!(old.absent);
        assert_eq!(side(b"/dev/null").unwrap().name, None);
        for text in [&b""[..], b"\tx", b"\"\\000\"", b"\"unclosed"] {
            assert_eq!(side(text), None);
        }
    }

    #[test]
    fn the_git_line_gives_a_path_when_both_names_agree() {
        let path = |text: &[u8]| {
            same_path(text).map(|(path, prefixed)| (String::from_utf8(path).unwrap(), prefixed))
        };
        assert_eq!(path(b"a/x.tf b/x.tf"), Some(("x.tf".to_owned(), true)));
        assert_eq!(
            path(b"a/x b/y.tf b/x b/y.tf"),
            Some(("x b/y.tf".to_owned(), true))
        );
        assert_eq!(path(b"i/x.tf w/x.tf"), Some(("x.tf".to_owned(), true)));
        assert_eq!(path(b"m/x.tf m/x.tf"), Some(("m/x.tf".to_owned(), false)));
        assert_eq!(
            path(br#""a/\303\274" "b/\303\274""#),
            Some(("ü".to_owned(), true))
        );
        for text in [
            &b"a/x b/y"[..],
            b"",
            b" ",
            b"a/ b/",
            br#""a/x" "b/y""#,
            br#""a/x" "b/x" c"#,
            br#""a/x""#,
            b"x y",
        ] {
            assert_eq!(path(text), None);
        }
    }

    #[test]
    fn two_names_join_to_their_common_path() {
        let join = |old: Option<&[u8]>, new: Option<&[u8]>| {
            joined(old, new).map(|path| String::from_utf8(path).unwrap())
        };
        assert_eq!(
            join(Some(b"old/m/x.tf"), Some(b"new/m/x.tf")).as_deref(),
            Some("m/x.tf")
        );
        assert_eq!(
            join(Some(b"x.tf.orig"), Some(b"x.tf")).as_deref(),
            Some("x.tf")
        );
        assert_eq!(
            join(Some(b"./x.tf"), Some(b"./x.tf")).as_deref(),
            Some("x.tf")
        );
        assert_eq!(
            join(Some(b"m/x.tf"), Some(b"m/x.tf")).as_deref(),
            Some("m/x.tf")
        );
        assert_eq!(join(None, Some(b"b/x.tf")).as_deref(), Some("x.tf"));
        assert_eq!(join(Some(b"a/x.tf"), None).as_deref(), Some("x.tf"));
        assert_eq!(
            join(Some(b"modules/x.tf"), None).as_deref(),
            Some("modules/x.tf")
        );
        assert_eq!(join(None, None), None);
    }

    #[test]
    fn submodule_logs_are_recognised() {
        assert!(is_submodule_log(b"Submodule vendor/x 1234567..89abcde:"));
        assert!(is_submodule_log(
            b"Submodule x 0000000...89abcde (new submodule)"
        ));
        assert!(!is_submodule_log(b"Submodule bumps, see the log.."));
    }
}
