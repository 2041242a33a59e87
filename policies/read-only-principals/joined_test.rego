package countersign.policies.read_only_principals_test

# Plans in which a document or an ARN is known only after apply, as Terraform 1.11 writes them.
unknown_policy := {
	"address": "aws_iam_policy.p",
	"mode": "managed",
	"type": "aws_iam_policy",
	"name": "p",
	"change": {"actions": ["create"], "before": null, "after": {"name": "p"}, "after_unknown": {"arn": true, "id": true, "policy": true}, "before_sensitive": false, "after_sensitive": {}},
}

data_document(statement, unknown) := {
	"address": "data.aws_iam_policy_document.d",
	"mode": "data",
	"type": "aws_iam_policy_document",
	"name": "d",
	"change": {"actions": ["read"], "before": null, "after": {"statement": [statement]}, "after_unknown": object.union({"id": true, "json": true}, unknown)},
}

resource(type, name, expressions) := {"address": sprintf("%s.%s", [type, name]), "mode": "managed", "type": type, "name": name, "expressions": expressions}

with_configuration(list, resources) := object.union(changes(list), {"configuration": {"root_module": {"resources": resources}}})

document_reference := {"name": {"constant_value": "p"}, "policy": {"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]}}

known_in_the_data_source(statement, unknown) := with_configuration([unknown_policy, data_document(statement, unknown)], [resource("aws_iam_policy", "p", document_reference)])

test_an_unknown_document_is_followed_to_its_data_source if {
	write := denied with input as known_in_the_data_source({"actions": ["s3:PutObject"], "effect": null, "resources": [null], "principals": []}, {"statement": [{"actions": [false], "resources": [true]}]})
	count(write) == 1
	write[0].facts.verdict == "not-read-only"
	write[0].facts.actions == ["s3:PutObject (Write)"]
	write[0].subject == "p"
	verdicts(known_in_the_data_source({"actions": ["s3:ListBucket"], "effect": "Allow"}, {"statement": [{"actions": [false], "resources": [true]}]})) == []
	verdicts(known_in_the_data_source({"not_actions": ["s3:*"], "effect": "Allow"}, {})) == ["not-read-only"]
	verdicts(known_in_the_data_source({"actions": ["s3:PutObject"], "effect": "Deny"}, {})) == []
}

test_unknown_parts_of_a_data_source_cannot_be_proven if {
	verdicts(known_in_the_data_source({"actions": [null]}, {"statement": [{"actions": [true]}]})) == ["cannot-prove"]
	verdicts(known_in_the_data_source({}, {"statement": [{"actions": true}]})) == ["cannot-prove"]
	verdicts(known_in_the_data_source({"actions": ["s3:ListBucket"]}, {"source_policy_documents": [true]})) == ["cannot-prove"]
	gone := object.union(data_document({}, {"statement": true}), {"change": {"after": {"statement": null}}})
	verdicts(with_configuration([unknown_policy, gone], [resource("aws_iam_policy", "p", document_reference)])) == ["cannot-prove"]
}

test_source_documents_of_a_data_source_count if {
	source := object.union(data_document({"actions": ["s3:ListBucket"]}, {}), {"change": {"after": {"source_policy_documents": [allow("s3:PutObject")]}}})
	verdicts(with_configuration([unknown_policy, source], [resource("aws_iam_policy", "p", document_reference)])) == ["not-read-only"]
	broken := object.union(source, {"change": {"after": {"source_policy_documents": ["{"]}}})
	verdicts(with_configuration([unknown_policy, broken], [resource("aws_iam_policy", "p", document_reference)])) == ["cannot-prove"]
}

test_an_unknown_document_that_leads_nowhere_cannot_be_proven if {
	plan := with_configuration([unknown_policy], [resource("aws_iam_policy", "p", {"policy": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]}})])
	found := denied with input as plan
	count(found) == 1
	found[0].certainty == "unknown"
	found[0].facts.verdict == "cannot-prove"
	contains(found[0].msg, "(refers to aws_s3_bucket.b)")
}

