package countersign.lib.providers_test

test_names_have_one_spelling if {
	data.countersign.lib.providers.normalise("aws") == "registry.terraform.io/hashicorp/aws"
	data.countersign.lib.providers.normalise("-/aws") == "registry.terraform.io/hashicorp/aws"
	data.countersign.lib.providers.normalise("registry.terraform.io/-/aws") == "registry.terraform.io/hashicorp/aws"
	data.countersign.lib.providers.normalise("null.aliased") == "registry.terraform.io/hashicorp/null"
	data.countersign.lib.providers.normalise("Datadog/Datadog") == "registry.terraform.io/datadog/datadog"
	data.countersign.lib.providers.normalise("Registry.Terraform.IO/hashicorp/AWS") == "registry.terraform.io/hashicorp/aws"
	data.countersign.lib.providers.normalise("registry.opentofu.org/hashicorp/aws") == "registry.opentofu.org/hashicorp/aws"
	data.countersign.lib.providers.normalise("app.terraform.io/acme/aws") == "app.terraform.io/acme/aws"
	data.countersign.lib.providers.normalise("terraform.io/builtin/terraform") == "terraform.io/builtin/terraform"
	data.countersign.lib.providers.normalise("terraform") == "terraform.io/builtin/terraform"
	data.countersign.lib.providers.normalise("a/b/c/d") == "a/b/c/d"
}

test_short_names_leave_out_the_default_host if {
	data.countersign.lib.providers.short("registry.terraform.io/hashicorp/aws") == "hashicorp/aws"
	data.countersign.lib.providers.short("app.terraform.io/acme/aws") == "app.terraform.io/acme/aws"
}

test_local_names_of_keys if {
	data.countersign.lib.providers.local_name("aws") == "aws"
	data.countersign.lib.providers.local_name("aws.east") == "aws"
	data.countersign.lib.providers.local_name("module.a.module.b:aws.east") == "aws"
}

local_plan(constraint) := {"configuration": {
	"provider_config": {"local": {
		"name": "local",
		"full_name": "registry.terraform.io/hashicorp/local",
		"version_constraint": constraint,
	}},
	"root_module": {},
}}

source := "registry.terraform.io/hashicorp/local"

executes(constraint) if {
	how := data.countersign.lib.providers.may_execute(source) with input as local_plan(constraint)
	is_string(how)
}

test_versions_that_may_execute if {
	every constraint in ["", ">= 2.0", "~> 2.4", "~> 2.6", "2.6.0", "= 2.7.1", "~> 2.6.1", ">= 2.5, < 3.0", "<= 2.6.0", "< 2.6.1", "!= 2.5.0", "> 2.5.0", "~> 2", "2.5.0-beta1"] {
		executes(constraint)
	}
}

test_versions_that_cannot if {
	every constraint in ["2.5.3", "= 2.5.1", "~> 2.5.0", "< 2.6", "< 2.6.0", "<= 2.5.9", ">= 2.0, < 2.3", "~> 1.4", "1.4.0", "~> 1"] {
		not executes(constraint)
	}
}

test_the_lock_decides_where_there_is_one if {
	old := object.union(local_plan(">= 2.0"), {"countersign": {"source": {"lock": [{"provider": source, "version": "2.5.1"}]}}})
	new := object.union(local_plan(">= 2.0"), {"countersign": {"source": {"lock": [{"provider": source, "version": "2.6.1"}]}}})
	missing := {how | how := data.countersign.lib.providers.may_execute(source) with input as old}
	count(missing) == 0
	found := {how | how := data.countersign.lib.providers.may_execute(source) with input as new}
	count(found) == 1
}

test_executing_providers_by_name if {
	every name in ["registry.terraform.io/hashicorp/external", "registry.opentofu.org/scottwinkler/shell", "app.example.com/acme/shell"] {
		data.countersign.lib.providers.known_executing(name)
	}
	every name in ["registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/null", "registry.terraform.io/acme/local"] {
		found := {how | how := data.countersign.lib.providers.known_executing(name)}
		count(found) == 0
	}
}
