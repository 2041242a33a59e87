package countersign.lib.grants

# What one resource change does not tell: documents and ARNs that are known only after apply are followed
# through the configuration's references to a policy document or a policy of the same plan. Only the few
# pending grants are looked at here; the tables below are built once for the whole plan.

module_key(rc) := module if {
	module := rc.module_address
	is_string(module)
} else := ""

source_key(module, name) := concat("|", [module, name])

source_name(rc) := sprintf("data.%v.%v", [rc.type, rc.name]) if rc.mode == "data"

source_name(rc) := sprintf("%v.%v", [rc.type, rc.name]) if object.get(rc, "mode", "managed") != "data"

source_types := {"aws_iam_policy_document"} | {type | some type, _ in definition_kinds}

# Positions of policy documents and customer managed policies, by module instance and configuration address.
planned_sources[key] contains i if {
	count(pending) > 0
	some i, rc in resource_changes
	rc.type in source_types
	key := source_key(module_key(rc), source_name(rc))
}

# Positions of customer managed policies by ARN.
policies_by_arn[arn] contains i if {
	count(pending) > 0
	some i, rc in resource_changes
	rc.type == "aws_iam_policy"
	arn := arn_of(rc)
}

sources_at(key) := [resource_changes[i] | some i in object.get(planned_sources, key, set())]

arn_of(rc) := rc.change.after.arn if {
	is_string(rc.change.after.arn)
} else := rc.change.before.arn

# Configuration of pending resources: module path -> address in the module -> expressions.
configured := {path: expressions_of(path) | some path in {module_path(grant.rc) | some grant in pending}}

module_path(rc) := data.countersign.lib.addresses.strip_keys(module_key(rc))

expressions_of(path) := {resource.address: resource.expressions |
	steps := [step | some i, name in split(path, "."); i % 2 == 1; some step in ["module_calls", name, "module"]]
	root := object_or_empty(object.get(object_or_empty(object.get(input, "configuration", {})), "root_module", {}))
	module := object_or_empty(object.get(root, steps, {}))
	some resource in module.resources
	grant_type(resource.type)
	is_object(resource.expressions)
}

grant_type(type) if grant_types[type]

grant_type(type) if contains(type, "_iam_")

# expressions gives the configuration of a grant's resource, or null when the plan holds none.
expressions(grant) := object.get(object.get(configured, module_path(grant.rc), {}), sprintf("%v.%v", [grant.rc.type, grant.rc.name]), null)

references_at(grant, path) := sort({r |
	given := expressions(grant)
	is_object(given)
	some expression in data.countersign.lib.principals_aws.as_array(object.get(given, path[0], null))
	some r in expression_references(expression, path)
})

expression_references(expression, path) := data.countersign.lib.principals_aws.as_array(object.get(expression, "references", null)) if count(path) == 1

expression_references(expression, path) := data.countersign.lib.principals_aws.as_array(object.get(object.get(expression, path[1], {}), "references", null)) if count(path) == 2

# base_reference cuts a reference to the resource: data.aws_iam_policy_document.x.json -> data.aws_iam_policy_document.x
base_reference(reference) := concat(".", array.slice(split(plain, "."), 0, parts)) if {
	plain := data.countersign.lib.addresses.strip_keys(reference)
	parts := reference_length(plain)
}

reference_length(reference) := 3 if startswith(reference, "data.")

reference_length(reference) := 2 if not startswith(reference, "data.")

rows_joined_to(grant) := array.concat(array.concat(unknown_rows(grant), customer_rows(grant)), unreadable_rows(grant))

# A change without a readable "after", or of an unknown shape.
unreadable_rows(grant) := [unknown_row(grant.specs[0], grant, "(the plan does not say)")] if not grant.whole

unreadable_rows(grant) := [] if grant.whole

unknown_rows(grant) := [row |
	some spec in grant.specs
	is_relevant_unknown(spec, grant)
	some row in rows_of_unknown(spec, grant)
]

