"""botocore's client of the embedded engine: it sends nothing to a program that isn't the engine."""

from pathlib import Path
from typing import Any

from localdynamo import EngineFailed, credentials_of, demand_proof
from teamcal.deadline import remaining
from teamcal.storage.time_limit import replace_connections

PROOF_SECONDS = 2.2
"""As long as for an answer: an engine that has much to do proves itself after what came before."""
_OTHER_BOTOCORE = (
    "이 botocore의 연결은 다른 형태여서 내장 엔진을 확인할 수 없습니다: pip install -r requirements.txt\n"
    "This botocore's connections have another form, and the embedded engine can't be verified: "
    "pip install -r requirements.txt"
)


def trust_only_the_engine(client: Any, folder: Path) -> None:
    """Makes a new client demand the proof on each connection that it opens. Raises EngineFailed.

    Where the engine isn't, its calls fail with EngineFailed inside of botocore's HTTPClientError.
    """

    def proving(connection_class: Any) -> Any:
        class Proving(connection_class):
            def connect(self) -> None:
                super().connect()
                try:
                    # The file's own: should it be a new one, the engine refuses the client's calls, and
                    # then the client gets a new one as well.
                    key, seconds = credentials_of(folder).secret_access_key, max(remaining(), 0.1)
                    demand_proof(self.sock, self.port, key, min(PROOF_SECONDS, seconds))
                except BaseException:
                    self.close()
                    raise

        return Proving

    try:
        replace_connections(client, proving)
    except Exception as error:
        raise EngineFailed(_OTHER_BOTOCORE) from error
