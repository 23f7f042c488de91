"""The provider plugin: what the Pulumi engine starts to check, diff, create, read, update and delete resources of CTyun."""
