package countersign.policies.read_only_principals_test

# Rows that refer to a role, a policy or a group by its name, and the plan that defines it.
row(type, name, actions, after) := {
	"address": sprintf("%s.%s", [type, name]),
	"mode": "managed",
	"type": type,
	"name": name,
	"change": {"actions": actions, "before": null, "after": after, "after_unknown": {}, "before_sensitive": false, "after_sensitive": {}},
}

# Verdicts of the findings at one address.
verdicts_at(address, list) := [f.facts.verdict | some f in found; f.address == address] if {
	found := array.concat(denied, warned) with input as changes(list)
}

test_a_kubernetes_binding_is_joined_with_its_role if {
	binding := row("kubernetes_role_binding_v1", "b", ["create"], {"role_ref": [{"kind": "Role", "name": "ours"}], "subject": [{"kind": "User", "name": "u"}]})
	reads := row("kubernetes_role_v1", "r", ["no-op"], {"metadata": [{"name": "ours"}], "rule": [{"verbs": ["get"], "resources": ["pods"]}]})
	writes := row("kubernetes_role_v1", "r", ["no-op"], {"metadata": [{"name": "ours"}], "rule": [{"verbs": ["patch"], "resources": ["pods"]}]})
	other := row("kubernetes_cluster_role_v1", "r", ["no-op"], {"metadata": [{"name": "ours"}], "rule": [{"verbs": ["get"], "resources": ["pods"]}]})
	verdicts_at(binding.address, [binding, reads]) == []
	verdicts_at(binding.address, [binding, writes]) == ["not-read-only"]
	verdicts_at(binding.address, [binding, other]) == ["cannot-prove"]
	manifest := row("kubernetes_manifest", "r", ["no-op"], {"manifest": {"kind": "Role", "metadata": {"name": "ours"}, "rules": [{"verbs": ["get"], "resources": ["pods"]}]}})
	verdicts_at(binding.address, [binding, manifest]) == []
}

test_a_google_custom_role_is_joined_by_its_id if {
	member := row("google_project_iam_member", "m", ["create"], {"project": "acme", "role": "projects/acme/roles/deployer", "member": "user:a@example.com"})
	role := row("google_project_iam_custom_role", "r", ["no-op"], {"role_id": "deployer", "permissions": ["compute.instances.list"]})
	wide := row("google_project_iam_custom_role", "r", ["no-op"], {"role_id": "deployer", "permissions": ["compute.instances.delete"]})
	verdicts_at(member.address, [member, role]) == []
	verdicts_at(member.address, [member, wide]) == ["not-read-only"]
	verdicts_at(member.address, [member]) == ["cannot-prove"]
}

test_an_azure_role_definition_is_joined_by_name_and_by_reference if {
	definition := row("azurerm_role_definition", "d", ["create"], {"name": "Our Reader", "permissions": [{"actions": ["*/read"]}]})
	wide := row("azurerm_role_definition", "d", ["create"], {"name": "Our Reader", "permissions": [{"actions": ["Microsoft.Compute/virtualMachines/write"]}]})
	named := row("azurerm_role_assignment", "a", ["create"], {"role_definition_name": "Our Reader", "principal_id": "p", "scope": "/s"})
	verdicts_at(named.address, [named, definition]) == []
	verdicts_at(named.address, [named, wide]) == ["not-read-only"]
	later := object.union(row("azurerm_role_assignment", "a", ["create"], {"principal_id": "p", "scope": "/s"}), {"change": {"after_unknown": {"role_definition_id": true}}})
	configured := {"configuration": {"root_module": {"resources": [resource("azurerm_role_assignment", "a", {"role_definition_id": {"references": ["azurerm_role_definition.d.role_definition_resource_id", "azurerm_role_definition.d"]}})]}}}
	some_write := array.concat(denied, warned) with input as object.union(changes([later, wide]), configured)
	[f.subject | some f in some_write; f.address == named.address] == ["p"]
	none := array.concat(denied, warned) with input as object.union(changes([later, definition]), configured)
	none == []
}

