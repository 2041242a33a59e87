//! The ready-made files for CI systems, held against the program: their scripts are taken out of the YAML and run in a shell, with the
//! built program on the search path, on real plans in real repositories.
//!
//! What a CI system itself adds is played by its variables and directories; `terraform show -json` is played by a script that prints the
//! plan JSON that belongs to the plan file.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::scene::{Run, Scene, package, plan};

const ACTION: &str = ".github/actions/countersign/action.yml";
const EXAMPLE: &str = ".github/actions/countersign/example-workflow.yml";
const GITLAB: &str = ".gitlab/countersign.gitlab-ci.yml";
const ATLANTIS: &str = ".ci/integrations/atlantis-repos.yaml";
const TERRATEAM: &str = ".ci/integrations/terrateam-config.yml";
const DIGGER: &str = ".ci/integrations/digger.yml";
const PRE_COMMIT: &str = ".pre-commit-hooks.yaml";
const CONTAINER: &str = ".ci/Containerfile";
const STARTERS: [&str; 2] = ["src/cli/init/workflow.yml", "src/cli/init/gitlab.yml"];

fn text(path: &str) -> String {
    fs::read_to_string(package(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The block scalars (`|`, `>-`) of a YAML file, in order: literal ones as they are, folded ones on one line.
fn scripts(path: &str) -> Vec<String> {
    let text = text(path);
    let lines: Vec<&str> = text.lines().collect();
    let depth = |line: &str| line.len() - line.trim_start().len();
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let folded = line.ends_with(" >-");
        if line.trim_start().starts_with('#') || !(folded || line.ends_with(" |")) {
            continue;
        }
        let block: Vec<&str> = lines[index + 1..]
            .iter()
            .take_while(|below| below.trim().is_empty() || depth(below) > depth(line))
            .copied()
            .collect();
        let margin = depth(block[0]);
        let inner: Vec<&str> = block
            .iter()
            .map(|line| line.get(margin..).unwrap_or_default())
            .collect();
        found.push(inner.join(if folded { " " } else { "\n" }));
    }
    found
}

/// A change under review as CI checks it out: `origin/main` is known, programs are looked for in `bin` first.
fn checkout(case: &str) -> Scene {
    let scene = Scene::change(case);
    scene.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    fs::create_dir(scene.beside("bin")).unwrap();
    std::os::unix::fs::symlink(
        env!("CARGO_BIN_EXE_countersign"),
        scene.beside("bin/countersign"),
    )
    .unwrap();
    scene
}

/// Puts a program of this name on the search path.
fn stand_in(scene: &Scene, name: &str, script: &str) {
    let path = scene.beside("bin").join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A shell with these arguments in the working directory, with `bin` before the search path.
fn shell(scene: &Scene, program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command: Command = scene.command(program);
    let rest = std::env::var("PATH").unwrap_or_default();
    command
        .args(arguments)
        .env("PATH", format!("{}:{rest}", scene.beside("bin").display()))
        .envs(variables.iter().copied());
    Run::of(&mut command, b"")
}

/// As GitHub's runner starts `shell: bash`.
fn github(scene: &Scene, script: &str, variables: &[(&str, &str)]) -> Run {
    let runner = scene.beside("tmp").display().to_string();
    let output = scene.beside("tmp/output").display().to_string();
    let summary = scene.beside("tmp/summary").display().to_string();
    let path = scene.beside("tmp/path").display().to_string();
    let mut all = vec![
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_BASE_REF", "main"),
        ("RUNNER_TEMP", &runner),
        ("GITHUB_OUTPUT", &output),
        ("GITHUB_STEP_SUMMARY", &summary),
        ("GITHUB_PATH", &path),
        ("PLANS", "plan.json"),
        ("OPTIONS", ""),
    ];
    all.extend(variables);
    let arguments = ["--noprofile", "--norc", "-eo", "pipefail", "-c", script];
    shell(scene, "bash", &arguments, &all)
}

fn output_of(scene: &Scene, name: &str) -> Option<String> {
    let text = fs::read_to_string(scene.beside("tmp/output")).ok()?;
    let found = text.lines().find_map(|line| line.strip_prefix(name))?;
    found.strip_prefix('=').map(str::to_owned)
}

#[test]
fn the_action_installs_the_program_of_its_own_commit_where_there_is_none() {
    let [install, _] = &scripts(ACTION)[..] else {
        panic!("the action has other steps")
    };
    let scene = checkout("02-update");
    let action = package(".github/actions/countersign").display().to_string();
    stand_in(&scene, "cargo", "echo \"$@\" > \"$RUNNER_TEMP/asked\"");
    let variables = [("GITHUB_ACTION_PATH", action.as_str())];
    github(&scene, install, &variables).must_end(0);
    assert!(
        !scene.beside("tmp/asked").exists(),
        "it was there, and is built again"
    );
    fs::remove_file(scene.beside("bin/countersign")).unwrap();
    github(&scene, install, &variables).must_end(0);
    let asked = fs::read_to_string(scene.beside("tmp/asked")).unwrap();
    let words: Vec<&str> = asked.split_whitespace().collect();
    assert_eq!(words[..3], ["install", "--locked", "--path"], "{asked}");
    let root = fs::canonicalize(words[3]).unwrap();
    assert_eq!(root, fs::canonicalize(package("")).unwrap(), "{asked}");
    let added = fs::read_to_string(scene.beside("tmp/path")).unwrap();
    assert_eq!(added.trim_end(), format!("{}/bin", words[5]), "{asked}");
}

#[test]
fn the_action_ends_with_the_status_of_the_program_and_writes_every_report() {
    let check = &scripts(ACTION)[1];
    for (case, status) in [("02-update", 0), ("04-delete", 1)] {
        let scene = checkout(case);
        let run = github(&scene, check, &[]).must_end(status);
        assert_eq!(output_of(&scene, "exit"), Some(status.to_string()), "{run}");
        let json = fs::read_to_string(output_of(&scene, "json").unwrap()).unwrap();
        let report: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(report["verdict"]["exit"], status, "{run}");
        assert_eq!(report["policies"]["trust"], "base", "{run}");
        let sarif = fs::read_to_string(output_of(&scene, "sarif").unwrap()).unwrap();
        assert!(sarif.contains("\"2.1.0\""), "{sarif}");
        let summary = fs::read_to_string(scene.beside("tmp/summary")).unwrap();
        let markdown = fs::read_to_string(output_of(&scene, "markdown").unwrap()).unwrap();
        assert_eq!(summary, markdown);
        assert!(summary.contains("countersign"), "{summary}");
        let annotated = run.stdout.lines().any(|line| line.starts_with("::error "));
        assert_eq!(annotated, status == 1, "{run}");
    }
}

#[test]
fn the_action_passes_nothing_that_was_not_reviewed() {
    let check = &scripts(ACTION)[1];
    let scene = checkout("04-delete");
    scene.write("broken.json", "{\"format_version\": \"1.2\"");
    for (variables, status) in [
        (vec![("PLANS", "missing.json")], 4),
        (vec![("PLANS", "broken.json")], 4),
        // A plan of this name is not an option.
        (vec![("PLANS", "--exit-zero\nplan.json")], 4),
        (vec![("PLANS", "$(touch injected)`touch injected`")], 4),
        (vec![("OPTIONS", "--no-such-option")], 2),
        (vec![("OPTIONS", "--policy=no such directory")], 5),
        (vec![("GITHUB_BASE_REF", "gone")], 4),
        (vec![("GITHUB_EVENT_NAME", "pull_request_target")], 2),
        (vec![("OPTIONS", "--require-approval")], 1),
    ] {
        let run = github(&scene, check, &variables);
        assert_eq!(run.status, status, "{variables:?}\n{run}");
    }
    assert!(!scene.path("injected").exists());
    fs::remove_file(scene.beside("bin/countersign")).unwrap();
    github(&scene, check, &[]).must_end(127);
    // Options are options.
    let scene = checkout("02-update");
    let required = [("OPTIONS", "--require-approval\n\n--fail-on-warn")];
    github(&scene, check, &required)
        .must_end(3)
        .must_say("unapproved");
}

#[test]
fn the_job_of_gitlab_keeps_the_verdict_and_its_token() {
    let file = text(GITLAB);
    let script = &scripts(GITLAB)[0];
    let run_job = |scene: &Scene, variables: &[(&str, &str)]| {
        let commit = scene.git(&["rev-parse", "HEAD"]);
        let mut all = vec![
            ("CI_COMMIT_SHA", commit.as_str()),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_IID", "7"),
            ("CI_PROJECT_ID", "42"),
            ("CI_API_V4_URL", "https://gitlab.example.com/api/v4"),
        ];
        for name in ["COUNTERSIGN_PLAN", "COUNTERSIGN_REPORTS"] {
            let found = file.lines().find_map(|l| l.trim().strip_prefix(name));
            all.push((name, found.unwrap().trim_start_matches(": ")));
        }
        all.extend(variables);
        shell(scene, "bash", &["-eo", "pipefail", "-c", script], &all)
    };
    let scene = checkout("04-delete");
    stand_in(
        &scene,
        "curl",
        "echo \"$@\" > ../tmp/arguments; cat > ../tmp/input; exit ${CURL_ENDS:-0}",
    );
    run_job(&scene, &[]).must_end(1);
    assert!(!scene.beside("tmp/arguments").exists(), "nobody asked");
    let quality = scene.read("countersign-reports/code-quality.json");
    let quality: serde_json::Value = serde_json::from_str(&quality).unwrap();
    assert!(!quality.as_array().unwrap().is_empty());
    assert!(
        scene
            .read("countersign-reports/junit.xml")
            .contains("<testsuite")
    );

    let token = [("COUNTERSIGN_COMMENT_TOKEN", "glpat-hunter2hunter2")];
    let run = run_job(&scene, &token).must_end(1).must_not_say("hunter2");
    let arguments = fs::read_to_string(scene.beside("tmp/arguments")).unwrap();
    assert!(!arguments.contains("hunter2"), "{arguments}");
    assert!(
        arguments.contains("/projects/42/merge_requests/7/notes"),
        "{arguments}\n{run}"
    );
    let input = fs::read_to_string(scene.beside("tmp/input")).unwrap();
    assert_eq!(input, "header = \"PRIVATE-TOKEN: glpat-hunter2hunter2\"\n");

    // A comment that cannot be written changes no verdict, in either direction.
    let failing = [token[0], ("CURL_ENDS", "22")];
    run_job(&scene, &failing)
        .must_end(1)
        .must_say("the verdict stands");
    run_job(&scene, &[("COUNTERSIGN_PLAN", "missing.json")]).must_end(4);
    run_job(&scene, &[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "gone")]).must_end(4);
    let scene = checkout("02-update");
    stand_in(&scene, "curl", "exit 22");
    run_job(&scene, &token).must_end(0);
}

/// The scene with a plan file and a `terraform` that shows it.
fn with_plan_file(case: &str) -> Scene {
    let scene = checkout(case);
    fs::create_dir(scene.beside("plans")).unwrap();
    let binary = package("testdata/plans").join(case).join("tfplan");
    fs::copy(binary, scene.beside("plans/plan.tfplan")).unwrap();
    fs::write(scene.beside("plans/shown.json"), plan(case)).unwrap();
    stand_in(
        &scene,
        "terraform",
        "[ \"$1 $2\" = 'show -json' ] && [ -f \"$3\" ] || exit 1\ncat \"$(dirname \"$3\")/shown.json\"",
    );
    scene
}

/// A plan whose changes a policy of the base denies.
fn deny_updates(scene: &Scene) {
    scene.git(&["checkout", "--quiet", "main"]);
    scene.write("countersign.toml", "[policies]\npaths = [\"rules\"]\n");
    scene.write(
        "rules/always.rego",
        "package acme.always\n\ndeny contains \"always\" if true\n",
    );
    scene.commit("A rule");
    scene.git(&["update-ref", "refs/remotes/origin/main", "main"]);
    scene.git(&["checkout", "--quiet", "feat"]);
    scene.git(&["rebase", "--quiet", "main"]);
}

#[test]
fn atlantis_applies_nothing_that_is_blocked() {
    let [plan_step, apply_step] = &scripts(ATLANTIS)[..] else {
        panic!("other steps")
    };
    let run_step = |scene: &Scene, script: &str| {
        let file = scene.beside("plans/plan.tfplan").display().to_string();
        let shown = scene.beside("plans/plan.json").display().to_string();
        let variables = [
            ("PLANFILE", file.as_str()),
            ("SHOWFILE", shown.as_str()),
            ("BASE_BRANCH_NAME", "main"),
        ];
        shell(scene, "sh", &["-c", script], &variables)
    };
    let scene = with_plan_file("02-update");
    run_step(&scene, plan_step).must_end(0).must_say("proven");
    assert!(scene.beside("plans/plan.tfplan").exists());
    run_step(&scene, apply_step).must_end(0);

    deny_updates(&scene);
    run_step(&scene, apply_step).must_end(1);
    run_step(&scene, plan_step).must_end(1);
    assert!(
        !scene.beside("plans/plan.tfplan").exists(),
        "it can be applied"
    );
    // Neither without a plan file nor without the program.
    assert_ne!(run_step(&scene, apply_step).status, 0);
    let scene = with_plan_file("02-update");
    fs::remove_file(scene.beside("bin/countersign")).unwrap();
    run_step(&scene, plan_step).must_end(127);
    assert!(!scene.beside("plans/plan.tfplan").exists());
}

#[test]
fn terrateam_reviews_with_the_whole_history() {
    // Terrateam fills ${…} from the environment before the shell sees the script; the file leaves all of it to the shell.
    let script = scripts(TERRATEAM)[0].clone();
    assert!(!script.replace("$$", "").contains('$'), "{script}");
    let script = script.replace("$$", "$");
    let run_step = |scene: &Scene| {
        let file = scene.beside("plans/plan.tfplan").display().to_string();
        let variables = [
            ("TERRATEAM_PLAN_FILE", file.as_str()),
            ("TERRATEAM_TF_CMD", "terraform"),
            ("TERRATEAM_BASE_REF", "main"),
        ];
        shell(scene, "bash", &["-euc", &script], &variables)
    };
    let scene = with_plan_file("02-update");
    // The checkout is shallow, as Terrateam's workflow makes it.
    fs::rename(scene.path(""), scene.beside("upstream")).unwrap();
    let upstream = format!("file://{}", scene.beside("upstream").display());
    fs::create_dir(scene.path("")).unwrap();
    scene.git(&[
        "clone",
        "--quiet",
        "--depth=1",
        "--branch=feat",
        &upstream,
        ".",
    ]);
    assert_eq!(scene.git(&["rev-parse", "--is-shallow-repository"]), "true");
    run_step(&scene).must_end(0).must_say("proven");
    scene.git(&["remote", "set-url", "origin", "file:///nonexistent"]);
    assert_ne!(run_step(&scene).status, 0);
}

#[test]
fn digger_adds_the_report_to_its_comment() {
    let script = &scripts(DIGGER)[0];
    let run_step = |scene: &Scene, base: &str| {
        let file = scene.beside("plans/plan.tfplan").display().to_string();
        let out = scene.beside("tmp/digger.md").display().to_string();
        let variables = [
            ("DIGGER_PLANFILE", file.as_str()),
            ("DIGGER_OUT", out.as_str()),
            ("DEFAULT_BRANCH", base),
        ];
        shell(scene, "bash", &["-c", script], &variables)
    };
    let scene = with_plan_file("02-update");
    run_step(&scene, "main").must_end(0);
    let comment = fs::read_to_string(scene.beside("tmp/digger.md")).unwrap();
    assert!(comment.contains("countersign"), "{comment}");
    deny_updates(&scene);
    run_step(&scene, "main").must_end(1);
    run_step(&scene, "gone").must_end(4);
    stand_in(&scene, "terraform", "exit 1");
    assert_ne!(run_step(&scene, "main").status, 0);
}

#[test]
fn the_hooks_of_pre_commit_are_commands_of_the_program() {
    let file = text(PRE_COMMIT);
    let entries: Vec<&str> = file
        .lines()
        .filter_map(|line| line.trim().strip_prefix("entry: "))
        .collect();
    assert_eq!(file.matches("- id: ").count(), entries.len());
    let scene = checkout("04-delete");
    let hook = |entry: &str| shell(&scene, "sh", &["-c", entry], &[]);
    let find = |words: &str| *entries.iter().find(|entry| entry.contains(words)).unwrap();
    scene.write(
        "policies/a.rego",
        "package a\n\ndeny contains \"x\" if input.x\n",
    );
    scene.write(
        "policies/a_test.rego",
        "package a_test\n\nimport data.a\n\ntest_x if count(a.deny) == 1 with input as {\"x\": true}\n",
    );
    hook(find("policy check")).must_end(0);
    hook(find("policy test")).must_end(0).must_say("PASS: 1/1");
    scene.write("policies/a.rego", "package a\n\ndeny contains \"y\" if {\n");
    hook(find("policy check")).must_end(5);
    hook(find("policy test")).must_end(5);
    hook(find("--check")).must_end(1);
    fs::remove_file(scene.path("plan.json")).unwrap();
    hook(find("--check")).must_end(2);
}

/// The words from `countersign` to the end of its command, for each command of a script.
fn commands(script: &str) -> Vec<Vec<String>> {
    let joined = script.replace("\\\n", " ");
    let mut found = Vec::new();
    for line in joined
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
    {
        for part in line.split(['|', '&', ';']) {
            let words: Vec<String> = part.split_whitespace().map(str::to_owned).collect();
            if let Some(at) = words.iter().position(|word| word == "countersign") {
                found.push(words[at..].to_vec());
            }
        }
    }
    found
}

#[test]
fn every_option_that_a_file_names_exists() {
    let scene = Scene::new();
    let known = |command: &[&str]| -> BTreeSet<String> {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let help = scene.run(&arguments).must_end(0).stdout;
        let words = help.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        words
            .filter(|word| word.starts_with("--"))
            .map(str::to_owned)
            .collect()
    };
    let plain = known(&[]);
    let mut seen = BTreeSet::new();
    let files = [
        ACTION, EXAMPLE, GITLAB, ATLANTIS, TERRATEAM, DIGGER, PRE_COMMIT, CONTAINER,
    ];
    for path in files.into_iter().chain(STARTERS) {
        let mut all = text(path);
        if path == ATLANTIS {
            all = scripts(path).join("\n");
        }
        if path == ACTION {
            // The options of the array, one a line.
            all = all.replace("arguments=(--check\n", "countersign --check \\\n");
            all = all.replace("\"\n          --report", "\" \\\n --report");
        }
        for words in commands(&all) {
            let group = match words.get(1).map(String::as_str) {
                Some("policy") => known(&["policy", &words[2]]),
                _ => plain.clone(),
            };
            for word in words
                .iter()
                .filter(|word| word.starts_with("--") && word.len() > 2)
            {
                let name = word.split('=').next().unwrap();
                assert!(group.contains(name), "{path}: {name} in {words:?}");
                seen.insert(name.to_owned());
            }
        }
    }
    for name in [
        "--check",
        "--base",
        "--report",
        "--plan-file",
        "--coverage",
        "--color",
    ] {
        assert!(seen.contains(name), "{name} is not seen: {seen:?}");
    }
}

#[test]
fn actions_are_pinned_and_rights_are_few() {
    for path in [ACTION, EXAMPLE, STARTERS[0]] {
        let file = text(path);
        let kept = file
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        let code = kept.collect::<Vec<_>>().join("\n");
        assert!(!code.contains("on: pull_request_target"), "{path}");
        assert!(!code.contains("secrets."), "{path}");
        for script in scripts(path) {
            assert!(!script.contains("${{"), "{path}: {script}");
        }
        for line in code.lines().filter(|line| line.contains("uses: ")) {
            let (_, pin) = line.split_once('@').unwrap();
            let commit = pin.split(" # v").next().unwrap();
            let ours = line.contains("OWNER/countersign/.github/actions/countersign@COMMIT");
            assert!(
                ours || (commit.len() == 40 && pin.contains(" # v")),
                "{path}: {line}"
            );
        }
        if path != ACTION {
            assert!(code.contains("permissions:"), "{path}");
            assert!(!code.contains("contents: write"), "{path}");
        }
    }
    assert!(
        !text(ACTION).contains("uses: "),
        "the action brings others in"
    );
}

#[test]
fn the_container_is_built_from_files_that_are_there_and_runs_without_rights() {
    let file = text(CONTAINER);
    let mut copied = Vec::new();
    for line in file
        .lines()
        .filter(|line| line.starts_with("COPY ") && !line.contains("--from"))
    {
        let words: Vec<&str> = line.split_whitespace().skip(1).collect();
        for word in &words[..words.len() - 1] {
            assert!(package(word).exists(), "{line}");
            copied.push((*word).to_owned());
        }
    }
    for needed in [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "policies",
        "testdata/demo",
        ".cargo",
    ] {
        assert!(
            copied.iter().any(|word| word == needed),
            "{needed} is not copied"
        );
    }
    assert!(text("Cargo.toml").contains("[profile.dist]") && file.contains("--profile dist"));
    let user = file.lines().rfind(|line| line.starts_with("USER "));
    assert!(user.is_some_and(|line| line != "USER 0" && line != "USER root"));
    for line in file.lines().filter(|line| line.starts_with("FROM ")) {
        let image = line.split_whitespace().nth(1).unwrap();
        assert!(image.contains(':') && !image.ends_with(":latest"), "{line}");
    }
    assert!(file.contains("ENTRYPOINT [\"countersign\"]"));
}
