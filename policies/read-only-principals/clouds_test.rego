package countersign.policies.read_only_principals_test

verdicts(plan) := [f.facts.verdict | some f in found] if {
	found := array.concat(denied, warned) with input as plan
}

test_azure_roles_by_name_and_id if {
	cases := {
		"Reader": [],
		"reader": [],
		"Owner": ["not-read-only"],
		"Reader and Data Access": ["not-read-only"],
		"Storage Blob Data Reader": ["sensitive-read"],
		"Our Own Role": ["cannot-prove"],
	}
	every role, expected in cases {
		verdicts(create("azurerm_role_assignment", {"role_definition_name": role, "principal_id": "p", "scope": "/s"})) == expected
	}
	ids := {"acdd72a7-3385-48ef-bd42-f606fba81ae7": [], "b24988ac-6180-42a0-ab88-20f7382dd24c": ["not-read-only"], "11111111-1111-1111-1111-111111111111": ["cannot-prove"]}
	every id, expected in ids {
		verdicts(create("azurerm_role_assignment", {"role_definition_id": sprintf("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/%s", [id]), "principal_id": "p", "scope": "/s"})) == expected
	}
}

test_a_computed_role_id_beside_a_name_is_not_looked_up if {
	plan := changes([{
		"address": "azurerm_role_assignment.x",
		"mode": "managed",
		"type": "azurerm_role_assignment",
		"name": "x",
		"change": {"actions": ["create"], "before": null, "after": {"role_definition_name": "Reader", "principal_id": "p", "scope": "/s"}, "after_unknown": {"role_definition_id": true}},
	}])
	verdicts(plan) == []
}

test_the_same_azure_role_in_another_scope_is_a_new_grant if {
	before := {"role_definition_name": "Owner", "principal_id": "p", "scope": "/subscriptions/s/resourceGroups/rg"}
	verdicts(change("azurerm_role_assignment", ["delete", "create"], before, object.union(before, {"scope": "/subscriptions/s"}))) == ["not-read-only"]
	verdicts(change("azurerm_role_assignment", ["delete", "create"], before, before)) == []
}

test_azure_role_definitions_read_only_with_a_last_segment_read if {
	cases := [
		[{"actions": ["*/read", "Microsoft.Compute/virtualMachines/READ"]}, []],
		[{"actions": ["Microsoft.Storage/storageAccounts/listKeys/action"]}, ["not-read-only"]],
		[{"actions": ["Microsoft.Storage/*"], "not_actions": ["Microsoft.Storage/*/delete"]}, ["not-read-only"]],
		[{"actions": ["Microsoft.A/b/write"], "not_actions": ["Microsoft.A/*/write"]}, []],
		[{"data_actions": ["Microsoft.A/b/read"]}, ["sensitive-read"]],
	]
	every c in cases {
		verdicts(create("azurerm_role_definition", {"name": "custom", "permissions": [c[0]]})) == c[1]
	}
}

test_key_vault_permissions if {
	verdicts(create("azurerm_key_vault_access_policy", {"key_vault_id": "v", "object_id": "o", "key_permissions": ["get", "List"], "secret_permissions": ["List"]})) == []
	verdicts(create("azurerm_key_vault_access_policy", {"key_vault_id": "v", "object_id": "o", "secret_permissions": ["Get"]})) == ["sensitive-read"]
	found := denied with input as create("azurerm_key_vault", {"name": "kv", "access_policy": [{"object_id": "o1", "secret_permissions": ["Set"]}, {"object_id": "o2", "secret_permissions": ["List"]}]})
	count(found) == 1
	found[0].subject == "o1"
	found[0].attribute == "access_policy[0].secret_permissions"
}

test_google_roles if {
	cases := {
		"roles/browser": [],
		"roles/monitoring.viewer": [],
		"roles/viewer": ["sensitive-read"],
		"roles/secretmanager.secretAccessor": ["sensitive-read"],
		"roles/editor": ["not-read-only"],
		"roles/newservice.admin": ["not-read-only"],
		"roles/newservice.viewer": ["cannot-prove"],
		"projects/acme/roles/custom": ["cannot-prove"],
	}
	every role, expected in cases {
		verdicts(create("google_project_iam_member", {"project": "acme", "role": role, "member": "user:a@example.com"})) == expected
	}
}

test_a_new_member_of_a_google_binding_is_found if {
	before := {"project": "acme", "role": "roles/editor", "members": ["user:a@example.com"]}
	found := denied with input as change("google_project_iam_binding", ["update"], before, object.union(before, {"members": ["user:a@example.com", "allUsers"]}))
	count(found) == 1
	found[0].subject == "allUsers"
}

