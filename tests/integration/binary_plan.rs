//! Binary plan files: read by themselves, shown by the Terraform at hand, and refused where they are no plan or not the one shown.

use std::fs;

use crate::bad_input::refused;
use crate::scene::{Run, Scene, package};

fn binary(case: &str) -> Vec<u8> {
    fs::read(package("testdata/plans").join(case).join("tfplan")).unwrap()
}

/// The program with a search path of only this directory.
fn alone(scene: &Scene, arguments: &[&str]) -> Run {
    let mut command = scene.countersign();
    command.args(arguments).env("PATH", scene.beside("empty"));
    Run::of(&mut command, b"")
}

#[test]
fn without_terraform_at_hand_the_command_that_shows_it_is_named() {
    let scene = Scene::new();
    scene.write("tfplan", binary("04-delete"));
    for arguments in [
        &["--check", "tfplan"][..],
        &["--check"],
        &["--check", "-f", "json", "tfplan"],
    ] {
        alone(&scene, arguments)
            .must_end(4)
            .must_say("this is a binary plan file of Terraform 1.11.4")
            .must_say("neither terraform nor tofu is at hand to show it")
            .must_say("terraform show -json");
    }
    scene.write(
        "countersign.toml",
        "[plan]\nshow = [\"tofu\", \"show\", \"-json\"]\n",
    );
    alone(&scene, &["--check", "tfplan"])
        .must_end(4)
        .must_say("tofu is not at hand to show it");
    let run = scene
        .run_on(&["--check", "-"], binary("04-delete"))
        .must_end(4);
    run.must_say("only one that is named as a file can be shown")
        .must_say("hint: ");
}

#[test]
fn a_zip_that_is_no_plan_or_a_damaged_one_never_reaches_terraform() {
    let scene = Scene::new();
    // An empty zip: nothing but the record of its end, and something before it.
    let mut other = b"PK\x03\x04".to_vec();
    other.extend(b"PK\x05\x06");
    other.resize(4 + 22, 0);
    scene.write("other.zip", &other);
    refused(
        &scene,
        &["other.zip"],
        "this is a zip file, but not a Terraform plan",
    );
    let whole = binary("04-delete");
    scene.write("cut", &whole[..whole.len() / 2]);
    refused(&scene, &["cut"], "cut off or damaged");
    scene.write("tail", [&whole[..], b"more"].concat());
    refused(&scene, &["tail"], "bytes before or after its zip archive");
}

