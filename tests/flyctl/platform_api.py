"""The other half of the simulated Fly API: GraphQL, and REST for releases, organisations and builds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.flyctl.world import ORGANIZATION, ApiError, App, Release, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

ADA = {"id": "u", "name": "ada", "email": "ada@example.com"}


class GraphQl:
    """`/graphql`: most queries of flyctl have no name, so they are told by their text without white space."""

    def __init__(self, world: World) -> None:
        self._world = world
        #: the first whose text is in the query answers it; more particular texts stand first
        self._answers: list[tuple[str, Callable[[str, dict[str, Any]], dict[str, Any]]]] = [
            ("appcompact:app(", lambda token, given: {"appcompact": self._app_shown(self._app(token, given))}),
            ("appbasic:app(", lambda token, given: {"appbasic": self._app_shown(self._app(token, given))}),
            ("queryFlyctlConfigCurrentRelease(", self._definition),
            ("queryLatestImage(", self._latest_image),
            ("currentRelease:currentReleaseUnprocessed", self._current),
            ("releases:releasesUnprocessed(", self._releases),
            ("latestImageDetails(", self._image_details),
            ("apps(type:", self._apps),
            ("image(ref:", self._image),
            ("egressIpAddresses", self._egress),
            ("canPerformBluegreenDeployment", lambda _token, _given: {"canPerformBluegreenDeployment": True}),
        ]

    async def __call__(self, request: Request) -> JSONResponse:
        asked = await request.json()
        squeezed = re.sub(r"\s+", "", asked["query"])
        self._world.calls.append(f"graphql {squeezed}")
        try:
            for text, answer in self._answers:
                if text in squeezed:
                    return JSONResponse({"data": answer(request.state.token, asked.get("variables") or {})})
        except ApiError as error:
            return refused(error)
        self._world.unserved.append(squeezed)
        return refused(ApiError(400, "Field doesn't exist on type 'Query'"))

    def _app(self, token: str, given: dict[str, Any]) -> App:
        app = self._world.reached(token, given["appName"])
        if app is None:
            raise ApiError(404, f'Could not find App "{given["appName"]}"')
        return app

    @staticmethod
    def _app_shown(app: App) -> dict[str, Any]:
        """The one scalar that is a number of an app, and text of an organisation, is `internalNumericId`."""
        return {
            "id": app.name, "internalNumericId": app.number, "name": app.name, "hostname": f"{app.name}.fly.dev",
            "deployed": bool(app.machines), "status": app.status, "appUrl": f"https://{app.name}.fly.dev",
            "platformVersion": "machines", "network": "default", "postgresAppRole": None,
            "organization": {**ORGANIZATION, "rawSlug": ORGANIZATION["slug"], "internalNumericId": "18", "paidPlan": True},
        }  # fmt: skip

    def _apps(self, token: str, _given: dict[str, Any]) -> dict[str, Any]:
        if self._world.tokens[token] is not None:
            return {"apps": {"pageInfo": {"hasNextPage": False, "endCursor": ""}, "nodes": []}}
        nodes = []
        for app in self._world.apps.values():
            current = app.releases[0] if app.releases else None
            told = {"createdAt": current.created_at, "status": current.status} if current else None
            nodes.append({**self._app_shown(app), "currentRelease": told})
        return {"apps": {"pageInfo": {"hasNextPage": False, "endCursor": ""}, "nodes": nodes}}

    def _definition(self, token: str, given: dict[str, Any]) -> dict[str, Any]:
        releases = self._app(token, given).releases
        told = {"configDefinition": releases[0].definition} if releases else None
        return {"app": {"currentReleaseUnprocessed": told}}

    def _latest_image(self, token: str, given: dict[str, Any]) -> dict[str, Any]:
        app = self._app(token, given)
        told = self._release_shown(app, app.releases[0]) if app.releases else None
        return {"app": {"currentReleaseUnprocessed": told}}

    def _current(self, token: str, given: dict[str, Any]) -> dict[str, Any]:
        app = self._app(token, given)
        return {"app": {"currentRelease": self._release_shown(app, app.releases[0]) if app.releases else None}}

    def _releases(self, token: str, given: dict[str, Any]) -> dict[str, Any]:
        app = self._app(token, given)
        rows = [self._release_shown(app, one) for one in app.releases[: given.get("limit", 25)]]
        return {"app": {"releases": {"nodes": rows}}}

    @staticmethod
    def _release_shown(app: App, release: Release) -> dict[str, Any]:
        return {
            "id": release.id_in(app), "version": release.version, "description": "Release", "reason": "",
            "status": release.status, "imageRef": release.image, "stable": release.status == "complete",
            "user": ADA, "createdAt": release.created_at,
        }  # fmt: skip

    def _image_details(self, _token: str, given: dict[str, Any]) -> dict[str, Any]:
        digest = self._world.digest(given["image"])
        if digest is None:
            raise ApiError(404, "Unknown repository")
        registry, _, rest = given["image"].partition("@")[0].partition("/")
        repository, _, tag = rest.partition(":")
        told = {"registry": registry, "repository": repository, "tag": tag, "version": "N/A", "digest": digest}
        return {"latestImageDetails": told}

    def _image(self, token: str, given: dict[str, Any]) -> dict[str, Any]:
        app, digest = self._app(token, given), self._world.digest(given["imageRef"])
        if digest is None:
            return {"app": {"id": app.name, "image": None}}
        image = {"id": "img_lab", "digest": digest, "ref": given["imageRef"], "compressedSize": "169000000"}
        return {"app": {"id": app.name, "image": {**image, "manifest": {}}}}

    def _egress(self, token: str, given: dict[str, Any]) -> dict[str, Any]:
        nodes = [{"id": one, "egressIpAddresses": {"nodes": []}} for one in self._app(token, given).machines]
        return {"app": {"machines": {"nodes": nodes}}}


def refused(error: ApiError) -> JSONResponse:
    """How GraphQL says no: with status 200."""
    code = {401: "UNAUTHORIZED", 404: "NOT_FOUND"}.get(error.status, "SERVER_ERROR")
    one = {"message": error.message, "path": ["app"], "extensions": {"code": code}}
    return JSONResponse({"errors": [one], "data": {}})


class Rest:
    """The endpoints under /api/v1."""

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/api/v1/apps/{app}/releases", self.releases),
            Route("/api/v1/releases", self.create, methods=["POST"]),
            Route("/api/v1/releases/{release}", self.update, methods=["PATCH"]),
            Route("/api/v1/organizations", self.organizations),
            Route("/api/v1/organizations/{slug}", self.organization),
            Route("/api/v1/builds", self.build, methods=["POST"]),
            Route("/api/v1/builds/finish", self.finish, methods=["POST"]),
        ]

    def _app(self, request: Request, name: str) -> App:
        app = self._world.reached(request.state.token, name)
        if app is None:
            raise ApiError(404, f'Could not find App "{name}"')
        return app

    @staticmethod
    def _shown(app: App, release: Release) -> dict[str, Any]:
        return {
            "id": release.id_in(app), "version": release.version, "stable": release.status == "complete",
            "in_progress": release.status == "running", "status": release.status, "strategy": release.strategy,
            "user": ADA["email"], "created_at": release.created_at, "image_ref": release.image,
        }  # fmt: skip

    async def releases(self, request: Request) -> JSONResponse:
        app = self._app(request, request.path_params["app"])
        limit = int(request.query_params.get("limit", "25"))
        return JSONResponse({"releases": [self._shown(app, one) for one in app.releases[:limit]]})

    async def create(self, request: Request) -> JSONResponse:
        asked = await request.json()
        app = self._app(request, asked["app_name"])
        made = app.release(asked["image"], asked.get("definition") or {}, asked.get("strategy") or "ROLLING")
        return JSONResponse({"release": self._shown(app, made)}, 201)

    async def update(self, request: Request) -> JSONResponse:
        for app in self._world.apps.values():
            for release in app.releases:
                if release.id_in(app) == request.path_params["release"]:
                    self._app(request, app.name)
                    release.status = (await request.json())["status"]
                    return JSONResponse(self._shown(app, release))
        raise ApiError(404, "release not found")

    async def organizations(self, _request: Request) -> JSONResponse:
        return JSONResponse({"organizations": [self._organization()]})

    async def organization(self, request: Request) -> JSONResponse:
        if request.path_params["slug"] != ORGANIZATION["slug"]:
            raise ApiError(404, "organization not found")
        return JSONResponse({"organization": self._organization()})

    @staticmethod
    def _organization() -> dict[str, Any]:
        return {
            **ORGANIZATION, "internal_numeric_id": 18, "raw_slug": ORGANIZATION["slug"], "paid_plan": True,
            "personal": False, "billing_status": "CURRENT", "provisions_beta_extensions": False, "billable": True,
            "remote_builder_image": "",
        }  # fmt: skip

    async def build(self, request: Request) -> JSONResponse:
        self._app(request, (await request.json())["app_name"])
        return JSONResponse({"id": 1, "status": "started", "wallclock_time_ms": 0})

    async def finish(self, request: Request) -> JSONResponse:
        asked = await request.json()
        self._app(request, asked["app_name"])
        return JSONResponse({"id": asked["build_id"], "status": asked["status"], "wallclock_time_ms": 1})
