package countersign.policies.read_only_principals

finding(gained_by, expansions) := object.union(
	{
		"rule": rule_of(verdict),
		"address": grant.address,
		"attribute": telling[0].row.at,
		"subject": label,
		"certainty": certainty_of(verdict, telling),
		"severity": severity_of(verdict),
		"msg": sprintf("%s %s%s", [opening(verdict, label, grant.address), detail, data.countersign.lib.grants.written_text(telling)]),
		"facts": object.union(facts, data.countersign.lib.grants.context_of(telling)),
	},
	{"deposed": deposed | deposed := grant.rc.deposed},
) if {
	grant := gained_by.grant
	label := gained_by.label
	verdict := worst(gained_by.gains)
	field := field_of(verdict)
	telling := [gain | some gain in gained_by.gains; count(gain[field]) > 0]
	told := data.countersign.lib.grants.told(telling, field, expansions)
	facts := object.union(
		{"verdict": verdict, "actions": told.actions, "pattern": data.countersign.lib.grants.five(told.patterns)},
		{"public": true | data.countersign.lib.grants.is_public_principal(label)},
	)
	detail := detail_of(verdict, told, object.get(grant, "references", []))
}

worst(gains) := "not-read-only" if {
	some gain in gains
	count(gain.write) > 0
} else := "cannot-prove" if {
	some gain in gains
	count(gain.unknown) > 0
} else := "sensitive-read"

field_of("not-read-only") := "write"

field_of("cannot-prove") := "unknown"

field_of("sensitive-read") := "sensitive"

rule_of("not-read-only") := "deny"

rule_of("cannot-prove") := "deny"

rule_of("sensitive-read") := "warn" if object.get(settings, "allow_sensitive_read", true) != false

rule_of("sensitive-read") := "deny" if object.get(settings, "allow_sensitive_read", true) == false

certainty_of(verdict, telling) := "unknown" if {
	verdict == "cannot-prove"
} else := "unknown" if {
	data.countersign.lib.grants.is_open_text(telling)
} else := "proven"

severity_of("not-read-only") := "high"

severity_of("cannot-prove") := "medium"

severity_of("sensitive-read") := "low"

opening("not-read-only", label, address) := sprintf("%s gains more than read access through %s:", [data.countersign.lib.grants.who(label, address), address])

opening("sensitive-read", label, address) := sprintf("%s gains read access to secrets or data through %s:", [data.countersign.lib.grants.who(label, address), address])

opening("cannot-prove", label, address) := sprintf("It cannot be told whether %s gives only read access to %s:", [address, whom(label, address)])

# Within a sentence names keep their spelling, and words begin small.
whom(label, address) := concat("", [lower(substring(who, 0, 1)), substring(who, 1, -1)]) if {
	who := data.countersign.lib.grants.who(label, address)
	who != label
} else := label

detail_of("cannot-prove", told, references) := sprintf("%s%s.", [data.countersign.lib.grants.five(told.patterns), data.countersign.lib.grants.reference_text(references)])

detail_of(verdict, told, _) := sprintf("%s%s%s.", [concat(", ", told.actions), data.countersign.lib.grants.more_text(told.total - count(told.actions)), data.countersign.lib.grants.pattern_text(told)]) if {
	verdict != "cannot-prove"
	count(told.actions) > 0
}

detail_of(verdict, told, _) := sprintf("pattern %s.", [data.countersign.lib.grants.five(told.patterns)]) if {
	verdict != "cannot-prove"
	count(told.actions) == 0
}
