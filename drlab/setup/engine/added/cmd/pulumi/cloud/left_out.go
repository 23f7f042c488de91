package cloud

import (
	"errors"

	"github.com/spf13/cobra"
)

// NewAPICmd has the place of `pulumi api`, which calls Pulumi Cloud by its OpenAPI description.
func NewAPICmd() *cobra.Command {
	return &cobra.Command{
		Use:                "api",
		Short:              "Call Pulumi Cloud (left out of this engine)",
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("this engine was built by ./lab for states in local files: calls to Pulumi Cloud's API are left out; " +
				"install Pulumi's own release for them")
		},
	}
}
