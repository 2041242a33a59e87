package countersign.policies.no_local_exec_hidden_test

# Digests, and the routes beside provisioners and running blocks.

local_exec(command) := {"type": "local-exec", "expressions": {"command": {"constant_value": command}}}

block(provisioners) := {"address": "terraform_data.x", "mode": "managed", "type": "terraform_data", "name": "x", "provisioners": provisioners}

change(actions) := {"address": "terraform_data.x", "mode": "managed", "type": "terraform_data", "name": "x", "change": {"actions": actions}}

root(blocks, rows) := {"configuration": {"root_module": {"resources": blocks}}, "resource_changes": rows}

with_own(plan, own) := object.union(plan, {"countersign": own})

denied(plan) := found if {
	found := data.countersign.policies.no_local_exec.deny with input as plan
}

warned(plan) := found if {
	found := data.countersign.policies.no_local_exec.warn with input as plan
}

digests(found) := {f.digest | some f in found}

test_another_command_is_another_digest if {
	one := digests(denied(root([block([local_exec("a")])], [change(["create"])])))
	two := digests(denied(root([block([local_exec("b")])], [change(["create"])])))
	count(one) == 1
	one & two == set()
	{f.facts.digest | some f in denied(root([block([local_exec("a")])], [change(["create"])]))} == one
}

test_the_source_names_the_digest_where_it_is_there if {
	entry := {"address": "terraform_data.x", "type": "local-exec", "when": "create", "digest": "abc"}
	plan := root([block([local_exec("a")])], [change(["create"])])
	digests(denied(with_own(plan, {"source": {"provisioners": [entry]}}))) == {"abc"}
	latent := root([block([local_exec("a")])], [change(["no-op"])])
	digests(warned(with_own(latent, {"source": {"provisioners": [entry]}}))) == {"abc"}
}

test_connections_are_facts if {
	connections := [
		{"address": "terraform_data.x", "type": "winrm"},
		{"address": "terraform_data.x", "type": "ssh"},
		{"address": "terraform_data.y", "type": "telnet"},
		{"address": null, "type": "ssh"},
	]
	found := denied(with_own(root([block([local_exec("a")])], [change(["create"])]), {"source": {"connections": connections}}))
	{f.facts.connection | some f in found} == {["ssh", "winrm"]}
}

external := {"address": "data.external.who", "mode": "data", "type": "external", "name": "who", "expressions": {"program": {"constant_value": ["sh"]}}}

source_block(kind, labels, line) := {"kind": kind, "labels": labels, "file": "main.tf", "line": line, "end_line": line + 3, "digest": sprintf("d%d", [line]), "module": ""}

external_block(line) := object.union(source_block("data", ["external", "who"], line), {"address": "data.external.who"})

test_a_running_block_has_the_digest_of_its_source if {
	digests(denied(with_own(root([external], []), {"source": {"blocks": [external_block(4)]}}))) == {crypto.sha256("d4")}
	overridden := {"source": {"blocks": [external_block(9), external_block(4)]}}
	digests(denied(with_own(root([external], []), overridden))) == {crypto.sha256("d4 d9")}
}

added(line) := {"files": [{"path": "main.tf", "hunks": [{"added": [{"line": line, "text": "data {"}], "removed": []}]}]}

test_a_running_block_that_the_change_adds_is_marked if {
	own := {"source": {"blocks": [external_block(4)]}, "git": added(4)}
	{f.facts.added | some f in denied(with_own(root([external], []), own))} == {true}
	later := {"source": {"blocks": [external_block(4)]}, "git": added(6)}
	{f | some f in denied(with_own(root([external], []), later)); f.facts.added} == set()
}

test_a_data_source_that_only_the_source_has_is_undecided if {
	own := {"source": {"blocks": [external_block(4)]}}
	found := denied(with_own(root([], []), own))
	{[f.address, f.certainty, f.file, f.line, f.digest] | some f in found} == {["data.external.who", "unknown", "main.tf", 4, "d4"]}
	denied(with_own(root([], []), {"source": {"blocks": [object.union(external_block(4), {"address": null})]}})) == set()
	denied(with_own(root([], []), {"source": {"blocks": [object.union(external_block(4), {"kind": "resource"})]}})) == set()
}

test_every_data_source_that_sends_requests_is_warned_about if {
	every type, how in data.countersign.tables.exec_types.network {
		node := {"address": concat(".", ["data", type, "d"]), "mode": "data", "type": type, "name": "d"}
		found := warned(root([node], []))
		{[f.facts.type, f.severity, f.facts.added, contains(f.msg, how)] | some f in found} == {[type, "low", false, true]}
	}
	warned(root([{"address": "http.d", "mode": "managed", "type": "http", "name": "d"}], [])) == set()
}

test_one_that_the_change_adds_ranks_higher if {
	node := {"address": "data.http.d", "mode": "data", "type": "http", "name": "d"}
	entry := object.union(source_block("data", ["http", "d"], 4), {"address": "data.http.d"})
	found := warned(with_own(root([node], []), {"source": {"blocks": [entry]}, "git": added(4)}))
	{[f.severity, f.facts.added] | some f in found} == {["medium", true]}
	some f in found
	contains(f.msg, "This change adds it.")
}

