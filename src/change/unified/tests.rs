#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::format_push_string
)]

use super::*;

fn one(text: &str) -> FileChange {
    let mut files = parse(text.as_bytes()).unwrap();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

fn error(text: &str) -> UnifiedError {
    parse(text.as_bytes()).unwrap_err()
}

fn lines(file: &FileChange) -> String {
    let mut text = String::new();
    for hunk in &file.hunks {
        text += &format!(
            "-{},{} +{},{}:",
            hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines
        );
        for line in &hunk.removed {
            text += &format!(" -{}|{}", line.line, line.text);
        }
        for line in &hunk.added {
            text += &format!(" +{}|{}", line.line, line.text);
        }
        text.push('\n');
    }
    text
}

const MODIFIED: &str = "\
diff --git a/main.tf b/main.tf
index 1111111..2222222 100644
--- a/main.tf
+++ b/main.tf
@@ -1,5 +1,5 @@
 one
-two
+TWO
 three
 four
-five
+FIVE
@@ -20,0 +21,2 @@ resource \"x\" \"y\" {
+a
+b
";

#[test]
fn context_is_dropped_and_runs_are_split() {
    let file = one(MODIFIED);
    assert_eq!(
        (file.path.as_str(), file.status, file.binary),
        ("main.tf", FileStatus::Modified, false)
    );
    assert_eq!(
        (file.mode.as_deref(), file.old_mode.as_deref()),
        (Some("100644"), Some("100644"))
    );
    assert_eq!(
        lines(&file),
        "-2,1 +2,1: -2|two +2|TWO\n-5,1 +5,1: -5|five +5|FIVE\n-20,0 +21,2: +21|a +22|b\n"
    );
}

#[test]
fn the_same_diff_with_carriage_returns_reads_the_same() {
    let text = MODIFIED.replace('\n', "\r\n");
    assert_eq!(parse(text.as_bytes()), parse(MODIFIED.as_bytes()));
}

#[test]
fn a_byte_order_mark_is_skipped_and_utf16_is_named() {
    assert_eq!(
        parse(format!("\u{feff}{MODIFIED}").as_bytes()),
        parse(MODIFIED.as_bytes())
    );
    assert_eq!(parse(b"\xff\xfed\0i\0").unwrap_err(), UnifiedError::Utf16);
}

#[test]
fn nothing_is_no_change_and_other_text_is_an_error() {
    assert_eq!(parse(b""), Ok(vec![]));
    assert_eq!(parse(b"\n \r\n"), Ok(vec![]));
    assert_eq!(error("hello\n"), UnifiedError::NotADiff);
    assert_eq!(
        error("\u{1b}[1mdiff --git a/x b/x\u{1b}[m\n"),
        UnifiedError::NotADiff
    );
    assert_eq!(error("+a\n-b\n"), UnifiedError::NotADiff);
}

#[test]
fn added_and_deleted_files_have_one_mode() {
    let file = one(
        "diff --git a/n.tf b/n.tf\nnew file mode 100755\nindex 0000000..1\n--- /dev/null\n+++ b/n.tf\n@@ -0,0 +1 @@\n+x\n\\ No newline at end of file\n",
    );
    assert_eq!(file.status, FileStatus::Added);
    assert_eq!(
        (file.mode.as_deref(), file.old_mode.as_deref()),
        (Some("100755"), None)
    );
    assert_eq!(lines(&file), "-0,0 +1,1: +1|x\n");
    let file = one(
        "diff --git a/o.tf b/o.tf\ndeleted file mode 100644\nindex 1..0\n--- a/o.tf\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-x\n-y\n",
    );
    assert_eq!(
        (file.status, file.path.as_str()),
        (FileStatus::Deleted, "o.tf")
    );
    assert_eq!(
        (file.mode.as_deref(), file.old_mode.as_deref()),
        (None, Some("100644"))
    );
    assert_eq!(lines(&file), "-1,2 +0,0: -1|x -2|y\n");
}

#[test]
fn an_empty_file_has_no_hunks() {
    let file = one("diff --git a/e.tf b/e.tf\nnew file mode 100644\nindex 0000000..e69de29\n");
    assert_eq!(
        (file.status, file.path.as_str(), file.hunks.len()),
        (FileStatus::Added, "e.tf", 0)
    );
}

#[test]
fn renames_and_copies_carry_the_old_path() {
    let file = one(
        "diff --git a/a b.tf b/c d.tf\nsimilarity index 90%\nrename from a b.tf\nrename to c d.tf\nindex 1..2 100644\n--- a/a b.tf\t\n+++ b/c d.tf\t\n@@ -1 +1 @@\n-x\n+y\n",
    );
    assert_eq!(
        (file.status, file.path.as_str()),
        (FileStatus::Renamed, "c d.tf")
    );
    assert_eq!(file.old_path.as_deref(), Some("a b.tf"));
    let file = one("diff --git a/x b/y\nsimilarity index 100%\ncopy from x\ncopy to y\n");
    assert_eq!(
        (file.status, file.old_path.as_deref()),
        (FileStatus::Copied, Some("x"))
    );
    let file = one(
        "diff --git x y\nsimilarity index 50%\nrename from x\nrename to y\n--- x\n+++ y\n@@ -1 +1 @@\n-x\n+y\n",
    );
    assert_eq!(
        (file.path.as_str(), file.status),
        ("y", FileStatus::Renamed)
    );
    assert_eq!(
        error("diff --git a/x b/y\nrename from x\n"),
        UnifiedError::Name { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/y\nrename to y\n"),
        UnifiedError::Name { line: 1 }
    );
}

#[test]
fn modes_binaries_and_submodules_have_no_lines() {
    let file = one("diff --git a/run.sh b/run.sh\nold mode 100644\nnew mode 100755\n");
    assert_eq!(
        (file.old_mode.as_deref(), file.mode.as_deref()),
        (Some("100644"), Some("100755"))
    );
    let file = one(
        "diff --git a/p.png b/p.png\nindex 1..2 100644\nBinary files a/p.png and b/p.png differ\n",
    );
    assert!(file.binary && file.hunks.is_empty());
    let file = one(
        "diff --git a/p.png b/p.png\nindex 1..2 100644\nGIT binary patch\nliteral 4\nLc${NkU}+|\n\nliteral 0\nHcmV?d00001\n\n",
    );
    assert!(file.binary);
    let file = one(
        "diff --git a/m b/m\nindex 1..2 160000\n--- a/m\n+++ b/m\n@@ -1 +1 @@\n-Subproject commit 1\n+Subproject commit 2\n",
    );
    assert_eq!(
        (file.mode.as_deref(), file.hunks.len()),
        (Some("160000"), 0)
    );
}

#[test]
fn a_deletion_and_an_addition_of_another_type_are_one_file() {
    let text = "diff --git a/l b/l\ndeleted file mode 100644\n--- a/l\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\ndiff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+target\n\\ No newline at end of file\n";
    let file = one(text);
    assert_eq!(file.status, FileStatus::TypeChanged);
    assert_eq!(
        (file.old_mode.as_deref(), file.mode.as_deref()),
        (Some("100644"), Some("120000"))
    );
    assert_eq!(lines(&file), "-1,1 +0,0: -1|x\n-0,0 +1,1: +1|target\n");
    let same = text.replace("120000", "100644");
    assert_eq!(
        error(&same),
        UnifiedError::Duplicate {
            line: 7,
            path: "l".to_owned()
        }
    );
}

#[test]
fn quoted_names_become_rendered_paths() {
    let file = one(
        "diff --git \"a/\\303\\274\\377.tf\" \"b/\\303\\274\\377.tf\"\nold mode 100644\nnew mode 100755\n",
    );
    assert_eq!(file.path, "ü%FF.tf");
    let file = one(
        "diff --git \"a/\\377\" b/y\nsimilarity index 100%\nrename from \"\\377\"\nrename to y\n",
    );
    assert_eq!(file.old_path.as_deref(), Some("%FF"));
    assert_eq!(
        error("diff --git \"a/\\0\" b/x\n"),
        UnifiedError::Name { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/y\nrename from \"x\\\"\nrename to y\n"),
        UnifiedError::Name { line: 2 }
    );
}

#[test]
fn plain_diffs_take_the_common_path() {
    let file = one(
        "diff -ru old/m/main.tf new/m/main.tf\n--- old/m/main.tf\t2024-01-01 10:00:00 +0100\n+++ new/m/main.tf\t2024-01-02 10:00:00 +0100\n@@ -1 +1,2 @@\n x\n+y\n",
    );
    assert_eq!(
        (file.path.as_str(), file.status, file.mode.as_deref()),
        ("m/main.tf", FileStatus::Modified, None)
    );
    assert_eq!(lines(&file), "-1,0 +2,1: +2|y\n");
    let file = one(
        "--- old/n.tf\t1970-01-01 01:00:00.000000000 +0100\n+++ new/n.tf\t2024-01-02 10:00:00 +0100\n@@ -0,0 +1 @@\n+y\n",
    );
    assert_eq!(
        (file.path.as_str(), file.status),
        ("n.tf", FileStatus::Added)
    );
    let file = one("--- a/n.tf\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n");
    assert_eq!(
        (file.path.as_str(), file.status),
        ("n.tf", FileStatus::Deleted)
    );
    let file = one("Binary files old/x.png and new/x.png differ\n");
    assert!(file.binary && file.path == "x.png");
    assert_eq!(
        error("Binary files a and b and c differ\n"),
        UnifiedError::Name { line: 1 }
    );
    assert_eq!(
        error("Binary files ab differ\n"),
        UnifiedError::Name { line: 1 }
    );
}

#[test]
fn several_files_are_sorted_and_prose_around_them_is_skipped() {
    let text = "From 1234 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n- a list\n---\n b.tf | 2 +-\n\ndiff --git a/b.tf b/b.tf\n--- a/b.tf\n+++ b/b.tf\n@@ -1 +1 @@\n--- x\n+++ y\ndiff --git a/a.tf b/a.tf\n--- a/a.tf\n+++ b/a.tf\n@@ -1 +1 @@\n-x\n+y\n-- \n2.47.3\n\n";
    let files = parse(text.as_bytes()).unwrap();
    assert_eq!(
        files
            .iter()
            .map(|file| file.path.as_str())
            .collect::<Vec<_>>(),
        ["a.tf", "b.tf"]
    );
    assert_eq!(lines(&files[1]), "-1,1 +1,1: -1|-- x +1|++ y\n");
}

#[test]
fn a_file_that_occurs_twice_is_refused() {
    let text = format!("{MODIFIED}commit 1234\n\n    message\n\n{MODIFIED}");
    assert!(matches!(error(&text), UnifiedError::Duplicate { path, .. } if path == "main.tf"));
}

#[test]
fn counts_are_verified_in_both_directions() {
    let hunk = |header: &str, body: &str| error(&format!("--- a/x\n+++ b/x\n{header}\n{body}"));
    assert_eq!(
        hunk("@@ -1,2 +1 @@", "-x\n+y\n"),
        UnifiedError::Count { line: 6 }
    );
    assert_eq!(
        hunk("@@ -1 +1 @@", "-x\n+y\n+z\n"),
        UnifiedError::Count { line: 6 }
    );
    assert_eq!(
        hunk("@@ -1 +1 @@", "-x\n+y\n z\n"),
        UnifiedError::Count { line: 6 }
    );
    assert_eq!(
        hunk("@@ -1 +1 @@", "-x\n+y\n\n-hidden\n"),
        UnifiedError::Count { line: 7 }
    );
    assert_eq!(
        hunk("@@ -1 +1 @@", "-x\n-y\n"),
        UnifiedError::Count { line: 5 }
    );
    assert_eq!(
        hunk("@@ -1 +1,2 @@", "+x\n+y\n z\n+w\n"),
        UnifiedError::Count { line: 6 }
    );
    assert_eq!(
        hunk("@@ -1 +1 @@", "garbage\n"),
        UnifiedError::Count { line: 4 }
    );
    assert_eq!(
        hunk("@@ -1,x +1 @@", ""),
        UnifiedError::HunkHeader { line: 3 }
    );
    assert_eq!(
        hunk("@@ -9 +9 @@", "-x\n+y\n@@ -1 +1 @@\n-x\n+y\n"),
        UnifiedError::HunkHeader { line: 6 }
    );
}

#[test]
fn the_highest_line_numbers_are_read() {
    let file = one("--- a/x\n+++ b/x\n@@ -4294967294 +4294967294 @@\n-x\n+y\n");
    assert_eq!(file.hunks[0].added[0].line, u32::MAX - 1);
}

#[test]
fn headers_that_contradict_each_other_are_refused() {
    assert_eq!(
        error("@@ -1 +1 @@\n-x\n+y\n"),
        UnifiedError::HunkWithoutFile { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/x\n@@ -1 +1 @@\n-x\n+y\n"),
        UnifiedError::HunkHeader { line: 2 }
    );
    assert_eq!(
        error("diff --git a/x b/x\n--- a/x\n+++ b/other\n@@ -1 +1 @@\n-x\n+y\n"),
        UnifiedError::Name { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/x\n--- a/x\n+++ b/x\n"),
        UnifiedError::Header { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/x\nnew file mode 100644\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n"),
        UnifiedError::Header { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/x\nold mode 99\n"),
        UnifiedError::Header { line: 2 }
    );
    assert_eq!(
        error("--- /dev/null\n+++ /dev/null\n@@ -1 +1 @@\n-x\n+y\n"),
        UnifiedError::Name { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/x\nnew file mode 100644\ndeleted file mode 100644\n"),
        UnifiedError::Header { line: 1 }
    );
    assert_eq!(
        error("diff --git a/x b/y\n"),
        UnifiedError::Name { line: 1 }
    );
}

#[test]
fn diffs_that_do_not_say_everything_are_refused() {
    for text in [
        "diff --cc x.tf\n",
        "diff --combined x.tf\n",
        "Only in new: x.tf\n",
        "Submodule m 1234567..7654321:\n",
    ] {
        assert!(
            matches!(error(text), UnifiedError::Unsupported { line: 1, .. }),
            "{text}"
        );
    }
}

#[test]
fn bounds_are_enforced() {
    assert!(matches!(
        parse(&vec![b' '; MAX_BYTES + 1]),
        Err(UnifiedError::TooLarge { what: "bytes", .. })
    ));
    let mut text = String::new();
    for index in 0..=MAX_FILES {
        text += &format!("diff --git a/{index} b/{index}\nold mode 100644\nnew mode 100755\n");
    }
    assert!(matches!(
        parse(text.as_bytes()),
        Err(UnifiedError::TooLarge { what: "files", .. })
    ));
    let text = format!(
        "--- a/x\n+++ b/x\n@@ -0,0 +1,{} @@\n{}",
        MAX_LINES + 1,
        "+\n".repeat(MAX_LINES + 1)
    );
    assert!(matches!(
        parse(text.as_bytes()),
        Err(UnifiedError::TooLarge {
            what: "changed lines",
            ..
        })
    ));
}

#[test]
fn no_cut_of_a_diff_panics() {
    let text =
        format!("{MODIFIED}diff --git \"a/\\303\\274\" \"b/\\303\\274\"\nrename from \"\\303\"\n");
    for end in 0..text.len() {
        let mut bytes = text.as_bytes()[..end].to_vec();
        drop(parse(&bytes));
        if let Some(last) = bytes.last_mut() {
            *last = 0xff;
        }
        drop(parse(&bytes));
    }
}
