//! The script that countersign installs as a hook.

use std::path::Path;

use super::hooks::HookKind;

/// How the second line of every script begins.
const MARKER: &str = "# countersign-hook ";

/// Tells whether a hook is countersign's own.
pub(super) fn is_own(content: &[u8]) -> bool {
    let mut lines = content.split(|byte| *byte == b'\n');
    lines
        .nth(1)
        .is_some_and(|line| line.starts_with(MARKER.as_bytes()))
}

/// Writes the POSIX shell script of a hook.
///
/// The program at the given path is started, or the one on `PATH` when there is none; with neither the hook
/// fails. A hook that was there before runs first, on the same input, and its failure is final.
pub(super) fn write(kind: HookKind, program: &Path) -> Vec<u8> {
    let name = kind.name();
    let mut script = format!(
        "#!/bin/sh\n\
         {MARKER}{name}\n\
         # Written by `countersign hook install`; `countersign hook uninstall` takes it out again.\n\
         program="
    )
    .into_bytes();
    script.extend(quoted(program.as_os_str().as_encoded_bytes()));
    let before = format!(
        r#"
[ -x "$program" ] || program=countersign
if ! command -v "$program" >/dev/null 2>&1; then
    echo "countersign: the program is neither where the {name} hook expects it nor on PATH." >&2
    echo "countersign: install it again, or remove the hook $0." >&2
    exit 1
fi
case $0 in
*/*) earlier=${{0%/*}}/{name}{KEPT} ;;
*) earlier=./{name}{KEPT} ;;
esac
"#
    );
    let after = if kind.reads_input() {
        format!(
            r#"input=$(cat && echo .) || exit 1
input=${{input%.}}
if [ -f "$earlier" ] && [ -x "$earlier" ]; then
    printf '%s' "$input" 2>/dev/null | "$earlier" "$@" || exit $?
fi
printf '%s' "$input" 2>/dev/null | "$program" hook run {name} "$@"
"#
        )
    } else {
        format!(
            r#"if [ -f "$earlier" ] && [ -x "$earlier" ]; then
    "$earlier" "$@" || exit $?
fi
exec "$program" hook run {name} "$@"
"#
        )
    };
    script.extend(before.into_bytes());
    script.extend(after.into_bytes());
    script
}

/// What a kept hook's name ends in.
pub(super) const KEPT: &str = ".before-countersign";

fn quoted(word: &[u8]) -> Vec<u8> {
    let mut text = vec![b'\''];
    for byte in word {
        match byte {
            b'\'' => text.extend(br"'\''"),
            byte => text.push(*byte),
        }
    }
    text.push(b'\'');
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_own, write};
    use crate::git::HookKind;

    #[test]
    fn a_script_is_recognised_and_quotes_its_program() {
        let script = write(HookKind::PrePush, Path::new("/opt/it's $HOME/countersign"));
        assert!(is_own(&script));
        let text = String::from_utf8_lossy(&script);
        assert!(
            text.contains(r"program='/opt/it'\''s $HOME/countersign'"),
            "{text}"
        );
        assert!(!is_own(b"#!/bin/sh\necho countersign-hook\n"));
        assert!(!is_own(b"# countersign-hook pre-push"));
        assert!(!is_own(b""));
    }
}
