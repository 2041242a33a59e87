//! Why a change is planned, in words.

/// The plan's word for a reason as a sentence part; none where this version does not know it.
pub(super) fn words(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "replace_because_tainted" => "it is tainted: an earlier apply did not finish it",
        "replace_because_cannot_update" => "the provider cannot change this in place",
        "replace_by_request" => "its replacement was asked for with -replace",
        "replace_by_triggers" => "something in its replace_triggered_by changes",
        "delete_because_no_resource_config" => {
            "its resource block is no longer in the configuration"
        }
        "delete_because_no_module" => "its module is no longer in the configuration",
        "delete_because_wrong_repetition" => "its block uses count or for_each in another way now",
        "delete_because_count_index" => "its index is beyond the block's count",
        "delete_because_each_key" => "its key is no longer in the block's for_each",
        "delete_because_no_move_target" => "the place it was moved to is not in the configuration",
        "read_because_config_unknown" => "its arguments are known only during apply",
        "read_because_dependency_pending" => "something it depends on changes first",
        "read_because_check_nested" => "it belongs to a check",
        _ => return None,
    })
}
