"""`python vpc_calls_boto3.py URL LOOPS`: the same of MiniStack by boto3, in MiniStack's environment."""

from __future__ import annotations

import json
import sys
import time

import boto3  # type: ignore[import-not-found]  # of MiniStack's environment


def calls(url: str, loops: int) -> float:
    """Seconds of `loops` times create_vpc, two describe_vpcs and delete_vpc, one after the other."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    ec2 = boto3.client("ec2", endpoint_url=url, region_name="us-east-1", **keys)
    begin = 0.0
    for _ in range(loops + 1):
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        ec2.describe_vpcs(VpcIds=[vpc])
        ec2.describe_vpcs(VpcIds=[vpc])
        ec2.delete_vpc(VpcId=vpc)
        begin = begin or time.monotonic()  # the first round connects
    return time.monotonic() - begin


if __name__ == "__main__":
    print(json.dumps({"seconds": calls(sys.argv[1], int(sys.argv[2]))}))
