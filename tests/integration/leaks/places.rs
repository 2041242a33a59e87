//! Every place of a plan in which secrets were met, with and without marks, built into a plan.

// Values are written with `json!` where they are used.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value as Json, json};

use super::forms::json as escaped;
use super::plant::Seeds;

/// Adds one of each to a plan.
pub(crate) fn add(tree: &mut Json, seeds: &mut Seeds) {
    variables(tree, seeds);
    modules(tree, seeds);
    providers(tree, seeds);
    rows(tree, seeds);
    later(tree, seeds);
    states(tree, seeds);
    shapes(tree, seeds);
}

/// The list or object under a path of keys, made where it is missing.
fn at<'a>(tree: &'a mut Json, path: &[&str], empty: &Json) -> &'a mut Json {
    let mut place = tree;
    for key in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = place
            .as_object_mut()
            .unwrap()
            .entry(*key)
            .or_insert(Json::Null);
    }
    if std::mem::discriminant(place) != std::mem::discriminant(empty) {
        *place = empty.clone();
    }
    place
}

fn set(tree: &mut Json, path: &[&str], value: Json) {
    *at(tree, path, &Json::Null) = value;
}

fn push(tree: &mut Json, path: &[&str], value: Json) {
    at(tree, path, &json!([]))
        .as_array_mut()
        .unwrap()
        .push(value);
}

fn row(name: &str, actions: Json, before: Json, after: Json, marks: [Json; 2]) -> Json {
    let [before_marks, after_marks] = marks;
    json!({
        "address": format!("terraform_data.{name}"), "mode": "managed", "type": "terraform_data", "name": name,
        "provider_name": "terraform.io/builtin/terraform",
        "change": {
            "actions": actions, "before": before, "after": after, "after_unknown": {},
            "before_sensitive": before_marks, "after_sensitive": after_marks,
        },
    })
}

/// A created resource without any mark.
fn plain(name: &str, input: Json) -> Json {
    row(
        name,
        json!(["create"]),
        Json::Null,
        json!({ "input": input }),
        [json!(false), json!({})],
    )
}

const ROOT: &str = "root_module";

fn variables(tree: &mut Json, seeds: &mut Seeds) {
    let vault = seeds.text("sensitive variable");
    let default = seeds.text("default of a sensitive variable");
    let pin = seeds.number("number in a sensitive variable");
    let object = json!({ "a": seeds.text("field of a sensitive variable"), "list": [seeds.text("item of a sensitive variable")], "pin": pin });
    set(
        tree,
        &["variables", "vault_entry"],
        json!({ "value": vault }),
    );
    set(
        tree,
        &["variables", "vault_object"],
        json!({ "value": object }),
    );
    let declared = ["configuration", ROOT, "variables"];
    set(
        tree,
        &[&declared[..], &["vault_entry"]].concat(),
        json!({ "sensitive": true, "default": default }),
    );
    set(
        tree,
        &[&declared[..], &["vault_object"]].concat(),
        json!({ "sensitive": true }),
    );
    // Ephemeral variables carry no mark at all; their names tell.
    let session = seeds.text("unmarked variable with a secret name");
    set(
        tree,
        &["variables", "session_token"],
        json!({ "value": session }),
    );
    set(
        tree,
        &[&declared[..], &["session_token"]].concat(),
        json!({}),
    );
    push(
        tree,
        &["configuration", ROOT, "resources"],
        json!({
            "address": "terraform_data.provisioned", "mode": "managed", "type": "terraform_data", "name": "provisioned",
            "provider_config_key": "terraform",
            "provisioners": [{ "type": "local-exec", "expressions": {
                "command": { "constant_value": format!("login --with '{vault}' --default {default}") },
                "environment": { "constant_value": { "SESSION": session, "PIN": pin } },
            } }],
            "expressions": { "input": { "constant_value": vault } },
        }),
    );
    push(
        tree,
        &["resource_changes"],
        plain(
            "provisioned",
            json!({ "copy": vault, "second": default, "session": session, "pin": pin, "object": object }),
        ),
    );
    push(
        tree,
        &["checks"],
        json!({
            "address": { "kind": "check", "name": "health", "to_display": "check.health" }, "status": "fail",
            "instances": [{ "address": { "to_display": "check.health" }, "status": "fail",
                "problems": [{ "message": format!("The answer to {vault} was {}.", escaped(&default)) }] }],
        }),
    );
}