test_an_unknown_document_without_a_configuration_cannot_be_proven if {
	every plan in [changes([unknown_policy]), object.union(changes([unknown_policy]), {"configuration": null}), object.union(changes([unknown_policy]), {"configuration": {"root_module": {}}})] {
		verdicts(plan) == ["cannot-prove"]
	}
}

test_an_attribute_the_provider_computes_is_no_grant if {
	key := {
		"address": "aws_kms_key.k",
		"mode": "managed",
		"type": "aws_kms_key",
		"name": "k",
		"change": {"actions": ["create"], "before": null, "after": {"description": "d"}, "after_unknown": {"policy": true}},
	}
	verdicts(with_configuration([key], [resource("aws_kms_key", "k", {"description": {"constant_value": "d"}})])) == []
	verdicts(with_configuration([key], [resource("aws_kms_key", "k", {"policy": {"references": ["local.p"]}})])) == ["cannot-prove"]
}

test_an_unknown_resource_policy_follows_its_principals if {
	bucket := {
		"address": "aws_s3_bucket_policy.b",
		"mode": "managed",
		"type": "aws_s3_bucket_policy",
		"name": "b",
		"change": {"actions": ["create"], "before": null, "after": {}, "after_unknown": {"bucket": true, "policy": true}},
	}
	statement := {"actions": ["s3:PutObject"], "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::1:root"]}]}
	plan := with_configuration([bucket, data_document(statement, {})], [resource("aws_s3_bucket_policy", "b", document_reference)])
	found := denied with input as plan
	found[0].subject == "arn:aws:iam::1:root"
	public := with_configuration([bucket, data_document({"actions": ["s3:PutObject"], "not_principals": [{"type": "AWS", "identifiers": ["x"]}]}, {})], [resource("aws_s3_bucket_policy", "b", document_reference)])
	everyone := denied with input as public
	everyone[0].subject == "*"
}

attachment(after, unknown) := {
	"address": "aws_iam_role_policy_attachment.a",
	"mode": "managed",
	"type": "aws_iam_role_policy_attachment",
	"name": "a",
	"change": {"actions": ["create"], "before": null, "after": after, "after_unknown": unknown},
}

attachment_configuration := resource("aws_iam_role_policy_attachment", "a", {"policy_arn": {"references": ["aws_iam_policy.p.arn", "aws_iam_policy.p"]}, "role": {"references": ["aws_iam_role.r.id", "aws_iam_role.r"]}})

planned_policy(actions) := {
	"address": "aws_iam_policy.p",
	"mode": "managed",
	"type": "aws_iam_policy",
	"name": "p",
	"change": {"actions": ["no-op"], "before": {"arn": "arn:aws:iam::1:policy/p"}, "after": {"arn": "arn:aws:iam::1:policy/p", "name": "p", "policy": allow(actions)}, "after_unknown": {}},
}

test_an_attachment_is_joined_with_the_policy_it_refers_to if {
	found := denied with input as with_configuration([attachment({"role": "r"}, {"policy_arn": true}), planned_policy("s3:PutObject")], [attachment_configuration])
	count(found) == 1
	found[0].subject == "r"
	found[0].address == "aws_iam_role_policy_attachment.a"
	found[0].facts.actions == ["s3:PutObject (Write)"]
	verdicts(with_configuration([attachment({"role": "r"}, {"policy_arn": true}), planned_policy("s3:ListBucket")], [attachment_configuration])) == []
}

test_an_attachment_is_joined_with_a_policy_by_its_arn if {
	found := denied with input as changes([attachment({"role": "r", "policy_arn": "arn:aws:iam::1:policy/p"}, {}), planned_policy("s3:PutObject")])
	found[0].facts.actions == ["s3:PutObject (Write)"]
	verdicts(changes([attachment({"role": "r", "policy_arn": "arn:aws:iam::1:policy/other"}, {}), planned_policy("s3:ListBucket")])) == ["cannot-prove"]
}

