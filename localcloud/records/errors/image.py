"""What can go wrong with images."""

from __future__ import annotations

from localcloud.records import error_codes
from localcloud.records.errors import ApiError, InUse, NotFound


class ImageNotFound(NotFound):
    code, noun = "Image.ImageCheck.NotFound", "Image"


class ImageInUse(InUse):
    code, noun = error_codes.IMAGE_IN_USE, "Image"


class ImageBusy(ApiError):
    code, chinese = error_codes.IMAGE_BUSY, "镜像正在执行其他操作"

    def __init__(self, image_id: str, status: str) -> None:
        super().__init__(f"Image {image_id} is {status}; wait until that is done.")


class NoDataDisk(ApiError):
    code, chinese = error_codes.IMAGE_WITHOUT_DATA_DISK, "云主机没有数据盘"

    def __init__(self, instance_id: str) -> None:
        reason = f"Instance {instance_id} has no data disk, and a whole-machine image needs at least one."
        super().__init__(f"{reason} Make an image of its system disk instead (/v4/image/create).")


class ChainTooLong(ApiError):
    code, chinese = error_codes.IMAGE_CHAIN_TOO_LONG, "镜像层数过多"

    def __init__(self, instance_id: str, depth: int) -> None:
        super().__init__(
            f"Instance {instance_id} comes from an image that is the {depth}th of a chain of images made from each other, "
            "and no more can be put on top of it; make a new server from a public image."
        )