test_a_definition_that_is_not_known_proves_nothing if {
	member := row("google_project_iam_member", "m", ["create"], {"project": "acme", "role": "projects/acme/roles/deployer", "member": "user:a@example.com"})
	open := object.union(row("google_project_iam_custom_role", "r", ["create"], {"role_id": "deployer"}), {"change": {"after_unknown": {"permissions": true}}})
	verdicts_at(member.address, [member, open]) == ["cannot-prove"]
}

test_members_of_a_group_get_what_the_group_has if {
	member := row("aws_iam_user_group_membership", "m", ["create"], {"user": "u", "groups": ["ops"]})
	group := row("aws_iam_group", "g", ["no-op"], {"name": "ops"})
	grant := row("aws_iam_group_policy", "p", ["no-op"], {"group": "ops", "policy": allow("s3:PutObject")})
	reads := row("aws_iam_group_policy", "p", ["no-op"], {"group": "ops", "policy": allow("s3:ListBucket")})
	verdicts_at(member.address, [member]) == ["cannot-prove"]
	verdicts_at(member.address, [member, reads]) == ["cannot-prove"]
	verdicts_at(member.address, [member, reads, group]) == []
	verdicts_at(member.address, [member, grant, group]) == ["not-read-only"]
}

test_a_customer_managed_policy_of_a_permission_set_is_joined_by_name if {
	attachment := row("aws_ssoadmin_customer_managed_policy_attachment", "a", ["create"], {"permission_set_arn": "ps", "customer_managed_policy_reference": [{"name": "ours", "path": "/"}]})
	verdicts_at(attachment.address, [attachment, row("aws_iam_policy", "p", ["no-op"], {"name": "ours", "policy": allow("s3:List*")})]) == []
	verdicts_at(attachment.address, [attachment, row("aws_iam_policy", "p", ["no-op"], {"name": "ours", "policy": allow("s3:PutObject")})]) == ["not-read-only"]
	verdicts_at(attachment.address, [attachment]) == ["cannot-prove"]
}

test_a_boundary_that_the_settings_call_read_only_caps_the_verdict if {
	config := {"read-only-principals": {"read_only_boundaries": ["arn:aws:iam::*:policy/read-boundary"]}}
	grant := row("aws_iam_role_policy", "p", ["create"], {"role": "r", "policy": allow("s3:PutObject")})
	bounded := row("aws_iam_role", "r", ["no-op"], {"name": "r", "permissions_boundary": "arn:aws:iam::1:policy/read-boundary"})
	free := row("aws_iam_role", "r", ["no-op"], {"name": "r", "permissions_boundary": "arn:aws:iam::1:policy/other"})
	none := denied with input as changes([grant, bounded]) with data.countersign.config as config
	none == []
	one := denied with input as changes([grant, free]) with data.countersign.config as config
	count(one) == 1
	unset := denied with input as changes([grant, bounded])
	count(unset) == 1
}

test_templates_and_charts_may_hold_grants if {
	stack := {"name": "s", "template_body": `{"Resources":{"R":{"Type":"AWS::IAM::Role"}}}`}
	verdicts(create("aws_cloudformation_stack", stack)) == ["cannot-prove"]
	verdicts(create("aws_cloudformation_stack", {"name": "s", "template_body": `{"Resources":{"R":{"Type":"AWS::SNS::Topic"}}}`})) == []
	verdicts(create("aws_cloudformation_stack", {"name": "s", "template_url": "https://example.com/t", "capabilities": ["CAPABILITY_NAMED_IAM"]})) == ["cannot-prove"]
	verdicts(change("aws_cloudformation_stack", ["update"], stack, object.union(stack, {"template_body": `{"Resources":{"R":{"Type":"AWS::IAM::User"}}}`}))) == ["cannot-prove"]
	chart := {"name": "h", "chart": "nginx", "version": "1"}
	verdicts(change("helm_release", ["update"], chart, object.union(chart, {"values": ["a"]}))) == []
	verdicts(change("helm_release", ["update"], chart, object.union(chart, {"version": "2"}))) == ["cannot-prove"]
	off := denied with input as create("helm_release", chart) with data.countersign.config as {"read-only-principals": {"hidden_grants": false}}
	off == []
}

