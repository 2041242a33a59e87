# METADATA
# title: Databases are not public
# description: A database with a public address can be reached by everybody whom a firewall rule forgets.
# custom:
#   id: no-public-databases
#   severity: high
#   enforcement: soft-mandatory
#   remediation: Set publicly_accessible = false, and reach the database from inside the network.
#   needs: [plan]
package policies.public_databases

import rego.v1

types := {
	"aws_db_instance",
	"aws_rds_cluster_instance",
	"aws_redshift_cluster",
}

# A result names the resource, so that the reviewer sees its change beside the message.
deny contains finding if {
	some rc in input.resource_changes
	rc.type in types
	rc.change.after.publicly_accessible == true
	finding := {
		"msg": sprintf("%s has a public address.", [rc.address]),
		"address": rc.address,
		"attribute": "publicly_accessible",
	}
}

# What is only known after the apply is neither fine nor wrong: certainty "unknown" says so.
deny contains finding if {
	some rc in input.resource_changes
	rc.type in types
	rc.change.after_unknown.publicly_accessible == true
	finding := {
		"msg": sprintf("Whether %s has a public address is known only after the apply.", [rc.address]),
		"address": rc.address,
		"attribute": "publicly_accessible",
		"certainty": "unknown",
	}
}