configured(name, expressions) := {"configuration": {
	"provider_config": {name: {"name": name, "full_name": concat("/", ["registry.terraform.io/hashicorp", name]), "expressions": expressions}},
	"root_module": {},
}}

test_every_argument_that_names_a_program_is_warned_about if {
	every name, arguments in data.countersign.tables.exec_arguments {
		every argument, _ in arguments {
			{[f.attribute, f.severity] | some f in warned(configured(name, {argument: {"constant_value": "SECRET"}})); f.facts.type == "credentials"} == {[argument, "info"]}
			warned(configured(name, {argument: {}, "region": {"constant_value": "x"}})) == set()
		}
	}
	not contains(json.marshal(warned(configured("aws", {"profile": {"constant_value": "SECRET"}}))), "SECRET")
}

file_row(actions, path) := {"address": "local_file.f", "mode": "managed", "type": "local_file", "name": "f", "change": {"actions": actions, "after": {"filename": path}}}

files(rows) := {f | some f in warned(root([], rows)); f.attribute == "filename"}

test_files_that_run_later_are_warned_about if {
	every path in [".git/hooks/pre-commit", "/repo/.git/config", "./.terraform/plugins/x", "/root/.terraformrc", "terraform.rc", "/home/a/.ssh/authorized_keys", "~/.bashrc", ".github/workflows/a.yml", "/etc/cron.d/x", "/usr/local/bin/x", "/var/spool/cron/root"] {
		{f.severity | some f in files([file_row(["create"], path)])} == {"high"}
	}
	count(files([file_row(["update"], ".git/hooks/x")])) == 1
	some f in files([object.union(file_row(["create"], ".git/hooks/x"), {"type": "local_sensitive_file"})])
	f.msg == "local_file.f writes into a .git directory, where hooks run on the machine that applies the plan."
}

test_other_files_pass if {
	every path in ["out.json", "./build/kubeconfig", "/tmp/x", "/home/a/etc/x", "module/.gitignore", "git/hooks/x", null, 3] {
		files([file_row(["create"], path)]) == set()
	}
	files([file_row(["no-op"], ".git/hooks/x"), file_row(["delete"], ".git/hooks/x"), object.union(file_row(["create"], ".git/hooks/x"), {"type": "aws_s3_object"})]) == set()
	"local_file" in data.countersign.policies.no_local_exec.value_types
}

lines(path, text) := {[f.facts.type, f.severity, f.file, f.line] |
	own := {"git": {"files": [{"path": path, "hunks": [{"added": [{"line": 7, "text": text}], "removed": []}]}]}}
	some f in warned(with_own(root([], []), own))
}

test_functions_in_added_lines_are_warned_about if {
	lines("a.tf", `  x = provider::acme::run("SECRET")`) == {["provider-function", "info", "a.tf", 7]}
	lines("a.tofu", `  x = file("/proc/self/environ")`) == {["file-outside", "medium", "a.tofu", 7]}
	lines("a.tf", `x = templatefile("~/x.tpl", {})`) == {["file-outside", "medium", "a.tf", 7]}
	lines("a.tf", `x = file(pathexpand("~/.ssh/id_rsa"))`) == {["file-outside", "low", "a.tf", 7]}
	lines("a.tf", `x = filebase64("../../../other/x")`) == {["file-above", "info", "a.tf", 7]}
}

test_other_lines_pass if {
	every text in [`x = file("x.txt")`, `x = file("${path.module}/x")`, `x = templatefile("../common/x.tpl", {})`, `x = "file"`, `profile("/x")`, `x = lookup(a, "b")`] {
		lines("a.tf", text) == set()
	}
	lines("a.py", `file("/etc/passwd")`) == set()
}

test_a_latent_provisioner_tells_when_it_would_run if {
	plan := root([block([local_exec("a")])], [change(["no-op"])])
	entry := {"address": "terraform_data.x", "type": "local-exec", "digest": "abc"}
	{f.msg | some when in ["create", "destroy"]; some f in warned(with_own(plan, {"source": {"provisioners": [object.union(entry, {"when": when})]}}))} == {
		"terraform_data.x has a local-exec provisioner (on create), which this plan does not run.",
		"terraform_data.x has a local-exec provisioner (on destroy), which this plan does not run.",
	}
}

test_a_running_resource_that_is_deferred_is_latent if {
	script := {"address": "shell_script.s", "mode": "managed", "type": "shell_script", "name": "s"}
	plan := object.union(root([script], []), {"deferred_changes": [{"reason": "unknown", "resource_change": {"address": "shell_script.s", "type": "shell_script", "name": "s", "mode": "managed", "change": {"actions": ["create"]}}}]})
	{f.facts.runs | some f in warned(plan)} == {"deferred"}
	denied(plan) == set()
}
