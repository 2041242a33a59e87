//! Policies that quote everything they can reach, in every form and in every place of a result, and that fail while they do.

/// Where the policies are that quote, and work.
pub(crate) const QUOTING: &str = "quoting";

/// Where those are that fail.
pub(crate) const BROKEN: &str = "broken";

/// Expressions over a text `v` that put it into another form.
const FORMS: &[(&str, &str)] = &[
    ("raw", "v"),
    ("json", "json.marshal(v)"),
    ("json_twice", "json.marshal(json.marshal([v]))"),
    ("yaml", "yaml.marshal({\"k\": v})"),
    (
        "yaml_deep",
        "yaml.marshal({\"a\": {\"b\": [v, {\"c\": v}]}})",
    ),
    ("base64", "base64.encode(v)"),
    ("base64_one", "base64.encode(sprintf(\"x%s\", [v]))"),
    ("base64_two", "base64.encode(sprintf(\"xy%syz\", [v]))"),
    ("base64url", "base64url.encode(v)"),
    (
        "base64url_no_pad",
        "base64url.encode_no_pad(sprintf(\"u%s\", [v]))",
    ),
    ("hex", "hex.encode(v)"),
    ("query", "urlquery.encode(v)"),
    ("query_object", "urlquery.encode_object({\"k\": v})"),
    ("quoted", "sprintf(\"%q\", [v])"),
    ("debug", "sprintf(\"%#v\", [[v]])"),
    ("hexadecimal", "sprintf(\"%x\", [v])"),
    ("hexadecimal_upper", "sprintf(\"%X\", [v])"),
    ("extra", "sprintf(\"nothing\", [v])"),
    ("wrong_verb", "sprintf(\"%d\", [v])"),
    (
        "shell",
        "concat(\"\", [\"'\", replace(v, \"'\", \"'\\\\''\"), \"'\"])",
    ),
    ("indented", "concat(\"\\n      \", split(v, \"\\n\"))"),
];

/// Bodies of rules that fail, or may, at run time with a secret at hand as `v`.
const FAILING: &[&str] = &[
    "x := to_number({v: v})",
    "x := time.parse_rfc3339_ns(v)",
    "x := json.unmarshal(v)",
    "x := yaml.unmarshal(v)",
    "x := regex.match(concat(\"\", [v, \"(\"]), \"text\")",
    "x := regex.match(v, \"text\")",
    "x := glob.match(v, [], v)",
    "x := semver.compare(v, \"1.0.0\")",
    "x := base64.decode(v)",
    "x := hex.decode(v)",
    "x := units.parse_bytes(v)",
    "x := net.cidr_contains(v, \"10.0.0.1\")",
    "x := concat(v, 7)",
    "x := concat(7, [v])",
    "x := upper([v])",
    "x := sprintf([v], v)",
    "x := v - 1",
    "x := v + [v]",
    "x := v / 0",
    "x := count(v) / 0",
    "x := numbers.range(v, 7)",
    "x := substring(v, v, 2)",
    "x := object.get(v, v, v)",
    "x := object.remove(v, [v])",
    "x := sum([v])",
    "x := max(v)",
    "x := bits.and(v, 1)",
    "x := format_int(v, 10)",
    "x := split([v], v)",
    "x := graph.reachable(v, v)",
    "x := json.patch({}, [{\"op\": \"remove\", \"path\": v}])",
    "x := json.filter({}, v)",
    "x := {k: w | some k in [v, v]; some w in [1, v]}",
    "x := clash(v)",
    "x := time.add_date(v, 1, 1, 1)",
    "x := strings.replace_n({v: 7}, v)",
    "x := replace(v, 7, v)",
    "x := trim([v], v)",
    "x := base64.encode([v])",
    "x := input.resource_changes[v].x[v] + v",
    "x := union([v])",
    "x := indexof(v, [v])",
    "x := is_string(v) - v",
    "x := abs(v)",
    "x := round([v])",
];

