package countersign.policies.read_only_principals_test

# Every finding of a plan, as deny and warn report them.
denied := array.concat([f | some f in data.countersign.policies.read_only_principals.deny_grants], [f | some f in data.countersign.policies.read_only_principals.deny_joined])

warned := array.concat([f | some f in data.countersign.policies.read_only_principals.warn_grants], [f | some f in data.countersign.policies.read_only_principals.warn_joined])

change(type, actions, before, after) := changes([{
	"address": sprintf("%s.x", [type]),
	"mode": "managed",
	"type": type,
	"name": "x",
	"change": {"actions": actions, "before": before, "after": after, "after_unknown": {"id": true}, "before_sensitive": false, "after_sensitive": {}},
}])

changes(list) := {"format_version": "1.2", "resource_changes": list}

create(type, after) := change(type, ["create"], null, after)

allow(actions) := json.marshal({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]})

policy(actions) := {"name": "p", "policy": allow(actions)}

# A write grant for each kind of mapping, built from the table itself.
write_value := {
	"aws_document": allow(["iam:PassRole"]),
	"aws_resource_document": json.marshal({"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "*", "Resource": "*"}}),
	"aws_managed_arn": "arn:aws:iam::aws:policy/AdministratorAccess",
	"aws_actions": "lambda:InvokeFunction",
	"aws_eks_policy": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
	"azure_role": "Owner",
	"azure_actions": {"actions": ["*"]},
	"gcp_role": "roles/owner",
	"gcp_permissions": ["storage.objects.create"],
	"gcp_policy": `{"bindings":[{"role":"roles/owner","members":["user:a@example.com"]}]}`,
	"values": "everything",
	"kubernetes_rules": {"verbs": ["create"], "resources": ["pods"], "api_groups": [""]},
	"kubernetes_role_ref": {"name": "cluster-admin", "kind": "ClusterRole"},
	"fixed": ["something"],
	"flags": true,
	"hidden": "AWS::IAM::Role Policy CAPABILITY_IAM Microsoft.Authorization/roleAssignments",
	"membership": ["group"],
	"aws_policy_name": "policy",
	"aoss_policy": `[{"Principal": ["p"], "Rules": [{"ResourceType": "index", "Permission": ["aoss:*"]}]}]`,
	"kubernetes_yaml": "kind: ClusterRole\nmetadata:\n  name: m\nrules:\n- verbs: ['*']\n  resources: ['*']\n",
	"vault_policy": `path "secret/*" { capabilities = ["create"] }`,
	"kubernetes_manifest": {"kind": "ClusterRole", "metadata": {"name": "m"}, "rules": [{"verbs": ["*"], "resources": ["*"]}]},
}

sample_value(spec) := "CreateGrant" if spec.service

sample_value(spec) := write_value[spec.kind] if not spec.service

sample(spec) := object.union_n([named, extra, {spec.path[0]: at_path(spec)}]) if {
	named := {name: "p" | some name in object.get(spec, "subject", [])}
	extra := object.union({name: ["p"] | some name in object.get(spec, "subjects", [])}, {"metadata": [{"name": "p"}], "subject": [{"kind": "User", "name": "p"}]})
}

at_path(spec) := sample_value(spec) if count(spec.path) == 1

at_path(spec) := [{spec.path[1]: sample_value(spec), spec_subject(spec): "p"}] if count(spec.path) == 2

at_path(spec) := [{spec.path[1]: [{spec.path[2]: sample_value(spec)}]}] if count(spec.path) == 3

at_path(spec) := [{spec.path[1]: [{spec.path[2]: [{spec.path[3]: sample_value(spec)}]}]}] if count(spec.path) == 4

# What a sample of a mapping must give.
expected_verdict(spec) := object.get(spec, "verdict", object.get(spec, "otherwise", object.get(by_kind, spec.kind, "not-read-only")))

by_kind := {"hidden": "cannot-prove", "membership": "cannot-prove", "aws_policy_name": "cannot-prove"}

spec_subject(spec) := object.get(spec, "subject", ["p"])[0]

test_a_row_with_null_for_its_mode_is_managed if {
	plan := create("aws_iam_role_policy", policy(["iam:PassRole"]))
	odd := changes([object.union(plan.resource_changes[0], {"mode": null})])
	count(denied) == 1 with input as odd
}

test_every_mapping_of_the_table_finds_a_write_grant if {
	missed := [sprintf("%s %v", [type, spec.path]) |
		some type, specs in data.countersign.tables.grants.types
		some spec in specs
		plan := create(type, sample(spec))
		found := array.concat(denied, warned) with input as plan
		count([f | some f in found; f.facts.verdict == expected_verdict(spec); f.subject != ""]) != 1
	]
	missed == []
}

test_no_mapping_finds_anything_when_nothing_changes if {
	missed := [type |
		some type, specs in data.countersign.tables.grants.types
		some spec in specs
		some actions in [["no-op"], ["read"], ["delete"], ["forget"]]
		plan := change(type, actions, sample(spec), sample(spec))
		found := array.concat(denied, warned) with input as plan
		count(found) != 0
	]
	missed == []
}

test_no_mapping_finds_anything_when_an_update_keeps_the_grant if {
	missed := [type |
		some type, specs in data.countersign.tables.grants.types
		some spec in specs
		plan := change(type, ["update"], object.union(sample(spec), {"tags": {}}), object.union(sample(spec), {"tags": {"a": "b"}}))
		found := array.concat(denied, warned) with input as plan
		count(found) != 0
	]
	missed == []
}

test_google_member_binding_and_policy_of_any_service if {
	cases := {
		"google_project_iam_member": {"project": "acme", "role": "roles/editor", "member": "user:a@example.com"},
		"google_storage_bucket_iam_binding": {"bucket": "b", "role": "roles/storage.admin", "members": ["user:a@example.com"]},
		"google_folder_iam_policy": {"folder": "f", "policy_data": write_value.gcp_policy},
	}
	every type, after in cases {
		found := denied with input as create(type, after)
		count(found) == 1
		found[0].subject == "user:a@example.com"
	}
}

test_a_finding_says_who_what_and_where if {
	found := denied with input as create("aws_iam_role_policy", {"name": "n", "role": "ci-plan", "policy": allow(["s3:GetBucketTagging", "iam:PassRole*", "sts:AssumeRole"])})
	count(found) == 1
	f := found[0]
	f.subject == "ci-plan"
	f.address == "aws_iam_role_policy.x"
	f.attribute == "policy"
	f.certainty == "proven"
	f.facts.verdict == "not-read-only"
	f.facts.actions == ["iam:PassRole (Write)", "sts:AssumeRole (Write)"]
	f.facts.pattern == "iam:PassRole*, sts:AssumeRole"
	contains(f.msg, "ci-plan gains more than read access through aws_iam_role_policy.x: iam:PassRole (Write)")
}

test_reads_give_nothing if {
	found := array.concat(denied, warned) with input as create("aws_iam_policy", policy(["iam:List*", "s3:ListAllMyBuckets", "cloudwatch:Get*", "SQS:getqueueattributes"]))
	found == []
}

test_sensitive_reads_warn if {
	plan := create("aws_iam_policy", policy(["ssm:GetParameter", "s3:List*"]))
	found := warned with input as plan
	count(found) == 1
	found[0].facts.verdict == "sensitive-read"
	found[0].facts.actions == ["ssm:GetParameter (sensitive read)"]
	none := denied with input as plan
	none == []
}

test_sensitive_reads_are_denied_when_not_allowed if {
	plan := create("aws_iam_policy", policy(["ssm:GetParameter"]))
	found := denied with input as plan with data.countersign.config as {"read-only-principals": {"allow_sensitive_read": false}}
	count(found) == 1
	none := warned with input as plan with data.countersign.config as {"read-only-principals": {"allow_sensitive_read": false}}
	none == []
}

test_decrypt_is_a_sensitive_read if {
	found := warned with input as create("aws_iam_policy", policy("kms:Decrypt"))
	count(found) == 1
}

test_mislabelled_reads_count_as_reads if {
	found := array.concat(denied, warned) with input as create("aws_iam_policy", policy(["fsx:GetResourcePolicy", "glue:ListEntities"]))
	found == []
}

test_reads_that_act_as_writes_are_denied if {
	found := denied with input as create("aws_iam_policy", policy("eks-auth:AssumeRoleForPodIdentity"))
	found[0].facts.actions == ["eks-auth:AssumeRoleForPodIdentity (acts as Write)"]
}

test_a_star_is_told_by_examples if {
	found := denied with input as create("aws_iam_policy", policy("*"))
	count(found[0].facts.actions) == 5
	found[0].facts.actions[0] == "iam:PassRole (Write)"
	found[0].facts.pattern == "*"
}

test_five_actions_at_most_are_shown if {
	found := denied with input as create("aws_iam_policy", policy("s3:*"))
	count(found[0].facts.actions) == 5
	regex.match(` and [0-9]+ more \(pattern s3:\*\)\.$`, found[0].msg)
}

test_wildcards_in_the_service_and_question_marks if {
	found := denied with input as create("aws_iam_policy", policy(["i?m:PassRol?", "sq*:SendMessage"]))
	found[0].facts.actions == ["iam:PassRole (Write)", "sqs:SendMessage (Write)"]
}

test_an_action_that_is_not_listed_cannot_be_proven if {
	found := denied with input as create("aws_iam_policy", policy(["nosuchservice:GetThing", "s3:GetNoSuchThing"]))
	found[0].facts.verdict == "cannot-prove"
	found[0].certainty == "unknown"
	found[0].facts.pattern == "nosuchservice:GetThing, s3:GetNoSuchThing"
}

test_a_read_wildcard_that_matches_nothing_grants_nothing if {
	found := array.concat(denied, warned) with input as create("aws_iam_policy", policy("rds:Get*"))
	found == []
}

test_malformed_actions_cannot_be_proven if {
	every actions in ["PutObject", ["s3:Put Object"], [17], [null], {"a": 1}, "a:b:c"] {
		found := denied with input as create("aws_iam_policy", policy(actions))
		found[0].facts.verdict == "cannot-prove"
	}
}

test_not_action_is_denied_with_examples if {
	document := json.marshal({"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}})
	found := denied with input as create("aws_iam_policy", {"name": "p", "policy": document})
	found[0].facts.verdict == "not-read-only"
	found[0].facts.pattern == "NotAction iam:*"
	found[0].facts.actions[0] == "s3:PutObject (Write)"
}

statements(list) := {"name": "p", "policy": json.marshal({"Statement": list})}

allow_all := {"Effect": "Allow", "Action": "*", "Resource": "*"}

test_a_deny_with_not_action_caps_what_is_allowed if {
	capped := {"Effect": "Deny", "NotAction": ["s3:List*", "ec2:DescribeRegions"], "Resource": "*"}
	none := array.concat(denied, warned) with input as create("aws_iam_policy", statements([allow_all, capped]))
	none == []
	some_write := denied with input as create("aws_iam_policy", statements([allow_all, object.union(capped, {"NotAction": ["s3:List*", "s3:PutObject"]})]))
	some_write[0].facts.actions == ["s3:PutObject (Write)"]
	not_action := denied with input as create("aws_iam_policy", statements([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, object.union(capped, {"NotAction": ["iam:*", "s3:PutObject"]})]))
	not_action[0].facts.actions == ["s3:PutObject (Write)"]
	narrow := array.concat(denied, warned) with input as create("aws_iam_policy", statements([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}, capped]))
	narrow == []
}

test_an_unconditional_deny_takes_actions_away if {
	put := {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": "*"}
	deny := {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}
	none := denied with input as create("aws_iam_policy", statements([put, deny]))
	none == []
	conditional := denied with input as create("aws_iam_policy", statements([put, object.union(deny, {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}})]))
	count(conditional) == 1
	partial := denied with input as create("aws_iam_policy", statements([put, object.union(deny, {"Resource": "arn:aws:s3:::b"})]))
	count(partial) == 1
	broad := denied with input as create("aws_iam_policy", statements([allow_all, deny]))
	count(broad) == 1
}

test_a_condition_never_makes_a_write_a_read if {
	found := denied with input as create("aws_iam_policy", statements([{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*", "Condition": {"Bool": {"a": "b"}}}]))
	count(found) == 1
}

test_element_names_in_another_case_count if {
	found := denied with input as create("aws_iam_policy", {"name": "p", "policy": json.marshal({"statement": {"effect": "Allow", "ACTION": "s3:PutObject", "action": "iam:PassRole", "resource": "*"}})})
	count(found[0].facts.actions) == 2
}

test_documents_that_cannot_be_read_cannot_be_proven if {
	every document in ["not json", "[1]", "17"] {
		found := denied with input as create("aws_iam_policy", {"name": "p", "policy": document})
		found[0].facts.verdict == "cannot-prove"
	}
}

test_odd_statements_do_not_pass_in_silence if {
	every list in [["text"], [{"Effect": "Allow", "Resource": "*"}], [{"Effect": ["Deny", "Allow"], "Action": "s3:PutObject"}], [{"Action": "s3:PutObject"}]] {
		found := denied with input as create("aws_iam_policy", statements(list))
		count(found) == 1
	}
}

test_an_update_that_adds_a_write_is_denied_for_the_new_action_only if {
	found := denied with input as change("aws_iam_policy", ["update"], policy(["s3:PutObject"]), policy(["s3:PutObject", "sqs:SendMessage"]))
	found[0].facts.actions == ["sqs:SendMessage (Write)"]
}

test_narrowing_a_grant_gives_nothing if {
	not_iam := {"name": "p", "policy": json.marshal({"Statement": {"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}})}
	not_more := {"name": "p", "policy": json.marshal({"Statement": {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"}})}
	pairs := [[policy("s3:*"), policy("s3:PutObject")], [policy("*"), policy(["iam:*", "s3:GetObject"])], [not_iam, policy("s3:PutObject")], [not_iam, not_more]]
	every pair in pairs {
		found := array.concat(denied, warned) with input as change("aws_iam_policy", ["update"], pair[0], pair[1])
		found == []
	}
	widened := denied with input as change("aws_iam_policy", ["update"], not_more, not_iam)
	count(widened) == 1
}

test_replace_in_either_order_compares_before_and_after if {
	every actions in [["delete", "create"], ["create", "delete"], ["create", "forget"], ["forget", "create"]] {
		found := denied with input as change("aws_iam_policy", actions, policy("s3:List*"), policy("s3:PutObject"))
		count(found) == 1
		none := denied with input as change("aws_iam_policy", actions, policy("s3:PutObject"), object.union(policy("s3:PutObject"), {"name": "renamed"}))
		none == []
	}
}

test_the_same_policy_for_another_role_is_a_new_grant if {
	found := denied with input as change("aws_iam_role_policy", ["delete", "create"], {"role": "a", "policy": allow("s3:PutObject")}, {"role": "b", "policy": allow("s3:PutObject")})
	found[0].subject == "b"
}

test_one_finding_per_principal_of_a_resource_policy if {
	document := json.marshal({"Statement": [
		{"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"], "Service": "s3.amazonaws.com"}, "Action": ["sqs:SendMessage", "sqs:DeleteMessage"], "Resource": "*"},
		{"Effect": "Allow", "Principal": "*", "Action": "sqs:GetQueueUrl", "Resource": "*"},
		{"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::1:role/c"}, "Action": "sqs:PurgeQueue", "Resource": "*"},
	]})
	found := denied with input as create("aws_sqs_queue_policy", {"queue_url": "q", "policy": document})
	{f.subject | some f in found} == {"arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b", "s3.amazonaws.com", "*"}
	count(found) == 4
}

test_a_new_principal_of_a_resource_policy_is_found if {
	before := json.marshal({"Statement": {"Effect": "Allow", "Principal": {"AWS": "a"}, "Action": "s3:PutObject", "Resource": "*"}})
	after := json.marshal({"Statement": {"Effect": "Allow", "Principal": {"AWS": ["a", "b"]}, "Action": "s3:PutObject", "Resource": "*"}})
	found := denied with input as change("aws_s3_bucket_policy", ["update"], {"policy": before}, {"policy": after})
	count(found) == 1
	found[0].subject == "b"
}

test_a_deny_for_one_principal_excuses_no_other if {
	document := json.marshal({"Statement": [
		{"Effect": "Allow", "Principal": {"AWS": "a"}, "Action": "s3:PutObject", "Resource": "*"},
		{"Effect": "Deny", "Principal": {"AWS": "b"}, "Action": "s3:PutObject", "Resource": "*"},
	]})
	found := denied with input as create("aws_s3_bucket_policy", {"policy": document})
	count(found) == 1
}

test_managed_policies_by_name if {
	cases := {
		"arn:aws:iam::aws:policy/SecurityAudit": "none",
		"arn:aws-us-gov:iam::aws:policy/job-function/ViewOnlyAccess": "none",
		"arn:aws:iam::aws:policy/ReadOnlyAccess": "sensitive-read",
		"arn:aws-cn:iam::aws:policy/AdministratorAccess": "not-read-only",
		"arn:aws:iam::aws:policy/PowerUserAccess": "not-read-only",
		"arn:aws:iam::aws:policy/readonlyaccess": "cannot-prove",
		"arn:aws:iam::aws:policy/NotAPolicyOfOurs": "cannot-prove",
		"arn:aws:iam::123456789012:policy/ReadOnlyAccess": "cannot-prove",
	}
	wrong := [arn |
		some arn, verdict in cases
		found := array.concat(denied, warned) with input as create("aws_iam_role_policy_attachment", {"role": "r", "policy_arn": arn})
		array.concat([f.facts.verdict | some f in found], ["none"])[0] != verdict
	]
	wrong == []
}

test_a_policy_attachment_names_each_principal if {
	found := denied with input as create("aws_iam_policy_attachment", {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess", "roles": ["r1", "r2"], "users": ["u"], "groups": []})
	{f.subject | some f in found} == {"r1", "r2", "u"}
}

test_a_role_with_inline_and_managed_grants_gives_one_finding if {
	found := denied with input as create("aws_iam_role", {"name": "r", "assume_role_policy": allow("sts:AssumeRole"), "inline_policy": [{"name": "i", "policy": allow("s3:PutObject")}], "managed_policy_arns": ["arn:aws:iam::aws:policy/AdministratorAccess"]})
	count(found) == 1
	found[0].attribute == "inline_policy[0].policy"
}

test_trust_policies_are_not_grants if {
	found := array.concat(denied, warned) with input as create("aws_iam_role", {"name": "r", "assume_role_policy": allow("*"), "inline_policy": []})
	found == []
}
