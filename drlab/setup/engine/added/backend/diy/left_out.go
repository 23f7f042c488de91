package diy

import (
	"context"
	"fmt"
	"net/url"

	"gocloud.dev/blob"
)

// leftOut stands where a driver for states kept in a cloud would be, and says so.
type leftOut struct{}

func (leftOut) OpenBucketURL(_ context.Context, u *url.URL) (*blob.Bucket, error) {
	return nil, fmt.Errorf("this engine was built by ./lab for states in local files: the driver for %s:// is left out; "+
		"install Pulumi's own release for it", u.Scheme)
}

func init() {
	for _, scheme := range []string{"azblob", "gs", "s3", "postgres"} {
		blob.DefaultURLMux().RegisterBucket(scheme, leftOut{})
	}
}
