# METADATA
# description: |
#   What AWS policy documents allow. Actions come from data.countersign.tables.aws_actions (service ->
#   level letter -> names), corrected by aws_overrides. An expansion is an object of three sets:
#   write ("iam:PassRole (Write)"), sensitive ("ssm:GetParameter (Read)") and unknown (patterns).
package countersign.lib.principals_aws

level_names := {"W": "Write", "P": "Permissions management", "T": "Tagging", "R": "Read", "L": "List"}

as_array(x) := x if {
	is_array(x)
} else := [] if {
	x == null
} else := [x]

# every_action tells whether a pattern covers every action of every service.
every_action(pattern) if regex.match(`^\*+(:\*+)?$`, pattern)

# name_pattern turns an action pattern into a regular expression over names separated by spaces.
name_pattern(glob) := sprintf(`(?i-u)\b%s\b`, [wild(glob, "[A-Za-z0-9-]")])

wild(glob, class) := replace(replace(regex.replace(glob, `\*+`, "*"), "*", sprintf("%s*", [class])), "?", class)

# action_pattern turns a pattern into a regular expression over tokens such as "iam:PassRole (Write)". The star and the
# question mark of the class are written otherwise, since wild replaces them.
action_pattern(glob) := sprintf("(?i-u)^%s( |$)", [wild(glob, `[A-Za-z0-9:\x2a\x3f-]`)]) if well_formed(glob)

# A pattern that cannot be read covers nothing: it must not excuse an action.
action_pattern(glob) := "^$" if not well_formed(glob)

# Long patterns are left out so that no regular expression grows without bound.
well_formed(glob) if {
	count(glob) <= 128
	regex.match(`^[A-Za-z0-9*?:-]+$`, glob)
}

well_formed_action(glob) if {
	well_formed(glob)
	regex.match(`^[^:]+:[^:]+$`, glob)
}

covers(glob, token) if regex.match(action_pattern(glob), token)

# services gives the services of the table that a pattern's first part means.
services(glob) := [name | name := lower(glob); data.countersign.tables.aws_actions[name]] if {
	not regex.match(`[*?]`, glob)
}

services(glob) := [name |
	some name, _ in data.countersign.tables.aws_actions
	regex.match(expression, name)
] if {
	regex.match(`[*?]`, glob)
	expression := sprintf("(?-u)^%s$", [wild(lower(glob), "[a-z0-9-]")])
}

# expand gives what one action pattern of an Allow statement covers.
expand(pattern) := {"write": {"*"}, "sensitive": set(), "unknown": set()} if {
	is_string(pattern)
	every_action(pattern)
}

expand(pattern) := {"write": set(), "sensitive": set(), "unknown": {pattern}} if {
	is_string(pattern)
	not every_action(pattern)
	not well_formed_action(pattern)
}

expand(pattern) := {"write": set(), "sensitive": set(), "unknown": {"(not a string)"}} if not is_string(pattern)

expand(pattern) := {"write": written, "sensitive": sensitive, "unknown": unknown} if {
	is_string(pattern)
	not every_action(pattern)
	well_formed_action(pattern)
	parts := split(pattern, ":")
	found := services(parts[0])
	names := name_pattern(parts[1])
	written := ({token |
		some service in found
		reads := {n | some n in named("read", service, names)}
		some letter in ["W", "P", "T"]
		some name in listed(service, letter, names)
		not name in reads
		token := sprintf("%s:%s (%s)", [service, name, level_names[letter]])
	} | {token |
		some service in found
		some name in named("write", service, names)
		token := sprintf("%s:%s (acts as Write)", [service, name])
	})
	sensitive := {token |
		some service in found
		some name in named("sensitive", service, names)
		token := sprintf("%s:%s (sensitive read)", [service, name])
	}
	unknown := {p |
		p := pattern
		count(written) == 0
		count(sensitive) == 0
		not lists_reads(found, names)
		not empty_read_pattern(found, parts[1])
	}
}

lists_reads(found, names) if {
	some service in found
	some letter in ["R", "L"]
	regex.match(names, object.get(data.countersign.tables.aws_actions[service], letter, ""))
}

lists_reads(found, names) if {
	some service in found
	regex.match(names, object.get(data.countersign.tables.aws_overrides.read, service, ""))
}

# A wildcard that matches no action today, such as rds:Get*, grants nothing; it counts as read when it
# starts like a read. A full name that is not listed stays unknown.
empty_read_pattern(found, glob) if {
	count(found) > 0
	regex.match(`[*?]`, glob)
	some prefix in data.countersign.tables.aws_overrides.read_prefixes
	startswith(lower(glob), lower(prefix))
}

listed(service, letter, names) := regex.find_n(names, object.get(data.countersign.tables.aws_actions[service], letter, ""), -1)

named(group, service, names) := regex.find_n(names, object.get(data.countersign.tables.aws_overrides[group], service, ""), -1)

# document reads a policy document: {"statements": [...], "readable": bool}. Statements have effect,
# actions, not_actions (null without one), everywhere (on every resource, without a condition) and principals.
document(value) := {"statements": [], "readable": true} if value == ""

document(value) := {"statements": statements(parsed), "readable": true} if {
	is_string(value)
	value != ""
	json.is_valid(value)
	parsed := json.unmarshal(value)
	is_object(parsed)
} else := {"statements": statements(value), "readable": true} if {
	is_object(value)
} else := {"statements": [], "readable": false} if {
	value != ""
}

