package countersign.policies.no_delete_grants_test

found := array.concat([f | some f in data.countersign.policies.no_delete_grants.deny_grants], [f | some f in data.countersign.policies.no_delete_grants.deny_joined])

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

role_policy(name, statements) := create("aws_iam_role_policy", {"role": name, "policy": document(statements)})

test_a_delete_for_ci_is_found if {
	list := found with input as role_policy("ci-apply", [allow(["s3:DeleteBucket", "s3:GetObject"], "*")])
	count(list) == 1
	list[0].subject == "ci-apply"
	list[0].certainty == "proven"
	list[0].facts.actions == ["s3:DeleteBucket (Write)"]
	contains(list[0].msg, "gains actions that destroy")
}

test_other_principals_are_left_alone if {
	list := found with input as role_policy("reporting", [allow("s3:DeleteBucket", "*")])
	list == []
	named := found with input as role_policy("reporting", [allow("s3:DeleteBucket", "*")]) with data.countersign.config as {"no-delete-grants": {"match": ["report*"]}}
	count(named) == 1
}

test_words_inside_of_names_are_no_scope if {
	list := found with input as role_policy("pricing", [allow("s3:DeleteBucket", "*")])
	list == []
}

test_writes_that_destroy_nothing_pass if {
	list := found with input as role_policy("terraform", [allow(["sqs:SendMessage", "s3:CreateBucket", "s3:AbortMultipartUpload"], "*")])
	list == []
}

test_actions_without_the_prefix_are_found if {
	every action in ["s3:PutLifecycleConfiguration", "kms:ScheduleKeyDeletion", "route53:ChangeResourceRecordSets", "iam:PassRole", "rds:ModifyDBInstance"] {
		list := found with input as role_policy("terraform", [allow(action, "*")])
		count(list) == 1
	}
}

test_broad_grants_are_found if {
	every statement in [allow("*", "*"), {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, allow("s3:*", "*")] {
		list := found with input as role_policy("terraform", [statement])
		count(list) == 1
	}
}

test_giving_back_a_lock_is_no_delete if {
	none := found with input as role_policy("terraform", [allow(["dynamodb:DeleteItem", "dynamodb:PutItem"], "arn:aws:dynamodb:eu-west-1:1:table/terraform-locks"), allow(["s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::state/x.tflock")])
	none == []
	table := found with input as role_policy("terraform", [allow("dynamodb:DeleteItem", ["arn:aws:dynamodb:eu-west-1:1:table/terraform-locks", "arn:aws:dynamodb:eu-west-1:1:table/orders"])])
	count(table) == 1
	drop := found with input as role_policy("terraform", [allow("dynamodb:DeleteTable", "arn:aws:dynamodb:eu-west-1:1:table/terraform-locks")])
	count(drop) == 1
}

test_roles_and_managed_policies if {
	admin := found with input as create("aws_iam_role_policy_attachment", {"role": "terraform", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"})
	admin[0].certainty == "proven"
	other := found with input as create("aws_iam_role_policy_attachment", {"role": "terraform", "policy_arn": "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"})
	other[0].certainty == "unknown"
	contains(other[0].msg, "may gain actions that destroy")
	owner := found with input as create("google_project_iam_member", {"project": "p", "role": "roles/owner", "member": "serviceAccount:terraform@p.iam.gserviceaccount.com"})
	owner[0].certainty == "proven"
	contributor := found with input as create("azurerm_role_assignment", {"role_definition_name": "Contributor", "principal_id": "terraform", "scope": "/s"})
	contributor[0].certainty == "proven"
	definition := found with input as create("azurerm_role_definition", {"name": "terraform", "permissions": [{"actions": ["Microsoft.Storage/storageAccounts/delete"]}]})
	count(definition) == 1
	harmless := found with input as create("azurerm_role_definition", {"name": "terraform", "permissions": [{"actions": ["Microsoft.Storage/storageAccounts/write"]}]})
	harmless == []
	verbs := found with input as create("kubernetes_cluster_role_v1", {"metadata": [{"name": "terraform"}], "rule": [{"verbs": ["delete"], "resources": ["pods"]}]})
	count(verbs) == 1
}

test_only_what_is_new_is_found if {
	before := {"role": "terraform", "policy": document([allow(["s3:DeleteBucket"], "*")])}
	after := {"role": "terraform", "policy": document([allow(["s3:DeleteBucket", "sqs:DeleteQueue"], "*")])}
	list := found with input as update("aws_iam_role_policy", before, after)
	list[0].facts.actions == ["sqs:DeleteQueue (Write)"]
	none := found with input as update("aws_iam_role_policy", after, before)
	none == []
}

test_a_policy_of_the_same_plan_is_joined if {
	attachment := row("aws_iam_role_policy_attachment", "a", ["create"], null, {"role": "terraform", "policy_arn": "arn:aws:iam::1:policy/p"})
	policy := row("aws_iam_policy", "p", ["no-op"], {"arn": "arn:aws:iam::1:policy/p"}, {"arn": "arn:aws:iam::1:policy/p", "name": "p", "policy": document([allow("s3:DeleteBucket", "*")])})
	list := found with input as plan([attachment, policy])
	[f.address | some f in list] == ["aws_iam_role_policy_attachment.a"]
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.no_delete_grants.value_types
