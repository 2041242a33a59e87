package countersign.policies.no_static_credentials_test

found := [f | some f in data.countersign.policies.no_static_credentials.deny]

row(type, name, actions, before, after) := {
	"address": sprintf("%s.%s", [type, name]),
	"mode": "managed",
	"type": type,
	"name": name,
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": {}, "before_sensitive": false, "after_sensitive": {}},
}

plan(list) := {"format_version": "1.2", "resource_changes": list}

create(type, after) := plan([row(type, "x", ["create"], null, after)])

update(type, before, after) := plan([row(type, "x", ["update"], before, after)])

document(statements) := json.marshal({"Version": "2012-10-17", "Statement": statements})

allow(actions, resources) := {"Effect": "Allow", "Action": actions, "Resource": resources}

test_a_new_access_key_is_found if {
	list := found with input as create("aws_iam_access_key", {"user": "u"})
	count(list) == 1
	list[0].address == "aws_iam_access_key.x"
	contains(list[0].msg, "makes an access key")
	list[0].facts.replaced == false
}

test_every_type_of_the_table_is_found if {
	missed := [type |
		some type, spec in data.countersign.tables.static_credentials
		list := found with input as create(type, object.get(spec, "when", {}))
		count(list) != 1
	]
	missed == []
}

test_keys_that_stay_or_go_are_not_found if {
	every actions in [["no-op"], ["update"], ["delete"], ["forget"], ["read"]] {
		list := found with input as plan([row("aws_iam_access_key", "x", actions, {"user": "u"}, {"user": "u"})])
		list == []
	}
}

test_a_replaced_key_is_a_new_one if {
	list := found with input as plan([row("google_service_account_key", "x", ["delete", "create"], {}, {})])
	list[0].facts.replaced
}

test_deploy_keys_that_only_read_pass if {
	none := found with input as create("github_repository_deploy_key", {"title": "k", "read_only": true})
	none == []
	one := found with input as create("github_repository_deploy_key", {"title": "k", "read_only": false})
	count(one) == 1
	unknown := found with input as create("github_repository_deploy_key", {"title": "k"})
	count(unknown) == 1
	pushes := found with input as create("gitlab_deploy_key", {"can_push": true})
	count(pushes) == 1
	reads := found with input as create("gitlab_deploy_key", {"can_push": false})
	reads == []
}

test_other_secrets_of_kubernetes_pass if {
	list := found with input as create("kubernetes_secret", {"type": "Opaque"})
	list == []
}

test_data_sources_and_other_types_pass if {
	data_source := object.union(row("aws_iam_access_key", "x", ["create"], null, {}), {"mode": "data"})
	none := found with input as plan([data_source, row("aws_iam_role", "r", ["create"], null, {})])
	none == []
}

test_settings if {
	key := create("aws_iam_access_key", {"user": "u"})
	ignored := found with input as key with data.countersign.config as {"no-static-credentials": {"ignore_types": ["aws_iam_*"]}}
	ignored == []
	out := found with input as key with data.countersign.config as {"no-static-credentials": {"match": ["!aws_iam_access_key.x"]}}
	out == []
	more := found with input as create("acme_token", {}) with data.countersign.config as {"no-static-credentials": {"types": {"acme_token": {"what": "a token"}}}}
	count(more) == 1
}

test_values_of_credential_types_are_read if "aws_iam_access_key" in data.countersign.policies.no_static_credentials.value_types