/// The files of the bundle.
pub(crate) fn files() -> Vec<(String, String)> {
    let head = "import rego.v1\n\ntexts contains v if {\n\twalk(input, [_, v])\n\tis_string(v)\n\tcount(v) > 7\n}\n\n\
                keys contains k if {\n\twalk(input, [path, _])\n\tsome k in path\n\tis_string(k)\n\tcount(k) > 15\n}\n\n";
    let mut out = Vec::new();
    let mut file = |directory: &str, name: String, body: String| {
        out.push((
            format!("{directory}/{name}.rego"),
            format!("package leak.{name}\n\n{head}{body}"),
        ));
    };
    for (name, form) in FORMS {
        file(
            QUOTING,
            format!("form_{name}"),
            format!(
                "shown := [x | some v in texts; x := {form}]\n\ndeny contains msg if {{\n\tmsg := concat(\" \", shown)\n}}\n\n\
                 deny contains {{\"msg\": \"facts\", \"facts\": {{\"deep\": {{\"l\": [shown]}}}}}}\n"
            ),
        );
    }
    file(QUOTING, "whole".into(), WHOLE.to_owned());
    file(QUOTING, "places".into(), PLACES.to_owned());
    file(BROKEN, "prints".into(), PRINTS.to_owned());
    for (number, body) in FAILING.iter().enumerate() {
        file(
            BROKEN,
            format!("failing_{number}"),
            format!(
                "clash(v) := 1\n\nclash(v) := v\n\ndeny contains msg if {{\n\tsome v in texts\n\t{body}\n\tmsg := sprintf(\"%v\", [x])\n}}\n"
            ),
        );
    }
    for (number, body) in CONFLICTS.iter().enumerate() {
        file(BROKEN, format!("conflict_{number}"), (*body).to_owned());
    }
    out
}

const WHOLE: &str = r#"
deny contains sprintf("%v", [input])

deny contains json.marshal(input)

deny contains json.marshal(json.marshal(input))

deny contains yaml.marshal(input)

deny contains base64.encode(json.marshal(input))

deny contains urlquery.encode(json.marshal(input))

deny contains hex.encode(json.marshal(input))

deny contains {"msg": "the whole input", "facts": input}

deny contains {"msg": "the whole input as a list", "facts": {"input": [input, [input]]}}

deny contains {"msg": msg, "address": change.address} if {
	some change in input.resource_changes
	msg := sprintf("%v", [change.change])
}

warn contains {"msg": "values", "address": change.address, "facts": object.union({"numbers": numbers}, after)} if {
	some change in input.resource_changes
	after := {"after": change.change.after, "before": [change.change.before], "input": change.change.after.input}
	numbers := [n | walk(change.change, [_, n]); is_number(n)]
}
"#;

const PLACES: &str = r#"
deny contains {
	"msg": "everywhere", "address": v, "subject": v, "attribute": v, "file": v, "line": 1, "deposed": v, "facts": {v: v},
} if {
	some v in texts
}

deny contains {"msg": "steps", "attribute": ["a", v, 0, {"k": v}], "subject": "x"} if {
	some v in texts
}

deny contains {"msg": "names", "facts": {k: true | some k in keys}}

deny contains {"msg": "deposed", "address": change.address, "deposed": v} if {
	some v in texts
	some change in input.resource_changes
	change.name == "rotated"
}
"#;

const PRINTS: &str = r#"
deny contains "printed" if {
	print(input)
	print(json.marshal(input), yaml.marshal(input))
}

deny contains "printed again" if {
	some v in texts
	print("value:", v, [v], {v: v}, json.marshal([v]))
}
"#;

const CONFLICTS: &[&str] = &[
    "only := v if {\n\tsome v in texts\n}\n\ndeny contains msg if {\n\tmsg := only\n}\n",
    "table[k] := v if {\n\tsome k in [\"a\", \"b\"]\n\tsome v in texts\n}\n\ndeny contains msg if {\n\tmsg := table.a\n}\n",
    "table[k] := v if {\n\tsome k in texts\n\tsome v in [1, 2]\n}\n\ndeny contains msg if {\n\tmsg := sprintf(\"%v\", [table])\n}\n",
    "deny contains {\"msg\": \"severity\", \"severity\": v} if {\n\tsome v in texts\n}\n",
    "deny contains {\"msg\": \"severity\", \"severity\": {v: v}} if {\n\tsome v in texts\n}\n",
    "deny contains {\"msg\": \"certainty\", \"certainty\": v} if {\n\tsome v in texts\n}\n",
    "deny contains {\"msg\": {v: v}} if {\n\tsome v in texts\n}\n",
    "deny contains [v] if {\n\tsome v in texts\n}\n",
    "deny contains \"slow\" if {\n\tsome a in texts\n\tsome b in texts\n\ta != b\n\tstartswith(a, b)\n}\n",
];