test_google_policies_compare_bindings if {
	before := {"project": "acme", "policy_data": `{"bindings":[{"role":"roles/editor","members":["user:a@example.com"]}]}`}
	after := {"project": "acme", "policy_data": `{"bindings":[{"role":"roles/editor","members":["user:a@example.com"]},{"role":"roles/owner","members":["user:b@example.com"]}]}`}
	found := denied with input as change("google_project_iam_policy", ["update"], before, after)
	count(found) == 1
	found[0].subject == "user:b@example.com"
	verdicts(create("google_project_iam_policy", {"project": "acme", "policy_data": "{"})) == ["cannot-prove"]
	verdicts(create("google_project_iam_policy", {"project": "acme", "policy_data": ""})) == []
}

test_google_resources_that_are_not_grants_are_passed_over if {
	verdicts(create("google_project_iam_audit_config", {"project": "acme", "service": "allServices"})) == []
	verdicts(create("google_project_iam_member_remove", {"project": "acme", "role": "roles/owner", "member": "user:a@example.com"})) == []
}

test_google_custom_role_permissions if {
	cases := {
		"storage.buckets.list": [],
		"resourcemanager.projects.getIamPolicy": [],
		"compute.images.useReadOnly": [],
		"storage.objects.get": ["sensitive-read"],
		"sql.users.getPassword": ["sensitive-read"],
		"iam.serviceAccounts.actAs": ["not-read-only"],
		"iam.serviceAccounts.getAccessToken": ["not-read-only"],
		"storage.buckets.setIamPolicy": ["not-read-only"],
	}
	every permission, expected in cases {
		verdicts(create("google_project_iam_custom_role", {"role_id": "r", "permissions": [permission]})) == expected
	}
}

rule(verbs, resources) := {"metadata": [{"name": "r"}], "rule": [{"api_groups": [""], "resources": resources, "verbs": verbs}]}

test_kubernetes_verbs_and_subresources if {
	verdicts(create("kubernetes_cluster_role_v1", rule(["get", "list", "watch"], ["pods", "pods/log"]))) == []
	verdicts(create("kubernetes_cluster_role_v1", rule(["get"], ["pods/exec"]))) == ["not-read-only"]
	verdicts(create("kubernetes_cluster_role_v1", rule(["list"], ["secrets"]))) == ["sensitive-read"]
	verdicts(create("kubernetes_cluster_role_v1", rule(["get"], ["*"]))) == ["sensitive-read"]
	verdicts(create("kubernetes_cluster_role_v1", rule(["impersonate"], ["users"]))) == ["not-read-only"]
	verdicts(create("kubernetes_cluster_role", {"metadata": [{"name": "r"}], "rule": [], "aggregation_rule": [{"cluster_role_selectors": []}]})) == ["cannot-prove"]
	verdicts(create("kubernetes_cluster_role", {"metadata": [{"name": "r"}], "rule": [{"non_resource_urls": ["/healthz"], "verbs": ["get"]}]})) == []
}

test_kubernetes_bindings_by_role_name if {
	cases := {"view": [], "edit": ["not-read-only"], "cluster-admin": ["not-read-only"], "system:node": ["not-read-only"], "ours": ["cannot-prove"]}
	every name, expected in cases {
		verdicts(create("kubernetes_role_binding", {"role_ref": [{"kind": "ClusterRole", "name": name}], "subject": [{"kind": "Group", "name": "devs"}]})) == expected
	}
	verdicts(create("kubernetes_role_binding", {"role_ref": [{"kind": "Role", "name": "view"}], "subject": [{"kind": "Group", "name": "devs"}]})) == ["cannot-prove"]
	found := denied with input as create("kubernetes_cluster_role_binding", {"role_ref": [{"kind": "ClusterRole", "name": "admin"}], "subject": [{"kind": "ServiceAccount", "name": "ci", "namespace": "tools"}]})
	found[0].subject == "ServiceAccount:tools/ci"
}

test_kubernetes_manifests if {
	verdicts(create("kubernetes_manifest", {"manifest": {"kind": "Role", "metadata": {"name": "r"}, "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}})) == []
	verdicts(create("kubernetes_manifest", {"manifest": {"kind": "RoleBinding", "metadata": {"name": "b"}, "roleRef": {"kind": "ClusterRole", "name": "admin"}, "subjects": [{"kind": "User", "name": "u"}]}})) == ["not-read-only"]
	verdicts(create("kubernetes_manifest", {"manifest": {"kind": "ConfigMap", "metadata": {"name": "c"}}})) == []
}

test_eks_access_policies if {
	verdicts(create("aws_eks_access_policy_association", {"principal_arn": "p", "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"})) == []
	verdicts(create("aws_eks_access_policy_association", {"principal_arn": "p", "policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy"})) == ["sensitive-read"]
}

test_values_that_are_not_set_take_the_mapping_default if {
	verdicts(create("github_repository_collaborator", {"repository": "r", "username": "u"})) == ["not-read-only"]
	verdicts(create("github_repository_collaborator", {"repository": "r", "username": "u", "permission": "pull"})) == []
	verdicts(create("github_team_repository", {"repository": "r", "team_id": "t"})) == []
}