test_flags_and_fixed_grants if {
	verdicts(create("azurerm_eventhub_authorization_rule", {"name": "r", "listen": true, "send": false, "manage": false})) == ["sensitive-read"]
	verdicts(create("azurerm_eventhub_authorization_rule", {"name": "r", "listen": true, "send": true})) == ["not-read-only"]
	found := denied with input as create("azurerm_kubernetes_cluster", {"name": "c", "azure_active_directory_role_based_access_control": [{"admin_group_object_ids": ["g1", "g2"]}]})
	{f.subject | some f in found} == {"g1", "g2"}
	verdicts(create("aws_snapshot_create_volume_permission", {"snapshot_id": "s", "account_id": "1"})) == ["sensitive-read"]
}

test_words_by_list_and_glob if {
	cases := [
		["github_repository_deploy_key", {"title": "k", "read_only": true}, []],
		["github_repository_deploy_key", {"title": "k", "read_only": false}, ["not-read-only"]],
		["gitlab_project_membership", {"user_id": 1, "project": "p", "access_level": "reporter"}, []],
		["gitlab_project_membership", {"user_id": 1, "project": "p", "access_level": "maintainer"}, ["not-read-only"]],
		["azuread_directory_role_assignment", {"role_id": "f2ef992c-3afb-46b9-b7cf-a126ee74c451", "principal_object_id": "p"}, []],
		["azuread_directory_role_assignment", {"role_id": "0", "principal_object_id": "p"}, ["cannot-prove"]],
		["azuread_service_principal_delegated_permission_grant", {"claim_values": ["Mail.Read"]}, ["sensitive-read"]],
		["azuread_service_principal_delegated_permission_grant", {"claim_values": ["Mail.ReadWrite"]}, ["not-read-only"]],
		["aws_s3_bucket_acl", {"bucket": "b", "acl": "public-read-write"}, ["not-read-only"]],
		["aws_s3_bucket_acl", {"bucket": "b", "access_control_policy": [{"grant": [{"permission": "FULL_CONTROL"}]}]}, ["not-read-only"]],
		["google_storage_bucket_acl", {"bucket": "b", "role_entity": ["READER:allUsers"]}, ["sensitive-read"]],
		["google_privileged_access_manager_entitlement", {"entitlement_id": "e", "privileged_access": [{"gcp_iam_access": [{"role_bindings": [{"role": "roles/owner"}]}]}]}, ["not-read-only"]],
		["google_gke_hub_scope_rbac_role_binding", {"user": "u", "role": [{"predefined_role": "VIEW"}]}, []],
		["snowflake_grant_privileges_to_account_role", {"account_role_name": "r", "all_privileges": true}, ["not-read-only"]],
		["tfe_team_access", {"team_id": "t", "access": "read"}, []],
	]
	every c in cases {
		verdicts(create(c[0], c[1])) == c[2]
	}
}

test_permissions_of_microsoft_graph_by_id if {
	cases := [
		["9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", []], # Application.Read.All
		["DF021288-BDEF-4463-88DB-98F22DE89214", []], # User.Read.All, in capitals
		["e1fe6dd8-ba31-4d61-89e7-88639da4683d", []], # User.Read, delegated
		["37f7f235-527c-4136-accd-4a02d197296e", []], # openid
		["810c84a8-4a9e-49e6-bf7d-12d183f40d01", ["sensitive-read"]], # Mail.Read
		["19dbc75e-c2e2-444c-a770-ec69d8559fc7", ["not-read-only"]], # Directory.ReadWrite.All
		["b633e1c5-b582-4048-a93e-9f11b44c7e96", ["not-read-only"]], # Mail.Send
		["883ea226-0bf2-4a8f-9f9d-92c9162a727d", ["cannot-prove"]], # Sites.Selected
		["7427e0e9-2fba-42fe-b0c0-848c9e6a8182", ["cannot-prove"]], # offline_access
		["11111111-1111-1111-1111-111111111111", ["cannot-prove"]],
	]
	every c in cases {
		verdicts(app_role(c[0])) == c[1]
		verdicts(create("azuread_application_api_access", {"application_id": "a", "api_client_id": "c", "role_ids": [c[0]]})) == c[1]
		verdicts(create("azuread_application", {"display_name": "app", "required_resource_access": [{"resource_app_id": "c", "resource_access": [{"id": c[0], "type": "Role"}]}]})) == c[1]
	}
}

