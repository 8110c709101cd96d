"""What Slack's `ok: false` means for a delivery: whose fault it is, and whether the message may be there all the same.

Sources: the tables of errors at docs.slack.dev/reference/methods/chat.postMessage, /chat.update and
/conversations.history.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from monitor.notifiers.base import Fault

UNSURE: Final = frozenset({"internal_error", "fatal_error"})
"""Documented as "it's possible some aspect of the operation succeeded before the error was raised"."""

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    dict.fromkeys(
        (
            "ratelimited",
            "rate_limited",
            "message_limit_exceeded",  # this team sends too many messages
            "service_unavailable",
            "request_timeout",  # the body arrived cut, nothing was done
            "team_added_to_org",  # being migrated, back later
            "org_login_required",  # likewise
            "external_channel_migrating",
            "update_failed",
        ),
        Fault.SERVICE,
    )
    | dict.fromkeys(
        (
            "not_authed",
            "invalid_auth",
            "account_inactive",
            "token_revoked",
            "token_expired",
            "no_permission",
            "missing_scope",
            "not_allowed_token_type",
            "access_denied",
            "accesslimited",
            "ekm_access_denied",
            "enterprise_is_restricted",
            "two_factor_setup_required",
            "team_access_not_granted",
            "team_not_found",
            "deprecated_endpoint",
            "method_deprecated",
            "unknown_method",
            "as_user_not_supported",
        ),
        Fault.CREDENTIALS,
    )
    | dict.fromkeys(
        (
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "is_inactive",
            "user_not_found",
            "messages_tab_disabled",
            "cannot_dm_bot",
            "restricted_action",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "channel_type_not_supported",
        ),
        Fault.DESTINATION,
    )
    | dict.fromkeys(
        (
            "message_not_found",
            "thread_not_found",
            "invalid_thread_ts",
            "cannot_reply_to_message",
            "cant_update_message",
            "edit_window_closed",
            "restricted_action_non_threadable_channel",
            "restricted_action_thread_locked",
        ),
        Fault.PARENT,
    )
    | dict.fromkeys(
        (
            "no_text",
            "msg_too_long",
            "msg_blocks_too_long",
            "invalid_blocks",
            "invalid_blocks_format",
            "invalid_metadata_format",
            "invalid_metadata_schema",
            "metadata_too_large",
            "metadata_must_be_sent_from_app",
            "invalid_arguments",
            "invalid_arg_name",
            "invalid_array_arg",
            "invalid_charset",
            "invalid_form_data",
            "invalid_json",
            "invalid_post_type",
            "json_not_object",
            "missing_post_type",
            "too_many_attachments",
        ),
        Fault.MESSAGE,
    )
)


def fault_of(code: str) -> Fault:
    """Return whose fault an error is. An unknown one counts as the channel's: the fallback tells it, nobody retries."""
    return FAULTS.get(code, Fault.DESTINATION)
