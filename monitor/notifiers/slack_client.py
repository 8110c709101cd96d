"""One call of Slack's Web API, and what its answer means.

The SDK's own retries are off: its default posts again after a dropped connection, which nobody would notice but the
reader of two messages. Its log is off as well: at DEBUG it writes out messages, answers and proxy addresses.
"""

import logging
import re
from http.client import HTTPException, InvalidURL
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web import SlackResponse

from monitor.notifiers.base import AmbiguousDelivery, DeliveryError, Fault
from monitor.notifiers.slack_errors import UNSURE, fault_of
from monitor.notifiers.wire import retry_after, was_not_sent, why

BASE_URL: Final = WebClient.BASE_URL
CODE: Final = re.compile(r"[a-z0-9_]+")
OK: Final = 200
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500


def web_client(token: str | None, base_url: str, timeout: int) -> WebClient:
    """Return the SDK's client, which neither retries nor logs. Proxies are taken from the environment."""
    return WebClient(
        token,
        base_url=base_url,
        timeout=timeout,
        retry_handlers=[],
        logger=_silence(),
        user_agent_prefix="pactwatch",
    )


class SlackClient:
    """Calls with one bot token."""

    def __init__(self, token: str, *, base_url: str = BASE_URL, timeout: int = 10) -> None:
        """Connect to nothing yet. `timeout` in seconds is for each wait on the network."""
        self._client = web_client(token, base_url, timeout)

    def call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - the SDK's own
        """Make one call. Raises DeliveryError when nothing was done, AmbiguousDelivery when something may have been."""
        data = self.answer(method, **arguments).data
        return data if isinstance(data, dict) else {}

    def answer(self, method: str, **arguments: Any) -> SlackResponse:  # noqa: ANN401 - the SDK's own
        """Make one call and return the answer with its headers; raises like `call`."""
        try:
            return self._client.api_call(method, **arguments)
        except SlackApiError as error:
            raise refused(method, error) from None  # its text repeats the whole answer, and so would a log
        except (SlackRequestError, InvalidURL) as error:
            raise DeliveryError("[slack] base_url is no web address", fault=Fault.CREDENTIALS) from error
        except (OSError, HTTPException) as error:
            if was_not_sent(error):
                raise DeliveryError(f"Slack cannot be reached: {why(error)}") from error
            raise AmbiguousDelivery(f"{method} was not answered: {why(error)}") from error
        except (ValueError, AttributeError) as error:  # an answer that is JSON but no object, or bytes that are no text
            raise AmbiguousDelivery(f"{method} was answered with something that is not Slack's") from error


class RefusalError(DeliveryError):
    """An `ok: false` with its code."""

    def __init__(self, code: str, reason: str, *, fault: Fault, retry_after: float | None) -> None:
        """Keep the code beside what it means."""
        self.code = code
        super().__init__(reason, fault=fault, retry_after=retry_after)


def refused(method: str, error: SlackApiError) -> DeliveryError | AmbiguousDelivery:
    """Return what an answer means that is not `ok: true`. HTTP 200 is no success."""
    response = error.response
    status = int(response.status_code)
    data = response.data if isinstance(response.data, dict) else {}
    code = str(data.get("error") or "")
    wait = retry_after(response.headers)
    if status == TOO_MANY:
        return RefusalError("ratelimited", f"{method}: Slack asks to wait", fault=Fault.SERVICE, retry_after=wait)
    if status >= SERVER_ERROR or code in UNSURE:
        told = code if CODE.fullmatch(code) else f"HTTP {status}"
        return AmbiguousDelivery(f"{method}: {told}", retry_after=wait)
    if not CODE.fullmatch(code):
        if status == OK:
            return AmbiguousDelivery(f"{method} was answered with something that is not Slack's", retry_after=wait)
        return DeliveryError(f"{method}: HTTP {status}, and not from Slack", retry_after=wait)
    reason = f"{method}: {code}"
    if needed := data.get("needed"):
        reason += f", needs {needed}"
    if problems := (data.get("response_metadata") or {}).get("messages"):
        reason += f": {'; '.join(map(str, problems))[:300]}"
    return RefusalError(code, reason, fault=fault_of(code), retry_after=wait)


def _silence() -> logging.Logger:
    """Return a logger that says nothing at any level."""
    logger = logging.getLogger(f"{__name__}.sdk")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger
