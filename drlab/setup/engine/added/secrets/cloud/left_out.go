package cloud

import (
	"context"
	"fmt"
	"net/url"

	gosecrets "gocloud.dev/secrets"
)

// leftOut stands where a driver for keys kept in a cloud would be, and says so.
type leftOut struct{}

func (leftOut) OpenKeeperURL(_ context.Context, u *url.URL) (*gosecrets.Keeper, error) {
	return nil, fmt.Errorf("this engine was built by ./lab for secrets with a passphrase: the driver for %s:// is left out; "+
		"install Pulumi's own release for it", u.Scheme)
}

func init() {
	for _, scheme := range []string{"awskms", "azurekeyvault", "gcpkms", "hashivault"} {
		gosecrets.DefaultURLMux().RegisterKeeper(scheme, leftOut{})
	}
}
