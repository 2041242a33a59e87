package countersign.policies.deny_guard_removed_test

found := array.concat([f | some f in data.countersign.policies.deny_guard_removed.deny], [f | some f in data.countersign.policies.deny_guard_removed.warn])

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

guarding := {"Effect": "Deny", "Action": ["s3:DeleteBucket", "s3:DeleteObject"], "Resource": "*"}

policy_of(statements) := {"name": "p", "policy": document(statements)}

test_a_deny_that_goes_is_found if {
	list := found with input as update("aws_iam_policy", policy_of([allow("s3:*", "*"), guarding]), policy_of([allow("s3:*", "*")]))
	count(list) == 1
	list[0].rule == "deny"
	list[0].facts.pattern == "s3:DeleteBucket, s3:DeleteObject"
	list[0].msg == "aws_iam_policy.x no longer denies s3:DeleteBucket, s3:DeleteObject."
}

test_a_deny_that_is_narrowed_is_found if {
	cases := [
		object.union(guarding, {"Action": ["s3:DeleteBucket"]}),
		object.union(guarding, {"Resource": "arn:aws:s3:::b"}),
		object.union(guarding, {"Condition": {"Bool": {"a": "b"}}}),
	]
	every statement in cases {
		list := found with input as update("aws_iam_policy", policy_of([guarding]), policy_of([statement]))
		count(list) == 1
	}
}

test_a_deny_that_stays_or_widens_is_not_found if {
	every statement in [guarding, object.union(guarding, {"Action": "s3:Delete*"}), object.union(guarding, {"Action": "*"}), object.union(guarding, {"Sid": "other"})] {
		list := found with input as update("aws_iam_policy", policy_of([guarding]), policy_of([statement]))
		list == []
	}
	conditional := object.union(guarding, {"Condition": {"Bool": {"a": "b"}}})
	same := found with input as update("aws_iam_policy", policy_of([conditional]), policy_of([conditional]))
	same == []
}

test_a_deny_with_not_action if {
	cap := {"Effect": "Deny", "NotAction": ["s3:Get*"], "Resource": "*"}
	gone := found with input as update("aws_iam_policy", policy_of([cap]), policy_of([allow("s3:*", "*")]))
	gone[0].facts.pattern == "all but s3:Get*"
	same := found with input as update("aws_iam_policy", policy_of([cap]), policy_of([cap, allow("s3:*", "*")]))
	same == []
}

test_a_deny_of_a_deleted_policy if {
	list := found with input as plan([row("aws_iam_role_policy", "x", ["delete"], {"role": "r", "policy": document([guarding])}, null)])
	list[0].rule == "deny"
	bucket := {"bucket": "b", "policy": document([object.union(guarding, {"Principal": "*"})])}
	resource_policy := found with input as plan([row("aws_s3_bucket_policy", "x", ["delete"], bucket, null)])
	resource_policy[0].rule == "warn"
}

test_a_deny_for_fewer_principals_is_found if {
	all := object.union(guarding, {"Principal": "*"})
	one := object.union(guarding, {"Principal": {"AWS": "arn:aws:iam::1:role/r"}})
	list := found with input as update("aws_s3_bucket_policy", {"policy": document([all])}, {"policy": document([one])})
	count(list) == 1
	none := found with input as update("aws_s3_bucket_policy", {"policy": document([one])}, {"policy": document([all])})
	none == []
}

test_an_unknown_document_may_keep_its_guards if {
	change := object.union(row("aws_iam_policy", "x", ["update"], policy_of([guarding]), {"name": "p"}), {"change": {"after_unknown": {"policy": true}}})
	list := found with input as plan([change])
	list[0].rule == "warn"
	list[0].certainty == "unknown"
}

test_a_sensitive_document_is_not_quoted if {
	change := object.union(row("aws_iam_policy", "x", ["update"], policy_of([guarding]), policy_of([])), {"change": {"before_sensitive": {"policy": true}}})
	list := found with input as plan([change])
	list[0].facts.pattern == "(sensitive)"
}

test_a_boundary_that_goes_is_found if {
	before := {"name": "r", "permissions_boundary": "arn:aws:iam::1:policy/b"}
	every type in ["aws_iam_role", "aws_iam_user"] {
		list := found with input as update(type, before, {"name": "r", "permissions_boundary": null})
		list[0].facts.guard == "permissions-boundary"
		kept := found with input as update(type, before, object.union(before, {"tags": {}}))
		kept == []
	}
	later := object.union(row("aws_iam_role", "x", ["update"], before, {"name": "r"}), {"change": {"after_unknown": {"permissions_boundary": true}}})
	unknown := found with input as plan([later])
	unknown == []
}

test_service_control_policies_and_deny_policies if {
	every type in ["aws_organizations_policy", "aws_organizations_policy_attachment", "aws_ssoadmin_permissions_boundary_attachment", "google_iam_deny_policy"] {
		list := found with input as plan([row(type, "x", ["delete"], {"name": "g"}, null)])
		count(list) == 1
		contains(list[0].msg, "is removed")
	}
	changed := found with input as update("aws_organizations_policy", {"content": "a"}, {"content": "b"})
	contains(changed[0].msg, "is changed")
	named := found with input as update("aws_organizations_policy", {"content": "a", "name": "x"}, {"content": "a", "name": "y"})
	named == []
	made := found with input as plan([row("aws_organizations_policy", "x", ["create"], null, {"content": "a"})])
	made == []
}

test_what_is_left_out if {
	change := update("aws_iam_policy", policy_of([guarding]), policy_of([]))
	list := found with input as change with data.countersign.config as {"deny-guard-removed": {"match": ["*", "!p"]}}
	list == []
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.deny_guard_removed.value_types
