package countersign.policies.any_ref_role_test

pool := "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/github"

account_member(value) := {"service_account_id": "projects/p/serviceAccounts/deploy", "role": "roles/iam.workloadIdentityUser", "member": value}

pools(document) := array.concat([f | some f in found], [f | some f in more]) if {
	found := data.countersign.policies.any_ref_role.deny_pools with input as document
	more := data.countersign.policies.any_ref_role.warn_pools with input as document
}

test_members_of_any_ref_that_write_are_found if {
	every value in [
		concat("", ["principalSet:", pool, "/*"]),
		concat("", ["principalSet:", pool, "/attribute.repository/acme/infra"]),
		concat("", ["principalSet:", pool, "/attribute.repository_owner/acme"]),
		concat("", ["principal:", pool, "/subject/repo:acme/infra:pull_request"]),
	] {
		list := pools(create("google_service_account_iam_member", account_member(value)))
		[f.subject | some f in list] == [value]
		list[0].certainty == "proven"
	}
}

test_members_of_one_ref_pass if {
	every value in [
		concat("", ["principal:", pool, "/subject/repo:acme/infra:ref:refs/heads/main"]),
		concat("", ["principal:", pool, "/subject/repo:acme/infra:environment:prod"]),
		concat("", ["principalSet:", pool, "/attribute.ref/refs/heads/main"]),
		"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/namespace/web",
		"principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/*",
		"serviceAccount:a@example.com",
	] {
		pools(create("google_service_account_iam_member", account_member(value))) == []
	}
}

test_roles_that_only_read_pass_and_others_are_told if {
	member := concat("", ["principalSet:", pool, "/*"])
	pools(create("google_project_iam_member", {"project": "p", "role": "roles/browser", "member": member})) == []
	open := pools(create("google_project_iam_member", {"project": "p", "role": "projects/p/roles/ours", "member": member}))
	open[0].certainty == "unknown"
	hidden := object.union(row("google_project_iam_member", "x", ["create"], null, {"project": "p", "role": "roles/editor", "member": member}), {"change": {"after_sensitive": {"role": true}}})
	list := pools(plan([hidden]))
	list[0].facts.roles == "(sensitive)"
}

test_only_new_members_of_bindings_and_policies_count if {
	member := concat("", ["principalSet:", pool, "/*"])
	one := {"project": "p", "role": "roles/editor", "members": ["user:a@example.com"]}
	two := object.union(one, {"members": ["user:a@example.com", member]})
	count(pools(update("google_project_iam_binding", one, two))) == 1
	pools(update("google_project_iam_binding", two, object.union(two, {"members": [member]}))) == []
	policy := {"project": "p", "policy_data": json.marshal({"bindings": [{"role": "roles/editor", "members": [member]}]})}
	count(pools(create("google_project_iam_policy", policy))) == 1
	off := pools(create("google_project_iam_policy", policy)) with data.countersign.config as {"any-ref-role": {"match": ["!*"]}}
	off == []
}

test_a_provider_without_a_condition_is_warned_of if {
	after := {"workload_identity_pool_id": "github", "oidc": [{"issuer_uri": "https://token.actions.githubusercontent.com"}]}
	list := pools(create("google_iam_workload_identity_pool_provider", after))
	[f.attribute | some f in list] == ["attribute_condition"]
	pools(create("google_iam_workload_identity_pool_provider", object.union(after, {"attribute_condition": "assertion.repository == 'acme/infra'"}))) == []
	pools(create("google_iam_workload_identity_pool_provider", object.union(after, {"oidc": [{"issuer_uri": "https://idp.example.com"}]}))) == []
	later := object.union(row("google_iam_workload_identity_pool_provider", "x", ["create"], null, after), {"change": {"after_unknown": {"attribute_condition": true}}})
	pools(plan([later])) == []
}
