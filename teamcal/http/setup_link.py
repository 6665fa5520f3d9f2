"""What the log says as long as nobody administers: how the first administrator is made."""

import logging
from collections.abc import Callable

from teamcal.calendar.first_administrator import FirstAdministrator
from teamcal.deadline import REQUEST_SECONDS, within
from teamcal.errors import CalendarError
from teamcal.http.exposure import Exposure
from teamcal.signin import setup

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0
START_SECONDS = 0.5
"""Until then the server knows on which address it listens."""
LINK_TEXT = """아직 관리자가 없습니다(AUTH_MODE=token). 30분 안에 다음 링크를 열어 첫 관리자를 만드세요. 한 번만 쓸 수 있습니다.
  {link}
  There is no administrator yet. Open this link within 30 minutes to make the first one. It works once."""  # noqa: E501 -- a line of the log is one
SHOWN_TEXT = """아직 관리자가 없습니다(AUTH_MODE=token). 첫 관리자를 만드는 링크가 30분 안에 이 로그나 다른 서버의 로그에 나왔습니다. 링크를 찾을 수 없으면 이 서버에서 `flask user create 아이디 --admin`을 실행하거나, 30분 뒤에 다시 시작해 새 링크를 받으세요.
  There is no administrator yet. The link that makes the first one was shown in this log, or another server's, within the last 30 minutes. If you can't find it, run `flask user create LOGIN --admin` on the server, or start it again after that time for a new one."""  # noqa: E501 -- as above
NO_ADDRESS = "http://…"
"""Where only ALLOWED_HOSTS is set: the server doesn't know what people call it."""


def show_setup_link(first: FirstAdministrator, exposure: Exposure, sleep: Callable[[float], None]) -> None:
    """A task: logs the link, if one is needed. Waits for the storage."""
    sleep(START_SECONDS)
    while True:
        try:
            with within(REQUEST_SECONDS):
                if not first.is_missing():
                    return
                code = first.offer()
            break
        except CalendarError as error:
            logger.info("the first administrator has to wait: %s", error.code)
            sleep(PAUSE_SECONDS)
    text = (
        SHOWN_TEXT
        if code is None
        else LINK_TEXT.format(link=setup.link(exposure.address or NO_ADDRESS, code))
    )
    logger.warning("%s", text, extra={"several_lines": True})
