package countersign.policies.exec_grant_test

found := array.concat([f | some f in data.countersign.policies.exec_grant.deny_grants], [f | some f in data.countersign.policies.exec_grant.deny_joined])

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

test_actions_that_run_code_are_found if {
	every action in ["ssm:SendCommand", "ecs:ExecuteCommand", "ecs:RunTask", "lambda:InvokeFunction", "lambda:UpdateFunctionCode", "codebuild:StartBuild", "iam:PassRole", "ssm:Start*"] {
		list := found with input as role_policy("r", [allow(action, "*")])
		count(list) == 1
		list[0].subject == "r"
	}
}

test_other_writes_pass if {
	list := found with input as role_policy("r", [allow(["s3:PutObject", "ec2:Describe*"], "*")])
	list == []
}

test_services_of_aws_may_invoke if {
	none := found with input as create("aws_lambda_permission", {"action": "lambda:InvokeFunction", "function_name": "f", "principal": "events.amazonaws.com"})
	none == []
	account := found with input as create("aws_lambda_permission", {"action": "lambda:InvokeFunction", "function_name": "f", "principal": "123456789012"})
	count(account) == 1
}

test_every_action_is_left_to_wildcard_grant if {
	none := found with input as role_policy("r", [allow("*", "*")])
	none == []
	config := {"exec-grant": {"broad": true}}
	star := found with input as role_policy("r", [allow("*", "*")]) with data.countersign.config as config
	count(star) == 1
	nots := found with input as role_policy("r", [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]) with data.countersign.config as config
	count(nots) == 1
}

test_other_clouds_and_kubernetes if {
	exec := found with input as create("kubernetes_cluster_role_v1", {"metadata": [{"name": "r"}], "rule": [{"verbs": ["create"], "resources": ["pods/exec"]}]})
	count(exec) == 1
	pods := found with input as create("kubernetes_cluster_role_v1", {"metadata": [{"name": "r"}], "rule": [{"verbs": ["create"], "resources": ["pods"]}]})
	pods == []
	user := found with input as create("google_project_iam_member", {"project": "p", "role": "roles/iam.serviceAccountUser", "member": "user:a@example.com"})
	count(user) == 1
	login := found with input as create("azurerm_role_assignment", {"role_definition_name": "Virtual Machine User Login", "principal_id": "p", "scope": "/s"})
	count(login) == 1
}

test_a_grant_that_stays_is_not_found if {
	same := {"role": "r", "policy": document([allow("ssm:SendCommand", "*")])}
	list := found with input as update("aws_iam_role_policy", same, object.union(same, {"policy": document([allow(["ssm:SendCommand", "s3:PutObject"], "*")])}))
	list == []
}

test_a_principal_can_be_left_out if {
	list := found with input as role_policy("r", [allow("ssm:SendCommand", "*")]) with data.countersign.config as {"exec-grant": {"match": ["!r"]}}
	list == []
}

test_a_joined_policy_is_found if {
	attachment := row("aws_iam_role_policy_attachment", "a", ["create"], null, {"role": "r", "policy_arn": "arn:aws:iam::1:policy/p"})
	policy := row("aws_iam_policy", "p", ["no-op"], {}, {"arn": "arn:aws:iam::1:policy/p", "name": "p", "policy": document([allow("ssm:SendCommand", "*")])})
	list := found with input as plan([attachment, policy])
	count(list) == 1
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.exec_grant.value_types
