"""The simulated Fly API answers as the real one: what flyctl reads, what it writes, and how it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pytest_gaia_parity.adapters import fly_json
from tests.flyctl.world import Fault, World

if TYPE_CHECKING:
    import httpx

APP = "gaia-auth-dev"
MACHINES = f"/v1/apps/{APP}/machines"
MACHINE = f"{MACHINES}/1111111111aaaa"
V2 = "registry.fly.io/gaia:v2"
APP_QUERY = "query ($appName: String!) { appcompact:app(name: $appName) { id name } }"


def graphql(api: httpx.Client, query: str, **variables: Any) -> Any:
    answer = api.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


@pytest.mark.parametrize(
    ("query", "keys"),
    [
        (APP_QUERY, {"appcompact"}),
        ("query ($appName: String!) {\n\tappbasic:app(name: $appName) {\n\t\tid\n\t}\n}", {"appbasic"}),
        ("query FlyctlConfigCurrentRelease ($appName: String!) { app(name: $appName) { currentReleaseUnprocessed { configDefinition } } }", {"app"}),
        ("query LatestImage($appName:String!) { app(name:$appName) { currentReleaseUnprocessed { id version imageRef } } }", {"app"}),
        ("query { app(name: $appName) { currentRelease: currentReleaseUnprocessed { version } } }", {"app"}),
        ("query { app(name: $appName) { releases: releasesUnprocessed(first: $limit) { nodes { id } } } }", {"app"}),
        ("query { latestImageDetails(image: $image, flyVersion: $flyVersion) { tag } }", {"latestImageDetails"}),
        ('query { apps(type: "container", first: 200, after: $after) { nodes { id } } }', {"apps"}),
        ("query { app(name: $appName) { id image(ref: $imageRef) { id digest } } }", {"app"}),
        ("query { app(name: $appName) { machines { nodes { egressIpAddresses { nodes { ip } } } } } }", {"app"}),
        ("query { canPerformBluegreenDeployment(name: $appName) }", {"canPerformBluegreenDeployment"}),
    ],
)  # fmt: skip
def test_each_query_of_flyctl_is_answered(api: httpx.Client, world: World, query: str, keys: set[str]) -> None:
    answer = graphql(api, query, appName=APP, image=V2, imageRef=V2, limit=25)
    assert "errors" not in answer
    assert set(answer["data"]) == keys
    assert None not in answer["data"].values()
    assert world.unserved == []


def test_a_query_that_is_not_served_is_refused_and_remembered(api: httpx.Client, world: World) -> None:
    assert "errors" in graphql(api, "query { weather }")
    assert world.unserved == ["query{weather}"]


def test_an_unknown_app_is_an_error_with_status_200(api: httpx.Client) -> None:
    (error,) = graphql(api, APP_QUERY, appName="x")["errors"]
    assert error == {"message": 'Could not find App "x"', "path": ["app"], "extensions": {"code": "NOT_FOUND"}}


def test_the_number_of_an_organisation_is_text_and_that_of_an_app_is_not(api: httpx.Client) -> None:
    app = graphql(api, APP_QUERY, appName=APP)["data"]["appcompact"]
    assert (app["internalNumericId"], app["organization"]["internalNumericId"]) == (1, "18")


def test_a_pruned_image_is_not_found(api: httpx.Client, world: World) -> None:
    del world.images[V2]
    query = "query { app(name: $appName) { image(ref: $imageRef) { id } } }"
    assert graphql(api, query, appName=APP, imageRef=V2)["data"]["app"]["image"] is None


def test_an_image_is_found_by_tag_and_by_digest(world: World) -> None:
    for asked in (V2, f"{V2}@sha256:2", "registry.fly.io/gaia@sha256:2"):
        assert world.digest(asked) == "sha256:2"
    assert world.digest(f"{V2}@sha256:1") is None


def test_the_token_of_another_app_is_answered_as_if_the_app_were_missing(api: httpx.Client, world: World) -> None:
    world.tokens["of another"] = frozenset({"gaia-new-dev"})
    api.headers["authorization"] = "Bearer of another"
    assert graphql(api, APP_QUERY, appName=APP)["errors"][0]["message"] == f'Could not find App "{APP}"'
    assert api.get(f"/v1/apps/{APP}").status_code == 401
    assert api.get(f"/api/v1/apps/{APP}/releases").status_code == 404
    assert api.get("/v1/apps/gaia-new-dev").status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer nonsense"])
def test_without_a_valid_token_nothing_is_told(api: httpx.Client, header: str) -> None:
    api.headers["authorization"] = header
    assert graphql(api, APP_QUERY, appName=APP)["errors"][0]["extensions"]["code"] == "UNAUTHORIZED"
    for path in (f"/v1/apps/{APP}", "/api/v1/organizations"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["status"]) == (401, "unauthenticated")


@pytest.mark.parametrize(
    ("method", "path", "status", "says"),
    [
        ("GET", "/v1/apps/x", 404, "app not found: x"),
        ("GET", "/v1/apps/x/secrets", 404, "app not found: x"),
        ("GET", "/v1/apps/x/machines", 404, "app not found: x"),
        ("GET", f"{MACHINES}/none", 404, "machine not found"),
        ("GET", f"{MACHINE}/lease", 404, "lease not found"),
        ("GET", f"{MACHINE}/wait?state=stopped", 408, "deadline_exceeded"),
        ("GET", "/api/v1/organizations/other", 404, "organization not found"),
        ("PATCH", "/api/v1/releases/none", 404, "release not found"),
        ("GET", "/v1/weather", 404, "404 page not found"),
    ],
)
def test_errors_have_a_text_a_status_and_the_id_of_the_request(
    api: httpx.Client, method: str, path: str, status: int, says: str
) -> None:
    answer = api.request(method, path)
    assert answer.status_code == status
    assert says in answer.json()["error"]
    assert answer.json()["status"]
    assert answer.headers["fly-request-id"]


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("path", ["/graphql", f"/v1/apps/{APP}", "/api/v1/organizations"])
def test_a_planted_fault_strikes_as_often_as_it_was_told_to(
    api: httpx.Client, world: World, path: str, status: int
) -> None:
    world.faults.append(Fault(path=path, status=status, times=2))

    def ask() -> int:
        body = {"query": APP_QUERY, "variables": {"appName": APP}}
        return api.request("POST" if path == "/graphql" else "GET", path, json=body).status_code

    assert [ask() for _ in range(3)] == [status, status, 200]


def test_secrets_are_told_by_name_and_digest_and_never_by_value(api: httpx.Client, world: World) -> None:
    answer = api.post(f"/v1/apps/{APP}/secrets", json={"values": {"A": "hunter2", "B": "hunter3"}})
    assert answer.json()["version"] == 1
    shown = api.get(f"/v1/apps/{APP}/secrets")
    assert "hunter" not in answer.text + shown.text
    rows = shown.json()["secrets"]
    assert [set(row) for row in rows] == [{"name", "digest", "created_at", "updated_at"}] * 2
    assert [len(row["digest"]) for row in rows] == [16, 16]
    assert rows[0]["digest"] != world.apps["gaia-new-dev"].digest_of("hunter2")
    assert [one.name for one in fly_json.decode_secrets(msgspec.json.encode(rows), said_by="secrets")] == ["A", "B"]


def test_null_removes_a_secret_and_an_unknown_name_is_no_error(api: httpx.Client) -> None:
    api.post(f"/v1/apps/{APP}/secrets", json={"values": {"A": "1", "B": "2"}})
    answer = api.post(f"/v1/apps/{APP}/secrets", json={"values": {"A": None, "NONE": None}}).json()
    assert ([row["name"] for row in answer["secrets"]], answer["version"]) == (["B"], 2)


def test_one_bad_name_lets_none_be_written(api: httpx.Client, world: World) -> None:
    answer = api.post(f"/v1/apps/{APP}/secrets", json={"values": {"A": "1", "export B": "2"}})
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid secret name: export B")
    assert world.apps[APP].secrets == {}


def test_machines_are_decoded_by_what_reads_flyctl(api: httpx.Client) -> None:
    listed = api.get(MACHINES)
    first, second = fly_json.decode(listed.content, list[fly_json.Machine], said_by="machines")
    assert (first.id, first.release, first.settings.check_count) == ("1111111111aaaa", 1, 1)
    assert second.image_ref.exact == "registry.fly.io/gaia@sha256:1"
    assert api.get(MACHINE).json() == listed.json()[0]


def test_a_deployment_by_its_calls_changes_images_releases_and_secrets(api: httpx.Client, world: World) -> None:
    app = world.apps[APP]
    api.post(f"/v1/apps/{APP}/secrets", json={"values": {"A": "1"}})
    asked = {"app_name": APP, "build_id": 1, "definition": {"app": APP}, "image": V2, "strategy": "ROLLING"}
    release = api.post("/api/v1/releases", json=asked).json()["release"]
    assert (release["version"], release["status"], release["in_progress"]) == (2, "running", True)
    seen = []
    for machine in app.machines.values():
        path = f"{MACHINES}/{machine.id}"
        nonce = api.post(f"{path}/lease?ttl=13").json()["data"]["nonce"]
        config = {**machine.config, "image": V2, "metadata": {"fly_release_version": "2"}}
        api.post(path, json={"config": config}, headers={"fly-machine-lease-nonce": nonce}).raise_for_status()
        assert api.get(f"{path}/wait", params={"state": "started"}).json() == {"ok": True}
        assert api.get(f"{path}/ps").json()[0]["listen_sockets"]
        api.delete(f"{path}/lease", headers={"fly-machine-lease-nonce": nonce}).raise_for_status()
        seen.append(app.statuses()["A"])
    api.patch(f"/api/v1/releases/{release['id']}", json={"status": "complete", "metadata": None}).raise_for_status()
    assert seen == ["Partial", "Deployed"]
    assert [one.digest for one in app.machines.values()] == ["sha256:2"] * 2
    assert [one.secrets for one in app.machines.values()] == [{"A": "1"}] * 2
    rows = api.get(f"/api/v1/apps/{APP}/releases?limit=1").json()["releases"]
    assert [(row["version"], row["status"], row["image_ref"]) for row in rows] == [(2, "complete", V2)]


def test_a_staged_secret_stays_staged_until_a_machine_is_updated(api: httpx.Client, world: World) -> None:
    api.post(f"/v1/apps/{APP}/secrets", json={"values": {"A": "1"}})
    assert world.apps[APP].statuses() == {"A": "Staged"}
    assert [one.secrets for one in world.apps[APP].machines.values()] == [{}, {}]


def test_a_held_lease_lets_only_its_holder_change_the_machine(api: httpx.Client) -> None:
    nonce = api.post(f"{MACHINE}/lease?ttl=60").json()["data"]["nonce"]
    body = {"config": api.get(MACHINE).json()["config"]}
    for answer in (api.post(MACHINE, json=body), api.post(f"{MACHINE}/lease"), api.delete(f"{MACHINE}/lease")):
        assert answer.status_code == 409
        assert "machine ID 1111111111aaaa lease currently held by ada@tokens.fly.io, expires at " in answer.text
    holder = {"fly-machine-lease-nonce": nonce}
    assert api.get(f"{MACHINE}/lease").json()["data"]["nonce"] == nonce
    assert api.post(MACHINE, json=body, headers=holder).status_code == 200
    assert api.delete(f"{MACHINE}/lease", headers=holder).status_code == 200
    assert api.post(MACHINE, json=body).status_code == 200


def test_a_lease_ends_by_itself(api: httpx.Client) -> None:
    api.post(f"{MACHINE}/lease?ttl=0").raise_for_status()
    assert api.post(f"{MACHINE}/lease").status_code == 200


def test_a_machine_that_is_not_to_be_launched_stays_stopped(api: httpx.Client, world: World) -> None:
    machine = world.apps[APP].machines["1111111111aaaa"]
    machine.state = "stopped"
    config = {**machine.config, "image": V2}
    assert api.post(MACHINE, json={"config": config, "skip_launch": True}).json()["state"] == "stopped"
    assert machine.digest == "sha256:2"


def test_a_machine_refuses_an_image_that_is_gone(api: httpx.Client) -> None:
    config = {**api.get(MACHINE).json()["config"], "image": "registry.fly.io/gaia:gone"}
    assert "could not find image" in api.post(MACHINE, json={"config": config}).json()["error"]


def test_organisations_builds_and_addresses_are_told(api: httpx.Client) -> None:
    assert api.get("/api/v1/organizations/gaia").json()["organization"]["slug"] == "gaia"
    assert len(api.get("/api/v1/organizations").json()["organizations"]) == 1
    build = api.post("/api/v1/builds", json={"app_name": APP}).json()
    finished = {"app_name": APP, "build_id": build["id"], "status": "completed"}
    assert api.post("/api/v1/builds/finish", json=finished).json()["status"] == "completed"
    (address,) = api.get(f"/v1/apps/{APP}/ip_assignments").json()["ips"]
    assert address["network"]["org_slug"] == "gaia"
    assert api.get(f"/v1/apps/{APP}").json()["machine_count"] == 2
    assert api.get(f"/v1/apps/{APP}/volumes").json() == []