test_a_requested_permission_is_told_by_name_and_place if {
	asked := {"display_name": "app", "required_resource_access": [{"resource_app_id": "c", "resource_access": [{"id": "19dbc75e-c2e2-444c-a770-ec69d8559fc7", "type": "Role"}]}]}
	found := denied with input as create("azuread_application", asked)
	found[0].subject == "app"
	found[0].attribute == "required_resource_access[0].resource_access[0].id"
	found[0].facts.actions == ["Directory.ReadWrite.All"]
}

app_role(id) := create("azuread_app_role_assignment", {"app_role_id": id, "principal_object_id": "p", "resource_object_id": "r"})

test_the_settings_name_app_roles if {
	config := {"read-only-principals": {"app_roles": {"11111111-1111-1111-1111-111111111111": "Orders.Read.All", "22222222-2222-2222-2222-222222222222": "Orders.ReadWrite"}}}
	one := denied with input as app_role("11111111-1111-1111-1111-111111111111") with data.countersign.config as config
	one == []
	two := denied with input as app_role("22222222-2222-2222-2222-222222222222") with data.countersign.config as config
	two[0].facts.actions == ["Orders.ReadWrite"]
}

test_vault_policies if {
	cases := {
		`path "secret/*" { capabilities = ["read", "list"] }`: ["sensitive-read"],
		`path "sys/x" { capabilities = ["list"] }`: [],
		"# capabilities = [\"create\"]\npath \"a\" { capabilities = [\"list\"] }": [],
		`{"path": {"a": {"capabilities": ["update"]}}}`: ["not-read-only"],
		`path "a" { policy = "write" }`: ["not-read-only"],
		`path "a" { }`: ["cannot-prove"],
	}
	every text, expected in cases {
		verdicts(create("vault_policy", {"name": "v", "policy": text})) == expected
	}
}

data_access(permission) := json.marshal([{"Principal": ["arn:aws:iam::1:role/r"], "Rules": [{"ResourceType": "index", "Permission": [permission]}]}])

test_opensearch_data_access if {
	verdicts(create("aws_opensearchserverless_access_policy", {"policy": data_access("aoss:DescribeIndex")})) == []
	verdicts(create("aws_opensearchserverless_access_policy", {"policy": data_access("aoss:ReadDocument")})) == ["sensitive-read"]
	verdicts(create("aws_opensearchserverless_access_policy", {"policy": data_access("aoss:WriteDocument")})) == ["not-read-only"]
	verdicts(create("aws_opensearchserverless_access_policy", {"policy": "{"})) == ["cannot-prove"]
}

test_kubernetes_objects_in_yaml if {
	role := "kind: Role\nmetadata: {name: r}\nrules:\n- {verbs: [get], resources: [pods/exec]}\n"
	verdicts(create("kubectl_manifest", {"yaml_body": role})) == ["not-read-only"]
	verdicts(create("kubectl_manifest", {"yaml_body": sprintf("kind: ConfigMap\n---\n%s", [role])})) == ["not-read-only"]
	verdicts(create("kubectl_manifest", {"yaml_body": "kind: ConfigMap\ndata: {a: b}\n"})) == []
	verdicts(create("kubectl_manifest", {"yaml_body": "kind: Role\nrules: ["})) == ["cannot-prove"]
	verdicts(create("kubectl_manifest", {"yaml_body": "kind: List\nitems:\n- kind: ClusterRole\n  metadata: {name: r}\n  rules:\n  - {verbs: [create], resources: [pods]}\n"})) == ["not-read-only"]
	verdicts(create("kubernetes_manifest", {"manifest": {"kind": "MutatingWebhookConfiguration", "metadata": {"name": "w"}}})) == ["not-read-only"]
}

test_a_public_principal_is_named_as_one if {
	document := json.marshal({"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": "*", "Condition": {"Bool": {"a": "b"}}}})
	found := denied with input as create("aws_s3_bucket_policy", {"policy": document})
	found[0].facts.public
	found[0].facts.statement == "Open"
	found[0].facts.condition
	found[0].facts.every_resource
	startswith(found[0].msg, "Anyone (*) gains more than read access")
}
