"""Key pairs: method and path -> handler."""

from __future__ import annotations

from localcloud.api.calls import Route, of_records_alone
from localcloud.services.keypair import handlers

ROUTES = of_records_alone(
    (
        Route("POST", "/v4/ecs/keypair/create-keypair", "ctecs", handlers.create_keypair),
        Route("POST", "/v4/ecs/keypair/import-keypair", "ctecs", handlers.import_keypair),
        Route("POST", "/v4/ecs/keypair/details", "ctecs", handlers.list_keypairs),
        Route("POST", "/v4/ecs/keypair/delete", "ctecs", handlers.delete_keypair),
    )
)
