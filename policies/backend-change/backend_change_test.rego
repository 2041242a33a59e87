package countersign.policies.backend_change_test

import data.countersign.policies.backend_change as policy

backend(more) := object.union(
	{"kind": "backend", "type": "s3", "module": "", "file": "live/main.tf", "line": 2, "end_line": 5, "digest": "aa"},
	more,
)

block(path) := {"kind": "resource", "file": path}

scene(before, after, files, blocks) := {"countersign": {
	"git": {"files": files},
	"source": {"backends": after, "base": {"backends": before}, "blocks": [block(path) | path := blocks[_]]},
}}

file(path, more) := object.union(
	{"path": path, "old_path": null, "status": "modified", "mode": "100644", "old_mode": "100644", "binary": false, "hunks": []},
	more,
)

denied(before, after, files, blocks) := found if {
	found := policy.deny with input as scene(before, after, files, blocks) with data.countersign.config as {}
}

warned(files) := found if {
	found := policy.warn with input as scene([], [], files, []) with data.countersign.config as {}
}

messages(found) := {f.msg | f := found[_]}

test_an_edited_backend_is_denied if {
	denied([backend({})], [backend({"digest": "bb", "line": 3, "end_line": 7})], [], ["live/main.tf"]) == {{
		"msg": `This change edits the backend block "s3".`,
		"file": "live/main.tf",
		"line": 3,
		"end_line": 7,
		"subject": "live/main.tf",
		"attribute": "backend",
		"facts": {"kind": "changed", "type": "s3"},
	}}
}

test_a_backend_of_another_kind_is_named if {
	messages(denied([backend({})], [backend({"type": "http", "digest": "bb"})], [], ["live/main.tf"])) == {`This change edits the backend block "s3", and makes it the backend block "http".`}
	messages(denied([backend({})], [backend({"kind": "cloud", "type": "cloud", "digest": "bb"})], [], ["live/main.tf"])) == {`This change edits the backend block "s3", and makes it the cloud block.`}
}

test_a_removed_backend_is_denied if {
	messages(denied([backend({})], [], [], ["live/main.tf"])) == {`This change removes the backend block "s3" from live/main.tf: its state is no longer kept there.`}
}

test_encryption_is_looked_at_beside_the_backend if {
	encryption := backend({"kind": "encryption", "type": "encryption", "digest": "ee", "line": 9})
	messages(denied([backend({}), encryption], [backend({})], [], ["live/main.tf"])) == {"This change removes the encryption block from live/main.tf: its state is no longer kept there."}
	found := denied([backend({}), encryption], [backend({}), object.union(encryption, {"digest": "ff"})], [], ["live/main.tf"])
	messages(found) == {"This change edits the encryption block."}
}

test_a_backend_added_to_what_was_there_is_denied if {
	messages(denied([], [backend({})], [], ["live/main.tf", "live/x.tf"])) == {`This change adds the backend block "s3" to a configuration that had none: its state moves there.`}
	fresh := [file("live/main.tf", {"status": "added"}), file("live/old.tf", {"status": "deleted", "mode": null})]
	count(denied([], [backend({})], fresh, ["live/main.tf"])) == 1
}

test_a_new_configuration_passes if {
	denied([], [backend({})], [file("live/main.tf", {"status": "added"})], ["live/main.tf"]) == set()
}

test_moving_files_directories_and_lines_passes if {
	denied([backend({})], [backend({"line": 40, "end_line": 44})], [], ["live/main.tf"]) == set()
	denied([backend({})], [backend({"file": "live/backend.tf"})], [], ["live/main.tf"]) == set()
	moved := [file("prod/main.tf", {"status": "renamed", "old_path": "live/main.tf"})]
	denied([backend({})], [backend({"file": "prod/main.tf"})], moved, ["prod/main.tf"]) == set()
	count(denied([backend({})], [backend({"file": "prod/main.tf", "digest": "bb"})], moved, ["prod/main.tf"])) == 1
}

test_the_same_block_in_another_directory_is_not_the_same_state if {
	two := [backend({}), backend({"file": "other/main.tf"})]
	count(denied([backend({})], two, [], ["live/main.tf", "other/main.tf"])) == 1
}