# An attribute that is wholly unknown and not set in a configuration that the plan holds is computed by
# the provider: no grant of this change.
is_relevant_unknown(spec, grant) if {
	grant.unknown[spec.path[0]]
	not superseded(spec, grant)
	not is_computed(spec, grant)
}

is_computed(spec, grant) if {
	grant.unknown[spec.path[0]] == true
	given := expressions(grant)
	is_object(given)
	not has_key(given, spec.path[0])
}

has_key(x, key) if {
	some name, _ in x
	name == key
}

rows_of_unknown(spec, grant) := written_rows(spec, grant, document) if {
	grant.unknown[spec.path[0]] == true
	document := written_document(spec, grant.rc)
} else := array.concat(followed, rest) if {
	references := {base_reference(full) | some full in references_at(grant, spec.path)}
	found := {r: changes_for(r, grant) | some r in references; count(changes_for(r, grant)) > 0}
	followed := [row |
		some _, changes in found
		some rc in changes
		some row in source_rows(spec, grant, rc)
	]
	open := [r | some r in references; not has_key(found, r); not r in ["each.key", "count.index"]]
	rest := [unknown_row(spec, grant, "(known after apply)") | some _ in unresolved(open, found, spec)]
}

# One row stands for all that could not be followed.
unresolved(open, found, spec) := [true] if {
	is_unresolved(open, found, spec)
} else := []

is_unresolved(open, _, _) if count(open) > 0

is_unresolved(_, found, _) if count(found) == 0

is_unresolved(_, _, spec) if not spec.kind in ["aws_document", "aws_resource_document", "aws_managed_arn", "azure_role", "gcp_role"]

changes_for(reference, grant) := chosen_instances(sources_at(source_key(module_key(grant.rc), reference)), grant.rc)

# Of several instances the one with the same key stands for the grant; without one, all of them do.
chosen_instances(changes, rc) := same if {
	same := [c | some c in changes; c.index == rc.index]
	count(same) > 0
} else := changes

source_rows(spec, grant, rc) := source_document_rows(spec, grant, data_source_document(rc)) if rc.mode == "data"

source_rows(spec, grant, rc) := policy_rows(spec, grant, rc, "(known after apply)") if {
	object.get(rc, "mode", "managed") != "data"
	rc.type == "aws_iam_policy"
	spec.kind != "azure_role"
} else := defined_rows(spec, grant, rc) if {
	object.get(rc, "mode", "managed") != "data"
}

# A role that is known only after apply, but is defined in the plan.
defined_rows(spec, grant, rc) := [r |
	some subject in principals_of(spec, grant.after, grant.hidden)
	row := object.union(unknown_row(spec, grant, "(known after apply)"), {"subject": subject})
	some r in definition_rows(row, rc)
] if {
	stays(rc)
	not object.get(spec, "subject_in_block", false)
} else := [unknown_row(spec, grant, "(known after apply)")]

# data_source_document reads the statements of a data.aws_iam_policy_document that is read at apply.
data_source_document(rc) := {"statements": array.concat(array.concat(own, inherited), gaps), "readable": true} if {
	change := object_or_empty(object.get(rc, "change", null))
	after := object_or_empty(object.get(change, "after", null))
	sources := ["source_policy_documents", "override_policy_documents", "source_json", "override_json"]
	unknown := marked(array.concat(sources, ["statement"]), object.get(change, "after_unknown", null))
	own := [data.countersign.lib.principals_aws.from_data_source(s) |
		some s in data.countersign.lib.principals_aws.as_array(object.get(after, "statement", null))
		is_object(s)
	]
	inherited := [statement |
		some name in sources
		some text in strings(object.get(after, name, null))
		some statement in text_statements(text)
	]
	gaps := [unknown_statement |
		some name in array.concat(sources, ["statement"])
		is_gap(name, after, object.get(unknown, name, false))
	]
}

unknown_statement := {"effect": "Allow", "actions": [null], "not_actions": null, "everywhere": false, "principals": ["(unknown)"], "sid": "", "resources": ["*"], "conditional": false}

text_statements(text) := document.statements if {
	document := data.countersign.lib.principals_aws.document(text)
	document.readable
} else := [unknown_statement]

