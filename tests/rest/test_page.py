"""The page's files: which are given out, in which encoding, and how long they may be kept."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from teamcal.rest import page
from teamcal.rest.page import encoding_for
from tests import sample_page
from tests.house import House

HTML = {"Accept": "text/html"}
FOR_GOOD = "public, max-age=31536000, immutable"


@pytest.fixture(params=[True, False], ids=["fast path", "Flask"])
def http(request: pytest.FixtureRequest, house: House) -> Any:
    return house.server(fast_path=request.param).http


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("BR", "br"),
        ("*", "br"),
        ("br;q=0, *", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*;q=0", None),
        ("deflate", None),
        ("identity", None),
        ("identity;q=1, br;q=0.3", None),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("gzip;q=x", None),
        ("identity;q=0", None),
        ("br;q=0.001", "br"),
        (",;,", None),
        ("br" + ", x" * 9_000, "br"),
    ],
)
def test_the_encoding_is_the_one_that_the_client_prefers(header: str, encoding: str | None) -> None:
    assert encoding_for(header) == encoding


@pytest.mark.parametrize("path", ["/", "/sw.js", sample_page.SCRIPT, sample_page.STYLE, sample_page.ICON])
def test_a_file_comes_in_each_encoding_with_a_tag_of_its_own(http: Any, path: str) -> None:
    content = sample_page.CONTENTS[path[1:] or "index.html"]
    tags = set()
    for encoding, body in ((None, content), ("gzip", gzip.compress(content)), ("br", sample_page.BROTLI)):
        answer = http.get(path, headers={**HTML, "Accept-Encoding": encoding or ""})
        assert answer.status_code == 200
        assert answer.headers.get("Content-Encoding") == encoding
        assert "Accept-Encoding" in answer.headers["Vary"]
        assert (gzip.decompress(answer.data) if encoding == "gzip" else answer.data) == (
            content if encoding == "gzip" else body
        )
        again = {**HTML, "Accept-Encoding": encoding or "", "If-None-Match": answer.headers["ETag"]}
        unchanged = http.get(path, headers=again)
        assert (unchanged.status_code, unchanged.data) == (304, b"")
        assert unchanged.headers["Cache-Control"] == answer.headers["Cache-Control"]
        tags.add(answer.headers["ETag"])
    assert len(tags) == 3


def test_what_has_a_hash_in_its_name_is_kept_for_good_and_nothing_else(http: Any) -> None:
    for path in (sample_page.SCRIPT, sample_page.STYLE, sample_page.ICON, "/web/licences-1.txt"):
        assert http.get(path).headers["Cache-Control"] == FOR_GOOD
    for path in ("/", "/sw.js", "/web/none.js"):
        assert http.get(path, headers=HTML).headers["Cache-Control"] == "no-cache"


def test_a_service_worker_may_fetch_what_the_page_may(http: Any) -> None:
    answer = http.get("/sw.js")
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/web/index.html",
        "/web/builds.json",
        "/web/../builds.json",
        "/web/..%2findex.html",
        "/web/%2e%2e/sw.js",
        "/web/web/x.js",
        sample_page.SCRIPT + ".br",
        sample_page.SCRIPT + ".gz",
        "/web/.js",
        "/web/..js",
        "/web/x.js/",
        "/web//" + sample_page.SCRIPT[5:],
        sample_page.SCRIPT.upper(),
        "/web/\x00.js",
        "/web/가.js",
        "/web/" + "a" * 5_000 + ".js",
        "/web/dist/sw.js",
        "/web",
        "/web/",
    ],
)
def test_no_name_leads_elsewhere(http: Any, path: str) -> None:
    assert http.get(path).status_code == 404


def test_without_a_build_a_browser_reads_how_to_make_it(
    http: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(page, "DIST", tmp_path / "none")
    answer = http.get("/", headers=HTML)
    assert (answer.status_code, answer.content_type) == (503, "text/html; charset=utf-8")
    assert answer.text.count("<pre>make page</pre>") == 2
    assert 'lang="ko"' in answer.text
    assert 'lang="en"' in answer.text
    assert "style" not in answer.text
    assert http.get("/").json["status"] == "running"
    assert http.get("/api/departments").status_code == 200
    assert http.get(sample_page.SCRIPT).status_code == 404


def test_a_file_without_a_compressed_copy_is_sent_as_it_is(
    http: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dist = sample_page.lay(tmp_path / "dist")
    (dist / (sample_page.SCRIPT[1:] + ".br")).unlink()
    monkeypatch.setattr(page, "DIST", dist)
    answer = http.get(sample_page.SCRIPT, headers={"Accept-Encoding": "br"})
    assert (answer.data, answer.headers.get("Content-Encoding")) == (b"export {};", None)