#[cfg(unix)]
mod shown {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Puts a program of this name at hand.
    fn install(scene: &Scene, name: &str, script: &str) {
        let program = scene.beside("empty").join(name);
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A script that shows the plan JSON of a case for a plan file that is there.
    fn shows(case: &str) -> String {
        let shown = package("testdata/plans").join(case).join("plan.json");
        format!(
            "[ \"$1 $2\" = 'show -json' ] && [ $# -eq 3 ] && [ -f \"$3\" ] && exec /bin/cat '{}'\nexit 1",
            shown.display()
        )
    }

    #[test]
    fn no_shell_and_no_option_comes_of_a_name() {
        let scene = Scene::new();
        install(&scene, "terraform", &shows("04-delete"));
        for name in [
            "a plan; touch stolen",
            "-x.tfplan",
            "$(touch stolen)",
            "a\nb",
        ] {
            scene.write(name, binary("04-delete"));
            let run = alone(&scene, &["--check", "-f", "json", "--", name]).must_end(1);
            assert_eq!(run.findings_of("no-destroy").len(), 8, "{run}");
        }
        assert!(!scene.path("stolen").exists());
        // A terraform that fails shows nothing, whatever it wrote before.
        install(
            &scene,
            "terraform",
            &shows("04-delete").replace("exec /bin/cat", "/bin/cat"),
        );
        alone(&scene, &["--check", "-f", "json", "a\nb"])
            .must_end(4)
            .must_say("terraform show failed (exit 1)");
    }

    #[test]
    fn the_environment_changes_no_argument_and_writes_no_log() {
        let scene = Scene::new();
        let script = "[ -z \"$TF_LOG$TF_LOG_PATH$TF_CLI_ARGS$TF_CLI_ARGS_show\" ] || exit 9\n[ \"$TF_DATA_DIR\" = kept ] || exit 8\nread -r line && exit 7\n";
        install(
            &scene,
            "terraform",
            &format!("{script}{}", shows("04-delete")),
        );
        scene.write("tfplan", binary("04-delete"));
        let mut command = scene.countersign();
        command
            .args(["--check", "tfplan"])
            .env("PATH", scene.beside("empty"))
            .env("TF_CLI_ARGS", "-no-color")
            .env("TF_CLI_ARGS_show", "-x")
            .env("TF_LOG", "trace")
            .env("TF_LOG_PATH", scene.path("log"))
            .env("TF_DATA_DIR", "kept");
        Run::of(&mut command, b"a line\n").must_end(1);
    }

    #[test]
    fn the_next_program_is_asked_where_the_first_is_missing_or_of_another_version() {
        let scene = Scene::new();
        scene.write("tfplan", binary("04-delete"));
        install(&scene, "tofu", &shows("04-delete"));
        alone(&scene, &["--check", "tfplan"]).must_end(1);
        let other = "echo 'Error: x' >&2; echo '│ Plan read error: plan file was created by Terraform 1.11.4, but' >&2; exit 1";
        install(&scene, "terraform", other);
        alone(&scene, &["--check", "tfplan"]).must_end(1);
        install(&scene, "tofu", other);
        alone(&scene, &["--check", "tfplan"])
            .must_end(4)
            .must_say("is of another version, which cannot read it")
            .must_say("Show it with the version that wrote it, Terraform 1.11.4");
    }

    #[test]
    fn what_terraform_says_is_understood_and_never_repeated() {
        let scene = Scene::new();
        scene.write("tfplan", binary("04-delete"));
        install(
            &scene,
            "terraform",
            "printf '\\033[31m│ Error: Failed to load\\n│ plugin schemas\\n hunter2-from-the-plan' >&2; exit 1",
        );
        let run = alone(&scene, &["--check", "tfplan"]).must_end(4);
        let run = run
            .must_say("providers are not installed there")
            .must_say("Run terraform init in");
        assert!(!run.says("hunter2"), "{run}");
        install(
            &scene,
            "terraform",
            "echo hunter2-from-the-plan >&2; exit 3",
        );
        let run = alone(&scene, &["--check", "tfplan"]).must_end(4);
        let run = run.must_say("terraform show failed (exit 3)");
        assert!(!run.says("hunter2"), "{run}");
        install(&scene, "terraform", "echo not json");
        refused_alone(&scene, "this is text, but not JSON");
        // More than a pipe holds, on standard error only: nothing waits for a reader.
        install(
            &scene,
            "terraform",
            "/usr/bin/head -c 1000000 /dev/zero >&2; exit 4",
        );
        refused_alone(&scene, "terraform show failed (exit 4)");
    }

    fn refused_alone(scene: &Scene, said: &str) {
        alone(scene, &["--check", "tfplan"])
            .must_end(4)
            .must_say(said)
            .must_say("hint: ");
    }

    #[test]
    fn over_time_the_program_ends_with_everything_that_it_started() {
        let scene = Scene::new();
        scene.write("tfplan", binary("04-delete"));
        scene.write("countersign.toml", "[plan]\nshow_timeout = \"1s\"\n");
        let pid = scene.path("pid");
        install(
            &scene,
            "terraform",
            &format!("/bin/sleep 600 &\necho $! > '{}'\nwait", pid.display()),
        );
        refused_alone(&scene, "terraform did not end within 1 s");
        let pid = scene.read("pid").trim().to_owned();
        let gone = (0..200).any(|_| {
            let ps = std::process::Command::new("ps")
                .args(["-o", "stat=", "-p", &pid])
                .output()
                .unwrap();
            let state = String::from_utf8(ps.stdout).unwrap();
            let ended = state.trim().is_empty() || state.trim().starts_with('Z');
            if !ended {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            ended
        });
        assert!(gone, "{pid} still runs");
    }

    #[test]
    fn the_json_of_another_plan_is_refused() {
        let scene = Scene::new();
        scene.write("tfplan", binary("04-delete"));
        install(&scene, "terraform", &shows("02-update"));
        refused_alone(
            &scene,
            "what it was shown as is another plan: it was made at another time",
        );
    }

    #[test]
    fn what_only_the_binary_plan_tells_is_reported() {
        let scene = Scene::new();
        scene.write("tfplan", binary("binary-targeted"));
        install(&scene, "terraform", &shows("binary-targeted"));
        let human = alone(&scene, &["--check", "tfplan"]);
        let human = human
            .must_say("workspace staging, backend local")
            .must_say(
                "Only a part was planned (`-target`): module.net.terraform_data.zone[\"a.b\"]",
            )
            .must_say("Replacement was asked for (`-replace`): terraform_data.site.");
        assert!(!human.says("4711"), "{human}");
        let run = alone(&scene, &["--check", "-f", "json", "tfplan"]);
        let told = &run.report()["plans"][0]["binary"];
        assert_eq!(told["workspace"], "staging", "{run}");
        assert_eq!(told["backend"], "local", "{run}");
        assert_eq!(told["targets"].as_array().map(Vec::len), Some(2), "{run}");
        assert_eq!(told["replace"][0], "terraform_data.site", "{run}");
        for (case, mode) in [
            ("binary-destroy", "destroy"),
            ("binary-refresh-only", "refresh-only"),
        ] {
            scene.write("tfplan", binary(case));
            install(&scene, "terraform", &shows(case));
            let run = alone(&scene, &["--check", "-f", "json", "tfplan"]);
            assert_eq!(run.report()["plans"][0]["mode"], mode, "{run}");
        }
        // From the JSON alone nothing of this is known.
        scene.write("plan.json", crate::scene::plan("binary-targeted"));
        let run = alone(&scene, &["--check", "-f", "json", "plan.json"]);
        assert!(run.report()["plans"][0]["binary"].is_null(), "{run}");
    }
}