# Element names are compared without case, and every spelling of one counts.
elements(object_value, name) := [x |
	some key, value in object_value
	lower(key) == name
	some x in as_array(value)
]

has_element(object_value, name) if {
	some key, _ in object_value
	lower(key) == name
}

statements(parsed) := [normal(s) | some s in elements(parsed, "statement")]

# Statements spelled as usual are read directly, which is several times faster.
usual_elements := {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition"}

normal(s) := {
	"effect": effect(as_array(object.get(s, "Effect", null))),
	"actions": as_array(object.get(s, "Action", null)),
	"not_actions": null,
	"everywhere": everywhere(resources, conditions),
	"principals": usual_principals(s),
	"sid": sid(object.get(s, "Sid", null)),
	"resources": resources,
	"conditional": is_conditional(conditions),
} if {
	is_usual(s)
	resources := as_array(object.get(s, "Resource", null))
	conditions := as_array(object.get(s, "Condition", null))
} else := {
	"effect": effect(elements(s, "effect")),
	"actions": actions(s),
	"not_actions": not_actions(s),
	"everywhere": everywhere(elements(s, "resource"), elements(s, "condition")),
	"principals": principals(s),
	"sid": "",
	"resources": resources(s),
	"conditional": is_conditional(elements(s, "condition")),
} if {
	is_object(s)
}

is_usual(s) if {
	is_object(s)
	object.get(s, "Action", null) != null
	not s.NotAction
	not s.NotResource
	count(object.keys(s) - usual_elements) == 0
}

normal(s) := {"effect": "Allow", "actions": [{"not": "a statement"}], "not_actions": null, "everywhere": false, "principals": ["(unreadable)"], "sid": "", "resources": ["*"], "conditional": false} if not is_object(s)

effect(values) := "Deny" if {
	count(values) == 1
	is_string(values[0])
	lower(values[0]) == "deny"
} else := "Allow"

actions(s) := elements(s, "action") if {
	has_element(s, "action")
} else := [] if {
	has_element(s, "notaction")
} else := ["(no action)"]

not_actions(s) := elements(s, "notaction") if {
	has_element(s, "notaction")
} else := null

default everywhere(_, _) := false

everywhere(given, conditions) if {
	"*" in given
	not is_conditional(conditions)
}

default is_conditional(_) := false

is_conditional(conditions) if {
	some condition in conditions
	condition != {}
}

sid(value) := value if is_string(value)

sid(value) := "" if not is_string(value)

# NotResource means every other resource; a statement of a trust policy has none.
resources(s) := array.concat(elements(s, "resource"), ["*" | has_element(s, "notresource")])

# principals of a resource policy; NotPrincipal means everyone else.
usual_principals(s) := [] if {
	object.filter(s, ["Principal", "NotPrincipal"]) == {}
} else := principals(s)

principals(s) := array.concat(named_principals, others) if {
	named_principals := [text |
		some p in elements(s, "principal")
		some text in principal_texts(p)
	]
	others := ["*" | has_element(s, "notprincipal")]
}

principal_texts(p) := [p] if is_string(p)

principal_texts(p) := [text |
	some _, values in p
	some v in as_array(values)
	text := principal_text(v)
] if {
	is_object(p)
	not p["(unknown)"]
}

principal_texts(p) := ["(unknown)"] if p["(unknown)"]

principal_text(v) := "(unknown)" if {
	v["(unknown)"]
} else := sprintf("%v", [v])

principal_texts(p) := ["(unreadable)"] if {
	not is_string(p)
	not is_object(p)
}

# from_data_source gives the statements of a data.aws_iam_policy_document change.
from_data_source(statement) := {
	"effect": effect(as_array(object.get(statement, "effect", null))),
	"actions": as_array(object.get(statement, "actions", null)),
	"not_actions": source_not_actions(as_array(object.get(statement, "not_actions", null))),
	"everywhere": everywhere(as_array(object.get(statement, "resources", null)), as_array(object.get(statement, "condition", null))),
	"principals": source_principals(statement),
	"sid": sid(object.get(statement, "sid", null)),
	"resources": source_resources(statement),
	"conditional": is_conditional(as_array(object.get(statement, "condition", null))),
}

source_resources(statement) := array.concat(
	as_array(object.get(statement, "resources", null)),
	["*" | count(as_array(object.get(statement, "not_resources", null))) > 0],
)

source_principals(statement) := array.concat(listed_ids, others) if {
	listed_ids := [sprintf("%v", [id]) |
		some p in as_array(object.get(statement, "principals", null))
		some id in as_array(object.get(p, "identifiers", null))
	]
	others := ["*" | count(as_array(object.get(statement, "not_principals", null))) > 0]
}

source_not_actions(list) := list if count(list) > 0

source_not_actions(list) := null if count(list) == 0

# managed gives the verdict on a managed policy's ARN; ARNs that are not AWS's own give none.
managed(arn) := object.get(data.countersign.tables.aws_managed_policies.aws, name, "cannot-prove") if {
	name := aws_owned(arn)
}

aws_owned(arn) := regex.replace(arn, "^arn:aws[a-z-]*:iam::aws:policy/", "") if {
	regex.match("^arn:aws[a-z-]*:iam::aws:policy/.", arn)
}