fn modules(tree: &mut Json, seeds: &mut Seeds) {
    let link = seeds.text("variable passed by reference through two levels");
    let literal = seeds.text("constant passed through two levels");
    let default = seeds.text("default passed to a sensitive variable");
    let own = seeds.text("constant for a sensitive variable of a child");
    let output = seeds.text("constant of a sensitive output of a child");
    set(
        tree,
        &["variables", "link"],
        json!({ "value": { "part": link } }),
    );
    set(
        tree,
        &["configuration", ROOT, "variables", "link"],
        json!({}),
    );
    set(
        tree,
        &["configuration", ROOT, "module_calls", "outer"],
        json!({
            "source": "./outer",
            "expressions": {
                "key": { "references": ["var.link.part", "var.link"] },
                "literal": { "constant_value": literal },
                "own": { "constant_value": [own] },
            },
            "module": {
                "variables": { "key": {}, "literal": {}, "missing": { "default": default }, "own": { "sensitive": true } },
                "outputs": { "answer": { "sensitive": true, "expression": { "constant_value": output } } },
                "module_calls": { "inner": {
                    "source": "./inner",
                    "expressions": {
                        "deep": { "references": ["var.key"] },
                        "literal": { "references": ["var.literal"] },
                        "missing": { "references": ["var.missing"] },
                    },
                    "module": { "variables": {
                        "deep": { "sensitive": true }, "literal": { "sensitive": true }, "missing": { "sensitive": true },
                    } },
                } },
            },
        }),
    );
    push(
        tree,
        &["resource_changes"],
        plain("from_modules", json!([link, literal, default, own, output])),
    );
}

fn providers(tree: &mut Json, seeds: &mut Seeds) {
    let token = seeds.text("provider token under an odd key");
    let header = seeds.text("authorization header of a provider");
    let nested = seeds.text("password in a block of a provider");
    set(
        tree,
        &["configuration", "provider_config", "module.odd[\"x\"]:http"],
        json!({
            "name": "http", "module_address": "module.odd",
            "expressions": {
                "api_token": { "constant_value": token },
                "headers": { "constant_value": { "Authorization": format!("Bearer {header}"), "X-Other": header } },
                "login": [{ "user": { "constant_value": "someone" }, "password": { "constant_value": nested } }],
            },
        }),
    );
    push(
        tree,
        &["resource_changes"],
        plain(
            "from_providers",
            json!([token, format!("Bearer {header}"), nested]),
        ),
    );
}

