package countersign.policies.lockfile_integrity_test

import data.countersign.policies.lockfile_integrity as policy

entry(more) := object.union({
	"provider": "registry.terraform.io/hashicorp/aws", "version": "5.60.0", "constraints": "~> 5.0",
	"hashes": ["h1:a", "zh:1", "zh:2"], "file": ".terraform.lock.hcl", "line": 4,
}, more)

lock(before, after) := {"file": "live/.terraform.lock.hcl", "before": before, "after": after, "damaged": false}

source(locks) := {"countersign": {"git": {"files": []}, "source": {
	"lock_changes": locks,
	"blocks": [{"kind": "resource", "file": "live/main.tf"}],
}}}

denied(locks) := found if {
	found := policy.deny with input as source(locks) with data.countersign.config as {}
}

warned(locks) := found if {
	found := policy.warn with input as source(locks) with data.countersign.config as {}
}

kinds(found) := {f.facts.kind | f := found[_]}

one(before, after) := [lock([entry(before)], [entry(after)])]

test_a_hash_that_changes_while_the_version_stays_is_denied if {
	denied(one({}, {"hashes": ["h1:b", "zh:1", "zh:3"]})) == {{
		"msg": "hashicorp/aws stays at 5.60.0 but 2 hashes were removed and 2 hashes were added: its packages may be other ones.",
		"file": "live/.terraform.lock.hcl",
		"line": 4,
		"subject": "live/.terraform.lock.hcl",
		"attribute": "hashicorp/aws substituted",
		"facts": {"kind": "substituted", "provider": "registry.terraform.io/hashicorp/aws"},
	}}
}

test_hashes_of_more_platforms_pass if {
	locks := one({}, {"hashes": ["h1:a", "h1:b", "zh:1", "zh:2"]})
	denied(locks) == set()
	warned(locks) == set()
	first := one({"hashes": ["h1:a"]}, {"hashes": ["h1:a", "zh:1"]})
	denied(first) == set()
}

test_more_hashes_of_a_release_are_denied if {
	kinds(denied(one({}, {"hashes": ["h1:a", "zh:1", "zh:2", "zh:3"]}))) == {"more-of-a-release"}
}

test_fewer_hashes_are_warned_about if {
	locks := one({}, {"hashes": ["h1:a", "zh:1"]})
	denied(locks) == set()
	{f.msg | f := warned(locks)[_]} == {"hashicorp/aws stays at 5.60.0 but 1 hash was removed."}
}

test_a_provider_without_hashes_is_denied if {
	kinds(denied(one({}, {"hashes": []}))) == {"no-hashes"}
	kinds(denied([lock(null, [entry({"hashes": []})])])) == {"no-hashes"}
	denied(one({"hashes": []}, {"hashes": [], "line": 5})) == set()
}

test_versions_only_go_up if {
	found := denied(one({}, {"version": "5.41.0", "hashes": ["h1:x"]}))
	{f.msg | f := found[_]} == {"hashicorp/aws goes back from 5.60.0 to 5.41.0."}
	up := one({"version": "5.9.0"}, {"version": "5.10.0", "hashes": ["h1:x"]})
	denied(up) == set()
	warned(up) == set()
}

test_versions_that_cannot_be_compared_are_not_proven if {
	{[f.facts.kind, f.certainty] | f := denied(one({}, {"version": "latest"}))[_]} == {["older", "unknown"]}
}

test_a_deleted_lock_file_is_denied_while_its_module_is_there if {
	{f.msg | f := denied([lock([entry({})], null)])[_]} == {"The lock file of live is gone, and its configuration is still there: any package of its providers is accepted."}
	elsewhere := object.union(lock([entry({})], null), {"file": "old/.terraform.lock.hcl"})
	denied([elsewhere]) == set()
	top := policy.deny with data.countersign.config as {} with input as {"countersign": {"source": {
		"lock_changes": [object.union(lock([entry({})], null), {"file": ".terraform.lock.hcl"})],
		"blocks": [{"file": "main.tf"}],
	}}}
	{startswith(f.msg, "The lock file of the top directory is gone") | f := top[_]} == {true}
}

test_a_new_or_moved_lock_file_passes if {
	denied([lock(null, [entry({})])]) == set()
	warned([lock(null, [entry({})])]) == set()
	warned([lock([entry({})], [entry({})])]) == set()
}

test_a_file_that_cannot_be_read_is_not_proven if {
	{[f.facts.kind, f.certainty] | f := denied([object.union(lock([], []), {"damaged": true})])[_]} == {["damaged", "unknown"]}
}

test_added_and_removed_providers_are_warned_about if {
	random := entry({"provider": "registry.terraform.io/hashicorp/random", "line": 9})
	{f.msg | f := warned([lock([entry({})], [entry({}), random])])[_]} == {"hashicorp/random is a new provider."}
	gone := warned([lock([entry({}), random], [entry({})])])
	{f.msg | f := gone[_]} == {"hashicorp/random is no longer locked."}
	{f | f := gone[_]; f.line} == set()
	denied([lock([entry({})], [entry({}), random])]) == set()
}

test_the_same_type_from_elsewhere_is_denied if {
	found := denied([lock([entry({})], [entry({"provider": "registry.terraform.io/hashlcorp/aws"})])])
	{f.msg | f := found[_]} == {"hashlcorp/aws takes the place of hashicorp/aws."}
	denied([lock([entry({})], [entry({"provider": "registry.opentofu.org/hashicorp/aws"})])]) == set()
}

test_a_wider_constraint_is_warned_about if {
	{f.msg | f := warned(one({}, {"constraints": ">= 5.0"}))[_]} == {`The constraint of hashicorp/aws is wider: ">= 5.0" was "~> 5.0".`}
	{f.msg | f := warned(one({}, {"constraints": null}))[_]} == {`The constraint of hashicorp/aws is wider: none was "~> 5.0".`}
	warned(one({"constraints": null}, {"constraints": "5.60.0"})) == set()
	warned(one({}, {"constraints": "~> 5.1"})) == set()
}

test_a_link_is_denied if {
	link := {"path": "live/.terraform.lock.hcl", "old_path": null, "status": "type-changed", "mode": "120000", "old_mode": "100644", "binary": false, "hunks": []}
	found := policy.deny with input as {"countersign": {"git": {"files": [link]}, "source": {"lock_changes": []}}} with data.countersign.config as {}
	{f.facts.kind | f := found[_]} == {"link"}
}

test_ignored_files_pass if {
	settings := {"lockfile-integrity": {"ignore": ["live/"]}}
	policy.deny == set() with input as source(one({}, {"hashes": ["h1:b"]})) with data.countersign.config as settings
	link := {"path": "live/.terraform.lock.hcl", "status": "added", "mode": "120000", "hunks": []}
	policy.deny == set() with input as {"countersign": {"git": {"files": [link]}}} with data.countersign.config as settings
}

test_nothing_to_look_at_is_silent if {
	denied([]) == set()
	warned([]) == set()
}
