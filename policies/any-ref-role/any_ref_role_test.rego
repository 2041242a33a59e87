package countersign.policies.any_ref_role_test

found := array.concat([f | some f in data.countersign.policies.any_ref_role.deny], [f | some f in data.countersign.policies.any_ref_role.warn])

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

provider := "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"

trust(condition) := document([{"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}])

subject(operator, value) := {operator: {"token.actions.githubusercontent.com:sub": value}}

role(actions, condition) := row("aws_iam_role", "deploy", actions, null, {"name": "deploy", "assume_role_policy": trust(condition)})

grant(actions) := row("aws_iam_role_policy", "p", actions, null, {"role": "deploy", "policy": document([allow(["s3:PutObject", "s3:GetObject"], "*")])})

open := subject("StringLike", "repo:acme/infra:*")

test_a_role_that_any_ref_can_take_and_that_writes_is_found if {
	list := found with input as plan([role(["create"], open), grant(["create"])])
	count(list) == 1
	list[0].address == "aws_iam_role.deploy"
	list[0].subject == "deploy"
	list[0].facts.subjects == "repo:acme/infra:*"
	list[0].facts.actions == ["s3:PutObject (Write)"]
}

test_one_side_that_changes_is_enough if {
	trust_changes := found with input as plan([role(["update"], open), grant(["no-op"])])
	count(trust_changes) == 1
	grant_changes := found with input as plan([role(["no-op"], open), grant(["create"])])
	count(grant_changes) == 1
	nothing_changes := found with input as plan([role(["no-op"], open), grant(["no-op"])])
	nothing_changes == []
}

test_subjects_that_do_not_pin_a_ref if {
	conditions := [
		{},
		subject("StringLike", "repo:acme/*"),
		subject("StringLike", "repo:acme/infra:ref:refs/heads/*"),
		subject("StringLike", "*:ref:refs/heads/main"),
		subject("StringLike", "repo:*:ref:refs/heads/main"),
		subject("StringEquals", "repo:acme/infra:pull_request"),
		subject("StringEqualsIfExists", "repo:acme/infra:ref:refs/heads/main"),
		subject("ForAllValues:StringLike", "repo:acme/infra:ref:refs/heads/main"),
		subject("StringLike", ["repo:acme/infra:ref:refs/heads/main", "repo:acme/infra:*"]),
		{"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}},
	]
	missed := [c | some c in conditions; list := found with input as plan([role(["create"], c), grant(["create"])]); count(list) != 1]
	missed == []
}

test_subjects_that_pin_a_ref if {
	conditions := [
		subject("StringEquals", "repo:acme/infra:ref:refs/heads/main"),
		subject("StringLike", "repo:acme/infra:ref:refs/heads/release-*"),
		subject("StringEquals", "repo:acme/infra:environment:production"),
		subject("StringEquals", "repo:acme/infra:*"),
		subject("StringEquals", "project_path:acme/infra:ref_type:branch:ref:main"),
		object.union(open, {"StringEquals": {"token.actions.githubusercontent.com:job_workflow_ref": "acme/infra/.github/workflows/apply.yml@refs/heads/main"}}),
		object.union(open, {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/infra:environment:production"}}),
	]
	wrong := [c | some c in conditions; list := found with input as plan([role(["create"], c), grant(["create"])]); count(list) != 0]
	wrong == []
}

test_a_role_that_only_reads_may_be_open if {
	reads := row("aws_iam_role_policy", "p", ["create"], null, {"role": "deploy", "policy": document([allow("s3:ListBucket", "*")])})
	list := found with input as plan([role(["create"], open), reads])
	list == []
}

test_other_trust_is_not_looked_at if {
	service := row("aws_iam_role", "deploy", ["create"], null, {"name": "deploy", "assume_role_policy": document([{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}])})
	none := found with input as plan([service, grant(["create"])])
	none == []
	eks := row("aws_iam_role", "deploy", ["create"], null, {"name": "deploy", "assume_role_policy": document([{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::1:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/X"}, "Action": "sts:AssumeRoleWithWebIdentity"}])})
	pods := found with input as plan([eks, grant(["create"])])
	pods == []
	refused := row("aws_iam_role", "deploy", ["create"], null, {"name": "deploy", "assume_role_policy": document([{"Effect": "Deny", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}])})
	denied := found with input as plan([refused, grant(["create"])])
	denied == []
	gone := object.union(role(["delete"], open), {"change": {"after": null}})
	deleted := found with input as plan([gone, grant(["no-op"])])
	deleted == []
}

test_a_statement_that_is_no_list_and_an_odd_document if {
	single := json.marshal({"Statement": {"Effect": "Allow", "Principal": {"Federated": [provider]}, "Action": "sts:AssumeRoleWithWebIdentity"}})
	list := found with input as plan([row("aws_iam_role", "deploy", ["create"], null, {"name": "deploy", "assume_role_policy": single}), grant(["create"])])
	list[0].facts.subjects == "(any subject)"
	anyone := json.marshal({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity"}})
	public := found with input as plan([row("aws_iam_role", "deploy", ["create"], null, {"name": "deploy", "assume_role_policy": anyone}), grant(["create"])])
	count(public) == 1
	odd := found with input as plan([row("aws_iam_role", "deploy", ["create"], null, {"name": "deploy", "assume_role_policy": "{"}), grant(["create"])])
	odd == []
}

test_grants_in_the_role_and_by_attachment if {
	inline := row("aws_iam_role", "deploy", ["create"], null, {"assume_role_policy": trust(open), "inline_policy": [{"policy": document([allow("*", "*")])}]})
	own := found with input as plan([inline])
	contains(own[0].msg, "is granted every action")
	attachment := row("aws_iam_role_policy_attachment", "a", ["create"], null, {"role": "deploy", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"})
	managed := found with input as plan([role(["no-op"], open), attachment])
	count(managed) == 1
	customer := row("aws_iam_role_policy_attachment", "a", ["no-op"], null, {"role": "deploy", "policy_arn": "arn:aws:iam::1:policy/p"})
	policy := row("aws_iam_policy", "p", ["no-op"], null, {"arn": "arn:aws:iam::1:policy/p", "name": "p", "policy": document([allow("s3:PutObject", "*")])})
	joined := found with input as plan([role(["update"], open), customer, policy])
	count(joined) == 1
	nots := row("aws_iam_role_policy", "p", ["create"], null, {"role": "deploy", "policy": document([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}])})
	all_but := found with input as plan([role(["create"], open), nots])
	count(all_but) == 1
}

test_federated_credentials_of_azure_are_warned_about if {
	list := found with input as create("azuread_application_federated_identity_credential", {"subject": "repo:acme/infra:pull_request"})
	count(list) == 1
	flexible := found with input as create("azuread_application_flexible_federated_identity_credential", {"claims_matching_expression": "claims['sub'] matches 'repo:acme/infra:*'"})
	count(flexible) == 1
	pinned := found with input as create("azurerm_federated_identity_credential", {"subject": "repo:acme/infra:environment:production"})
	pinned == []
}

test_a_role_can_be_left_out if {
	list := found with input as plan([role(["create"], open), grant(["create"])]) with data.countersign.config as {"any-ref-role": {"match": ["!deploy"]}}
	list == []
}

workflow(value) := {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/infra:*", "token.actions.githubusercontent.com:job_workflow_ref": value}}

test_a_workflow_pattern_pins_unless_its_ref_is_open if {
	pinned := found with input as plan([role(["create"], workflow("acme/infra/.github/workflows/deploy.yml@refs/heads/*")), grant(["create"])])
	pinned == []
	every value in ["acme/infra/.github/workflows/deploy.yml@*", "*"] {
		list := found with input as plan([role(["create"], workflow(value)), grant(["create"])])
		count(list) == 1
	}
}

test_an_attached_policy_of_the_plan_counts if {
	attachment := row("aws_iam_role_policy_attachment", "a", ["create"], null, {"role": "deploy", "policy_arn": "arn:aws:iam::123456789012:policy/p"})
	policy := row("aws_iam_policy", "p", ["no-op"], null, {"name": "p", "arn": "arn:aws:iam::123456789012:policy/p", "policy": document([allow("s3:PutObject", "*")])})
	list := found with input as plan([role(["create"], open), attachment, policy])
	[f.facts.actions | some f in list] == [["s3:PutObject (Write)"]]
}

test_values_of_granting_types_are_read if "aws_iam_role_policy" in data.countersign.policies.any_ref_role.value_types
