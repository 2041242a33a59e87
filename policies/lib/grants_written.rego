package countersign.lib.grants

# Policy documents that are known only after apply, as the configuration's files write them: `jsonencode({...})` with
# literal actions. What is no literal there is the object {"(unknown)": true}. The files are those of the commit under
# review; that the plan was made from them is known only with the binary plan.

written_document(spec, rc) := document if {
	spec.kind in ["aws_document", "aws_resource_document"]
	count(spec.path) == 1
	address := data.countersign.lib.addresses.configuration_address(rc)

	# An override file may replace what is written, so there must be one block of that address.
	written_blocks_at[address] == 1
	document := written_documents[address][spec.path[0]]
}

written_documents[address] := {d.attribute: d | some d in list} if {
	some address, list in documents_at
}

documents_at[address] contains d if {
	count(pending) > 0
	some d in input.countersign.source.documents
	address := d.address
}

written_blocks_at := {address: count(list) | some address, list in {a: b |
	some a, _ in documents_at
	b := [1 | some block in input.countersign.source.blocks; block.address == a]
}}

# Without a proof the plan may hold something else, so a row stays that cannot be proven.
written_rows(spec, grant, document) := array.concat(
	[object.union(row, {"written": place}) |
		some row in source_document_rows(spec, grant, data.countersign.lib.principals_aws.document(document.document))
	],
	[unknown_row(spec, grant, sprintf("(known after apply; %s is not proven to be what was planned)", [place])) | not is_proven],
) if {
	place := sprintf("%v:%v", [document.file, document.line])
}

is_proven if input.countersign.provenance.proof.verdict == "proven"

# written_text says where the actions of a finding are written.
written_text(gains) := sprintf(" So it is written in %s; the plan knows it only after the apply.", [five(places)]) if {
	places := sort({gain.row.written | some gain in gains})
	count(places) > 0
} else := ""

# is_open_text tells gains of documents that are only written, without a proof.
is_open_text(gains) if {
	not is_proven
	some gain in gains
	gain.row.written
}
