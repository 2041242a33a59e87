package countersign.lib.grants

# Permissions of Microsoft Graph, which an application gets by the id of an app role or of a delegated permission. What a
# permission means stands in its name: Thing.Read.All. The setting `app_roles` names more ids.
graph_rows(spec, attributes, hidden) := [row |
	some found in values_at(attributes, spec.path)
	some id in strings(found.value)
	some subject in principals_of(spec, attributes, hidden)
	word := object.get(graph_permissions, lower(id), id)
	row := simple_row(spec, attributes, hidden, subject, found.at, word, graph_verdict(word))
]

graph_permissions := object.union(data.countersign.tables.azure_graph.permissions, object.get(settings, "app_roles", {}))

# The first verdict that fits holds; an id without a name fits none.
graph_verdict(name) := "sensitive-read" if {
	regex.match(graph_reads, name)
	regex.match(graph_sensitive, name)
} else := "read-only" if {
	regex.match(graph_reads, name)
} else := "read-only" if {
	name in ["openid", "profile", "email"]
} else := "cannot-prove" if {
	regex.match(graph_unclear, name)
} else := "not-read-only" if {
	regex.match(`^[A-Za-z0-9_-]+\.[A-Za-z]`, name)
} else := "cannot-prove"

graph_reads := `^[A-Za-z0-9_-]+\.Read(Basic|Anonymous|Selected)?(For(Chat|Team|User))?(\.[A-Za-z0-9]+)?$`

# Reads of what people wrote, said or keep, and of keys.
graph_sensitive := concat("", [
	`^(AiEnterpriseInteraction|BitlockerKey|Calendars|CallAiInsights|CallRecordings|CallTranscripts|ChannelMessage|Chat|ChatMessage|`,
	`Contacts|DeviceLocalCredential|EngagementConversation|ExternalItem|Files|Group-Conversation|Mail|MailboxItem|Notes|`,
	`OnlineMeetingAiInsight|OnlineMeetingRecording|OnlineMeetingTranscript|ShortNotes|Sites|SubjectRightsRequest|Tasks|`,
	`ThreatHunting|TrustFrameworkKeySet|eDiscovery)\.Read(\.|$)`,
])

# What these may do is decided elsewhere, or is no plain read or write.
graph_unclear := `(^offline_access$|\.Selected$|\.(AccessMedia|Compute|Evaluate|Export|Process|Receive)(\.|$))`
