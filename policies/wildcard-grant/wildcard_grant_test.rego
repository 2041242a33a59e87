package countersign.policies.wildcard_grant_test

found := array.concat([f | some f in data.countersign.policies.wildcard_grant.deny_grants], [f | some f in data.countersign.policies.wildcard_grant.deny_joined])

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

role_policy(statements) := create("aws_iam_role_policy", {"role": "r", "policy": document(statements)})

test_every_action_is_found if {
	every statement in [allow("*", "arn:aws:s3:::b"), allow("*:*", "*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}] {
		list := found with input as role_policy([statement])
		count(list) == 1
		list[0].facts.kind == "action"
	}
}

test_every_action_of_a_service_on_everything_is_found if {
	list := found with input as role_policy([allow("s3:*", "*")])
	list[0].facts.kind == "service"
	narrow := found with input as role_policy([allow("s3:*", "arn:aws:s3:::b/*")])
	narrow == []
	off := found with input as role_policy([allow("s3:*", "*")]) with data.countersign.config as {"wildcard-grant": {"services": false}}
	off == []
	partly := found with input as role_policy([allow("s3:Get*", "*")])
	partly == []
}

test_everyone_is_found if {
	open := {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
	list := found with input as create("aws_s3_bucket_policy", {"bucket": "b", "policy": document([open])})
	list[0].facts.kind == "principal"
	conditional := found with input as create("aws_s3_bucket_policy", {"bucket": "b", "policy": document([object.union(open, {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}})])})
	conditional == []
	users := found with input as create("google_storage_bucket_iam_member", {"bucket": "b", "role": "roles/storage.objectViewer", "member": "allUsers"})
	users[0].facts.kind == "principal"
}

test_other_clouds if {
	every role in ["roles/owner", "roles/editor"] {
		list := found with input as create("google_project_iam_member", {"project": "p", "role": role, "member": "user:a@example.com"})
		list[0].facts.kind == "action"
	}
	custom := found with input as create("azurerm_role_definition", {"name": "d", "permissions": [{"actions": ["*"]}]})
	custom[0].facts.kind == "action"
	service := found with input as create("azurerm_role_definition", {"name": "d", "permissions": [{"actions": ["Microsoft.Storage/*"]}]})
	service[0].facts.kind == "service"
	verbs := found with input as create("kubernetes_cluster_role_v1", {"metadata": [{"name": "r"}], "rule": [{"verbs": ["*"], "resources": ["*"]}]})
	verbs[0].facts.kind == "action"
}

test_only_what_is_new_is_found if {
	narrow := {"role": "r", "policy": document([allow("s3:*", "arn:aws:s3:::b")])}
	wide := {"role": "r", "policy": document([allow("s3:*", "*")])}
	list := found with input as update("aws_iam_role_policy", narrow, wide)
	count(list) == 1
	none := found with input as update("aws_iam_role_policy", wide, narrow)
	none == []
	same := found with input as update("aws_iam_role_policy", wide, object.union(wide, {"policy": document([allow(["s3:*", "ec2:RunInstances"], "*")])}))
	same == []
}

test_a_sensitive_document_is_not_quoted if {
	hidden := object.union(row("azurerm_role_definition", "x", ["create"], null, {"name": "d", "permissions": [{"actions": ["*"]}]}), {"change": {"after_sensitive": {"permissions": true}}})
	list := found with input as plan([hidden])
	list[0].facts.pattern == "(sensitive)"
}

test_a_principal_can_be_left_out if {
	list := found with input as role_policy([allow("*", "*")]) with data.countersign.config as {"wildcard-grant": {"match": ["*", "!r"]}}
	list == []
}

attached(name, statements) := plan([
	row("aws_iam_role_policy_attachment", "a", ["create"], null, {"role": name, "policy_arn": "arn:aws:iam::123456789012:policy/p"}),
	row("aws_iam_policy", "p", ["no-op"], null, {"name": "p", "arn": "arn:aws:iam::123456789012:policy/p", "policy": document(statements)}),
])

test_a_wildcard_of_an_attached_policy_of_the_plan_is_found if {
	list := found with input as attached("r", [allow("*", "*")])
	{f.address | some f in list} == {"aws_iam_role_policy_attachment.a"}
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.wildcard_grant.value_types