is_gap(name, _, tree) if {
	name != "statement"
	tree != false
}

is_gap("statement", after, tree) if {
	tree == true
	object.get(after, "statement", null) == null
}

is_gap("statement", _, tree) if {
	is_array(tree)
	some block in tree
	block == true
}

is_gap("statement", _, tree) if {
	is_array(tree)
	some block in tree
	is_object(block)
	some name in ["actions", "not_actions", "effect"]
	contains(json.marshal(object.get(block, name, false)), "true")
}

source_document_rows(spec, grant, document) := [row |
	some subject in principals_of(spec, grant.after, grant.hidden)
	frame := aws_frame(spec, grant.after, grant.hidden, subject, attribute_text(spec))
	some row in document_rows(document, frame)
] if {
	spec.kind != "aws_resource_document"
}

source_document_rows(spec, grant, document) := resource_document_rows(document, spec, grant.after, grant.hidden, attribute_text(spec)) if spec.kind == "aws_resource_document"

attribute_text(spec) := concat(".", spec.path)

# policy_rows gives what a customer managed policy of the same plan grants to whom it is attached.
policy_rows(spec, grant, rc, otherwise) := source_document_rows(spec, grant, data.countersign.lib.principals_aws.document(rc.change.after.policy)) if {
	is_string(rc.change.after.policy)
} else := nested_rows(spec, grant, rc, otherwise)

nested_rows(spec, grant, rc, otherwise) := [row |
	some source in nested
	some row in source_document_rows(spec, grant, data_source_document(source))
] if {
	nested := nested_documents(rc)
	count(nested) > 0
} else := written_rows(spec, grant, document) if {
	document := written_document({"kind": "aws_document", "path": ["policy"]}, rc)
} else := [unknown_row(spec, grant, otherwise)]

# The documents behind an attached policy that is itself known only after apply.
nested_documents(rc) := [source |
	some r in {base_reference(full) | some full in references_at({"rc": rc}, ["policy"])}
	startswith(r, "data.aws_iam_policy_document.")
	some source in chosen_instances(sources_at(source_key(module_key(rc), r)), rc)
]

customer_rows(grant) := [row |
	some spec in grant.specs
	spec.kind == "aws_managed_arn"
	some found in values_at(grant.after, spec.path)
	some arn in strings(found.value)
	not data.countersign.lib.principals_aws.aws_owned(arn)
	some row in customer_policy_rows(spec, grant, arn)
]

customer_policy_rows(spec, grant, arn) := [] if {
	final_verdict("cannot-prove", arn) == "read-only"
} else := [row |
	some i in policies_by_arn[arn]
	rc := resource_changes[i]
	some row in policy_rows(spec, grant, rc, arn)
] if {
	count(object.get(policies_by_arn, arn, set())) > 0
} else := [unknown_row(spec, grant, arn)]

unknown_row(spec, grant, text) := {
	"subject": unknown_subject(spec, grant),
	"scope": scope_of(spec, grant.after),
	"own": object.get(spec, "own", false),
	"at": attribute_text(spec),
	"hidden": false,
	"pattern": text,
	"e": verdict_expansion("cannot-prove", text),
}

unknown_subject(spec, grant) := subject if {
	object.get(spec, "subject_in_block", false) != true
	subject := principals_of(spec, grant.after, grant.hidden)[0]
} else := "(unknown)"

# labelled adds the name to show for a principal that is known only after apply, and what the unknown
# value refers to.
labelled(grant) := object.union(grant, {"label": label_of(grant), "references": sort({base_reference(r) |
	some spec in grant.specs
	grant.unknown[spec.path[0]]
	some r in references_at(grant, spec.path)
	not startswith(r, "each.")
	not startswith(r, "count.")
})})

label_of(grant) := labels[0] if {
	labels := [base_reference(r) |
		some spec in grant.specs
		some name in subject_names(spec)
		grant.unknown[name]
		some r in references_at(grant, [name])
	]
	count(labels) > 0
} else := grant.address
