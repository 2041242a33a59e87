package countersign.policies.state_bucket_read_only_test

found := array.concat([f | some f in data.countersign.policies.state_bucket_read_only.deny_grants], [f | some f in data.countersign.policies.state_bucket_read_only.deny_joined])

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

test_a_plan_role_that_writes_state_is_found if {
	list := found with input as role_policy("infra-plan", [allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::acme-tfstate/*")])
	count(list) == 1
	list[0].subject == "infra-plan"
	list[0].facts.actions == ["s3:PutObject (Write)"]
	every actions in ["s3:*", "*"] {
		broad := found with input as role_policy("infra-plan", [allow(actions, "arn:aws:s3:::acme-tfstate/*")])
		count(broad) == 1
	}
}

test_reads_and_other_buckets_pass if {
	reads := found with input as role_policy("infra-plan", [allow(["s3:Get*", "s3:List*"], ["arn:aws:s3:::acme-tfstate", "arn:aws:s3:::acme-tfstate/*"])])
	reads == []
	other := found with input as role_policy("infra-plan", [allow("s3:PutObject", "arn:aws:s3:::logs/*")])
	other == []
}

test_principals_that_apply_may_write if {
	list := found with input as role_policy("infra-apply", [allow("s3:PutObject", "arn:aws:s3:::acme-tfstate/*")])
	list == []
}

test_locks_may_be_taken if {
	lock := role_policy("infra-plan", [allow(["dynamodb:PutItem", "dynamodb:DeleteItem"], "arn:aws:dynamodb:*:*:table/terraform-locks"), allow("s3:PutObject", "arn:aws:s3:::acme-tfstate/x.tflock")])
	none := found with input as lock
	none == []
	strict := found with input as lock with data.countersign.config as {"state-bucket-read-only": {"allow_locks": false}}
	count(strict) == 1
	wide := found with input as role_policy("infra-plan", [allow("dynamodb:*", "arn:aws:dynamodb:*:*:table/terraform-locks")])
	count(wide) == 1
}

test_every_bucket_counts_where_the_settings_name_one if {
	every resource in ["*", "arn:aws:s3:::acme-*"] {
		star := role_policy("infra-plan", [allow("s3:PutObject", resource)])
		none := found with input as star
		none == []
		one := found with input as star with data.countersign.config as {"state-bucket-read-only": {"state_buckets": ["acme-infra"]}}
		count(one) == 1
	}
}

test_more_resources_are_a_new_grant if {
	before := {"role": "infra-plan", "policy": document([allow("s3:PutObject", "arn:aws:s3:::logs/*")])}
	after := {"role": "infra-plan", "policy": document([allow("s3:PutObject", ["arn:aws:s3:::logs/*", "arn:aws:s3:::acme-tfstate/*"])])}
	list := found with input as update("aws_iam_role_policy", before, after)
	count(list) == 1
	none := found with input as update("aws_iam_role_policy", after, before)
	none == []
	same := found with input as update("aws_iam_role_policy", after, object.union(after, {"name": "renamed"}))
	same == []
}

test_resource_policies_and_google_buckets if {
	statement := object.union(allow("s3:PutObject", "arn:aws:s3:::acme-tfstate/*"), {"Principal": {"AWS": "arn:aws:iam::1:role/ci-plan"}})
	bucket := found with input as create("aws_s3_bucket_policy", {"bucket": "acme-tfstate", "policy": document([statement])})
	count(bucket) == 1
	gcs := found with input as create("google_storage_bucket_iam_member", {"bucket": "acme-tfstate", "role": "roles/storage.objectAdmin", "member": "serviceAccount:tf-plan"})
	count(gcs) == 1
	reader := found with input as create("google_storage_bucket_iam_member", {"bucket": "acme-tfstate", "role": "roles/storage.objectViewer", "member": "serviceAccount:tf-plan"})
	reader == []
}

attached(name, statements) := plan([
	row("aws_iam_role_policy_attachment", "a", ["create"], null, {"role": name, "policy_arn": "arn:aws:iam::123456789012:policy/p"}),
	row("aws_iam_policy", "p", ["no-op"], null, {"name": "p", "arn": "arn:aws:iam::123456789012:policy/p", "policy": document(statements)}),
])

test_an_attached_policy_of_the_plan_that_writes_state_is_found if {
	list := found with input as attached("infra-plan", [allow("s3:PutObject", "arn:aws:s3:::acme-tfstate/*")])
	{f.address | some f in list} == {"aws_iam_role_policy_attachment.a"}
}

test_only_what_is_new_counts if {
	writes := [allow("s3:PutObject", "arn:aws:s3:::acme-tfstate/*")]
	more := [allow(["s3:PutObject", "s3:DeleteObject"], "arn:aws:s3:::acme-tfstate/*")]
	every change in [
		["aws_iam_role_policy", {"role": "infra-plan", "policy": document(writes)}, {"role": "infra-plan", "policy": document(more)}],
		["aws_iam_policy", {"name": "infra-plan", "policy": document(writes)}, {"name": "infra-plan-2", "policy": document(more)}],
	] {
		list := found with input as update(change[0], change[1], change[2])
		[f.facts.actions | some f in list] == [["s3:DeleteObject (Write)"]]
		same := found with input as update(change[0], change[1], object.union(change[1], {"description": "other"}))
		same == []
	}
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.state_bucket_read_only.value_types