fn rows(tree: &mut Json, seeds: &mut Seeds) {
    let (old, new) = (
        seeds.text("sensitive before"),
        seeds.text("sensitive after"),
    );
    push(
        tree,
        &["resource_changes"],
        row(
            "rotated",
            json!(["update"]),
            json!({ "input": { "password": old, "user": "app" }, "output": { "password": old } }),
            json!({ "input": { "password": new, "user": "app" }, "output": { "password": new } }),
            [
                json!({ "input": { "password": true } }),
                json!({ "input": { "password": true } }),
            ],
        ),
    );
    // A mark over everything hides names of a map as well as its values.
    let key = format!("customer-{}4a7B", seeds.letters(12));
    seeds.keep("key of a sensitive map", &key);
    let value = seeds.text("value of a sensitive map");
    push(
        tree,
        &["resource_changes"],
        row(
            "whole",
            json!(["create"]),
            Json::Null,
            json!({ "input": { key.clone(): value }, "set": [seeds.text("item of a sensitive set"), "public"] }),
            [json!(false), json!(true)],
        ),
    );
    push(
        tree,
        &["resource_changes"],
        plain("names", json!({ key: "public", "other": value })),
    );
    // A document in a document in a text.
    let deep = seeds.text("value in a document in a document");
    let inner = json!({ "b": deep }).to_string();
    let document = json!({ "a": inner, "c": 1 }).to_string();
    push(
        tree,
        &["resource_changes"],
        row(
            "document",
            json!(["create"]),
            Json::Null,
            json!({ "input": document, "unmarked": [deep, inner] }),
            [json!(false), json!({ "input": true })],
        ),
    );
    // Keys of instances, imports, generated configuration.
    let mut keyed = plain("keyed", json!("public"));
    let name = seeds.text("key of an instance");
    set(tree, &["variables", "names"], json!({ "value": [name] }));
    set(
        tree,
        &["configuration", ROOT, "variables", "names"],
        json!({ "sensitive": true }),
    );
    keyed["address"] = json!(format!("terraform_data.keyed[\"{}\"]", escaped(&name)));
    keyed["index"] = json!(name);
    keyed["change"]["replace_paths"] = json!([["input", name]]);
    keyed["previous_address"] = json!(format!(
        "module.m[\"{}\"].terraform_data.keyed",
        escaped(&name)
    ));
    push(tree, &["resource_changes"], keyed);
    let id = seeds.text("identity of an import");
    let mut imported = row(
        "imported",
        json!(["no-op"]),
        json!({ "input": id, "user": "x" }),
        json!({ "input": id, "user": "x" }),
        [json!({ "input": true }), json!({ "input": true })],
    );
    imported["change"]["importing"] = json!({ "id": id });
    imported["change"]["generated_config"] = json!(format!(
        "resource \"terraform_data\" \"imported\" {{\n  input = \"{}\"\n}}\n",
        escaped(&id).replace("${", "$${").replace("%{", "%%{")
    ));
    push(tree, &["resource_changes"], imported);
}

/// What is put off, actions, and outputs.
fn later(tree: &mut Json, seeds: &mut Seeds) {
    let value = seeds.text("value of a deferred change");
    let deferred = row(
        "later",
        json!(["create"]),
        Json::Null,
        json!({ "input": value, "copy": value }),
        [json!(false), json!({ "input": true })],
    );
    push(
        tree,
        &["deferred_changes"],
        json!({ "reason": "provider_config_unknown", "resource_change": deferred }),
    );
    let setting = seeds.text("setting of an action");
    let invocation = |value: &str| {
        json!({
            "address": "action.http_post.notify", "type": "http_post", "name": "notify",
            "provider_name": "registry.terraform.io/hashicorp/http",
            "config_values": { "body": value, "copy": value }, "config_sensitive": { "body": true }, "config_unknown": {},
            "invoke_action_trigger": {},
        })
    };
    push(tree, &["action_invocations"], invocation(&setting));
    let put_off = seeds.text("setting of a deferred action");
    push(
        tree,
        &["deferred_action_invocations"],
        json!({ "reason": "unknown", "action_invocation": invocation(&put_off) }),
    );
    push(
        tree,
        &["resource_changes"],
        plain("copies", json!([value, setting, put_off])),
    );
    let (was, is) = (seeds.text("output before"), seeds.text("output after"));
    set(
        tree,
        &["output_changes", "answer"],
        json!({ "actions": ["update"], "before": was, "after": [is], "after_unknown": false,
            "before_sensitive": true, "after_sensitive": true }),
    );
    set(
        tree,
        &["output_changes", "copy"],
        json!({ "actions": ["update"], "before": { "x": was }, "after": format!("again {is}"), "after_unknown": false,
            "before_sensitive": false, "after_sensitive": false }),
    );
}

