"""In which language the server speaks: the profile's, else the browser's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import serving

from retrorun import profile
from retrorun.archive import Archive


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("language")
    serving.imported(place / "exports", place / "archive")
    return serving.at_rest(place)


@pytest.fixture(scope="module")
def client(place: Path) -> Iterator[serving.Client]:
    with serving.running(serving.setup(place, reads_per_s=1e4, reads_at_once=1e4)) as found:
        yield found


def page(client: serving.Client, path: str, accepted: str | None) -> str:
    reply = client.ask("GET", path, headers={"Accept-Language": accepted})
    assert reply.status == 200, reply.body
    return reply.body.decode()


def paths(place: Path) -> list[str]:
    with Archive.open(place / "archive") as store:
        (session,) = store.known()
    return ["/", "/comparison", f"/sessions/{session}", "/review"]


def test_pages_speak_the_browsers_language(place: Path, client: serving.Client) -> None:
    for path in paths(place):
        for accepted, name in (("de-AT,de;q=0.9", "de"), ("fr,en", "en"), (None, "en")):
            assert f'<html lang="{name}">' in page(client, path, accepted), (path, accepted)


def test_what_waits_is_said_in_it_too(client: serving.Client) -> None:
    german = client.ask("GET", "/api/inbox", headers={"Accept-Language": "de"}).json
    english = client.ask("GET", "/api/inbox").json
    assert german["queue"][0]["likely"].startswith("wahrscheinlich")
    assert english["queue"][0]["likely"].startswith("likely")
    assert english["learnt"].startswith("Nothing is learnt")
    assert german["learnt"].startswith("Noch ist nichts gelernt")


def test_a_refusal_is_said_in_it_too(client: serving.Client) -> None:
    reply = client.ask("GET", "/api/nothing", headers={"Accept-Language": "de"})
    assert reply.json == {"error": "Diese Adresse gibt es nicht."}
    assert client.ask("GET", "/api/nothing").json == {"error": "There is no such address."}
    headers = {"Accept-Language": "de", "Cookie": None}
    assert client.ask("GET", "/", headers=headers).body.decode().startswith("Öffne die Adresse")


def test_who_follows_a_link_to_no_page_gets_a_page_that_leads_back(client: serving.Client) -> None:
    wanted = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    english = client.ask("GET", "/nothing", headers=wanted)
    german = client.ask("GET", "/nothing", headers=wanted | {"Accept-Language": "de"})
    assert (english.status, german.status) == (404, 404)
    page = english.body.decode()
    assert "There is no page here." in page
    assert '<a class="button" href="/">See all sessions</a>' in page
    assert "Hier gibt es keine Seite." in german.body.decode()


@pytest.mark.parametrize("accepted", ["de;q=2", ",,,", "d" * 8000, "de\t;", "\xff\xfe", "*;q=0"])
def test_an_odd_header_costs_nothing(client: serving.Client, accepted: str) -> None:
    assert '<html lang="en">' in page(client, "/", accepted)


def test_the_profiles_language_goes_before_the_browsers(tmp_path: Path) -> None:
    serving.imported(tmp_path / "exports", tmp_path / "archive")
    serving.at_rest(tmp_path)
    with Archive.open(tmp_path / "archive") as store:
        store.annotations.set_profile(profile.stated({"language": "de"}))
    with serving.running(serving.setup(tmp_path)) as client:
        for path in paths(tmp_path):
            assert '<html lang="de">' in page(client, path, "en")
        refused = client.ask("GET", "/api/nothing", headers={"Accept-Language": "en"})
        assert refused.json == {"error": "Diese Adresse gibt es nicht."}
        with Archive.open(tmp_path / "archive") as store:
            store.annotations.set_profile(profile.stated({}))
        assert '<html lang="en">' in page(client, "/", "en")
