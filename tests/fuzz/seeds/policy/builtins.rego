package acme

import rego.v1

deny contains msg if {
	some n in numbers.range(1, 5)
	parts := split(sprintf("%05d-%x-%v", [n, n * 7, {"a": [n]}]), "-")
	text := concat("/", array.concat(parts, array.slice(parts, 0, 1)))
	merged := object.union({"a": n}, json.patch({"b": 1}, [{"op": "add", "path": "/c", "value": n}]))
	json.unmarshal(json.marshal(merged)).a == n
	yaml.unmarshal("a: [1, 2]").a[_] > 1
	time.parse_rfc3339_ns(input.timestamp) < time.now_ns()
	net.cidr_contains("10.0.0.0/8", sprintf("10.0.0.%d", [n]))
	semver.compare(input.terraform_version, "1.0.0") > 0
	base64.decode(base64.encode(text)) == text
	bits.lsh(1, n) > 1
	count(regex.find_n(`[0-9]+`, text, -1)) > 0
	graph.reachable({"a": ["b"], "b": []}, {"a"}) == {"a", "b"}
	msg := strings.replace_n({"1": "one"}, upper(trim(substring(text, 0, 9), "0")))
}

warn contains "with" if {
	count(deny) > 0 with input as {"timestamp": "2026-01-01T00:00:00Z", "terraform_version": "1.2.3"}
}
