# METADATA
# title: Principals stay read-only
# description: A change that creates or widens a grant beyond read access is found, per principal and granting resource.
# custom:
#   id: read-only-principals
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Narrow the grant to read actions, or waive it with a reason and an expiry.
#   needs: [plan]
#   settings:
#     match: Globs on principal names and on addresses of granting resources; a leading ! leaves out (default *)
#     allow_sensitive_read: Reads of secrets and data warn (true) or are denied (false) (default true)
#     read_only_roles: Globs on role names and policy ARNs that count as read-only (default none)
#     read_only_boundaries: Globs on ARNs of permissions boundaries that leave only reads (default none)
#     hidden_grants: Templates and charts that may hold grants cannot be proven (true) or are left alone (false) (default true)
#     app_roles: More names of permissions by id, as in tables/azure_graph.json; the name decides (default none)
#     grants: More resource types that grant, in the form of tables/grants.json (default none)
#   setting_types:
#     match: {type: globs, of: scopes}
#     allow_sensitive_read: boolean
#     read_only_roles: globs
#     read_only_boundaries: globs
#     hidden_grants: boolean
#     app_roles: table
#     grants: table
package countersign.policies.read_only_principals

settings := object.get(data.countersign.config, "read-only-principals", {})

scope := data.countersign.lib.scopes.scope(object.get(settings, "match", ["*"]))

value_types := data.countersign.lib.grants.value_types

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
#   rule: deny
deny_grants contains f if {
	some f in settled_findings
	f.rule == "deny"
}

# METADATA
# scope: rule
# custom:
#   slice: resource-changes
#   actions: [create, update, delete]
#   values: value_types
#   rule: warn
warn_grants contains f if {
	some f in settled_findings
	f.rule == "warn"
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: deny
deny_joined contains f if {
	some f in joined_findings
	f.rule == "deny"
}

# METADATA
# scope: rule
# custom:
#   values: value_types
#   rows: values
#   rule: warn
warn_joined contains f if {
	some f in joined_findings
	f.rule == "warn"
}

settled_findings := [finding(gained_by, data.countersign.lib.grants.settled_expansions) |
	some gained_by in data.countersign.lib.grants.settled_gains
	in_scope(gained_by)
]

joined_findings := [finding(gained_by, data.countersign.lib.grants.joined_expansions) |
	some gained_by in data.countersign.lib.grants.joined_gains
	in_scope(gained_by)
]

in_scope(gained_by) if data.countersign.lib.scopes.covers(scope, [gained_by.label, gained_by.grant.address])
