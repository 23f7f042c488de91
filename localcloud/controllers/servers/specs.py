"""What a server shall be, from its records. Pure functions of the store."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

from localcloud.controllers.networks.nodes import nic
from localcloud.controllers.servers import user_data
from localcloud.controllers.volumes.disks import for_engines
from localcloud.engines.interface import engines as api
from localcloud.engines.interface.engines import EngineError
from localcloud.records.catalogue import REGIONS, flavor_by_id, image_by_id
from localcloud.records.compute import DISKS, SUBNETS, Instance
from localcloud.records.store import Store


def server_spec(store: Store, server: Instance, public: Mapping[str, str], private: Callable[[str], str]) -> api.ServerSpec:
    """The engines' view of a server. `public`: Docker references by engine image name, `private`: that of an image's id."""
    region = REGIONS[server.region]
    flavor, image = flavor_by_id(region, server.zone, server.flavor_id), image_by_id(region, server.image_id)
    subnet = store.require(SUBNETS, server.subnet_id)
    if flavor is None or (image is None and not server.image_depth):
        raise EngineError(f"server {server.id} was made from a flavour or image that this version does not offer any more")
    disks = (disk for disk in store.find(DISKS, instance_id=server.id) if not disk.system)
    return api.ServerSpec(
        instance_id=server.id,
        hostname=user_data.read(server.user_data).hostname or server.name.lower(),
        region=region.name,
        zone_label=region.zone_label(server.zone),
        image=public[image.engine] if image else private(server.image_id),
        cpus=float(flavor.cpus),
        memory_mib=flavor.memory_gib * 1024,
        vpc_id=server.vpc_id,
        nic=nic(server, subnet),
        disks=tuple(for_engines(disk, server.image_id) for disk in disks),
        user_data=base64.b64decode(server.user_data),
        public_key=server.public_key,
        password_hash=server.password_hash,
        dns=tuple(subnet.dns) or (subnet.gateway,),
    )
