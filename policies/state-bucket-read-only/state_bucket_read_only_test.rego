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
