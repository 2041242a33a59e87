package countersign.policies.read_only_principals_test

# A text that cannot be read before does not vouch for another one after.
text_of_action(action) := sprintf(`{"Statement":[{"Effect":"Allow","Action":%s,"Resource":"*"}]}`, [action])

document_from(type, attribute, before, after) := object.union(
	row(type, "d", ["update"], {attribute: after, "role": "r", "bucket": "b"}),
	{"change": {"before": {attribute: before, "role": "r", "bucket": "b"}}},
)

document_pairs := {
	"not JSON": [concat("", [text_of_action(`"s3:GetObject"`), ","]), concat("", [text_of_action(`"*"`), ","])],
	"an action that is no string": [text_of_action(`{"a":"s3:GetObject"}`), text_of_action(`{"a":"*"}`)],
	"a statement that is a string": [`{"Statement":"s3:GetObject"}`, `{"Statement":"*"}`],
	"readable before": [text_of_action(`"s3:GetObject"`), concat("", [text_of_action(`"*"`), ","])],
}

test_an_unreadable_document_that_becomes_another_cannot_be_proven if {
	every name, pair in document_pairs {
		every spec in [["aws_iam_role_policy", "policy"], ["aws_s3_bucket_policy", "policy"], ["aws_opensearch_domain", "access_policies"]] {
			changed := document_from(spec[0], spec[1], pair[0], pair[1])
			verdicts_at(changed.address, [changed]) == ["cannot-prove"]
			name != ""
		}
	}
}

test_an_unreadable_document_that_stays_gives_nothing_new if {
	every spec in [["aws_iam_role_policy", "policy"], ["aws_s3_bucket_policy", "policy"]] {
		every text in ["{", text_of_action(`{"a":"*"}`)] {
			same := object.union(document_from(spec[0], spec[1], text, text), {"change": {"actions": ["delete", "create"]}})
			verdicts_at(same.address, [same]) == []
		}
	}
}

test_unreadable_texts_of_other_clouds_are_compared_too if {
	every spec in [["google_project_iam_policy", "policy_data"], ["aws_opensearchserverless_access_policy", "policy"], ["vault_policy", "policy"]] {
		changed := document_from(spec[0], spec[1], "path \"a\" {", "path \"b\" {")
		verdicts_at(changed.address, [changed]) == ["cannot-prove"]
		same := document_from(spec[0], spec[1], "path \"a\" {", "path \"a\" {")
		verdicts_at(same.address, [same]) == []
	}
}

test_who_could_do_everything_gains_nothing_by_an_unreadable_document if {
	role := document_from("aws_iam_role_policy", "policy", text_of_action(`"*"`), "{")
	verdicts_at(role.address, [role]) == []
}

test_a_statement_without_a_principal_does_not_vouch_for_an_unreadable_document if {
	bucket := document_from("aws_s3_bucket_policy", "policy", text_of_action(`"*"`), "{")
	verdicts_at(bucket.address, [bucket]) == ["cannot-prove"]
}