test_an_attachment_is_followed_through_a_policy_to_its_data_source if {
	plan := with_configuration(
		[attachment({"role": "r"}, {"policy_arn": true}), unknown_policy, data_document({"actions": ["s3:PutObject"]}, {})],
		[attachment_configuration, resource("aws_iam_policy", "p", document_reference)],
	)
	found := denied with input as plan
	{f.address | some f in found} == {"aws_iam_policy.p", "aws_iam_role_policy_attachment.a"}
	every f in found {
		f.facts.verdict == "not-read-only"
	}
}

test_a_principal_known_after_apply_is_named_by_its_reference if {
	found := denied with input as with_configuration([attachment({"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}, {"role": true})], [attachment_configuration])
	found[0].subject == "aws_iam_role.r"
	found[0].facts.verdict == "not-read-only"
}

in_module(key, rc) := object.union(rc, {"address": sprintf("module.m[\"%s\"].%s", [key, rc.address]), "module_address": sprintf("module.m[\"%s\"]", [key])})

test_instances_in_modules_are_joined_within_their_module if {
	plan := object.union(
		changes([
			in_module("a.b", unknown_policy), in_module("a.b", data_document({"actions": ["s3:PutObject"]}, {})),
			in_module("c", unknown_policy), in_module("c", data_document({"actions": ["s3:ListBucket"]}, {})),
		]),
		{"configuration": {"root_module": {"module_calls": {"m": {"module": {"resources": [resource("aws_iam_policy", "p", document_reference)]}}}}}},
	)
	found := denied with input as plan
	{f.address | some f in found} == {`module.m["a.b"].aws_iam_policy.p`}
}

instance(key, rc) := object.union(rc, {"index": key})

test_the_instance_with_the_same_key_is_followed if {
	documents := [instance("w", data_document({"actions": ["s3:PutObject"]}, {})), instance("r", data_document({"actions": ["s3:ListBucket"]}, {}))]
	references := {"policy": {"references": ["data.aws_iam_policy_document.d", "each.key"]}}
	configuration := [resource("aws_iam_policy", "p", references)]
	verdicts(with_configuration(array.concat([instance("r", unknown_policy)], documents), configuration)) == []
	verdicts(with_configuration(array.concat([instance("w", unknown_policy)], documents), configuration)) == ["not-read-only"]
	verdicts(with_configuration(array.concat([unknown_policy], documents), configuration)) == ["not-read-only"]
}

test_settings_limit_what_is_looked_at if {
	plan := create("aws_iam_role_policy", {"role": "ci-plan", "policy": allow("s3:PutObject")})
	cases := [[["ci-*"], 1], [["aws_iam_role_policy.*"], 1], [["deploy-*"], 0], [["*", "!ci-*"], 0], [["!deploy"], 1], [[], 1]]
	every c in cases {
		found := denied with input as plan with data.countersign.config as {"read-only-principals": {"match": c[0]}}
		count(found) == c[1]
	}
}

test_roles_named_in_the_settings_count_as_read_only if {
	config := {"read-only-principals": {"read_only_roles": ["projects/*/roles/audit", "arn:aws:iam::1:policy/read-*"]}}
	google := denied with input as create("google_project_iam_member", {"role": "projects/acme/roles/audit", "member": "m"}) with data.countersign.config as config
	google == []
	aws := denied with input as changes([attachment({"role": "r", "policy_arn": "arn:aws:iam::1:policy/read-all"}, {})]) with data.countersign.config as config
	aws == []
}

test_more_types_come_from_the_settings if {
	config := {"read-only-principals": {"grants": {"acme_grant": [{"kind": "values", "path": ["level"], "subject": ["who"], "read": ["view"]}]}}}
	found := denied with input as create("acme_grant", {"level": "edit", "who": "bob"}) with data.countersign.config as config
	found[0].subject == "bob"
	none := denied with input as create("acme_grant", {"level": "view", "who": "bob"}) with data.countersign.config as config
	none == []
}

test_a_sensitive_document_shows_only_public_action_names if {
	document := json.marshal({"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::secret"}, "Action": ["s3:PutObject", "internal:Thing"], "Resource": "arn:secret"}})
	plan := changes([{
		"address": "aws_s3_bucket_policy.x",
		"mode": "managed",
		"type": "aws_s3_bucket_policy",
		"name": "x",
		"change": {"actions": ["create"], "before": null, "after": {"policy": document}, "after_unknown": {}, "before_sensitive": false, "after_sensitive": {"policy": true}},
	}])
	found := denied with input as plan
	count(found) == 1
	found[0].subject == "(sensitive)"
	found[0].facts.actions == ["s3:PutObject (Write)"]
	not contains(json.marshal(found), "secret")
	not contains(json.marshal(found), "internal")
}

test_odd_shapes_neither_fail_nor_pass_in_silence if {
	base := {"address": "aws_iam_policy.x", "type": "aws_iam_policy", "name": "x"}
	odd := [
		object.union(base, {"change": {"actions": [], "before": null, "after": policy("s3:PutObject")}}),
		object.union(base, {"change": {"before": null, "after": policy("s3:PutObject")}}),
		object.union(base, {"change": {"actions": ["invent"], "before": null, "after": policy("s3:PutObject"), "after_unknown": {}}}),
		object.union(base, {"change": {"actions": ["create"], "before": null, "after": null, "after_unknown": true}}),
		object.union(base, {"change": {"actions": ["create"], "before": null, "after": {"name": "x"}, "after_unknown": true}}),
		object.union(base, {"change": null}),
		base,
		object.union(base, {"change": {"actions": ["create"], "before": false, "after": policy("s3:PutObject"), "before_sensitive": true, "after_sensitive": false}}),
	]
	every rc in odd {
		count(verdicts(changes([rc]))) == 1
	}
	quiet := [
		object.union(base, {"mode": "data", "change": {"actions": ["create"], "after": policy("s3:PutObject")}}),
		{"address": "x"},
		{},
	]
	every rc in quiet {
		verdicts(changes([rc])) == []
	}
	verdicts({}) == []
	verdicts({"resource_changes": null}) == []
}

test_secrets_read_through_an_attached_policy_are_warned_of if {
	attachment := row("aws_iam_role_policy_attachment", "a", ["create"], {"role": "r", "policy_arn": "arn:aws:iam::123456789012:policy/p"})
	policy := row("aws_iam_policy", "p", ["no-op"], {"name": "p", "arn": "arn:aws:iam::123456789012:policy/p", "policy": allow("ssm:GetParameter")})
	verdicts_at(attachment.address, [attachment, policy]) == ["sensitive-read"]
}

test_a_role_that_is_marked_sensitive_is_not_told if {
	member := row("google_project_iam_member", "m", ["create"], {"project": "acme", "role": "roles/editor", "member": "user:a@example.com"})
	found := denied with input as changes([object.union(member, {"change": {"after_sensitive": {"role": true}}})])
	[f.facts.pattern | some f in found] == ["(sensitive)"]
	not contains(found[0].msg, "editor")
}

test_a_list_of_principals_that_is_partly_sensitive_is_not_lost if {
	binding := row("google_project_iam_binding", "b", ["create"], {"project": "acme", "role": "roles/editor", "members": ["user:a@example.com", "user:b@example.com"]})
	found := denied with input as changes([object.union(binding, {"change": {"after_sensitive": {"members": [false, true]}}})])
	[f.subject | some f in found] == ["(sensitive)"]
	not contains(json.marshal(found), "example.com")
}

test_a_resource_policy_that_cannot_be_read_proves_nothing if {
	bucket := row("aws_s3_bucket_policy", "b", ["create"], {"bucket": "b", "policy": "{"})
	verdicts_at(bucket.address, [bucket]) == ["cannot-prove"]
	odd := row("aws_s3_bucket_policy", "b", ["create"], {"bucket": "b", "policy": `{"Statement": [{"Effect": "Allow", "Principal": 5, "Action": "s3:PutObject", "Resource": "*"}]}`})
	found := denied with input as changes([odd])
	[f.subject | some f in found] == ["(unreadable)"]
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.read_only_principals.value_types
