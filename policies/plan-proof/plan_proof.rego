# METADATA
# title: The plan file belongs to the commit
# description: >-
#   The binary plan file holds the configuration that was planned. Files, modules, locked providers or changes that
#   differ between it, the commit under review and the plan JSON are findings; what could not be compared is warned about.
# custom:
#   id: plan-proof
#   severity: high
#   enforcement: soft-mandatory
#   remediation: >-
#     Check out the commit under review, plan again with terraform plan -out=tfplan, and give that file and the JSON
#     that terraform show -json makes of it.
#   needs: [binary-plan]
#   settings:
#     modules: Globs of sources of modules from elsewhere that need no warning (default [])
#     require: Whether a plan without its binary plan file is not evaluated, which blocks (default false)
#   setting_types:
#     modules: globs
#     require: boolean
package countersign.policies.plan_proof

# METADATA
# title: What differs between plan file, commit and JSON
# scope: document
deny contains finding if {
	point := proof.differences[_]
	finding := object.union(common(point), {
		"msg": point.text,
		"severity": severity(point),
		"facts": {"kind": point.kind, "problem": point.problem, "plan_file": plan_file},
	})
}

# METADATA
# title: More differences than are listed
# scope: document
deny_more contains finding if {
	proof.verdict == "differs"
	proof.omitted > 0
	finding := {
		"msg": sprintf("Beside those that are listed there are %d more differences or gaps.", [proof.omitted]),
		"subject": "more",
		"facts": {"plan_file": plan_file},
	}
}

# METADATA
# title: What could not be compared
# scope: document
warn contains finding if {
	point := proof.gaps[_]
	not accepted(point)
	finding := object.union(common(point), {
		"msg": point.text,
		"facts": {"kind": point.kind, "problem": point.problem},
	})
}

proof := input.countersign.provenance.proof

settings := object.get(data.countersign.config, "plan-proof", {})

# An answer is about this plan file only: another one can differ in the same place, and hold something else there.
plan_file := substring(proof.sha256, 0, 32)

accepted(point) if {
	point.problem == "remote"
	data.countersign.lib.globs.matches_any(settings.modules, point.source)
}

common(point) := object.union_n([
	{"address": point.subject | point.kind == "change"},
	{"deposed": key | key := point.deposed; is_string(key)},
	{"file": point.subject | point.kind == "file"},
	{"subject": named(point) | point.kind != "change"},
])

named(point) := point.subject if {
	is_string(point.subject)
} else := point.problem

default severity(_) := "high"

# The JSON that is reviewed is not what would be applied.
severity(point) := "critical" if point.kind in {"plan", "change", "output", "variable", "section", "configuration"}

severity(point) := "medium" if {
	point.kind == "lock"
	point.problem == "other-constraints"
}