fn states(tree: &mut Json, seeds: &mut Seeds) {
    for (place, path) in [
        ("prior_state", &["prior_state", "values"][..]),
        ("planned_values", &["planned_values"]),
    ] {
        let remote = seeds.text(&format!("output of a remote state in {place}"));
        let output = seeds.text(&format!("sensitive output in {place}"));
        let value = seeds.text(&format!("sensitive value in {place}"));
        push(
            tree,
            &[path, &[ROOT, "resources"]].concat(),
            json!({ "address": "data.terraform_remote_state.shared", "mode": "data", "type": "terraform_remote_state",
                "name": "shared", "values": { "backend": "local", "config": null, "outputs": { "db": { "url": remote } } },
                "sensitive_values": {} }),
        );
        push(
            tree,
            &[path, &[ROOT, "child_modules"]].concat(),
            json!({ "address": "module.c", "resources": [{ "address": "module.c.terraform_data.c", "mode": "managed",
                "type": "terraform_data", "name": "c", "values": { "input": [value] }, "sensitive_values": { "input": [true] } }] }),
        );
        set(
            tree,
            &[path, &["outputs", "hidden"]].concat(),
            json!({ "sensitive": true, "value": output }),
        );
        push(
            tree,
            &["resource_changes"],
            plain(&format!("from_{place}"), json!([remote, output, value])),
        );
    }
    let read = seeds.text("output of a remote state that is read");
    let mut remote = plain("read", json!("public"));
    remote["address"] = json!("data.terraform_remote_state.late");
    remote["mode"] = json!("data");
    remote["type"] = json!("terraform_remote_state");
    remote["name"] = json!("late");
    remote["change"]["actions"] = json!(["read"]);
    remote["change"]["after"] = json!({ "backend": "local", "outputs": { "x": read } });
    push(tree, &["resource_changes"], remote);
    push(
        tree,
        &["resource_changes"],
        plain("from_read", json!(format!("pre-{read}-post"))),
    );
}

/// Well-known shapes of secrets that nothing marks.
fn shapes(tree: &mut Json, seeds: &mut Seeds) {
    let (git, user, jwt) = (seeds.letters(24), seeds.letters(20), seeds.letters(60));
    seeds.keep("token in the address of a module", &git);
    seeds.keep("password in a URL", &user);
    set(
        tree,
        &["configuration", ROOT, "module_calls", "private"],
        json!({ "source": format!("git::https://oauth2:{git}@git.example.com/acme/module.git?ref=v1"), "module": {} }),
    );
    let shaped = [
        (
            "access key of AWS",
            format!("AKIA{}", seeds.letters(16).to_uppercase()),
        ),
        ("token of GitHub", format!("ghp_{}", seeds.letters(36))),
        (
            "fine-grained token of GitHub",
            format!("github_pat_{}_{}", seeds.letters(22), seeds.letters(59)),
        ),
        ("token of GitLab", format!("glpat-{}", seeds.letters(20))),
        (
            "token of Slack",
            format!("xoxb-{}-{}", seeds.letters(12), seeds.letters(24)),
        ),
        (
            "key of Stripe",
            format!("sk_{}_{}", "live", seeds.letters(24)),
        ),
        (
            "token of HCP Terraform",
            format!("{}.atlasv1.{}", seeds.letters(14), seeds.letters(64)),
        ),
        ("token of Vault", format!("hvs.{}", seeds.letters(90))),
        ("key of Google", format!("AIza{}", seeds.letters(35))),
        (
            "web token",
            format!("eyJhbGciOiJIUzI1NiJ9.eyJ{}.{}", seeds.letters(40), jwt),
        ),
        (
            "private key",
            format!(
                "-----BEGIN RSA {k}-----\n{}\n{}\n-----END RSA {k}-----",
                seeds.letters(64),
                seeds.letters(30),
                k = "PRIVATE KEY"
            ),
        ),
    ];
    let mut list = vec![
        format!("postgres://app:{user}@db.example.com:5432/app"),
        format!("mysql://root:{user}@tcp(db)/x"),
    ];
    for (label, text) in shaped {
        let secret = text
            .strip_prefix("-----BEGIN RSA PRIVATE KEY-----\n")
            .and_then(|rest| rest.strip_suffix("\n-----END RSA PRIVATE KEY-----"))
            .unwrap_or(&text);
        seeds.keep(label, secret);
        list.push(text);
    }
    push(tree, &["resource_changes"], plain("shapes", json!(list)));
}