test_backend_files_are_denied if {
	found := denied([], [], [
		file("config/prod.tfbackend", {}),
		file("prod.backend.hcl", {"status": "deleted", "mode": null}),
		file("x.txt", {"status": "renamed", "old_path": "backend.hcl"}),
		file("backend.conf", {"status": "type-changed", "mode": "120000"}),
	], [])
	messages(found) == {
		"This change edits config/prod.tfbackend, from which backends are configured.",
		"This change deletes prod.backend.hcl, from which backends are configured.",
		"This change moves backend.hcl away, to x.txt, from which backends are configured.",
		"This change replaces backend.conf (a symbolic link), from which backends are configured.",
	}
}

test_new_backend_files_and_links_are_warned_about if {
	files := [
		file("new.tfbackend", {"status": "added"}),
		file("shared.tf", {"status": "added", "mode": "120000"}),
		file("main.tf", {}),
		file("backends.md", {"status": "added"}),
	]
	messages(warned(files)) == {
		"This change adds new.tfbackend, from which backends can be configured.",
		"This change adds shared.tf (a symbolic link), and what it configures was not looked at.",
	}
	denied([], [], files, []) == set()
}

test_ignored_files_pass if {
	settings := {"backend-change": {"ignore": ["live/", "*.tfbackend"]}}
	input_scene := scene([backend({})], [], [file("a.tfbackend", {}), file("live/l.tf", {"mode": "120000"})], ["live/main.tf"])
	policy.deny == set() with input as input_scene with data.countersign.config as settings
	policy.warn == set() with input as input_scene with data.countersign.config as settings
}

test_a_backend_of_an_override_file_takes_the_place_of_the_other if {
	over := backend({"file": "live/x_override.tf", "digest": "bb", "line": 1, "end_line": 3})
	messages(denied([backend({})], [backend({}), over], [], ["live/main.tf", "live/x_override.tf"])) == {
		`This change adds the backend block "s3" beside the backend block "s3" in live/main.tf: an override file, or a .tofu file in OpenTofu, takes its place.`,
	}
	encryption := backend({"kind": "encryption", "type": "encryption", "digest": "ee", "line": 9})
	messages(denied([backend({})], [backend({}), encryption], [], ["live/main.tf"])) == {
		"This change adds the encryption block to a configuration that had none: its state moves there.",
	}
}

test_backend_files_have_many_names if {
	every path in [
		"env/prod.s3.tfbackend", "config/prod.backend.hcl", "config/backend-prod.hcl", "backend.conf", "prod-backend.config", "backend.tfvars",
		"env/prod.backend", "backends/prod.hcl", "backend-config/prod.json", "remote_state.hcl",
	] {
		count(denied([], [], [file(path, {})], [])) == 1
	}
	every path in ["modules/backend/main.tf", "backend/app.json", "backend.tf", "src/backend/server.cfg.py", "prod.hcl", "terragrunt.hcl"] {
		denied([], [], [file(path, {})], []) == set()
	}
}

test_more_backend_files_can_be_named if {
	settings := {"backend-change": {"paths": ["env/*.hcl"]}}
	found := policy.deny with input as scene([], [], [file("env/prod.hcl", {})], []) with data.countersign.config as settings
	count(found) == 1
}

lines(texts) := {"hunks": [{"new_start": 1, "added": [{"line": i + 1, "text": text} | text := texts[i]], "removed": []}]}

test_arguments_of_a_backend_are_known_by_their_names if {
	messages(denied([], [], [file("env/prod.hcl", lines([`bucket = "evil"`]))], [])) == {"This change edits env/prod.hcl, with arguments of a backend."}
	count(denied([], [], [file("prod.conf", lines([`dynamodb_table="x"`]))], [])) == 1
	denied([], [], [file("env/prod.tfvars", lines([`bucket = "x"`])), file("vars.pkrvars.hcl", lines([`bucket = "x"`])), file("app.conf", lines([`  bucket = "x"`]))], []) == set()
}
