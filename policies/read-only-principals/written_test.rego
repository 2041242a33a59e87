package countersign.policies.read_only_principals_test

# Documents that only the configuration's files tell.
written(statements) := {"address": "aws_iam_policy.p", "attribute": "policy", "document": {"Version": "2012-10-17", "Statement": statements}, "file": "iam.tf", "line": 4}

unknown_value := {"(unknown)": true}

policy_block := {"kind": "resource", "address": "aws_iam_policy.p", "file": "iam.tf"}

source_of(documents, blocks) := {"source": {"documents": documents, "blocks": blocks}, "provenance": {"proof": null}}

unknown_plan := with_configuration([unknown_policy], [resource("aws_iam_policy", "p", {"policy": {"references": ["aws_s3_bucket.b.arn", "aws_s3_bucket.b"]}})])

with_source(statements) := object.union(unknown_plan, {"countersign": source_of([written(statements)], [policy_block])})

with_proof(statements) := object.union(with_source(statements), {"countersign": {"provenance": {"proof": {"verdict": "proven"}}}})

writes := [{"Effect": "Allow", "Action": ["s3:ListBucket", "s3:PutObject"], "Resource": unknown_value}]

reads := [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": [unknown_value]}]

test_written_actions_are_found_and_their_certainty_is_said if {
	found := denied with input as with_source(writes)
	count(found) == 1
	found[0].facts.verdict == "not-read-only"
	found[0].certainty == "unknown"
	found[0].facts.actions == ["s3:PutObject (Write)"]
	contains(found[0].msg, "written in iam.tf:4")
	proven := denied with input as with_proof(writes)
	proven[0].certainty == "proven"
}

test_written_reads_pass_only_with_a_proof if {
	found := denied with input as with_source(reads)
	count(found) == 1
	found[0].facts.verdict == "cannot-prove"
	contains(found[0].msg, "iam.tf:4 is not proven to be what was planned")
	verdicts(with_proof(reads)) == []
}

test_what_is_not_literal_stays_unproven if {
	every statements in [
		unknown_value,
		[unknown_value],
		[{"Effect": "Allow", "Action": unknown_value, "Resource": "*"}],
		[{"Effect": "Allow", "Action": ["s3:ListBucket", unknown_value], "Resource": "*"}],
		[{"Effect": unknown_value, "Action": unknown_value, "Resource": "*"}],
	] {
		verdicts(with_proof(statements)) == ["cannot-prove"]
	}
	verdicts(with_proof([{"Effect": unknown_value, "Action": "s3:PutObject", "Resource": "*"}])) == ["not-read-only"]
	verdicts(with_proof([{"Effect": "Allow", "NotAction": unknown_value, "Resource": "*"}])) == ["not-read-only"]
}

test_a_deny_that_is_partly_unknown_takes_nothing_back if {
	allow_write := {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
	verdicts(with_proof([allow_write, {"Effect": "Deny", "Action": "s3:*", "Resource": unknown_value}])) == ["not-read-only"]
	verdicts(with_proof([allow_write, {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": unknown_value}])) == ["not-read-only"]
	verdicts(with_proof([allow_write, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}])) == []
}

test_an_address_with_two_blocks_is_not_judged_by_one if {
	two := object.union(with_proof(reads), {"countersign": source_of([written(reads)], [policy_block, policy_block])})
	verdicts(two) == ["cannot-prove"]
	other := object.union(unknown_plan, {"countersign": source_of([object.union(written(reads), {"address": "module.m.aws_iam_policy.p"})], [policy_block])})
	verdicts(other) == ["cannot-prove"]
}

test_an_attachment_of_a_written_policy_is_judged_by_it if {
	attachment := {
		"address": "aws_iam_role_policy_attachment.a",
		"mode": "managed",
		"type": "aws_iam_role_policy_attachment",
		"name": "a",
		"change": {"actions": ["create"], "before": null, "after": {"role": "scanner"}, "after_unknown": {"id": true, "policy_arn": true}, "after_sensitive": {}},
	}
	plan := with_configuration([unknown_policy, attachment], [
		resource("aws_iam_policy", "p", {"policy": {"references": ["aws_s3_bucket.b.arn"]}}),
		resource("aws_iam_role_policy_attachment", "a", {"policy_arn": {"references": ["aws_iam_policy.p.arn", "aws_iam_policy.p"]}}),
	])
	found := denied with input as object.union(plan, {"countersign": with_proof(writes).countersign})
	{f.subject | some f in found} == {"p", "scanner"}
	verdicts(object.union(plan, {"countersign": with_proof(reads).countersign})) == []
}

publish_to(principal) := {"address": "aws_sns_topic_policy.t", "attribute": "policy", "document": {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": unknown_value, "Principal": principal}]}, "file": "t.tf", "line": 1}

test_a_written_resource_policy_names_its_principals if {
	topic := {
		"address": "aws_sns_topic_policy.t",
		"mode": "managed",
		"type": "aws_sns_topic_policy",
		"name": "t",
		"change": {"actions": ["create"], "before": null, "after": {}, "after_unknown": {"arn": true, "policy": true}, "after_sensitive": {}},
	}
	every case in [["*", "*"], [{"AWS": "111122223333"}, "111122223333"], [{"AWS": [unknown_value]}, "aws_sns_topic_policy.t"], [unknown_value, "aws_sns_topic_policy.t"]] {
		plan := object.union(with_configuration([topic], [resource("aws_sns_topic_policy", "t", {"policy": {"references": ["aws_sns_topic.t.arn"]}})]), {"countersign": source_of([publish_to(case[0])], [{"address": "aws_sns_topic_policy.t"}])})
		found := denied with input as plan
		case[1] in {f.subject | some f in found; f.facts.verdict == "not-read-only"}
	}
}
